-- What the API, the files and the command line show.

-- name: load_report
SELECT report FROM run WHERE tenant_id = $1 AND business_date = $2 ORDER BY sequence DESC LIMIT 1;

-- name: list_discrepancies
-- Every filter may be absent. The cursor is the last id shown.
SELECT d.discrepancy_id, d.reason, d.amount, d.dossier_code, p.reference, a.number AS account, d.state::text AS state,
       d.since, d.due, d.case_key, l.reference AS line_reference
FROM discrepancy AS d
LEFT JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = d.payment_id
LEFT JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = d.line_id
LEFT JOIN account AS a ON a.tenant_id = $1 AND a.account_id = coalesce(l.account_id, p.account_id)
WHERE d.tenant_id = $1 AND d.discrepancy_id > $2
  AND ($3::text IS NULL OR d.reason = $3) AND ($4::text IS NULL OR d.state::text = $4)
  AND ($4::text IS NOT NULL OR d.state <> 'resolved') AND ($5::text IS NULL OR d.agency_code = $5)
ORDER BY d.discrepancy_id LIMIT $6;

-- name: find_record
SELECT dossier_code, procedure_code, procedure_name, agency_code, agency_name, status::text AS status, received_on,
       processing_started_on, expires_on, exempt, online_payment_flag, version, due
FROM procedure_record WHERE tenant_id = $1 AND dossier_code = $2;

-- name: find_obligations
SELECT code, kind, name, amount FROM obligation WHERE tenant_id = $1 AND dossier_code = $2 ORDER BY code;

-- name: find_payments
SELECT p.payment_id, p.reference, p.transaction_id, s.code AS source, p.state::text AS status, p.outcome::text AS outcome,
       p.amount, p.currency, p.occurred_at AS paid_at, p.business_date, s.bank_days, p.account_id,
       l.standing, m.rule, m.rule_set, m.difference, m.fact_id
FROM payment AS p
JOIN source AS s ON s.tenant_id = $1 AND s.source_id = p.source_id
LEFT JOIN loose_fact AS l ON l.tenant_id = $1 AND l.leg = 'payment' AND l.fact_id = p.payment_id
LEFT JOIN match AS m ON m.tenant_id = $1 AND m.leg = 'bank' AND m.payment_id = p.payment_id
WHERE p.tenant_id = $1 AND p.dossier_code = $2 ORDER BY p.occurred_at, p.payment_id;

-- name: find_lines
SELECT line_id, bank_reference, reference, amount, booked_on FROM statement_line
WHERE tenant_id = $1 AND line_id = ANY ($2::bigint[]) ORDER BY line_id;

-- name: find_live_discrepancies
SELECT d.discrepancy_id, d.reason, d.amount, d.dossier_code, p.reference, a.number AS account, d.state::text AS state,
       d.since, d.due, d.case_key, NULL AS line_reference
FROM discrepancy AS d
LEFT JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = d.payment_id
LEFT JOIN account AS a ON a.tenant_id = $1 AND a.account_id = p.account_id
WHERE d.tenant_id = $1 AND d.case_key = 'dossier:' || $2::text AND d.state <> 'resolved' ORDER BY d.discrepancy_id;

-- name: hangs
SELECT EXISTS (SELECT FROM watch WHERE tenant_id = $1 AND case_key = 'dossier:' || $2::text AND pending);
