-- What people look up, each by an index of its own: first which facts, then what tells them apart.

-- name: find_dossiers
-- By how the code ends; as a range of the reversed keys, which any plan can take from the index.
SELECT r.dossier_code, length(r.dossier_key) = length($2::text) AS whole, r.procedure_name, r.agency_name,
       r.status::text AS status, r.due
FROM procedure_record AS r
WHERE r.tenant_id = $1 AND reverse(r.dossier_key) ~>=~ reverse($2::text)
  AND reverse(r.dossier_key) ~<~ (reverse($2::text) || '~') AND ($3::text[] IS NULL OR r.agency_code = ANY ($3))
ORDER BY length(r.dossier_key), r.dossier_code LIMIT $4;

-- name: find_dossiers_without_record
-- Those whose payments alone are known: their codes say whose they are. One by one, so that no plan reads all records.
SELECT DISTINCT p.dossier_code, length(squeeze(p.dossier_code)) = length($2::text) AS whole
FROM payment AS p
WHERE p.tenant_id = $1 AND p.dossier_code IS NOT NULL AND reverse(squeeze(p.dossier_code)) ~>=~ reverse($2::text)
  AND reverse(squeeze(p.dossier_code)) ~<~ (reverse($2::text) || '~')
  AND (SELECT true FROM procedure_record AS r WHERE r.tenant_id = $1 AND r.dossier_code = p.dossier_code) IS NULL
  AND ($3::text[] IS NULL OR split_part(p.dossier_code, '-', 1) = ANY ($3))
ORDER BY p.dossier_code LIMIT $4;

-- name: find_requests
-- References that were registered and under which nothing has come: as typed, or as a bank would write them.
SELECT q.reference, q.dossier_code, q.amount FROM payment_request AS q
LEFT JOIN procedure_record AS r ON r.tenant_id = $1 AND r.dossier_code = q.dossier_code
WHERE q.tenant_id = $1 AND q.reference = ANY ($2::text[])
  AND ($3::text[] IS NULL OR coalesce(r.agency_code, split_part(q.dossier_code, '-', 1)) = ANY ($3));

-- name: find_payments_by_code
SELECT payment_id FROM payment WHERE tenant_id = $1 AND reference_key = $2
UNION
SELECT payment_id FROM payment WHERE tenant_id = $1 AND transaction_id <> '' AND squeeze(transaction_id) = $2
LIMIT $3;

-- name: find_lines_by_code
SELECT line_id FROM statement_line WHERE tenant_id = $1 AND reference_key = $2
UNION
SELECT line_id FROM statement_line WHERE tenant_id = $1 AND bank_reference <> '' AND squeeze(bank_reference) = $2
UNION
SELECT line_id FROM statement_line WHERE tenant_id = $1 AND document <> '' AND squeeze(document) = $2
LIMIT $3;

-- name: find_payments_by_amount
-- Of the day by the tenant's clocks, or by the source's cut-off.
SELECT p.payment_id FROM payment AS p
WHERE p.tenant_id = $1 AND p.business_date = ANY (ARRAY[$2::date, $2::date + 1]) AND p.amount = $3
  AND (p.business_date = $2 OR (p.occurred_at AT TIME ZONE $4::text)::date = $2)
  AND ($5::text[] IS NULL OR coalesce((SELECT r.agency_code FROM procedure_record AS r
       WHERE r.tenant_id = $1 AND r.dossier_code = p.dossier_code), split_part(p.dossier_code, '-', 1)) = ANY ($5))
LIMIT $6;

-- name: find_lines_by_amount
SELECT line_id FROM statement_line WHERE tenant_id = $1 AND booked_on = $2 AND amount = $3 LIMIT $4;

-- name: find_payments_of_lines
-- The payments that lines settle: each its own, or those of its group.
WITH held AS (
    SELECT m.fact_id AS line_id, m.match_id, m.payment_id, m.seats FROM statement_line AS l
    JOIN match AS m ON m.tenant_id = $1 AND m.leg = l.leg AND m.fact_id = l.line_id
    WHERE l.tenant_id = $1 AND l.line_id = ANY ($2::bigint[]) AND m.batch_id IS NULL)
SELECT line_id, payment_id FROM held WHERE payment_id IS NOT NULL
UNION
SELECT h.line_id, m.payment_id FROM held AS h
JOIN match AS m ON m.tenant_id = $1 AND m.match_id = h.match_id AND m.seats > 1
WHERE h.seats > 1 AND m.payment_id IS NOT NULL
LIMIT $3;

-- name: show_payments
SELECT p.payment_id, p.reference, p.transaction_id, p.dossier_code, p.amount, p.currency, p.occurred_at,
       p.state::text AS state, s.code AS source, r.procedure_name, r.agency_name
FROM payment AS p
JOIN source AS s ON s.tenant_id = $1 AND s.source_id = p.source_id
LEFT JOIN procedure_record AS r ON r.tenant_id = $1 AND r.dossier_code = p.dossier_code
WHERE p.tenant_id = $1 AND p.payment_id = ANY ($2::bigint[])
  AND ($3::text[] IS NULL OR coalesce(r.agency_code, split_part(p.dossier_code, '-', 1)) = ANY ($3))
ORDER BY p.occurred_at, p.payment_id;

-- name: show_lines
-- With the discrepancy that asks whose it is, where there is one.
SELECT l.line_id, l.leg::text AS leg, l.booked_on, l.amount, l.fee, l.net, l.batch, l.currency, l.bank_reference,
       coalesce(l.document, '') AS document, l.narrative, l.counterparty, l.row_number, a.number AS account,
       s.statement_id, s.identification, s.imported_at, d.discrepancy_id, d.agency_code
FROM statement_line AS l
JOIN account AS a ON a.tenant_id = $1 AND a.account_id = l.account_id
JOIN statement AS s ON s.tenant_id = $1 AND s.statement_id = l.statement_id
LEFT JOIN LATERAL (
    SELECT discrepancy_id, agency_code FROM discrepancy AS e
    WHERE e.tenant_id = $1 AND e.subject = 'line:' || l.line_id AND e.state <> 'resolved'
    ORDER BY e.discrepancy_id LIMIT 1
) AS d ON true
WHERE l.tenant_id = $1 AND l.line_id = ANY ($2::bigint[])
ORDER BY l.booked_on, l.line_id;
