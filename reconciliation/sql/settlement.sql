-- Payments and the lines by which their gateways settle them: of one source and reference, always judged whole.

-- name: create_settlement_tables
CREATE TEMP TABLE w_settling (leg leg NOT NULL, fact_id bigint NOT NULL, source_id integer, currency text NOT NULL,
    reference_key text NOT NULL, amount bigint NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_settling_group (source_id integer NOT NULL, currency text NOT NULL, reference_key text NOT NULL,
    amount bigint NOT NULL, payments bigint NOT NULL, lines bigint NOT NULL, payment_id bigint, line_id bigint)
    ON COMMIT DROP;
CREATE TEMP TABLE w_unsettled (leg leg NOT NULL, fact_id bigint NOT NULL, source_id integer, currency text NOT NULL,
    reference_key text NOT NULL, amount bigint NOT NULL, contenders bigint[] NOT NULL DEFAULT '{}') ON COMMIT DROP;
CREATE TEMP TABLE w_unsettled_group (payment_ids bigint[] NOT NULL, line_ids bigint[] NOT NULL,
    source_id integer NOT NULL, difference bigint NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_settlement (match_id bigint NOT NULL, rule text NOT NULL, payment_id bigint NOT NULL,
    line_id bigint NOT NULL, seats integer NOT NULL, difference bigint NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_settlement_stale (match_id bigint NOT NULL, rule text NOT NULL, payment_id bigint NOT NULL,
    line_id bigint NOT NULL, seats integer NOT NULL, difference bigint NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_settlement_payment (payment_id bigint NOT NULL) ON COMMIT DROP;

-- name: gather_every_settlement_line
-- A line with a negative gross is a refund, and settles no payment.
INSERT INTO w_settling
SELECT 'settlement', line_id, source_id, currency, reference_key, amount
FROM statement_line WHERE tenant_id = $1 AND leg = 'settlement' AND amount > 0;

-- name: gather_settlement_lines
-- Of the references that changed; of lines without a reference only themselves.
INSERT INTO w_settling
WITH changed AS MATERIALIZED (
    SELECT l.line_id, l.source_id, l.currency, l.reference_key, l.amount
    FROM w_dirty_line AS d JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = d.fact_id
    WHERE l.leg = 'settlement' AND l.amount > 0),
touched AS (
    SELECT reference_key FROM changed
    UNION
    SELECT p.reference_key FROM w_dirty_payment AS d JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = d.fact_id)
SELECT 'settlement'::leg, l.line_id, l.source_id, l.currency, l.reference_key, l.amount
FROM touched AS t JOIN statement_line AS l ON l.tenant_id = $1 AND l.reference_key = t.reference_key
WHERE t.reference_key <> '' AND l.leg = 'settlement' AND l.amount > 0
UNION ALL
SELECT 'settlement', line_id, source_id, currency, reference_key, amount FROM changed WHERE reference_key = '';

-- name: gather_payments_to_settle
-- Of the references that have lines: what has none is missing its settlement without a search.
INSERT INTO w_settling
SELECT 'payment', p.payment_id, p.source_id, p.currency, p.reference_key, p.amount
FROM (SELECT DISTINCT reference_key FROM w_settling WHERE reference_key <> '') AS k
JOIN payment AS p ON p.tenant_id = $1 AND p.reference_key = k.reference_key
WHERE p.state >= 'paid' AND p.amount > 0;

-- name: group_settlements
-- Of lines that say whose they are.
INSERT INTO w_settling_group
SELECT source_id, currency, reference_key, amount, count(*) FILTER (WHERE leg = 'payment'),
       count(*) FILTER (WHERE leg = 'settlement'), min(fact_id) FILTER (WHERE leg = 'payment'),
       min(fact_id) FILTER (WHERE leg = 'settlement')
FROM w_settling WHERE reference_key <> '' AND source_id IS NOT NULL
GROUP BY source_id, currency, reference_key, amount;

-- name: set_parted_groups_aside
-- Where a person has parted a pair, the group is looked at by what is left of it.
WITH parted_group AS (
    SELECT DISTINCT f.source_id, f.currency, f.reference_key, f.amount
    FROM parted AS p JOIN w_settling AS f ON f.leg = 'payment' AND f.fact_id = p.payment_id
    WHERE p.tenant_id = $1 AND p.leg = 'settlement'),
aside AS (DELETE FROM w_settling_group AS g USING parted_group AS p
          WHERE (g.source_id, g.currency, g.reference_key, g.amount)
              = (p.source_id, p.currency, p.reference_key, p.amount))
INSERT INTO w_unsettled
SELECT f.leg, f.fact_id, f.source_id, f.currency, f.reference_key, f.amount
FROM parted_group AS p JOIN w_settling AS f USING (source_id, currency, reference_key, amount);

-- name: settle_pairs
INSERT INTO w_settlement
SELECT nextval('match_match_id_seq'), 'exact', payment_id, line_id, 1, 0
FROM w_settling_group WHERE payments = 1 AND lines = 1;

-- name: settle_groups
-- As many payments as lines: they settle each other whichever is whose, and are paired by number.
INSERT INTO w_settlement
SELECT g.match_id, 'exact', seat.payment_id, seat.line_id, cardinality(g.line_ids), 0
FROM (SELECT nextval('match_match_id_seq') AS match_id,
             array_agg(f.fact_id ORDER BY f.fact_id) FILTER (WHERE f.leg = 'payment') AS payment_ids,
             array_agg(f.fact_id ORDER BY f.fact_id) FILTER (WHERE f.leg = 'settlement') AS line_ids
      FROM w_settling_group AS g JOIN w_settling AS f USING (source_id, currency, reference_key, amount)
      WHERE g.payments = g.lines AND g.payments > 1
      GROUP BY source_id, currency, reference_key, amount) AS g,
     unnest(g.payment_ids, g.line_ids) AS seat (payment_id, line_id);

-- name: set_the_unsettled_aside
INSERT INTO w_unsettled
SELECT f.leg, f.fact_id, f.source_id, f.currency, f.reference_key, f.amount
FROM w_settling AS f JOIN w_settling_group AS g USING (source_id, currency, reference_key, amount)
WHERE g.payments <> g.lines
UNION ALL
SELECT leg, fact_id, source_id, currency, reference_key, amount
FROM w_settling WHERE reference_key = '' OR source_id IS NULL;

-- name: group_the_unsettled
-- What has both sides: by source, or all payments with the lines that name no source; by amount, or of any amount.
INSERT INTO w_unsettled_group
SELECT array_agg(fact_id ORDER BY fact_id) FILTER (WHERE leg = 'payment'),
       array_agg(fact_id ORDER BY fact_id) FILTER (WHERE leg = 'settlement'), min(source_id) FILTER (WHERE leg = 'payment'),
       sum(CASE WHEN leg = 'payment' THEN amount ELSE -amount END)
FROM w_unsettled
WHERE contenders = '{}' AND reference_key <> '' AND (leg = 'payment' OR (source_id IS NOT NULL) = $1::boolean)
GROUP BY CASE WHEN $1 THEN source_id END, CASE WHEN $2::boolean THEN amount END, currency, reference_key
HAVING count(*) FILTER (WHERE leg = 'payment') > 0 AND count(*) FILTER (WHERE leg = 'settlement') > 0;

-- name: take_parted_groups
-- With the pairs that are parted in each.
WITH parted_group AS (
    SELECT g.ctid AS place, array_agg(p.payment_id ORDER BY p.payment_id, p.fact_id) AS parted_payments,
           array_agg(p.fact_id ORDER BY p.payment_id, p.fact_id) AS parted_lines
    FROM parted AS p
    JOIN w_unsettled_group AS g ON p.payment_id = ANY (g.payment_ids) AND p.fact_id = ANY (g.line_ids)
    WHERE p.tenant_id = $1 AND p.leg = 'settlement'
    GROUP BY g.ctid)
DELETE FROM w_unsettled_group AS g USING parted_group AS p WHERE g.ctid = p.place
RETURNING g.payment_ids, g.line_ids, p.parted_payments, p.parted_lines;

-- name: put_part_back
INSERT INTO w_unsettled_group
SELECT $1::bigint[], $2::bigint[], min(source_id) FILTER (WHERE leg = 'payment'),
       sum(CASE WHEN leg = 'payment' THEN amount ELSE -amount END)
FROM w_unsettled
WHERE (leg = 'payment' AND fact_id = ANY ($1::bigint[])) OR (leg = 'settlement' AND fact_id = ANY ($2::bigint[]));

-- name: settle_the_unsettled
-- Of another amount only one with one. More than was paid is a promotion's share, where the source grants any.
INSERT INTO w_settlement
SELECT g.match_id,
       CASE WHEN $2::boolean THEN 'exact' WHEN g.difference < 0 AND s.promotions THEN 'promotion' ELSE 'reference' END,
       seat.payment_id, seat.line_id, cardinality(g.line_ids), g.difference
FROM (SELECT nextval('match_match_id_seq') AS match_id, * FROM w_unsettled_group
      WHERE cardinality(payment_ids) = cardinality(line_ids) AND ($2 OR cardinality(line_ids) = 1)) AS g
JOIN source AS s ON s.tenant_id = $1 AND s.source_id = g.source_id,
    unnest(g.payment_ids, g.line_ids) AS seat (payment_id, line_id);

-- name: drop_the_settled
DELETE FROM w_unsettled AS u
USING (SELECT 'payment'::leg AS leg, payment_id AS fact_id FROM w_settlement
       UNION ALL SELECT 'settlement', line_id FROM w_settlement) AS s
WHERE u.leg = s.leg AND u.fact_id = s.fact_id;

-- name: doubt_the_unsettled
-- Several answers as good as each other: none is taken, and each fact names the first of them.
UPDATE w_unsettled AS u SET contenders = d.contenders
FROM (SELECT 'payment'::leg AS leg, unnest(payment_ids) AS fact_id, line_ids[:$2::integer] AS contenders
      FROM w_unsettled_group
      WHERE cardinality(payment_ids) <> cardinality(line_ids) OR NOT ($1::boolean OR cardinality(line_ids) = 1)
      UNION ALL
      SELECT 'settlement', unnest(line_ids), payment_ids[:$2]
      FROM w_unsettled_group
      WHERE cardinality(payment_ids) <> cardinality(line_ids) OR NOT ($1 OR cardinality(line_ids) = 1)) AS d
WHERE u.leg = d.leg AND u.fact_id = d.fact_id;

-- name: clear_unsettled_groups
TRUNCATE w_unsettled_group;

-- name: find_settlements_judged_again
INSERT INTO w_settlement_stale
SELECT m.match_id, m.rule, m.payment_id, m.fact_id, m.seats, m.difference
FROM w_settling AS f JOIN match AS m ON m.tenant_id = $1 AND m.leg = 'settlement' AND m.fact_id = f.fact_id
WHERE f.leg = 'settlement';

-- name: mark_unchanged_settlements
-- What comes out as it was stored is left alone, and not stored again.
WITH same AS (
    SELECT w.match_id AS found, s.match_id AS stored
    FROM w_settlement AS w JOIN w_settlement_stale AS s USING (line_id, payment_id, rule, difference, seats)
    GROUP BY w.match_id, s.match_id, w.seats HAVING count(*) = w.seats),
kept AS (DELETE FROM w_settlement_stale AS s USING same WHERE s.match_id = same.stored)
DELETE FROM w_settlement AS w USING same WHERE w.match_id = same.found;

-- name: note_payments_settled_otherwise
-- Their cases are judged again, and those of payments in doubt.
INSERT INTO w_settlement_payment
SELECT payment_id FROM w_settlement_stale
UNION SELECT payment_id FROM w_settlement
UNION SELECT fact_id FROM w_unsettled WHERE leg = 'payment';

-- name: retire_settlements
WITH gone AS (
    DELETE FROM match AS m USING w_settlement_stale AS s
    WHERE m.tenant_id = $1 AND m.leg = 'settlement' AND m.fact_id = s.line_id
    RETURNING m.*)
INSERT INTO match_history (tenant_id, match_id, leg, payment_id, batch_id, fact_id, seats, rule, rule_set, difference,
                           matched_at)
SELECT tenant_id, match_id, leg, payment_id, batch_id, fact_id, seats, rule, rule_set, difference, matched_at FROM gone;

-- name: store_settlements
INSERT INTO match (tenant_id, match_id, leg, payment_id, fact_id, seats, rule, rule_set, difference)
SELECT $1, match_id, 'settlement', payment_id, line_id, seats, rule, $2, difference FROM w_settlement
ORDER BY payment_id;

-- name: forget_settled_lines
DELETE FROM loose_fact AS l USING w_settling AS f
WHERE l.tenant_id = $1 AND l.leg = 'settlement' AND f.leg = 'settlement' AND l.fact_id = f.fact_id
  AND NOT EXISTS (SELECT FROM w_unsettled AS u WHERE u.leg = 'settlement' AND u.fact_id = f.fact_id);

-- name: keep_unsettled_lines
INSERT INTO loose_fact (tenant_id, leg, fact_id, account_id, amount, currency, on_date, reference_key, standing,
                        contenders)
SELECT $1, 'settlement', u.fact_id, l.account_id, u.amount, u.currency, l.booked_on, u.reference_key,
       CASE WHEN u.contenders = '{}' THEN 'open' ELSE 'ambiguous_reference' END, u.contenders
FROM w_unsettled AS u JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = u.fact_id
WHERE u.leg = 'settlement'
ON CONFLICT (tenant_id, leg, fact_id) DO UPDATE SET standing = EXCLUDED.standing, contenders = EXCLUDED.contenders;

-- name: forget_settlement_doubts
DELETE FROM settlement_doubt AS d
USING (SELECT fact_id FROM w_settling WHERE leg = 'payment' UNION SELECT fact_id FROM w_dirty_payment) AS f
WHERE d.tenant_id = $1 AND d.payment_id = f.fact_id;

-- name: keep_settlement_doubts
INSERT INTO settlement_doubt (tenant_id, payment_id, contenders)
SELECT $1, fact_id, contenders FROM w_unsettled WHERE leg = 'payment' AND contenders <> '{}';

-- name: expect_of_unsettled_payments
-- No settlement line: missing once it is due. Several answers: ambiguous at once. What the gateway took back by its own
-- word it does not settle.
INSERT INTO w_expected
SELECT CASE WHEN p.dossier_code IS NULL THEN 'payment:' || p.payment_id ELSE 'dossier:' || p.dossier_code END,
       'payment:' || p.payment_id, CASE WHEN d.payment_id IS NULL THEN 'settlement_missing' ELSE 'ambiguous' END, p.amount,
       p.business_date, CASE WHEN d.payment_id IS NULL THEN s.settlement_days END, p.dossier_code, p.payment_id, NULL,
       CASE WHEN d.payment_id IS NULL THEN '{}' ELSE jsonb_build_object('lines', to_jsonb(d.contenders)) END
FROM (SELECT p.* FROM w_dossier AS d JOIN payment AS p ON p.tenant_id = $1 AND p.dossier_code = d.code
      UNION ALL
      SELECT p.* FROM w_lone_payment AS w JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = w.payment_id
      WHERE p.dossier_code IS NULL) AS p
LEFT JOIN source AS s ON s.tenant_id = $1 AND s.source_id = p.source_id
LEFT JOIN settlement_doubt AS d ON d.tenant_id = $1 AND d.payment_id = p.payment_id
WHERE p.state >= 'paid' AND p.state <> 'reversed' AND p.amount > 0 AND p.currency = 'VND'
  AND CASE WHEN d.payment_id IS NULL THEN s.settlement_days IS NOT NULL
      ELSE NOT EXISTS (SELECT FROM w_expected AS e
                       WHERE e.subject = 'payment:' || p.payment_id AND e.reason = 'ambiguous') END
  AND NOT EXISTS (SELECT FROM match AS m
                  WHERE m.tenant_id = $1 AND m.leg = 'settlement' AND m.payment_id = p.payment_id);

-- name: expect_of_settled_payments
-- Another gross than was paid, another fee than the schedule's in whole units however rounded, another net than gross
-- and fee make. The fee lessens the net where the agency bears it, and where no schedule says who does.
INSERT INTO w_expected
SELECT CASE WHEN x.dossier_code IS NULL THEN 'payment:' || x.payment_id ELSE 'dossier:' || x.dossier_code END,
       'line:' || x.line_id, o.reason, o.amount, greatest(x.business_date, x.booked_on), NULL, x.dossier_code,
       x.payment_id, x.line_id, '{}'::jsonb
FROM (SELECT p.payment_id, p.dossier_code, p.business_date, m.rule, m.difference, l.line_id, l.booked_on, l.fee, l.net,
             CASE s.fee_borne_by WHEN 'gateway' THEN 0 ELSE l.amount * s.fee_percent * 0.01 + s.fee_fixed END AS due_fee,
             l.amount - CASE WHEN s.fee_borne_by IN ('payer', 'gateway') THEN 0 ELSE l.fee END AS due_net
      FROM (SELECT p.* FROM w_dossier AS d JOIN payment AS p ON p.tenant_id = $1 AND p.dossier_code = d.code
            UNION ALL
            SELECT p.* FROM w_lone_payment AS w JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = w.payment_id
            WHERE p.dossier_code IS NULL) AS p
      JOIN match AS m ON m.tenant_id = $1 AND m.leg = 'settlement' AND m.payment_id = p.payment_id
      JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = m.fact_id
      LEFT JOIN source AS s ON s.tenant_id = $1 AND s.source_id = p.source_id) AS x
CROSS JOIN LATERAL (
    SELECT 'amount_differs' AS reason, abs(x.difference) AS amount WHERE x.rule = 'reference'
    UNION ALL
    SELECT 'fee_differs', greatest(floor(x.due_fee) - x.fee, x.fee - ceil(x.due_fee))::bigint
    WHERE x.fee < floor(x.due_fee) OR x.fee > ceil(x.due_fee)
    UNION ALL
    SELECT 'net_differs', abs(x.net - x.due_net) WHERE x.fee IS NOT NULL AND x.net <> x.due_net) AS o
-- The many in which nothing differs are let go before it is said what does.
WHERE x.rule = 'reference' OR x.fee < floor(x.due_fee) OR x.fee > ceil(x.due_fee) OR x.net <> x.due_net;

-- name: expect_of_loose_settlement_lines
-- A line of no payment, with what its own figures say.
INSERT INTO w_expected
SELECT 'line:' || l.line_id, 'line:' || l.line_id, o.reason, o.amount, l.booked_on, NULL, NULL, NULL, l.line_id,
       o.evidence
FROM w_lone_line AS w
JOIN loose_fact AS f ON f.tenant_id = $1 AND f.leg = 'settlement' AND f.fact_id = w.line_id
JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = w.line_id AND l.amount > 0
LEFT JOIN source AS s ON s.tenant_id = $1 AND s.source_id = l.source_id
CROSS JOIN LATERAL (
    SELECT l.amount - CASE WHEN s.fee_borne_by IN ('payer', 'gateway') THEN 0 ELSE l.fee END AS due_net) AS n
CROSS JOIN LATERAL (
    SELECT CASE WHEN f.standing = 'open' THEN 'settlement_unexpected' ELSE 'ambiguous' END AS reason, l.amount,
           CASE WHEN f.standing = 'open' THEN '{}' ELSE jsonb_build_object('payments', to_jsonb(f.contenders)) END
               AS evidence
    UNION ALL
    SELECT 'net_differs', abs(l.net - n.due_net), '{}' WHERE l.fee IS NOT NULL AND l.net <> n.due_net) AS o;
