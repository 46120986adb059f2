-- name: bound_wait
-- Who repeats a request while it is worked on waits for the row, but not for long.
SELECT set_config('lock_timeout', $1, true);

-- name: take_key
INSERT INTO repeatable_reply (tenant_id, person, route, key, request_hash) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
RETURNING key;

-- name: read_reply
SELECT request_hash, status, body FROM repeatable_reply
WHERE tenant_id = $1 AND person = $2 AND route = $3 AND key = $4;

-- name: store_reply
UPDATE repeatable_reply SET status = $5, body = $6 WHERE tenant_id = $1 AND person = $2 AND route = $3 AND key = $4;

-- name: forget_replies
DELETE FROM repeatable_reply WHERE asked_at < clock_timestamp() - make_interval(hours => $1);
