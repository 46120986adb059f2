-- One discrepancy with all that is known of its case: every query by a key or an index, and bounded.

-- name: find_case
-- With the version a person sees: the last event. Of another agency than the person's there is none.
SELECT d.discrepancy_id, d.case_key, d.subject, d.reason, d.amount, d.currency, d.state::text AS state, d.since, d.due, d.dossier_code,
       d.agency_code, d.payment_id, d.line_id, d.evidence, d.opened_at, d.resolved_at, d.resolution, d.resolved_by,
       d.former, d.assignee,
       coalesce((SELECT max(e.event_id) FROM discrepancy_event AS e
                 WHERE e.tenant_id = $1 AND e.discrepancy_id = $2), 0) AS version
FROM discrepancy AS d
WHERE d.tenant_id = $1 AND d.discrepancy_id = $2 AND ($3::text[] IS NULL OR d.agency_code = ANY ($3));

-- name: case_siblings
-- What else does not agree in the same case.
SELECT discrepancy_id, reason, amount, currency, state::text AS state FROM discrepancy
WHERE tenant_id = $1 AND case_key = $2 AND discrepancy_id <> $3
ORDER BY state = 'resolved', discrepancy_id DESC LIMIT 20;

-- name: case_record
SELECT dossier_code, procedure_code, procedure_name, agency_code, agency_name, status::text AS status, received_on,
       processing_started_on, expires_on, exempt, online_payment_flag, version, due, updated_at
FROM procedure_record WHERE tenant_id = $1 AND dossier_code = $2;

-- name: case_obligations
SELECT code, kind, name, amount FROM obligation WHERE tenant_id = $1 AND dossier_code = $2 ORDER BY code LIMIT 100;

-- name: case_payments
-- Of the dossier, and the one that names none; with what went back, and what its source expects.
SELECT p.payment_id, p.reference, p.transaction_id, s.code AS source, p.state::text AS state, p.outcome::text AS outcome,
       p.amount, p.currency, p.occurred_at, p.business_date, p.contradicted, p.dossier_code, a.number AS account,
       p.account_id IS NOT NULL AS has_account, s.settlement_days, s.bank_days, s.treasury_days, s.receipt_days,
       s.report_days, coalesce(b.refunded, 0) AS refunded, b.reversed_on IS NOT NULL AS taken_back, b.reversed_on,
       r.requested_at, r.amount AS requested
FROM payment AS p
JOIN source AS s ON s.tenant_id = $1 AND s.source_id = p.source_id
LEFT JOIN account AS a ON a.tenant_id = $1 AND a.account_id = p.account_id
LEFT JOIN returned AS b ON b.tenant_id = $1 AND b.payment_id = p.payment_id
LEFT JOIN payment_request AS r ON r.tenant_id = $1 AND r.reference = p.reference
WHERE p.tenant_id = $1 AND (p.dossier_code = $2 OR p.payment_id = ANY ($3::bigint[]))
ORDER BY p.occurred_at, p.payment_id LIMIT 50;

-- name: case_seats
-- Matches of the payments and of the batch, seat by seat, those of a group's others too; where a payment was settled in
-- a batch, the bank line that paid the batch out is its own.
WITH own AS (
    SELECT match_id, leg, payment_id, batch_id, fact_id, seats, rule, rule_set, difference, matched_at FROM match
    WHERE tenant_id = $1 AND leg = ANY ('{settlement,bank,treasury,receipt}') AND payment_id = ANY ($2::bigint[])
    UNION
    SELECT match_id, leg, payment_id, batch_id, fact_id, seats, rule, rule_set, difference, matched_at FROM match
    WHERE tenant_id = $1 AND batch_id = ANY ($3::bigint[])),
seat AS (
    SELECT * FROM own
    UNION
    SELECT m.match_id, m.leg, m.payment_id, m.batch_id, m.fact_id, m.seats, m.rule, m.rule_set, m.difference, m.matched_at
    FROM (SELECT DISTINCT match_id FROM own WHERE seats > 1) AS g
    JOIN match AS m ON m.tenant_id = $1 AND m.match_id = g.match_id AND m.seats > 1),
batched AS (
    SELECT m.match_id, m.leg, o.payment_id, m.batch_id, m.fact_id, 1, m.rule, m.rule_set, m.difference, m.matched_at
    FROM own AS o
    JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = o.fact_id
    JOIN settlement_batch AS b ON b.tenant_id = $1 AND b.source_id = l.source_id AND b.code = l.batch
    JOIN match AS m ON m.tenant_id = $1 AND m.batch_id = b.batch_id
    WHERE o.leg = 'settlement')
SELECT s.match_id, s.leg::text AS leg, s.payment_id, s.batch_id, s.fact_id AS line_id, s.seats, s.rule, s.rule_set,
       s.difference, s.matched_at
FROM (SELECT * FROM seat UNION ALL SELECT * FROM batched) AS s
ORDER BY s.leg, s.match_id, s.payment_id, s.fact_id LIMIT 200;

-- name: case_returns
-- Money of the payments that went back, and credits that were taken back.
SELECT line_id, kind, payment_id, credit_line_id, amount FROM money_back
WHERE tenant_id = $1 AND (payment_id = ANY ($2::bigint[]) OR credit_line_id = ANY ($3::bigint[]))
ORDER BY line_id LIMIT 50;

-- name: case_lines
-- Each with the file and the row it stands in.
SELECT l.line_id, l.leg::text AS leg, l.row_number, l.occurrence, l.booked_on, l.value_on, l.amount, l.currency,
       l.bank_reference, l.reference, l.narrative, l.counterparty, l.reversal, l.entry_reference, l.fee, l.net, l.batch,
       l.dossier_code, l.document, l.evidence, s.code AS source, a.number AS account, a.bank, t.statement_id,
       t.identification, t.format, t.kind::text AS kind, encode(t.file_hash, 'hex') AS file_hash, t.imported_at,
       t.period_from, t.period_to,
       coalesce(nullif(l.document, ''), nullif(l.bank_reference, ''), l.line_id::text) AS name
FROM statement_line AS l
JOIN account AS a ON a.tenant_id = $1 AND a.account_id = l.account_id
JOIN statement AS t ON t.tenant_id = $1 AND t.statement_id = l.statement_id
LEFT JOIN source AS s ON s.tenant_id = $1 AND s.source_id = l.source_id
WHERE l.tenant_id = $1 AND l.line_id = ANY ($2::bigint[])
ORDER BY l.booked_on, l.line_id LIMIT 200;

-- name: case_batches
-- Those in which the lines were settled, and the one the case is about.
SELECT b.batch_id, b.code, s.code AS source, a.number AS account, b.settled_on, b.lines, b.gross, b.net, b.standing,
       b.contenders, b.difference
FROM (SELECT b.batch_id FROM statement_line AS l
      JOIN settlement_batch AS b ON b.tenant_id = $1 AND b.source_id = l.source_id AND b.code = l.batch
      WHERE l.tenant_id = $1 AND l.line_id = ANY ($2::bigint[])
      UNION SELECT unnest($3::bigint[])) AS of
JOIN settlement_batch AS b ON b.tenant_id = $1 AND b.batch_id = of.batch_id
JOIN source AS s ON s.tenant_id = $1 AND s.source_id = b.source_id
LEFT JOIN account AS a ON a.tenant_id = $1 AND a.account_id = b.account_id
ORDER BY b.batch_id LIMIT 20;

-- name: case_lines_of_batches
-- The first of each: a batch may be of a hundred thousand.
SELECT b.batch_id, l.line_id FROM settlement_batch AS b
CROSS JOIN LATERAL (
    SELECT l.line_id FROM statement_line AS l
    WHERE l.tenant_id = $1 AND l.source_id = b.source_id AND l.batch = b.code ORDER BY l.line_id LIMIT 20) AS l
WHERE b.tenant_id = $1 AND b.batch_id = ANY ($2::bigint[]);

-- name: case_notices
-- What was said of the payments, in the order it came.
SELECT n.notice_id, e.payment_id, s.code AS source, n.state::text AS state, n.received_at, e.said_state::text AS said_state,
       e.left_state::text AS left_state, e.amount, e.currency, e.occurred_at, e.recorded_at, n.conflicting, n.alarm,
       n.method, octet_length(n.body) AS octets
FROM payment_event AS e
JOIN notice AS n ON n.tenant_id = $1 AND n.notice_id = e.notice_id
JOIN source AS s ON s.tenant_id = $1 AND s.source_id = n.source_id
WHERE e.tenant_id = $1 AND e.payment_id = ANY ($2::bigint[])
ORDER BY n.received_at, n.notice_id LIMIT 50;

-- name: case_history
-- Matches of the payments that no longer hold.
SELECT DISTINCT match_id, leg::text AS leg, rule, rule_set, difference, matched_at, undone_at, undone_by, reason
FROM match_history WHERE tenant_id = $1 AND payment_id = ANY ($2::bigint[])
ORDER BY undone_at DESC, match_id LIMIT 50;

-- name: case_standing
-- Where the matcher has left the fact the discrepancy is about.
SELECT standing, payout, stopped FROM loose_fact WHERE tenant_id = $1 AND leg = $2::text::leg AND fact_id = $3;

-- name: case_events
-- What became of the discrepancy: each with the state before it.
SELECT event_id, change, left_state::text AS left_state,
       lag(left_state::text) OVER (ORDER BY event_id) AS former_state, said, person, detail, run_id, recorded_at
FROM discrepancy_event WHERE tenant_id = $1 AND discrepancy_id = $2 ORDER BY event_id DESC LIMIT 200;

-- name: case_attachments
SELECT attachment_id, name, media_type, encode(sha256, 'hex') AS digest, octet_length(body) AS octets, added_by, added_at
FROM attachment WHERE tenant_id = $1 AND discrepancy_id = $2 ORDER BY attachment_id LIMIT 200;

-- name: case_proposals
SELECT proposal_id, kind::text AS kind, detail, amount, reason, version, state::text AS state, proposed_by, proposed_at,
       decided_by, decided_at, answer
FROM proposal WHERE tenant_id = $1 AND discrepancy_id = $2 ORDER BY proposal_id DESC LIMIT 50;

-- name: case_statements
-- What came of an account about a day: where its feed has a gap.
SELECT t.statement_id, t.identification, t.format, t.kind::text AS kind, encode(t.file_hash, 'hex') AS file_hash,
       t.imported_at, t.period_from, t.period_to, t.opening, t.closing, t.total, t.balanced, t.lines
FROM account AS a JOIN statement AS t ON t.tenant_id = $1 AND t.account_id = a.account_id
WHERE a.tenant_id = $1 AND a.number = $2 AND t.period_from BETWEEN $3::date - 7 AND $3::date + 7
ORDER BY t.period_from, t.statement_id LIMIT 50;

-- name: case_notice
-- As it was received; of another case there is none.
SELECT n.notice_id, s.code AS source, n.state::text AS state, n.reason, n.method, n.body, n.headers, n.received_at,
       n.request_id, n.conflicting, n.alarm, encode(n.body_hash, 'hex') AS body_hash, n.reference, n.transaction_id
FROM payment_event AS e
JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = e.payment_id
JOIN notice AS n ON n.tenant_id = $1 AND n.notice_id = e.notice_id
JOIN source AS s ON s.tenant_id = $1 AND s.source_id = n.source_id
WHERE e.tenant_id = $1 AND e.notice_id = $2 AND (p.dossier_code = $3 OR p.payment_id = ANY ($4::bigint[]));

-- name: case_neighbours
-- Among what is live, by number: the way on where no list led here.
SELECT (SELECT max(d.discrepancy_id) FROM discrepancy AS d WHERE d.tenant_id = $1 AND d.discrepancy_id < $2
          AND d.state <> 'resolved' AND ($3::text[] IS NULL OR d.agency_code = ANY ($3))) AS previous,
       (SELECT min(d.discrepancy_id) FROM discrepancy AS d WHERE d.tenant_id = $1 AND d.discrepancy_id > $2
          AND d.state <> 'resolved' AND ($3::text[] IS NULL OR d.agency_code = ANY ($3))) AS next;

-- name: case_told
-- What the notices of payments say in words, to weigh them as suggestions are weighed.
SELECT e.payment_id, coalesce(string_agg(n.description, ' ' ORDER BY n.notice_id), '') AS told
FROM payment_event AS e JOIN notice AS n ON n.tenant_id = $1 AND n.notice_id = e.notice_id
WHERE e.tenant_id = $1 AND e.payment_id = ANY ($2::bigint[]) GROUP BY e.payment_id;
