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
FROM audit_entry WHERE tenant_id = $1 AND number > $2 ORDER BY number;

-- name: find_entry
SELECT number, actor, act, subject, detail::text AS detail, recorded_at, previous, digest
FROM audit_entry WHERE tenant_id = $1 AND number = $2;

-- name: list_entries
SELECT number, actor, act, subject, detail::text AS detail, recorded_at
FROM audit_entry WHERE tenant_id = $1 AND number < $2 ORDER BY number DESC LIMIT $3;

-- name: list_entries_about
-- Three queries, so that each goes through what its first filter leaves by an index of its own.
SELECT number, actor, act, subject, detail::text AS detail, recorded_at
FROM audit_entry
WHERE tenant_id = $1 AND number < $2 AND subject = $4 AND ($5::text IS NULL OR actor = $5)
    AND ($6::text IS NULL OR act = $6)
ORDER BY number DESC LIMIT $3;

-- name: list_entries_by
SELECT number, actor, act, subject, detail::text AS detail, recorded_at
FROM audit_entry
WHERE tenant_id = $1 AND number < $2 AND actor = $4 AND ($5::text IS NULL OR act = $5)
ORDER BY number DESC LIMIT $3;

-- name: list_entries_of
SELECT number, actor, act, subject, detail::text AS detail, recorded_at
FROM audit_entry WHERE tenant_id = $1 AND number < $2 AND act = $4 ORDER BY number DESC LIMIT $3;

-- name: list_acts
-- Hops over the index from one act to the next: there are few, and many entries of each.
WITH RECURSIVE known AS (
    SELECT min(act) AS act FROM audit_entry WHERE tenant_id = $1
    UNION ALL
    SELECT (SELECT min(e.act) FROM audit_entry AS e WHERE e.tenant_id = $1 AND e.act > known.act)
    FROM known WHERE known.act IS NOT NULL)
SELECT act FROM known WHERE act IS NOT NULL ORDER BY act;
