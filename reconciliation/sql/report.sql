-- What the API, the files and the command line show.

-- name: load_report
-- The latest, or that of a run of the day's.
SELECT report FROM run WHERE tenant_id = $1 AND business_date = $2 AND ($3::bigint IS NULL OR run_id = $3)
ORDER BY sequence DESC LIMIT 1;

-- name: choose_discrepancies
-- Every filter may be absent. The cursor is the last id shown.
SELECT discrepancy_id FROM discrepancy
WHERE tenant_id = $1 AND discrepancy_id > $2
  AND ($3::text IS NULL OR reason = $3) AND ($4::text IS NULL OR state::text = $4)
  AND ($4::text IS NOT NULL OR state <> 'resolved') AND ($5::text IS NULL OR agency_code = $5)
  AND ($6::text[] IS NULL OR agency_code = ANY ($6))
ORDER BY discrepancy_id LIMIT $7;

-- name: choose_discrepancy
-- Also a resolved one; another agency's is not there.
SELECT discrepancy_id FROM discrepancy
WHERE tenant_id = $1 AND discrepancy_id = $2 AND ($3::text[] IS NULL OR agency_code = ANY ($3));

-- name: choose_live_discrepancies
-- Those of the case, and of the batches in which its payments were settled.
SELECT discrepancy_id FROM discrepancy WHERE tenant_id = $1 AND case_key = $2::text AND state <> 'resolved'
UNION
SELECT d.discrepancy_id FROM match AS m
JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = m.fact_id
JOIN settlement_batch AS b ON b.tenant_id = $1 AND b.source_id = l.source_id AND b.code = l.batch
JOIN discrepancy AS d ON d.tenant_id = $1 AND d.subject = 'batch:' || b.batch_id AND d.state <> 'resolved'
WHERE m.tenant_id = $1 AND m.leg = 'settlement' AND m.payment_id = ANY ($3::bigint[]);

-- name: show_discrepancies
-- What was chosen, with the facts it is about and what people do about it.
SELECT d.discrepancy_id, d.subject, d.reason, d.amount, d.currency, d.dossier_code, d.state::text AS state, d.since, d.due,
       d.resolution, d.resolved_by, d.reopened_by, d.former, d.assignee, d.refund_amount,
       (SELECT coalesce(max(e.event_id), 0) FROM discrepancy_event AS e
        WHERE e.tenant_id = $1 AND e.discrepancy_id = d.discrepancy_id) AS version,
       o.proposal_id, o.kind::text AS kind, o.proposed_by, o.proposed_at,
       coalesce(p.reference, nullif(l.reference, ''), b.code) AS reference,
       coalesce(a.number, substring(d.subject FROM '^feed:(.*):[^:]*$')) AS account,
       coalesce(nullif(l.document, ''), nullif(l.bank_reference, ''), l.line_id::text) AS line
FROM discrepancy AS d
LEFT JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = d.payment_id
LEFT JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = d.line_id
LEFT JOIN proposal AS o ON o.tenant_id = $1 AND o.discrepancy_id = d.discrepancy_id AND o.state = 'open'
LEFT JOIN settlement_batch AS b ON b.tenant_id = $1
    AND b.batch_id = CASE WHEN d.subject LIKE 'batch:%' THEN substr(d.subject, 7)::bigint END
LEFT JOIN account AS a ON a.tenant_id = $1 AND a.account_id = coalesce(l.account_id, p.account_id, b.account_id)
WHERE d.tenant_id = $1 AND d.discrepancy_id = ANY ($2::bigint[])
ORDER BY d.discrepancy_id;

-- name: find_events
SELECT event_id, recorded_at, said, person, change, left_state::text AS state, detail
FROM discrepancy_event WHERE tenant_id = $1 AND discrepancy_id = $2 ORDER BY event_id;

-- name: find_evidence
SELECT attachment_id, name, media_type, octet_length(body) AS size, sha256, added_by, added_at
FROM attachment WHERE tenant_id = $1 AND discrepancy_id = $2 ORDER BY attachment_id;

-- name: find_record
SELECT dossier_code, procedure_code, procedure_name, agency_code, agency_name, status::text AS status, received_on,
       processing_started_on, expires_on, exempt, online_payment_flag, version, due
FROM procedure_record WHERE tenant_id = $1 AND dossier_code = $2;

-- name: find_obligations
SELECT code, kind, name, amount FROM obligation WHERE tenant_id = $1 AND dossier_code = $2 ORDER BY code;

-- name: find_payments
-- Those of a dossier, or the one of a number; what went back of the few that did not stay.
SELECT p.payment_id, p.dossier_code, p.business_date, a.number AS account, p.reference, p.transaction_id, s.code AS source, p.state::text AS state, p.outcome::text AS outcome,
       p.amount, p.currency, p.occurred_at AS paid_at, p.account_id IS NOT NULL AS has_account,
       s.settlement_days, s.bank_days, s.treasury_days, s.receipt_days, s.report_days,
       coalesce(b.refunded, 0) AS refunded, b.reversed_on IS NOT NULL AS taken_back
FROM payment AS p
JOIN source AS s ON s.tenant_id = $1 AND s.source_id = p.source_id
LEFT JOIN returned AS b ON b.tenant_id = $1 AND b.payment_id = p.payment_id
LEFT JOIN account AS a ON a.tenant_id = $1 AND a.account_id = p.account_id
WHERE p.tenant_id = $1 AND (p.dossier_code = $2 OR p.payment_id = $3) ORDER BY p.occurred_at, p.payment_id;

-- name: find_seats
-- The matches of these payments, seat by seat; of a group, those of others too. Where a payment was settled in a batch,
-- the bank line that paid the batch out is its own.
WITH own AS (
    SELECT match_id, leg, payment_id, fact_id, seats, rule, rule_set, difference FROM match
    WHERE tenant_id = $1 AND leg = ANY ('{settlement,bank,treasury,receipt}') AND payment_id = ANY ($2::bigint[])),
seat AS (
    SELECT * FROM own
    UNION
    SELECT m.match_id, m.leg, m.payment_id, m.fact_id, m.seats, m.rule, m.rule_set, m.difference
    FROM (SELECT DISTINCT match_id FROM own WHERE seats > 1) AS g
    JOIN match AS m ON m.tenant_id = $1 AND m.match_id = g.match_id AND m.seats > 1),
batched AS (
    SELECT m.match_id, m.leg, o.payment_id, m.fact_id, 1, m.rule, m.rule_set, m.difference
    FROM own AS o
    JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = o.fact_id
    JOIN settlement_batch AS b ON b.tenant_id = $1 AND b.source_id = l.source_id AND b.code = l.batch
    JOIN match AS m ON m.tenant_id = $1 AND m.batch_id = b.batch_id
    WHERE o.leg = 'settlement')
SELECT s.match_id, s.leg::text AS leg, s.payment_id, s.rule, s.rule_set, s.difference, l.amount, l.line_id,
       coalesce(nullif(l.document, ''), nullif(l.bank_reference, ''), l.line_id::text) AS line
FROM (SELECT * FROM seat UNION ALL SELECT * FROM batched) AS s
LEFT JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = s.fact_id
ORDER BY s.leg, s.match_id, s.payment_id, s.fact_id;

-- name: find_closed_reasons
-- What people have closed of the case, whatever it has come to since.
SELECT DISTINCT reason FROM discrepancy
WHERE tenant_id = $1 AND case_key = $2 AND resolved_by IS NOT NULL AND reopened_by IS NULL;

-- name: hangs
SELECT EXISTS (SELECT FROM watch WHERE tenant_id = $1 AND case_key = $2 AND pending);
