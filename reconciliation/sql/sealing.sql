-- The seal of a day: every case as a line of what names it outside this database, hashed, and the hashes hashed in the
-- order of the names. The same facts give the same seal, however they came and whatever numbers they got.

-- name: create_sealing_tables
CREATE TEMP TABLE w_sealed_payment (case_key text NOT NULL, payment_id bigint NOT NULL, key text NOT NULL,
    said jsonb NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_sealed_seat (payment_id bigint NOT NULL, match_id bigint NOT NULL, leg leg NOT NULL,
    fact_id bigint, seats integer NOT NULL, rule text NOT NULL, rule_set text NOT NULL, difference bigint NOT NULL)
    ON COMMIT DROP;
CREATE TEMP TABLE w_sealed_match (match_id bigint NOT NULL, seal text NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_sealed_case (case_key text NOT NULL, key text NOT NULL, said text NOT NULL) ON COMMIT DROP;

-- name: lay_out_payments_to_seal
INSERT INTO w_sealed_payment
SELECT p.case_key, p.payment_id, jsonb_build_array(s.code, p.reference, p.transaction_id)::text,
       jsonb_build_array(s.code, p.reference, p.transaction_id, p.state, p.amount, p.currency, p.business_date, a.number,
                         p.contradicted)
FROM (SELECT c.case_key, p.* FROM w_case AS c
      JOIN payment AS p ON p.tenant_id = $1 AND p.dossier_code = c.dossier_code WHERE c.dossier_code IS NOT NULL
      UNION ALL
      SELECT c.case_key, p.* FROM w_case AS c JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = c.payment_id) AS p
JOIN source AS s ON s.tenant_id = $1 AND s.source_id = p.source_id
LEFT JOIN account AS a ON a.tenant_id = $1 AND a.account_id = p.account_id;

-- name: lay_out_seats_to_seal
-- Of every leg, what these payments are matched with.
INSERT INTO w_sealed_seat
SELECT w.payment_id, m.match_id, m.leg, m.fact_id, m.seats, m.rule, m.rule_set, m.difference
FROM w_sealed_payment AS w
JOIN match AS m ON m.tenant_id = $1 AND m.leg = ANY (enum_range(NULL::leg)) AND m.payment_id = w.payment_id;

-- name: seal_matches
-- A match is all of its members, whichever seat each has.
INSERT INTO w_sealed_match
WITH seat AS (
    SELECT match_id, payment_id, fact_id FROM w_sealed_seat WHERE seats = 1
    UNION ALL
    SELECT m.match_id, m.payment_id, m.fact_id
    FROM (SELECT DISTINCT match_id FROM w_sealed_seat WHERE seats > 1) AS w
    JOIN match AS m ON m.tenant_id = $1 AND m.match_id = w.match_id AND m.seats > 1),
member AS (
    SELECT w.match_id, jsonb_build_array('payment', s.code, p.reference, p.transaction_id, p.amount)::text AS said
    FROM seat AS w
    JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = w.payment_id
    JOIN source AS s ON s.tenant_id = $1 AND s.source_id = p.source_id
    UNION ALL
    SELECT w.match_id, jsonb_build_array('line', a.number, encode(l.identity, 'hex'), l.occurrence, l.booked_on,
                                         l.amount, l.currency, l.fee, l.net, l.batch, l.dossier_code)::text
    FROM seat AS w
    JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = w.fact_id
    JOIN account AS a ON a.tenant_id = $1 AND a.account_id = l.account_id)
SELECT match_id, encode(sha256(convert_to(string_agg(said, E'\n' ORDER BY said COLLATE "C"), 'UTF8')), 'hex')
FROM member GROUP BY match_id;

-- name: lay_out_cases_to_seal
-- The amount of a batch's trouble is no case's own: of such a reason only the name is said.
INSERT INTO w_sealed_case
SELECT c.case_key, k.key,
       jsonb_build_array(k.key, v.verdict, c.amount, c.agency_code, r.said, p.said, m.said, b.said, l.said, w.said)::text
FROM w_case AS c
JOIN w_class AS v ON v.case_key = c.case_key
LEFT JOIN LATERAL (
    SELECT jsonb_build_array(r.due, r.status, r.online_payment_flag, r.expires_on) AS said
    FROM procedure_record AS r WHERE r.tenant_id = $1 AND r.dossier_code = c.dossier_code) AS r ON true
LEFT JOIN (
    SELECT case_key, jsonb_agg(said ORDER BY key COLLATE "C") AS said, min(key COLLATE "C") AS key
    FROM w_sealed_payment GROUP BY case_key) AS p ON p.case_key = c.case_key
LEFT JOIN (
    SELECT w.case_key, jsonb_agg(jsonb_build_array(w.key, s.leg, s.rule, s.rule_set, s.difference, m.seal)
                                 ORDER BY w.key COLLATE "C", s.leg) AS said
    FROM w_sealed_payment AS w JOIN w_sealed_seat AS s USING (payment_id) JOIN w_sealed_match AS m USING (match_id)
    GROUP BY w.case_key) AS m ON m.case_key = c.case_key
LEFT JOIN (
    SELECT w.case_key, jsonb_agg(jsonb_build_array(w.key, b.kind, b.amount, encode(l.identity, 'hex'), l.occurrence)
                                 ORDER BY w.key COLLATE "C", b.kind, l.identity, l.occurrence) AS said
    FROM w_sealed_payment AS w
    JOIN money_back AS b ON b.tenant_id = $1 AND b.payment_id = w.payment_id
    JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = b.line_id
    GROUP BY w.case_key) AS b ON b.case_key = c.case_key
LEFT JOIN LATERAL (
    SELECT jsonb_build_array(a.number, l.leg, encode(l.identity, 'hex'), l.occurrence, l.booked_on, l.amount, l.currency,
                             l.fee, l.net, l.batch, l.dossier_code) AS said,
           jsonb_build_array(a.number, encode(l.identity, 'hex'), l.occurrence)::text AS key
    FROM statement_line AS l JOIN account AS a ON a.tenant_id = $1 AND a.account_id = l.account_id
    WHERE l.tenant_id = $1 AND l.line_id = c.line_id) AS l ON c.line_id IS NOT NULL
LEFT JOIN (
    SELECT h.case_key, jsonb_agg(jsonb_build_array(h.reason, d.amount) ORDER BY h.reason, d.amount) AS said
    FROM (SELECT DISTINCT case_key, reason FROM w_reason WHERE holds) AS h
    LEFT JOIN discrepancy AS d ON d.tenant_id = $1 AND d.case_key = h.case_key AND d.reason = h.reason
        AND d.state <> 'resolved'
    GROUP BY h.case_key) AS w ON w.case_key = c.case_key
CROSS JOIN LATERAL (
    SELECT CASE WHEN c.dossier_code IS NOT NULL THEN c.case_key
                WHEN c.payment_id IS NOT NULL THEN 'payment:' || p.key ELSE 'line:' || l.key END AS key) AS k;

-- name: seal_cases
SELECT count(*) AS cases,
       encode(sha256(coalesce(string_agg(sha256(convert_to(said, 'UTF8')), ''::bytea ORDER BY key COLLATE "C"), '')),
              'hex') AS digest
FROM w_sealed_case;

-- name: drop_sealing_tables
DROP TABLE w_sealed_payment, w_sealed_seat, w_sealed_match, w_sealed_case;
