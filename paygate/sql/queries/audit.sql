-- name: begin_chain
INSERT INTO audit_head (tenant_id, number, digest) VALUES ($1, 0, $2) ON CONFLICT (tenant_id) DO NOTHING;

-- name: take_head
-- The row's lock makes numbers gapless. The detail is said back as the database will hold it, for that is what a
-- verifier will read.
SELECT number, digest, clock_timestamp() AS recorded_at, $2::jsonb::text AS detail
FROM audit_head WHERE tenant_id = $1 FOR UPDATE;

-- name: add_entry
INSERT INTO audit_entry (tenant_id, number, actor, act, subject, detail, recorded_at, previous, digest)
VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9);

-- name: move_head
UPDATE audit_head SET number = $2, digest = $3 WHERE tenant_id = $1;

-- name: read_head
SELECT number, digest FROM audit_head WHERE tenant_id = $1;

-- name: read_entries
SELECT number, actor, act, subject, detail::text AS detail, recorded_at, previous, digest
FROM audit_entry WHERE tenant_id = $1 ORDER BY number;
