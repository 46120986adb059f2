-- Mappings that people make at the desk.

-- name: lock_mappings
-- One act on a tenant's mappings at a time: versions are counted, and a decision is taken once.
SELECT pg_advisory_xact_lock($1, $2);

-- name: approved_mapping
SELECT name, version, content FROM mapping
WHERE tenant_id = $1 AND name = $2 AND state = 'approved' AND version = coalesce($3::integer, version)
ORDER BY version DESC LIMIT 1;

-- name: list_approved_mappings
SELECT DISTINCT ON (name) name, version, content FROM mapping
WHERE tenant_id = $1 AND state = 'approved' ORDER BY name, version DESC;

-- name: list_mappings
SELECT mapping_id, name, version, note, state, proposed_by, proposed_at, decided_by, decided_at,
    content->>'leg' AS leg, content->>'account' AS account
FROM mapping WHERE tenant_id = $1 ORDER BY name, version DESC;

-- name: read_mapping
SELECT mapping_id, name, version, content, sample, note, state, proposed_by, proposed_at, decided_by, decided_at, answer
FROM mapping WHERE tenant_id = $1 AND mapping_id = $2;

-- name: store_mapping
INSERT INTO mapping (tenant_id, name, version, content, sample, note, proposed_by)
SELECT $1, $2, coalesce(max(version), 0) + 1, $3, $4, $5, $6 FROM mapping WHERE tenant_id = $1 AND name = $2
RETURNING mapping_id;

-- name: decide_mapping
UPDATE mapping SET state = $3::text::proposal_state, decided_by = $4, answer = $5, decided_at = clock_timestamp()
WHERE tenant_id = $1 AND mapping_id = $2 AND state = 'open';
