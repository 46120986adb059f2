-- Sessions of people at the desk.

-- name: begin_session
WITH noted AS (UPDATE person SET signed_in_at = $4 WHERE person_id = $2)
INSERT INTO desk_session (session_hash, person_id, csrf_token, begun_at, used_at) VALUES ($1, $2, $3, $4, $4);

-- name: find_session
-- By the hash alone, so that the time taken tells nothing of the secret.
SELECT person_id, person.name AS person, coalesce(nullif(person.full_name, ''), person.name) AS full_name,
       s.csrf_token, s.begun_at, s.used_at, s.told
FROM desk_session AS s JOIN person USING (person_id)
WHERE s.session_hash = $1 AND s.used_at > $2 AND s.begun_at > $3 AND NOT person.disabled;

-- name: use_session
UPDATE desk_session SET used_at = $2 WHERE session_hash = $1;

-- name: tell_session
UPDATE desk_session SET told = $2 WHERE session_hash = $1;

-- name: end_session
DELETE FROM desk_session WHERE session_hash = $1;

-- name: end_sessions
DELETE FROM desk_session WHERE person_id = $1;

-- name: forget_sessions
DELETE FROM desk_session WHERE used_at <= $1 OR begun_at <= $2;
