-- Sessions of people at the desk.

-- name: begin_session
WITH noted AS (UPDATE person SET signed_in_at = $4 WHERE person_id = $2)
INSERT INTO desk_session (session_hash, person_id, csrf_token, begun_at, used_at, secret_made_at, address, browser)
VALUES ($1, $2, $3, $4, $4, $4, $5, $6);

-- name: find_session
-- By the hash alone, so that the time taken tells nothing of the secret. The secret before this one holds a little on.
SELECT s.session_id, person_id, person.name AS person, coalesce(nullif(person.full_name, ''), person.name) AS full_name,
       s.csrf_token, s.begun_at, s.used_at, s.told, s.secret_made_at, s.session_hash = $1 AS current,
       coalesce(c.temporary, false) AS must_change
FROM desk_session AS s JOIN person USING (person_id) LEFT JOIN credential AS c USING (person_id)
WHERE (s.session_hash = $1 OR (s.former_hash = $1 AND s.former_until > $4))
  AND s.used_at > $2 AND s.begun_at > $3 AND NOT person.disabled;

-- name: use_session
UPDATE desk_session SET used_at = $2 WHERE session_id = $1;

-- name: renew_session
-- Of two requests that come at once, one changes the secret; no row: it was changed, or the session ended meanwhile.
UPDATE desk_session
SET session_hash = $3, secret_made_at = $4, former_hash = session_hash, former_until = $5
WHERE session_id = $1 AND session_hash = $2
RETURNING true;

-- name: tell_session
UPDATE desk_session SET told = $2 WHERE session_id = $1;

-- name: list_sessions
SELECT session_id, begun_at, used_at, address, browser FROM desk_session
WHERE person_id = $1 AND used_at > $2 AND begun_at > $3
ORDER BY used_at DESC, session_id DESC
LIMIT $4;

-- name: end_session
DELETE FROM desk_session WHERE session_hash = $1 OR former_hash = $1;

-- name: end_sessions
-- All of a person's, but the one that is kept.
WITH ended AS (DELETE FROM desk_session WHERE person_id = $1 AND session_id IS DISTINCT FROM $2 RETURNING 1),
begun AS (DELETE FROM sign_in_begun WHERE person_id = $1)
SELECT count(*) FROM ended;

-- name: forget_sessions
WITH begun AS (DELETE FROM sign_in_begun WHERE begun_at <= $2)
DELETE FROM desk_session WHERE used_at <= $1 OR begun_at <= $2;

-- name: begin_second_step
INSERT INTO sign_in_begun (secret_hash, person_id, following, begun_at) VALUES ($1, $2, $3, $4);

-- name: find_second_step
SELECT b.person_id, person.name AS person, b.following, c.totp_secret
FROM sign_in_begun AS b JOIN person USING (person_id) JOIN credential AS c USING (person_id)
WHERE b.secret_hash = $1 AND b.begun_at > $2 AND NOT person.disabled;

-- name: end_second_step
-- No row: another request was first.
DELETE FROM sign_in_begun WHERE secret_hash = $1 RETURNING true;
