-- Money handed over to the treasury, and receipts issued: lines of a case against what its payments brought.

-- name: create_handover_tables
CREATE TEMP TABLE w_handover_case (case_key text NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_handover_payment (case_key text NOT NULL, payment_id bigint NOT NULL, reference_key text NOT NULL,
    kept bigint NOT NULL, treasury_days integer, receipt_days integer) ON COMMIT DROP;
CREATE TEMP TABLE w_handover_line (line_id bigint NOT NULL, leg leg NOT NULL, account_id integer NOT NULL,
    amount bigint NOT NULL, currency text NOT NULL, booked_on date NOT NULL, reference_key text NOT NULL,
    dossier_code text, evidence boolean NOT NULL, case_key text, contenders bigint[] NOT NULL DEFAULT '{}')
    ON COMMIT DROP;
CREATE TEMP TABLE w_handover_group (match_id bigint NOT NULL, leg leg NOT NULL, payment_ids bigint[] NOT NULL,
    line_ids bigint[] NOT NULL, difference bigint NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_handover_stale (match_id bigint NOT NULL, leg leg NOT NULL) ON COMMIT DROP;

-- name: gather_every_handover_line
INSERT INTO w_handover_line
SELECT line_id, leg, account_id, amount, currency, booked_on, reference_key, dossier_code, evidence
FROM statement_line WHERE tenant_id = $1 AND leg IN ('treasury', 'receipt');

-- name: gather_every_handover_case
INSERT INTO w_handover_case
SELECT DISTINCT case_key FROM w_handover_line WHERE case_key IS NOT NULL;

-- name: gather_touched_handover_cases
-- Rather one too many: cases of changed payments; cases named by lines that changed or that those payments may draw to
-- another case; and those of the former company of both.
INSERT INTO w_handover_case
WITH line AS MATERIALIZED (
    SELECT l.line_id, l.reference_key, l.dossier_code
    FROM w_dirty_line AS d JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = d.fact_id
    WHERE l.leg IN ('treasury', 'receipt')
    UNION
    SELECT l.line_id, l.reference_key, l.dossier_code
    FROM (SELECT DISTINCT reference_key FROM w_fact WHERE leg = 'payment' AND reference_key <> '') AS p
    JOIN statement_line AS l ON l.tenant_id = $1 AND l.reference_key = p.reference_key
    WHERE l.leg IN ('treasury', 'receipt')
    UNION
    SELECT l.line_id, l.reference_key, l.dossier_code
    FROM (SELECT DISTINCT dossier_code FROM w_fact WHERE leg = 'payment') AS p
    JOIN statement_line AS l ON l.tenant_id = $1 AND l.dossier_code = p.dossier_code
    WHERE l.leg IN ('treasury', 'receipt')),
former AS MATERIALIZED (
    SELECT m.match_id FROM line AS l
    JOIN match AS m ON m.tenant_id = $1 AND m.leg IN ('treasury', 'receipt') AND m.fact_id = l.line_id
    UNION
    SELECT m.match_id FROM w_fact AS f
    JOIN match AS m ON m.tenant_id = $1 AND m.leg IN ('treasury', 'receipt') AND m.payment_id = f.fact_id
    WHERE f.leg = 'payment'),
payer AS (
    SELECT p.payment_id, p.dossier_code FROM line AS l
    JOIN payment AS p ON p.tenant_id = $1 AND p.reference_key = l.reference_key
    WHERE l.reference_key <> ''
    UNION
    SELECT p.payment_id, p.dossier_code FROM former AS f
    JOIN match AS m ON m.tenant_id = $1 AND m.match_id = f.match_id AND m.leg IN ('treasury', 'receipt')
    JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = m.payment_id
    UNION
    SELECT fact_id, dossier_code FROM w_fact WHERE leg = 'payment'
    UNION
    SELECT p.payment_id, p.dossier_code
    FROM w_returned_otherwise AS w JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = w.payment_id)
SELECT coalesce('dossier:' || dossier_code, 'payment:' || payment_id) FROM payer
UNION
SELECT 'dossier:' || dossier_code FROM line WHERE dossier_code IS NOT NULL;

-- name: gather_handover_payments
-- All that came for these cases.
INSERT INTO w_handover_payment
SELECT p.case_key, p.payment_id, p.reference_key, coalesce(b.kept, p.amount), s.treasury_days, s.receipt_days
FROM (SELECT c.case_key, p.* FROM w_handover_case AS c
      JOIN payment AS p ON p.tenant_id = $1 AND p.dossier_code = substr(c.case_key, 9)
      WHERE c.case_key LIKE 'dossier:%'
      UNION ALL
      SELECT c.case_key, p.* FROM w_handover_case AS c
      JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = substr(c.case_key, 9)::bigint AND p.dossier_code IS NULL
      WHERE c.case_key LIKE 'payment:%') AS p
LEFT JOIN source AS s ON s.tenant_id = $1 AND s.source_id = p.source_id
LEFT JOIN returned AS b ON b.tenant_id = $1 AND b.payment_id = p.payment_id
WHERE p.state >= 'paid' AND p.currency = 'VND';

-- name: gather_touched_handover_lines
-- What changed, and whatever could belong, or has belonged, to a case touched.
INSERT INTO w_handover_line
SELECT l.line_id, l.leg, l.account_id, l.amount, l.currency, l.booked_on, l.reference_key, l.dossier_code, l.evidence
FROM (
    SELECT fact_id AS line_id FROM w_dirty_line
    UNION
    SELECT l.line_id FROM (SELECT DISTINCT reference_key FROM w_handover_payment WHERE reference_key <> '') AS p
    JOIN statement_line AS l ON l.tenant_id = $1 AND l.reference_key = p.reference_key
    WHERE l.leg IN ('treasury', 'receipt')
    UNION
    SELECT l.line_id FROM w_handover_case AS c
    JOIN statement_line AS l ON l.tenant_id = $1 AND l.dossier_code = substr(c.case_key, 9)
    WHERE c.case_key LIKE 'dossier:%' AND l.leg IN ('treasury', 'receipt')
    UNION
    SELECT o.fact_id FROM w_handover_payment AS p
    JOIN match AS m ON m.tenant_id = $1 AND m.leg IN ('treasury', 'receipt') AND m.payment_id = p.payment_id
    JOIN match AS o ON o.tenant_id = $1 AND o.match_id = m.match_id AND o.leg IN ('treasury', 'receipt')
    WHERE o.fact_id IS NOT NULL) AS touched
JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = touched.line_id
WHERE l.leg IN ('treasury', 'receipt');

-- name: find_cases_of_handover_lines
-- A line's case is that of the payments it names by reference, else that of its dossier. A reference of several cases
-- is decided by the dossier, or not at all. From a case with a payment that a person has parted it from, it stays away.
WITH apart AS MATERIALIZED (
    SELECT l.line_id, p.dossier_code, coalesce('dossier:' || p.dossier_code, 'payment:' || p.payment_id) AS case_key
    FROM parted AS x
    JOIN w_handover_line AS l ON l.leg = x.leg AND l.line_id = x.fact_id
    JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = x.payment_id
    WHERE x.tenant_id = $1 AND x.leg IN ('treasury', 'receipt'))
UPDATE w_handover_line AS h SET case_key = found.case_key, contenders = found.contenders
FROM (
    SELECT w.line_id,
           CASE WHEN 'dossier:' || w.dossier_code = ANY (named.cases) THEN 'dossier:' || w.dossier_code
                WHEN cardinality(named.cases) = 1 THEN named.cases[1]
                WHEN named.cases IS NULL THEN 'dossier:' || paid.dossier_code END AS case_key,
           CASE WHEN cardinality(named.cases) > 1 AND NOT coalesce('dossier:' || w.dossier_code = ANY (named.cases), false)
                THEN named.payment_ids ELSE '{}' END AS contenders
    FROM w_handover_line AS w
    LEFT JOIN (
        SELECT l.line_id, array_agg(p.payment_id ORDER BY p.payment_id) AS payment_ids,
               array_agg(DISTINCT coalesce('dossier:' || p.dossier_code, 'payment:' || p.payment_id)) AS cases
        FROM w_handover_line AS l JOIN payment AS p ON p.tenant_id = $1 AND p.reference_key = l.reference_key
        WHERE l.reference_key <> '' AND p.state >= 'paid' AND p.currency = 'VND'
          AND NOT EXISTS (SELECT FROM apart AS a WHERE a.line_id = l.line_id
                            AND a.case_key = coalesce('dossier:' || p.dossier_code, 'payment:' || p.payment_id))
        GROUP BY l.line_id) AS named ON named.line_id = w.line_id
    LEFT JOIN (
        SELECT DISTINCT p.dossier_code
        FROM (SELECT DISTINCT dossier_code FROM w_handover_line) AS d
        JOIN payment AS p ON p.tenant_id = $1 AND p.dossier_code = d.dossier_code
        WHERE p.state >= 'paid' AND p.currency = 'VND') AS paid ON paid.dossier_code = w.dossier_code
        AND NOT EXISTS (SELECT FROM apart AS a WHERE a.line_id = w.line_id AND a.dossier_code = w.dossier_code)
    WHERE w.evidence AND w.currency = 'VND') AS found
WHERE h.line_id = found.line_id;

-- name: leave_lines_of_other_cases
-- They stand as they stood.
DELETE FROM w_handover_line AS l
WHERE l.case_key IS NOT NULL AND NOT EXISTS (SELECT FROM w_handover_case AS c WHERE c.case_key = l.case_key);

-- name: group_handovers
-- One group for each case and leg: its lines, and the payments whose sources expect the leg; where none does, all.
INSERT INTO w_handover_group
SELECT nextval('match_match_id_seq'), l.leg, p.payment_ids, l.line_ids, p.kept - l.amount
FROM (SELECT leg, case_key, array_agg(line_id ORDER BY line_id) AS line_ids, sum(amount)::bigint AS amount
      FROM w_handover_line WHERE case_key IS NOT NULL GROUP BY leg, case_key) AS l
JOIN (SELECT p.case_key, e.leg,
             coalesce(array_agg(p.payment_id ORDER BY p.payment_id) FILTER (WHERE e.days IS NOT NULL),
                      array_agg(p.payment_id ORDER BY p.payment_id)) AS payment_ids,
             coalesce(sum(p.kept) FILTER (WHERE e.days IS NOT NULL), sum(p.kept))::bigint AS kept
      FROM w_handover_payment AS p,
           LATERAL (VALUES ('treasury'::leg, p.treasury_days), ('receipt', p.receipt_days)) AS e (leg, days)
      GROUP BY p.case_key, e.leg) AS p ON p.case_key = l.case_key AND p.leg = l.leg
ORDER BY l.leg, p.payment_ids;

-- name: find_handovers_judged_again
INSERT INTO w_handover_stale
SELECT m.match_id, m.leg FROM w_handover_line AS l
JOIN match AS m ON m.tenant_id = $1 AND m.leg = l.leg AND m.fact_id = l.line_id
UNION
SELECT m.match_id, m.leg FROM w_handover_payment AS p
JOIN match AS m ON m.tenant_id = $1 AND m.leg IN ('treasury', 'receipt') AND m.payment_id = p.payment_id;

-- name: mark_unchanged_handovers
-- What comes out as it was stored is left alone, and not stored again.
WITH stored AS (
    SELECT m.match_id, m.leg, m.difference,
           array_agg(m.payment_id ORDER BY m.payment_id) FILTER (WHERE m.payment_id IS NOT NULL) AS payment_ids,
           array_agg(m.fact_id ORDER BY m.fact_id) FILTER (WHERE m.fact_id IS NOT NULL) AS line_ids
    FROM w_handover_stale AS s
    JOIN match AS m ON m.tenant_id = $1 AND m.match_id = s.match_id AND m.leg IN ('treasury', 'receipt')
    GROUP BY m.match_id, m.leg, m.difference),
same AS (
    DELETE FROM w_handover_group AS w USING stored AS s
    WHERE w.leg = s.leg AND w.difference = s.difference AND w.payment_ids = s.payment_ids AND w.line_ids = s.line_ids
    RETURNING s.match_id)
DELETE FROM w_handover_stale AS s USING same WHERE s.match_id = same.match_id;

-- name: retire_handovers
WITH gone AS (
    DELETE FROM match AS m USING w_handover_stale AS s
    WHERE m.tenant_id = $1 AND m.match_id = s.match_id AND m.leg IN ('treasury', 'receipt')
    RETURNING m.*)
INSERT INTO match_history (tenant_id, match_id, leg, payment_id, batch_id, fact_id, seats, rule, rule_set, difference,
                           matched_at)
SELECT tenant_id, match_id, leg, payment_id, batch_id, fact_id, seats, rule, rule_set, difference, matched_at FROM gone;

-- name: store_handovers
INSERT INTO match (tenant_id, match_id, leg, payment_id, fact_id, seats, rule, rule_set, difference)
SELECT $1, w.match_id, w.leg, seat.payment_id, seat.fact_id,
       greatest(cardinality(w.payment_ids), cardinality(w.line_ids)),
       CASE WHEN w.difference = 0 THEN 'exact' ELSE 'reference' END, $2, w.difference
FROM w_handover_group AS w, unnest(w.payment_ids, w.line_ids) AS seat (payment_id, fact_id)
ORDER BY w.match_id, seat.payment_id;

-- name: forget_settled_handover_lines
DELETE FROM loose_fact AS l USING w_handover_line AS w
WHERE l.tenant_id = $1 AND l.leg = w.leg AND l.fact_id = w.line_id AND (w.case_key IS NOT NULL OR NOT w.evidence);

-- name: keep_loose_handover_lines
INSERT INTO loose_fact (tenant_id, leg, fact_id, account_id, amount, currency, on_date, reference_key, standing,
                        contenders)
SELECT $1, leg, line_id, account_id, amount, currency, booked_on, reference_key,
       CASE WHEN contenders = '{}' THEN 'open' ELSE 'ambiguous_reference' END, contenders
FROM w_handover_line WHERE case_key IS NULL AND evidence
ON CONFLICT (tenant_id, leg, fact_id) DO UPDATE SET standing = EXCLUDED.standing, contenders = EXCLUDED.contenders;

-- name: expect_of_handovers
-- Too little of what was to be handed over, or receipted, once the latest payment's is due; too much at once.
INSERT INTO w_expected
WITH paid AS (
    SELECT coalesce('dossier:' || p.dossier_code, 'payment:' || p.payment_id) AS case_key, p.dossier_code,
           CASE WHEN p.dossier_code IS NULL THEN p.payment_id END AS lone_id, p.payment_id,
           coalesce(b.kept, p.amount) AS kept, p.business_date, e.leg, e.days
    FROM (SELECT p.* FROM w_dossier AS d JOIN payment AS p ON p.tenant_id = $1 AND p.dossier_code = d.code
          UNION ALL
          SELECT p.* FROM w_lone_payment AS w JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = w.payment_id
          WHERE p.dossier_code IS NULL) AS p
    LEFT JOIN source AS s ON s.tenant_id = $1 AND s.source_id = p.source_id
    LEFT JOIN returned AS b ON b.tenant_id = $1 AND b.payment_id = p.payment_id
    CROSS JOIN LATERAL (VALUES ('treasury'::leg, s.treasury_days), ('receipt', s.receipt_days)) AS e (leg, days)
    WHERE p.state >= 'paid' AND p.currency = 'VND'),
judged AS (
    SELECT p.case_key, p.dossier_code, p.lone_id, p.leg, max(p.business_date) AS last_day,
           max(p.business_date) FILTER (WHERE p.days IS NOT NULL AND p.kept > 0) AS last_expected,
           (array_agg(p.days ORDER BY p.business_date DESC, p.days DESC)
            FILTER (WHERE p.days IS NOT NULL AND p.kept > 0))[1] AS days,
           max(m.match_id) AS match_id,
           coalesce(max(m.difference), sum(p.kept) FILTER (WHERE p.days IS NOT NULL), 0)::bigint AS lacking
    FROM paid AS p
    LEFT JOIN match AS m ON m.tenant_id = $1 AND m.leg = p.leg AND m.payment_id = p.payment_id
    GROUP BY p.case_key, p.dossier_code, p.lone_id, p.leg)
SELECT j.case_key, j.case_key, CASE j.leg WHEN 'treasury' THEN 'treasury_not_sent' ELSE 'receipt_missing' END,
       j.lacking, j.last_expected, j.days, j.dossier_code, j.lone_id, NULL, '{}'::jsonb
FROM judged AS j
WHERE j.lacking > 0 AND j.days IS NOT NULL
UNION ALL
SELECT j.case_key, j.case_key, 'amount_differs', -j.lacking, greatest(j.last_day, booked.last_day), NULL,
       j.dossier_code, j.lone_id, booked.line_id, jsonb_build_object('leg', j.leg)
FROM judged AS j
CROSS JOIN LATERAL (
    SELECT max(l.booked_on) AS last_day, max(l.line_id) AS line_id
    FROM match AS m JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = m.fact_id
    WHERE m.tenant_id = $1 AND m.match_id = j.match_id AND m.leg IN ('treasury', 'receipt')) AS booked
WHERE j.lacking < 0;

-- name: expect_of_flags
-- The nation counts the flag, not the money.
INSERT INTO w_expected
SELECT 'dossier:' || p.dossier_code, 'dossier:' || p.dossier_code, 'flag_not_synced',
       sum(coalesce(b.kept, p.amount))::bigint,
       max(p.business_date) FILTER (WHERE s.report_days IS NOT NULL),
       (array_agg(s.report_days ORDER BY p.business_date DESC, s.report_days DESC)
        FILTER (WHERE s.report_days IS NOT NULL))[1],
       p.dossier_code, NULL, NULL, '{}'::jsonb
FROM w_dossier AS d
JOIN procedure_record AS r ON r.tenant_id = $1 AND r.dossier_code = d.code
JOIN payment AS p ON p.tenant_id = $1 AND p.dossier_code = d.code
LEFT JOIN source AS s ON s.tenant_id = $1 AND s.source_id = p.source_id
LEFT JOIN returned AS b ON b.tenant_id = $1 AND b.payment_id = p.payment_id
WHERE r.online_payment_flag = 0 AND p.state >= 'paid' AND p.currency = 'VND' AND coalesce(b.kept, p.amount) > 0
GROUP BY p.dossier_code
HAVING bool_or(s.report_days IS NOT NULL);

-- name: expect_of_loose_handover_lines
INSERT INTO w_expected
SELECT 'line:' || l.fact_id, 'line:' || l.fact_id,
       CASE WHEN l.standing = 'open' THEN l.leg::text || '_unexpected' ELSE 'ambiguous' END, abs(l.amount), l.on_date,
       NULL, f.dossier_code, NULL, l.fact_id,
       CASE WHEN l.standing = 'open' THEN '{}' ELSE jsonb_build_object('payments', to_jsonb(l.contenders)) END
FROM w_handover_line AS w
JOIN loose_fact AS l ON l.tenant_id = $1 AND l.leg = w.leg AND l.fact_id = w.line_id
JOIN statement_line AS f ON f.tenant_id = $1 AND f.line_id = l.fact_id;
