-- Money that went back: a bank's reversal with the credit it takes back, a refund with the payments it returns.

-- name: create_returns_tables
CREATE TEMP TABLE w_debit (line_id bigint NOT NULL, account_id integer NOT NULL, amount bigint NOT NULL,
    currency text NOT NULL, booked_on date NOT NULL, reference_key text NOT NULL, said text NOT NULL,
    reversal boolean NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_refund (line_id bigint NOT NULL, leg leg NOT NULL, source_id integer, amount bigint NOT NULL,
    currency text NOT NULL, booked_on date NOT NULL, reference_key text NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_refund_group (group_id integer NOT NULL, leg leg NOT NULL, source_id integer,
    reference_key text NOT NULL, currency text NOT NULL, line_ids bigint[] NOT NULL, payment_ids bigint[] NOT NULL)
    ON COMMIT DROP;
CREATE TEMP TABLE w_back (line_id bigint NOT NULL, kind text NOT NULL, payment_id bigint, credit_line_id bigint,
    amount bigint NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_returned (payment_id bigint NOT NULL, refunded bigint NOT NULL, reversed_on date,
    kept bigint NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_returned_otherwise (payment_id bigint NOT NULL) ON COMMIT DROP;

-- name: is_anything_reversed_by_narrative
SELECT EXISTS (SELECT FROM statement_line WHERE tenant_id = $1 AND reversal AND reference_key = '');

-- name: gather_lines_reversed_by_narrative
-- Reversals and credits without a reference belong together by what they say; a credit stays loose, whatever became
-- of it, but for what a person has joined.
INSERT INTO w_fact
WITH touched AS MATERIALIZED (
    SELECT DISTINCT f.account_id, f.currency, abs(f.amount) AS amount, squeeze(l.narrative) AS said
    FROM w_fact AS f JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = f.fact_id
    WHERE f.leg = 'bank' AND f.reference_key = ''),
reversal AS MATERIALIZED (
    SELECT r.line_id, t.account_id, t.currency, t.amount, t.said
    FROM touched AS t JOIN statement_line AS r ON r.tenant_id = $1 AND r.reversal AND r.account_id = t.account_id
        AND r.amount = -t.amount AND r.currency = t.currency
    WHERE t.said <> '' AND r.leg = 'bank' AND r.reference_key = '' AND squeeze(r.narrative) = t.said),
company AS (
    SELECT line_id FROM reversal
    UNION
    SELECT c.fact_id FROM (SELECT DISTINCT account_id, currency, amount, said FROM reversal) AS r
    JOIN loose_fact AS c ON c.tenant_id = $1 AND c.leg = 'bank' AND c.account_id = r.account_id AND c.amount = r.amount
        AND c.currency = r.currency
    JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = c.fact_id
    WHERE l.reference_key = '' AND squeeze(l.narrative) = r.said
    UNION
    SELECT c.fact_id FROM reversal AS r
    JOIN joined AS c ON c.tenant_id = $1 AND c.leg = 'bank'
    JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = c.fact_id AND l.account_id = r.account_id
        AND l.amount = r.amount AND l.currency = r.currency
    WHERE l.reference_key = '' AND squeeze(l.narrative) = r.said)
SELECT 'bank', l.line_id, l.account_id, l.amount, l.currency, l.booked_on, l.reference_key, NULL, true
FROM company AS c JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = c.line_id
WHERE NOT EXISTS (SELECT FROM w_fact AS f WHERE f.leg = 'bank' AND f.fact_id = l.line_id);

-- name: gather_payments_refunded_by_gateways
INSERT INTO w_fact
SELECT 'payment', p.payment_id, p.account_id, p.amount, p.currency, p.business_date, p.reference_key, p.dossier_code,
       true
FROM (SELECT DISTINCT l.reference_key
      FROM w_dirty_line AS d JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = d.fact_id
      WHERE l.leg = 'settlement' AND l.amount < 0 AND l.reference_key <> '') AS k
JOIN payment AS p ON p.tenant_id = $1 AND p.reference_key = k.reference_key
WHERE p.state >= 'paid'
  AND NOT EXISTS (SELECT FROM w_fact AS f WHERE f.leg = 'payment' AND f.fact_id = p.payment_id);

-- name: lay_out_debits
INSERT INTO w_debit
SELECT f.fact_id, f.account_id, -f.amount, f.currency, f.on_date, f.reference_key,
       CASE WHEN f.reference_key = '' THEN squeeze(l.narrative) ELSE '' END, l.reversal
FROM w_fact AS f JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = f.fact_id
WHERE f.leg = 'bank' AND f.amount < 0;

-- name: pair_reversals
-- A reversal takes back the latest credit like it that is booked on or before it and not taken back yet: as brackets
-- close. `open` is how many credits stand open after each line, `level` which of them a line opens or closes.
INSERT INTO w_back
WITH credit AS (
    SELECT f.fact_id AS line_id, f.account_id, f.amount, f.currency, f.on_date AS booked_on, f.reference_key,
           CASE WHEN f.reference_key = '' THEN squeeze(l.narrative) ELSE '' END AS said
    FROM (SELECT DISTINCT account_id, amount, currency, reference_key FROM w_debit WHERE reversal) AS r
    JOIN w_fact AS f ON f.leg = 'bank' AND f.account_id = r.account_id AND f.amount = r.amount
        AND f.currency = r.currency AND f.reference_key = r.reference_key
    JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = f.fact_id),
line AS (
    SELECT credit.*, false AS back FROM credit
    UNION ALL
    SELECT line_id, account_id, amount, currency, booked_on, reference_key, said, true FROM w_debit WHERE reversal),
counted AS (
    SELECT *, sum(CASE WHEN back THEN -1 ELSE 1 END) OVER walk AS height FROM line
    WHERE reference_key <> '' OR said <> ''
    WINDOW walk AS (PARTITION BY account_id, amount, currency, reference_key, said ORDER BY booked_on, back, line_id)),
opened AS (
    SELECT *, height - least(min(height) OVER walk, 0) AS open FROM counted
    WINDOW walk AS (PARTITION BY account_id, amount, currency, reference_key, said ORDER BY booked_on, back, line_id)),
levelled AS (
    SELECT *, CASE WHEN back THEN lag(open, 1, 0::bigint) OVER walk ELSE open END AS level FROM opened
    WINDOW walk AS (PARTITION BY account_id, amount, currency, reference_key, said ORDER BY booked_on, back, line_id))
SELECT line_id, 'reversal', NULL, credit_id, amount
FROM (SELECT *, lag(line_id) OVER (PARTITION BY account_id, amount, currency, reference_key, said, level
                                   ORDER BY booked_on, back, line_id) AS credit_id
      FROM levelled WHERE level > 0) AS paired
WHERE back;

-- name: lay_out_refunds_of_banks
INSERT INTO w_refund
SELECT line_id, 'bank', NULL, amount, currency, booked_on, reference_key FROM w_debit
WHERE NOT reversal AND reference_key <> '';

-- name: lay_out_every_refund_of_gateways
INSERT INTO w_refund
SELECT line_id, leg, source_id, -amount, currency, booked_on, reference_key
FROM statement_line WHERE tenant_id = $1 AND leg = 'settlement' AND amount < 0;

-- name: lay_out_touched_refunds_of_gateways
-- Those that changed, and those of references in hand.
INSERT INTO w_refund
SELECT l.line_id, l.leg, l.source_id, -l.amount, l.currency, l.booked_on, l.reference_key
FROM (SELECT fact_id AS line_id FROM w_dirty_line
      UNION
      SELECT l.line_id FROM (SELECT DISTINCT reference_key FROM w_fact WHERE leg = 'payment' AND reference_key <> '') AS k
      JOIN statement_line AS l ON l.tenant_id = $1 AND l.reference_key = k.reference_key
      WHERE l.leg = 'settlement' AND l.amount < 0) AS touched
JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = touched.line_id
WHERE l.leg = 'settlement' AND l.amount < 0;

-- name: name_sources_of_refunds
-- A gateway's record that does not say whose it is belongs to the only source of its reference.
UPDATE w_refund AS r SET source_id = o.source_id
FROM (SELECT k.reference_key, k.currency, min(p.source_id) AS source_id
      FROM (SELECT DISTINCT reference_key, currency FROM w_refund
            WHERE leg = 'settlement' AND source_id IS NULL AND reference_key <> '') AS k
      JOIN payment AS p ON p.tenant_id = $1 AND p.reference_key = k.reference_key AND p.currency = k.currency
      WHERE p.state >= 'paid' GROUP BY k.reference_key, k.currency
      HAVING min(p.source_id) = max(p.source_id)) AS o
WHERE r.leg = 'settlement' AND r.source_id IS NULL AND r.reference_key = o.reference_key AND r.currency = o.currency;

-- name: group_refunds
-- The debits of a reference, or a gateway's records of it, with the payments that came; not where more goes back.
INSERT INTO w_refund_group
SELECT row_number() OVER (), r.leg, r.source_id, r.reference_key, r.currency, r.line_ids, p.payment_ids
FROM (SELECT leg, source_id, reference_key, currency, array_agg(line_id) AS line_ids, sum(amount) AS amount
      FROM w_refund WHERE reference_key <> '' AND (leg = 'bank' OR source_id IS NOT NULL)
      GROUP BY leg, source_id, reference_key, currency) AS r
CROSS JOIN LATERAL (
    SELECT array_agg(p.payment_id) AS payment_ids, sum(p.amount) AS amount FROM payment AS p
    WHERE p.tenant_id = $1 AND p.reference_key = r.reference_key AND p.currency = r.currency AND p.state >= 'paid'
      AND p.amount > 0 AND (r.leg = 'bank' OR p.source_id = r.source_id)) AS p
WHERE r.amount <= p.amount;

-- name: tie_single_refunds
INSERT INTO w_back
SELECT r.line_id, 'refund', g.payment_ids[1], NULL, r.amount
FROM w_refund_group AS g JOIN w_refund AS r ON r.line_id = g.line_ids[1]
WHERE cardinality(g.line_ids) = 1 AND cardinality(g.payment_ids) = 1;

-- name: refunds_to_allot
SELECT g.group_id, r.line_id, r.amount, r.booked_on
FROM w_refund_group AS g JOIN w_refund AS r ON r.line_id = ANY (g.line_ids)
WHERE cardinality(g.line_ids) > 1 OR cardinality(g.payment_ids) > 1;

-- name: payments_to_refund
SELECT g.group_id, p.payment_id, p.amount, p.business_date, p.occurred_at, p.transaction_id
FROM w_refund_group AS g, unnest(g.payment_ids) AS seat (payment_id)
JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = seat.payment_id
WHERE cardinality(g.line_ids) > 1 OR cardinality(g.payment_ids) > 1;

-- name: tie_allotted_refunds
INSERT INTO w_back
SELECT line_id, 'refund', payment_id, NULL, amount
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS c (line_id, payment_id, amount);

-- name: set_aside_what_went_back
-- It takes no part in any match, and stays where names reach it.
WITH gone AS (
    DELETE FROM w_fact AS f USING (
        SELECT line_id, CASE kind WHEN 'reversal' THEN 'taken_back' ELSE 'tied' END AS standing FROM w_back
        UNION SELECT credit_line_id, 'taken_back' FROM w_back WHERE kind = 'reversal') AS b
    WHERE f.leg = 'bank' AND f.fact_id = b.line_id
    RETURNING f.*, b.standing)
INSERT INTO w_rest
SELECT leg, fact_id, account_id, amount, currency, on_date, reference_key, standing FROM gone;

-- name: forget_what_no_longer_went_back
DELETE FROM money_back AS m
USING (SELECT line_id FROM w_debit UNION SELECT line_id FROM w_refund) AS judged
WHERE m.tenant_id = $1 AND m.line_id = judged.line_id
  AND NOT EXISTS (SELECT FROM w_back AS b WHERE b.line_id = m.line_id AND b.amount = m.amount
                    AND (b.payment_id, b.credit_line_id) IS NOT DISTINCT FROM (m.payment_id, m.credit_line_id));

-- name: keep_what_went_back
INSERT INTO money_back (tenant_id, line_id, kind, payment_id, credit_line_id, amount)
SELECT $1, b.line_id, b.kind, b.payment_id, b.credit_line_id, b.amount FROM w_back AS b
WHERE NOT EXISTS (SELECT FROM money_back AS m WHERE m.tenant_id = $1 AND m.line_id = b.line_id
                    AND m.payment_id IS NOT DISTINCT FROM b.payment_id);

-- name: forget_tied_refunds_of_gateways
DELETE FROM loose_fact AS l USING w_refund AS r
WHERE l.tenant_id = $1 AND l.leg = 'settlement' AND l.fact_id = r.line_id
  AND EXISTS (SELECT FROM w_back AS b WHERE b.line_id = r.line_id);

-- name: keep_loose_refunds_of_gateways
INSERT INTO loose_fact (tenant_id, leg, fact_id, account_id, amount, currency, on_date, reference_key, standing)
SELECT $1, l.leg, l.line_id, l.account_id, l.amount, l.currency, l.booked_on, l.reference_key, 'open'
FROM w_refund AS r JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = r.line_id
WHERE r.leg = 'settlement' AND NOT EXISTS (SELECT FROM w_back AS b WHERE b.line_id = r.line_id)
ON CONFLICT (tenant_id, leg, fact_id) DO NOTHING;

-- name: is_anything_taken_back
SELECT EXISTS (SELECT FROM money_back WHERE tenant_id = $1 AND credit_line_id IS NOT NULL);

-- name: reckon_what_is_returned
-- Of the payments in hand, those of which anything went back. Bank and gateway may tell of the same refund twice.
INSERT INTO w_returned
WITH judged AS (SELECT fact_id FROM w_fact WHERE leg = 'payment' UNION SELECT fact_id FROM w_payment),
refunded AS (
    SELECT payment_id, max(amount) AS amount
    FROM (SELECT m.payment_id, l.leg, sum(m.amount)::bigint AS amount
          FROM judged AS j JOIN money_back AS m ON m.tenant_id = $1 AND m.payment_id = j.fact_id
          JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = m.line_id
          GROUP BY m.payment_id, l.leg) AS told
    GROUP BY payment_id
    UNION ALL
    SELECT p.payment_id, p.amount
    FROM judged AS j JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = j.fact_id WHERE p.state = 'refunded'),
reversed AS (
    SELECT p.payment_id, p.business_date AS since
    FROM judged AS j JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = j.fact_id
    WHERE p.state = 'reversed' AND p.currency = 'VND'
    UNION ALL
    SELECT p.payment_id, max(r.booked_on)
    FROM judged AS j
    JOIN loose_fact AS l ON l.tenant_id = $1 AND l.leg = 'payment' AND l.fact_id = j.fact_id AND l.standing = 'open'
        AND l.amount > 0 AND l.currency = 'VND' AND l.account_id IS NOT NULL
    JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = j.fact_id AND p.state <> 'reversed'
    JOIN source AS s ON s.tenant_id = $1 AND s.source_id = p.source_id AND s.bank_days IS NOT NULL
    CROSS JOIN LATERAL (
        SELECT c.line_id FROM statement_line AS c
        WHERE c.tenant_id = $1 AND c.reference_key = l.reference_key AND l.reference_key <> '' AND c.leg = 'bank'
          AND c.currency = l.currency
        UNION
        SELECT c.fact_id FROM loose_fact AS c
        WHERE c.tenant_id = $1 AND c.leg = 'bank' AND c.account_id = l.account_id AND c.amount = l.amount
          AND c.currency = l.currency AND c.standing = 'taken_back'
          AND (length(l.reference_key) >= $3::integer AND names(c.named, l.reference_key)
                   AND c.on_date BETWEEN l.on_date + $4::integer AND l.on_date + $5::integer
               OR length(l.dossier_key) >= $6::integer AND names(c.named, l.dossier_key)
                   AND c.on_date BETWEEN l.on_date + $7::integer AND l.on_date + $8::integer)) AS credit
    JOIN money_back AS m ON m.tenant_id = $1 AND m.credit_line_id = credit.line_id
        AND NOT EXISTS (SELECT FROM parted AS d WHERE d.tenant_id = $1 AND d.leg = 'bank'
                          AND d.payment_id = p.payment_id AND d.fact_id = credit.line_id)
    JOIN statement_line AS r ON r.tenant_id = $1 AND r.line_id = m.line_id
    WHERE $2::boolean
    GROUP BY p.payment_id),
told AS (
    SELECT payment_id, max(amount) AS refunded, min(since) AS reversed_on
    FROM (SELECT payment_id, amount, NULL::date AS since FROM refunded
          UNION ALL SELECT payment_id, 0, since FROM reversed) AS t
    GROUP BY payment_id)
SELECT t.payment_id, t.refunded, t.reversed_on,
       CASE WHEN t.reversed_on IS NULL THEN p.amount - t.refunded ELSE 0 END
FROM told AS t JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = t.payment_id;

-- name: forget_what_is_returned_otherwise
WITH gone AS (
    DELETE FROM returned AS r
    USING (SELECT fact_id FROM w_fact WHERE leg = 'payment' UNION SELECT fact_id FROM w_payment) AS judged
    WHERE r.tenant_id = $1 AND r.payment_id = judged.fact_id
      AND NOT EXISTS (SELECT FROM w_returned AS w
                      WHERE w.payment_id = r.payment_id AND (w.refunded, w.kept) = (r.refunded, r.kept)
                        AND w.reversed_on IS NOT DISTINCT FROM r.reversed_on)
    RETURNING r.payment_id)
INSERT INTO w_returned_otherwise SELECT payment_id FROM gone;

-- name: keep_what_is_returned
WITH new AS (
    INSERT INTO returned (tenant_id, payment_id, refunded, reversed_on, kept)
    SELECT $1, w.payment_id, w.refunded, w.reversed_on, w.kept FROM w_returned AS w
    WHERE NOT EXISTS (SELECT FROM returned AS r WHERE r.tenant_id = $1 AND r.payment_id = w.payment_id)
    RETURNING payment_id)
INSERT INTO w_returned_otherwise SELECT payment_id FROM new;

-- name: expect_of_reversed_payments
-- The bank took the money back, or the gateway says so: no line is awaited any more.
INSERT INTO w_expected
SELECT coalesce('dossier:' || p.dossier_code, 'payment:' || p.payment_id), 'payment:' || p.payment_id, 'reversed',
       p.amount, b.reversed_on, NULL, p.dossier_code, p.payment_id, NULL, '{}'::jsonb
FROM (SELECT p.* FROM w_dossier AS d JOIN payment AS p ON p.tenant_id = $1 AND p.dossier_code = d.code
      UNION ALL
      SELECT p.* FROM w_lone_payment AS w JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = w.payment_id
      WHERE p.dossier_code IS NULL) AS p
JOIN returned AS b ON b.tenant_id = $1 AND b.payment_id = p.payment_id AND b.reversed_on IS NOT NULL;

-- name: await_no_line_of_reversed_payments
DELETE FROM w_expected AS e USING w_expected AS r
WHERE r.reason = 'reversed' AND e.reason = 'bank_missing' AND e.subject = r.subject;

-- name: expect_of_loose_refunds
INSERT INTO w_expected
SELECT 'line:' || l.fact_id, 'line:' || l.fact_id, 'refund_unmatched', -l.amount, l.on_date, NULL, NULL, NULL,
       l.fact_id, '{}'::jsonb
FROM w_refund AS r JOIN loose_fact AS l ON l.tenant_id = $1 AND l.leg = 'settlement' AND l.fact_id = r.line_id
WHERE r.leg = 'settlement';
