-- name: accounts_of_tenant
SELECT account_id, number FROM account WHERE tenant_id = $1 ORDER BY number;

-- name: lock_imports
-- One import of a tenant at a time from here to its commit: overlapping files would deadlock on each other's lines.
SELECT pg_advisory_xact_lock($1, $2);

-- name: statements_of_file
SELECT account.number, identification, currency, lines, total, opening, closing, refused, warnings
FROM statement JOIN account USING (tenant_id, account_id)
WHERE tenant_id = $1 AND file_hash = $2 ORDER BY ordinal;

-- name: store_statement
INSERT INTO statement (tenant_id, account_id, file_hash, ordinal, format, identification, currency, period_from,
    period_to, opening, closing, total, balanced, lines, refused, warnings)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
RETURNING statement_id;

-- name: mark_lines_dirty
INSERT INTO dirty (tenant_id, kind, fact_ids) VALUES ($1, 'line', $2);
