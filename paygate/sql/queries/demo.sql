-- name: count_notices
-- What became of the sample's notices.
SELECT state::text AS state, conflicting, count(*) AS count FROM notice WHERE tenant_id = $1 GROUP BY state, conflicting;
