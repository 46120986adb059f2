-- The facts that a closed day's sums are made of, as they stand now, leg by leg. They read the working tables in which the
-- day's cases are laid out; each row says what its case came to, where the case counts on this day.

-- name: create_detail_tables
CREATE TEMP TABLE w_why (case_key text NOT NULL, reasons text NOT NULL) ON COMMIT DROP;

-- name: gather_why
INSERT INTO w_why
SELECT case_key, string_agg(DISTINCT reason, ' ') FROM w_reason WHERE holds GROUP BY case_key;

-- name: detail_obligations
SELECT $2::date AS day, c.dossier_code AS dossier, r.agency_code, r.agency_name, r.procedure_code, r.procedure_name,
       c.source, c.due AS amount, c.amount AS paid, v.verdict, w.reasons
FROM w_case AS c
JOIN w_class AS v USING (case_key)
LEFT JOIN procedure_record AS r ON r.tenant_id = $1 AND r.dossier_code = c.dossier_code
LEFT JOIN w_why AS w USING (case_key)
WHERE c.due IS NOT NULL ORDER BY c.dossier_code;

-- name: detail_payments
SELECT p.business_date AS day, (p.occurred_at AT TIME ZONE t.timezone)::timestamp(0) AS paid_at, s.code AS source,
       p.reference, p.transaction_id AS transaction, p.dossier_code AS dossier, r.agency_code, r.procedure_code, p.amount,
       p.state, sm.rule AS settlement_rule, bm.rule AS bank_rule, v.verdict, w.reasons
FROM payment AS p
JOIN tenant AS t ON t.tenant_id = $1
JOIN source AS s ON s.tenant_id = $1 AND s.source_id = p.source_id
LEFT JOIN procedure_record AS r ON r.tenant_id = $1 AND r.dossier_code = p.dossier_code
LEFT JOIN match AS sm ON sm.tenant_id = $1 AND sm.leg = 'settlement' AND sm.payment_id = p.payment_id
LEFT JOIN match AS bm ON bm.tenant_id = $1 AND bm.leg = 'bank' AND bm.payment_id = p.payment_id
LEFT JOIN w_class AS v ON v.case_key = coalesce('dossier:' || p.dossier_code, 'payment:' || p.payment_id)
LEFT JOIN w_why AS w ON w.case_key = v.case_key
WHERE p.tenant_id = $1 AND p.business_date = $2 AND p.state >= 'paid' AND p.currency = 'VND'
ORDER BY p.occurred_at, p.payment_id;

-- name: detail_lines
SELECT l.booked_on AS day, a.number AS account, s.code AS source, l.reference,
       coalesce(nullif(l.document, ''), l.bank_reference) AS document, coalesce(l.batch, b.code) AS batch,
       coalesce(l.dossier_code, p.dossier_code) AS dossier, l.narrative, l.amount, l.fee, l.net,
       p.reference AS payment, m.rule, v.verdict, w.reasons
FROM statement_line AS l
JOIN account AS a ON a.tenant_id = $1 AND a.account_id = l.account_id
LEFT JOIN source AS s ON s.tenant_id = $1 AND s.source_id = l.source_id
LEFT JOIN match AS m ON m.tenant_id = $1 AND m.leg = $3::leg AND m.fact_id = l.line_id
LEFT JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = m.payment_id
LEFT JOIN settlement_batch AS b ON b.tenant_id = $1 AND b.batch_id = m.batch_id
LEFT JOIN w_class AS v
    ON v.case_key = coalesce('dossier:' || p.dossier_code, 'payment:' || p.payment_id, 'line:' || l.line_id)
LEFT JOIN w_why AS w ON w.case_key = v.case_key
WHERE l.tenant_id = $1 AND l.booked_on = $2 AND l.leg = $3::leg AND l.currency = 'VND' AND l.evidence
ORDER BY l.account_id, l.line_id;

-- name: detail_flags
SELECT $2::date AS day, c.dossier_code AS dossier, r.agency_code, r.agency_name, r.procedure_code, r.procedure_name,
       c.source, c.amount, v.verdict, w.reasons
FROM w_case AS c
JOIN w_class AS v USING (case_key)
LEFT JOIN procedure_record AS r ON r.tenant_id = $1 AND r.dossier_code = c.dossier_code
LEFT JOIN w_why AS w USING (case_key)
WHERE c.flagged AND c.money ORDER BY c.dossier_code;

-- name: detail_discrepancies
-- Those that held when the day closed and are not resolved; a batch's stand once. What is no dong stands in a column of
-- its own, so that nobody adds it to them.
SELECT $2::date AS day, d.discrepancy_id AS number, d.reason, CASE WHEN d.currency = 'VND' THEN d.amount END AS amount,
       CASE WHEN d.currency <> 'VND' THEN d.amount || ' ' || d.currency END AS other_amount, d.since, d.due, d.dossier_code AS dossier,
       d.agency_code, s.code AS source, coalesce(p.reference, nullif(l.reference, ''), b.code) AS reference,
       a.number AS account, d.state, d.assignee
FROM (
    SELECT d.* FROM discrepancy AS d
    JOIN w_reason AS r ON r.case_key = d.case_key AND r.reason = d.reason AND r.holds
    WHERE d.tenant_id = $1 AND d.state <> 'resolved'
    UNION
    SELECT d.* FROM w_case AS c
    JOIN payment AS p ON p.tenant_id = $1 AND (p.dossier_code = c.dossier_code OR p.payment_id = c.payment_id)
    JOIN match AS m ON m.tenant_id = $1 AND m.leg = 'settlement' AND m.payment_id = p.payment_id
    JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = m.fact_id
    JOIN settlement_batch AS b ON b.tenant_id = $1 AND b.source_id = l.source_id AND b.code = l.batch
    JOIN discrepancy AS d ON d.tenant_id = $1 AND d.case_key = 'batch:' || b.batch_id AND d.state <> 'resolved'
    WHERE b.difference <> 0) AS d
LEFT JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = d.payment_id
LEFT JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = d.line_id
LEFT JOIN settlement_batch AS b ON b.tenant_id = $1
    AND b.batch_id = CASE WHEN d.subject LIKE 'batch:%' THEN substr(d.subject, 7)::bigint END
LEFT JOIN source AS s ON s.tenant_id = $1 AND s.source_id = coalesce(p.source_id, l.source_id, b.source_id)
LEFT JOIN account AS a ON a.tenant_id = $1 AND a.account_id = coalesce(l.account_id, p.account_id, b.account_id)
ORDER BY d.discrepancy_id;

-- name: drop_detail_tables
DROP TABLE w_why;
