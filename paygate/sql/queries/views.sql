-- Lists that people have given a name.

-- name: list_views
SELECT name, query FROM saved_view WHERE tenant_id = $1 AND person_id = $2 ORDER BY name;

-- name: save_view
-- Saved again under its name, it is another list; past so many, only those there are may change.
INSERT INTO saved_view (tenant_id, person_id, name, query)
SELECT $1, $2, $3, $4
WHERE (SELECT count(*) FROM saved_view WHERE tenant_id = $1 AND person_id = $2 AND name <> $3) < $5
ON CONFLICT (tenant_id, person_id, name) DO UPDATE SET query = EXCLUDED.query
RETURNING true;

-- name: drop_view
DELETE FROM saved_view WHERE tenant_id = $1 AND person_id = $2 AND name = $3;
