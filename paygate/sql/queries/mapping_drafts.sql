-- Mappings while they are made. The upload of one that is dropped is nobody's any more.

-- name: drop_draft
DELETE FROM mapping_draft WHERE tenant_id = $1 AND person_id = $2 RETURNING upload;

-- name: add_draft
INSERT INTO mapping_draft (tenant_id, person_id, upload, file_name, content) VALUES ($1, $2, $3, $4, $5);

-- name: read_draft
SELECT upload, file_name, content FROM mapping_draft WHERE tenant_id = $1 AND person_id = $2;

-- name: keep_draft
UPDATE mapping_draft SET content = $3, made_at = now() WHERE tenant_id = $1 AND person_id = $2;

-- name: forget_drafts
DELETE FROM mapping_draft WHERE made_at < now() - make_interval(hours => $1);
