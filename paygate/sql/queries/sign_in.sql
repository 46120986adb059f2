-- What failed tries to sign in cost, and the browsers people are known by.

-- name: take_try
-- Counted as failed before it is looked at, so that tries sent at once cannot outrun the count. No row: the pause lasts.
INSERT INTO sign_in_pause AS p (kind, whose, failures, failed_at, until)
VALUES ($1, $2, 1, $3::timestamptz, $3::timestamptz + make_interval(secs => ($4::integer[])[1]))
ON CONFLICT (kind, whose) DO UPDATE SET
    failures = CASE WHEN p.failed_at < $5 THEN 1 ELSE p.failures + 1 END,
    failed_at = $3::timestamptz,
    until = $3::timestamptz + make_interval(secs => ($4::integer[])[
        CASE WHEN p.failed_at < $5 THEN 1 ELSE least(p.failures + 1, cardinality($4::integer[])) END])
WHERE p.until <= $3::timestamptz
RETURNING failures;

-- name: read_pause
SELECT until FROM sign_in_pause WHERE kind = $1 AND whose = $2;

-- name: forget_tries
DELETE FROM sign_in_pause WHERE kind = $1 AND whose = $2;

-- name: give_try_back
-- The others' failures from the same address stay counted.
UPDATE sign_in_pause SET failures = greatest(failures - 1, 0), until = $3 WHERE kind = $1 AND whose = $2;

-- name: forget_old_tries
WITH browsers AS (DELETE FROM known_browser WHERE seen_at < $2)
DELETE FROM sign_in_pause WHERE failed_at < $1;

-- name: knows_browser
SELECT true FROM known_browser JOIN person USING (person_id) WHERE person.name = $1 AND browser_hash = $2;

-- name: know_browser
INSERT INTO known_browser (person_id, browser_hash, seen_at) VALUES ($1, $2, $3)
ON CONFLICT (person_id, browser_hash) DO UPDATE SET seen_at = $3;

-- name: forget_browsers
-- Of a person's all but the last seen.
DELETE FROM known_browser WHERE person_id = $1 AND browser_hash NOT IN (
    SELECT browser_hash FROM known_browser WHERE person_id = $1 ORDER BY seen_at DESC, browser_hash LIMIT $2);
