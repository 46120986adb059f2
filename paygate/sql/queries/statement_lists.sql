-- Statements as pages show them.

-- name: list_statements
-- The newest first, by number.
SELECT s.statement_id, a.number AS account, s.format, s.leg::text AS leg, s.identification, s.file_name, s.period_from,
    s.period_to, s.opening, s.closing, s.total, s.currency, s.balanced, s.lines,
    jsonb_array_length(s.refused) AS refused, jsonb_array_length(s.warnings) AS warnings, s.imported_at, s.imported_by
FROM statement AS s JOIN account AS a ON a.tenant_id = s.tenant_id AND a.account_id = s.account_id
WHERE s.tenant_id = $1 AND s.statement_id < $2 AND ($3::integer IS NULL OR s.account_id = $3)
ORDER BY s.statement_id DESC
LIMIT $4;

-- name: read_statement
SELECT s.statement_id, a.number AS account, s.account_id, s.format, s.leg::text AS leg, s.kind::text AS kind,
    s.identification, s.file_name, s.mapping, s.period_from, s.period_to, s.opening, s.closing, s.total, s.currency,
    s.balanced, s.lines, s.refused, s.warnings, s.imported_at, s.imported_by, s.sequence
FROM statement AS s JOIN account AS a ON a.tenant_id = s.tenant_id AND a.account_id = s.account_id
WHERE s.tenant_id = $1 AND s.statement_id = $2;

-- name: statements_of_hash
SELECT statement_id FROM statement WHERE tenant_id = $1 AND file_hash = $2 ORDER BY statement_id;

-- name: statement_before
-- The one whose days end where these begin: only whole statements prove what stood in the account.
SELECT statement_id, identification, file_name, period_from, period_to, closing
FROM statement
WHERE tenant_id = $1 AND account_id = $2 AND statement_id <> $3 AND period_from <= $4 AND period_to <= $4
    AND kind = 'statement' AND currency IS NOT DISTINCT FROM $5
ORDER BY period_from DESC, statement_id DESC
LIMIT 1;

