-- Stored facts as the oracle takes them: of all of a tenant's, or of those in reach.

-- name: load_payments
SELECT p.payment_id, p.reference, p.dossier_code, p.amount, p.currency, p.business_date, p.account_id, s.bank_days,
       p.state::text AS state, p.contradicted, p.source_id, p.occurred_at, p.transaction_id, i.expired_on
FROM payment AS p
JOIN source AS s ON s.tenant_id = $1 AND s.source_id = p.source_id
LEFT JOIN inquiry AS i ON i.tenant_id = $1 AND i.source_id = p.source_id AND i.reference = p.reference
    AND i.state = 'expired'
WHERE p.tenant_id = $1 AND ($2::bigint[] IS NULL OR p.payment_id = ANY ($2)) ORDER BY p.payment_id;

-- name: load_lines
SELECT line_id, account_id, amount, currency, booked_on, reference, narrative, leg::text AS leg, reversal, source_id, fee,
       net, batch, dossier_code, evidence
FROM statement_line WHERE tenant_id = $1 AND ($2::bigint[] IS NULL OR line_id = ANY ($2)) ORDER BY line_id;

-- name: load_records
SELECT dossier_code, due, status::text AS status, expires_on, online_payment_flag FROM procedure_record
WHERE tenant_id = $1 AND ($2::text[] IS NULL OR dossier_code = ANY ($2)) ORDER BY dossier_code;

-- name: load_sources
SELECT source_id, settlement_days, treasury_days, receipt_days, report_days, fee_percent, fee_fixed, fee_borne_by,
       promotions, account_id
FROM source WHERE tenant_id = $1;

-- name: load_parted
SELECT leg::text AS leg, payment_id, fact_id FROM parted WHERE tenant_id = $1 AND payment_id IS NOT NULL;

-- name: load_parted_payouts
SELECT b.source_id, b.code, p.fact_id
FROM parted AS p JOIN settlement_batch AS b ON b.tenant_id = $1 AND b.batch_id = p.batch_id
WHERE p.tenant_id = $1;

-- name: load_joined
SELECT array_agg(fact_id ORDER BY fact_id) FILTER (WHERE leg = 'payment') AS payment_ids,
       array_agg(fact_id ORDER BY fact_id) FILTER (WHERE leg = 'bank') AS line_ids
FROM joined WHERE tenant_id = $1 GROUP BY joining_id;

-- name: load_closed
-- What people have closed. The oracle calls a batch by its source and code.
SELECT coalesce('batch:' || b.source_id || ':' || b.code, d.subject) AS subject, d.reason, d.amount
FROM discrepancy AS d
LEFT JOIN settlement_batch AS b ON b.tenant_id = $1
    AND b.batch_id = CASE WHEN d.subject LIKE 'batch:%' THEN substr(d.subject, 7)::bigint END
WHERE d.tenant_id = $1 AND d.resolved_by IS NOT NULL AND d.reopened_by IS NULL;

-- name: create_reach_tables
CREATE TEMP TABLE w_reached_payment (payment_id bigint PRIMARY KEY, round integer NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_reached_line (line_id bigint PRIMARY KEY, round integer NOT NULL) ON COMMIT DROP;

-- name: reach_payments_of_the_day
INSERT INTO w_reached_payment
SELECT payment_id, 0 FROM payment WHERE tenant_id = $1 AND business_date = $2
UNION
SELECT p.payment_id, 0 FROM w_case AS c JOIN payment AS p ON p.tenant_id = $1 AND p.dossier_code = c.dossier_code;

-- name: reach_lines_of_the_day
INSERT INTO w_reached_line SELECT line_id, 0 FROM statement_line WHERE tenant_id = $1 AND booked_on = $2;

-- name: reach_payments
-- Of the dossiers and references reached last, what their lines are matched with, and what those may name.
INSERT INTO w_reached_payment
WITH payer AS (
    SELECT p.payment_id, p.reference_key, p.dossier_code FROM w_reached_payment AS w
    JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = w.payment_id WHERE w.round = $2::integer),
line AS (
    SELECT l.line_id, l.leg, l.account_id, l.currency, l.booked_on, l.reference_key, l.dossier_code
    FROM w_reached_line AS w JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = w.line_id WHERE w.round = $2),
reference AS (
    SELECT reference_key FROM payer WHERE reference_key <> '' UNION SELECT reference_key FROM line WHERE reference_key <> ''),
dossier AS (
    SELECT dossier_code FROM payer WHERE dossier_code IS NOT NULL
    UNION SELECT dossier_code FROM line WHERE dossier_code IS NOT NULL)
SELECT payment_id, $2 + 1 FROM (
    SELECT p.payment_id FROM reference AS r JOIN payment AS p ON p.tenant_id = $1 AND p.reference_key = r.reference_key
    UNION
    SELECT p.payment_id FROM dossier AS d JOIN payment AS p ON p.tenant_id = $1 AND p.dossier_code = d.dossier_code
    UNION
    SELECT g.payment_id FROM line AS l
    JOIN match AS m ON m.tenant_id = $1 AND m.leg = l.leg AND m.fact_id = l.line_id
    JOIN match AS g ON g.tenant_id = $1 AND g.match_id = m.match_id WHERE g.payment_id IS NOT NULL AND m.seats > 1
    UNION
    SELECT m.payment_id FROM line AS l
    JOIN match AS m ON m.tenant_id = $1 AND m.leg = l.leg AND m.fact_id = l.line_id WHERE m.payment_id IS NOT NULL
    UNION
    SELECT p.fact_id FROM line AS w
    JOIN loose_fact AS l ON l.tenant_id = $1 AND l.leg = 'bank' AND l.fact_id = w.line_id
    JOIN loose_fact AS p ON p.tenant_id = $1 AND p.leg = 'payment' AND p.account_id = l.account_id
        AND p.currency = l.currency AND l.on_date BETWEEN p.on_date + $3::integer AND p.on_date + $4::integer
    WHERE (p.reference_key <> '' AND l.named LIKE '%' || p.reference_key || '%')
       OR (p.dossier_key <> '' AND l.named LIKE '%' || p.dossier_key || '%')
       OR EXISTS (SELECT FROM unnest(l.cut) AS c (word)
                  WHERE p.reference_key LIKE c.word || '%' OR p.dossier_key LIKE c.word || '%')) AS found
ON CONFLICT DO NOTHING;

-- name: reach_lines
-- Of the references and dossiers reached last, what their payments are matched with, what may name them, the batches of
-- settlement lines with what pays or may pay them out, and what the bank took back or may have.
INSERT INTO w_reached_line
WITH payer AS (
    SELECT p.payment_id, p.reference_key, p.dossier_code FROM w_reached_payment AS w
    JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = w.payment_id WHERE w.round = $2::integer),
line AS (
    SELECT l.* FROM w_reached_line AS w JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = w.line_id
    WHERE w.round = $2),
reference AS (
    SELECT reference_key FROM payer WHERE reference_key <> '' UNION SELECT reference_key FROM line WHERE reference_key <> ''),
dossier AS (
    SELECT dossier_code FROM payer WHERE dossier_code IS NOT NULL
    UNION SELECT dossier_code FROM line WHERE dossier_code IS NOT NULL),
batch AS (SELECT DISTINCT source_id, batch FROM line WHERE leg = 'settlement' AND batch IS NOT NULL)
SELECT line_id, $2 + 1 FROM (
    SELECT l.line_id FROM reference AS r
    JOIN statement_line AS l ON l.tenant_id = $1 AND l.reference_key = r.reference_key
    UNION
    SELECT l.line_id FROM dossier AS d
    JOIN statement_line AS l ON l.tenant_id = $1 AND l.dossier_code = d.dossier_code
    UNION
    SELECT g.fact_id FROM payer AS p
    JOIN match AS m ON m.tenant_id = $1 AND m.leg = ANY (enum_range(NULL::leg)) AND m.payment_id = p.payment_id
    JOIN match AS g ON g.tenant_id = $1 AND g.match_id = m.match_id WHERE g.fact_id IS NOT NULL AND m.seats > 1
    UNION
    SELECT m.fact_id FROM payer AS p
    JOIN match AS m ON m.tenant_id = $1 AND m.leg = ANY (enum_range(NULL::leg)) AND m.payment_id = p.payment_id
    WHERE m.fact_id IS NOT NULL
    UNION
    SELECT l.fact_id FROM payer AS w
    JOIN loose_fact AS p ON p.tenant_id = $1 AND p.leg = 'payment' AND p.fact_id = w.payment_id
    JOIN loose_fact AS l ON l.tenant_id = $1 AND l.leg = 'bank' AND l.account_id = p.account_id
        AND l.currency = p.currency AND l.on_date BETWEEN p.on_date + $3::integer AND p.on_date + $4::integer
    WHERE (p.reference_key <> '' AND l.named LIKE '%' || p.reference_key || '%')
       OR (p.dossier_key <> '' AND l.named LIKE '%' || p.dossier_key || '%')
       OR EXISTS (SELECT FROM unnest(l.cut) AS c (word)
                  WHERE p.reference_key LIKE c.word || '%' OR p.dossier_key LIKE c.word || '%')
    UNION
    SELECT l.line_id FROM batch AS b
    JOIN statement_line AS l ON l.tenant_id = $1 AND l.source_id = b.source_id AND l.batch = b.batch
    UNION
    SELECT l.fact_id FROM batch AS k
    JOIN settlement_batch AS b ON b.tenant_id = $1 AND b.source_id = k.source_id AND b.code = k.batch
    JOIN loose_fact AS l ON l.tenant_id = $1 AND l.leg = 'bank' AND l.account_id = b.account_id AND l.amount > 0
        AND l.on_date BETWEEN b.settled_on + $3::integer AND b.settled_on + $4::integer
    WHERE b.standing <> 'matched' OR b.difference <> 0 OR l.amount = b.net OR l.named LIKE '%' || b.code_key || '%'
    UNION
    SELECT m.fact_id FROM batch AS k
    JOIN settlement_batch AS b ON b.tenant_id = $1 AND b.source_id = k.source_id AND b.code = k.batch
    JOIN match AS m ON m.tenant_id = $1 AND m.batch_id = b.batch_id
    UNION
    SELECT s.line_id FROM line AS w
    JOIN loose_fact AS l ON l.tenant_id = $1 AND l.leg = 'bank' AND l.fact_id = w.line_id AND l.amount > 0
    JOIN settlement_batch AS b ON b.tenant_id = $1 AND b.account_id = l.account_id
        AND l.on_date BETWEEN b.settled_on + $3 AND b.settled_on + $4
    JOIN statement_line AS s ON s.tenant_id = $1 AND s.source_id = b.source_id AND s.batch = b.code
    WHERE l.payout IS DISTINCT FROM 'matched' OR l.amount = b.net OR l.named LIKE '%' || b.code_key || '%'
    UNION
    SELECT o.line_id FROM line AS l
    JOIN statement_line AS o ON o.tenant_id = $1 AND o.account_id = l.account_id AND o.currency = l.currency
        AND o.amount IN (l.amount, -l.amount) AND o.reference_key = '' AND o.leg = 'bank'
    WHERE l.leg = 'bank' AND l.reference_key = '' AND squeeze(o.narrative) = squeeze(l.narrative)
      AND (l.reversal OR EXISTS (
          SELECT FROM statement_line AS r WHERE r.tenant_id = $1 AND r.account_id = l.account_id AND r.reversal
            AND r.amount = -abs(l.amount) AND r.reference_key = ''))) AS found
ON CONFLICT DO NOTHING;

-- name: reached
SELECT (SELECT coalesce(array_agg(payment_id), '{}') FROM w_reached_payment) AS payment_ids,
       (SELECT coalesce(array_agg(line_id), '{}') FROM w_reached_line) AS line_ids;

-- name: cases_of_the_day
-- Their subjects: the dossiers, payments and lines that the day's verdicts are said of.
SELECT 'dossier:' || dossier_code AS subject FROM w_case WHERE dossier_code IS NOT NULL
UNION
SELECT 'payment:' || p.payment_id FROM w_case AS c
JOIN payment AS p ON p.tenant_id = $1 AND p.dossier_code = c.dossier_code
UNION
SELECT 'payment:' || payment_id FROM w_case WHERE payment_id IS NOT NULL
UNION
SELECT 'line:' || line_id FROM w_case WHERE line_id IS NOT NULL;

-- name: drop_reach_tables
DROP TABLE w_reached_payment, w_reached_line;

-- name: load_matches
-- Whole, as far as a member of theirs is among these.
SELECT g.leg::text AS leg, g.rule, g.difference, b.source_id, b.code,
       array_remove(array_agg(g.payment_id ORDER BY g.payment_id), NULL) AS payment_ids,
       array_remove(array_agg(g.fact_id ORDER BY g.fact_id), NULL) AS line_ids
FROM (SELECT m.match_id, m.seats FROM unnest($2::bigint[]) AS p (payment_id)
      JOIN match AS m ON m.tenant_id = $1 AND m.leg = ANY (enum_range(NULL::leg)) AND m.payment_id = p.payment_id
      UNION
      SELECT m.match_id, m.seats FROM unnest($3::bigint[]) AS l (line_id)
      JOIN match AS m ON m.tenant_id = $1 AND m.leg = ANY (enum_range(NULL::leg)) AND m.fact_id = l.line_id) AS own
JOIN match AS g ON g.tenant_id = $1 AND g.match_id = own.match_id
LEFT JOIN settlement_batch AS b ON b.tenant_id = $1 AND b.batch_id = g.batch_id
GROUP BY g.match_id, g.leg, g.rule, g.difference, b.source_id, b.code;

-- name: load_discrepancies
SELECT d.subject, d.reason, d.amount, d.since
FROM unnest($2::text[]) AS s (subject)
JOIN discrepancy AS d ON d.tenant_id = $1 AND d.subject = s.subject AND d.state <> 'resolved';

-- name: load_back
SELECT line_id, payment_id, credit_line_id, amount FROM money_back
WHERE tenant_id = $1 AND (payment_id = ANY ($2::bigint[]) OR line_id = ANY ($3::bigint[])
                          OR credit_line_id = ANY ($3));
