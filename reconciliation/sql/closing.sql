-- The close of a day: what the report says, and the proof that every đồng of difference has a name.

-- name: create_closing_tables
CREATE TEMP TABLE w_case (case_key text NOT NULL, dossier_code text, payment_id bigint, line_id bigint,
    agency_code text, amount bigint NOT NULL, due bigint, money boolean NOT NULL, flagged boolean NOT NULL DEFAULT false,
    source text, procedure_code text, currency text NOT NULL DEFAULT 'VND') ON COMMIT DROP;
CREATE TEMP TABLE w_given_up (payment_id bigint NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_reason (case_key text NOT NULL, reason text NOT NULL, rank integer NOT NULL, verdict text NOT NULL,
    amount bigint NOT NULL, holds boolean NOT NULL, hangs boolean NOT NULL, currency text NOT NULL DEFAULT 'VND')
    ON COMMIT DROP;
CREATE TEMP TABLE w_paid_out_on (payment_id bigint NOT NULL, booked_on date NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_class (case_key text NOT NULL, agency_code text, source text, procedure_code text,
    verdict text NOT NULL, amount bigint NOT NULL, currency text NOT NULL) ON COMMIT DROP;

-- name: gather_given_up
-- A payment that was only begun is no case, until it has been asked about in vain to the end.
INSERT INTO w_given_up
SELECT p.payment_id FROM inquiry AS i
JOIN payment AS p ON p.tenant_id = $1 AND p.source_id = i.source_id AND p.reference = i.reference
WHERE i.tenant_id = $1 AND i.state = 'expired' AND p.state = 'initiated'
  AND NOT EXISTS (SELECT FROM payment AS o WHERE o.tenant_id = $1 AND o.source_id = i.source_id
                    AND o.reference = i.reference AND o.state >= 'paid');

-- name: gather_dossier_cases
-- A dossier counts on the day of its first payment, or of its first bank line where that is earlier; it is of the source
-- that its first payment came through, and its amount is what came in dong.
INSERT INTO w_case
WITH candidate AS (
    SELECT DISTINCT p.dossier_code FROM payment AS p
    WHERE p.tenant_id = $1 AND p.business_date = $2 AND p.state >= 'paid' AND p.dossier_code IS NOT NULL
    UNION
    SELECT p.dossier_code FROM payment AS p
    WHERE p.tenant_id = $1 AND p.business_date = $2 AND p.state = 'pending' AND p.dossier_code IS NOT NULL
    UNION
    SELECT p.dossier_code FROM w_given_up AS g JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = g.payment_id
    WHERE p.business_date = $2 AND p.dossier_code IS NOT NULL
    UNION
    SELECT p.dossier_code
    FROM statement_line AS l
    JOIN match AS m ON m.tenant_id = $1 AND m.leg = 'bank' AND m.fact_id = l.line_id
    JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = m.payment_id
    WHERE l.tenant_id = $1 AND l.booked_on = $2 AND p.business_date > $2 AND p.dossier_code IS NOT NULL),
summed AS (
    SELECT c.dossier_code, min(p.business_date) AS first_paid,
           min(l.booked_on) AS first_booked, (min(ARRAY[p.business_date::text, s.code]))[2] AS source,
           coalesce(sum(p.amount) FILTER (WHERE p.state >= 'paid' AND p.currency = 'VND'),
                    sum(p.amount) FILTER (WHERE (p.state = 'pending' OR g.payment_id IS NOT NULL) AND p.currency = 'VND'),
                    0) AS amount,
           bool_or(p.state >= 'paid') AS money
    FROM candidate AS c
    JOIN payment AS p ON p.tenant_id = $1 AND p.dossier_code = c.dossier_code
    JOIN source AS s ON s.tenant_id = $1 AND s.source_id = p.source_id
    LEFT JOIN match AS m ON m.tenant_id = $1 AND m.leg = 'bank' AND m.payment_id = p.payment_id
    LEFT JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = m.fact_id
    LEFT JOIN w_given_up AS g ON g.payment_id = p.payment_id
    WHERE p.state >= 'paid' OR p.state = 'pending' OR g.payment_id IS NOT NULL
    GROUP BY c.dossier_code)
SELECT 'dossier:' || s.dossier_code, s.dossier_code, NULL, NULL,
       coalesce(r.agency_code, split_part(s.dossier_code, '-', 1)), s.amount, r.due, s.money,
       coalesce(r.online_payment_flag > 0, false), s.source, r.procedure_code
FROM summed AS s LEFT JOIN procedure_record AS r ON r.tenant_id = $1 AND r.dossier_code = s.dossier_code
WHERE least(s.first_paid, s.first_booked) = $2;

-- name: gather_lone_payment_cases
INSERT INTO w_case
SELECT 'payment:' || p.payment_id, NULL, p.payment_id, NULL, NULL, p.amount, NULL, p.state >= 'paid', false, s.code,
       NULL, p.currency
FROM payment AS p
JOIN source AS s ON s.tenant_id = $1 AND s.source_id = p.source_id
WHERE p.tenant_id = $1 AND p.business_date = $2 AND p.dossier_code IS NULL
  AND (p.state >= 'paid' OR p.state = 'pending'
       OR p.payment_id IN (SELECT payment_id FROM w_given_up));

-- name: gather_line_cases
INSERT INTO w_case
SELECT 'line:' || f.fact_id, NULL, NULL, f.fact_id, NULL, f.amount, NULL, true, false, s.code, NULL, f.currency
FROM loose_fact AS f
LEFT JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = f.fact_id AND f.leg = 'settlement'
LEFT JOIN source AS s ON s.tenant_id = $1 AND s.source_id = l.source_id
WHERE f.tenant_id = $1 AND f.leg <> 'payment' AND f.on_date = $2
  AND f.standing IN ('open', 'ambiguous_reference', 'ambiguous_narrative', 'ambiguous_sum')
  AND coalesce(f.payout, 'ambiguous') = 'ambiguous';

-- name: gather_reasons
-- As of the closing: what waits for a leg holds only from the day the leg was due.
INSERT INTO w_reason
SELECT c.case_key, d.reason, r.rank, r.verdict, d.amount, NOT (r.waits AND d.since > $2::date),
       r.hangs AND d.since > $2::date, d.currency
FROM w_case AS c
JOIN discrepancy AS d ON d.tenant_id = $1 AND d.case_key = c.case_key AND d.state <> 'resolved'
JOIN unnest($3::text[], $4::integer[], $5::text[], $6::boolean[], $7::boolean[])
    AS r (reason, rank, verdict, waits, hangs) ON r.reason = d.reason;

-- name: gather_batch_reasons
-- A batch that was not paid out as it should be is the trouble of every case with a payment or a line in it. Its amount
-- stands once in the day.
INSERT INTO w_reason
SELECT t.case_key, t.reason, $2::integer, $3::text,
       CASE WHEN row_number() OVER (PARTITION BY t.batch_id ORDER BY t.case_key) = 1 THEN t.amount ELSE 0 END, true, false
FROM (SELECT DISTINCT c.case_key, d.reason, d.amount, b.batch_id
      FROM settlement_batch AS b
      JOIN discrepancy AS d ON d.tenant_id = $1 AND d.case_key = 'batch:' || b.batch_id AND d.state <> 'resolved'
      JOIN statement_line AS l ON l.tenant_id = $1 AND l.source_id = b.source_id AND l.batch = b.code
      LEFT JOIN match AS m ON m.tenant_id = $1 AND m.leg = 'settlement' AND m.fact_id = l.line_id
      LEFT JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = m.payment_id
      JOIN w_case AS c
          ON c.case_key = coalesce('dossier:' || p.dossier_code, 'payment:' || p.payment_id, 'line:' || l.line_id)
      WHERE b.tenant_id = $1 AND b.difference <> 0 AND l.leg = 'settlement' AND l.currency = 'VND') AS t;

-- name: class_the_cases
-- The weightiest reason that holds names the class; without one, a leg that is not due leaves the case hanging.
INSERT INTO w_class
SELECT c.case_key, c.agency_code, c.source, c.procedure_code,
       coalesce(j.verdict, CASE WHEN NOT c.money OR j.hangs OR w.case_key IS NOT NULL THEN 'pending' ELSE 'matched' END),
       c.amount, c.currency
FROM w_case AS c
LEFT JOIN (SELECT case_key, (array_agg(verdict ORDER BY rank) FILTER (WHERE holds))[1] AS verdict, bool_or(hangs) AS hangs
           FROM w_reason GROUP BY case_key) AS j USING (case_key)
LEFT JOIN watch AS w ON w.tenant_id = $1 AND w.case_key = c.case_key AND w.pending;

-- name: sum_classes
-- Of each agency, source and procedure; amounts are in dong.
SELECT o.part, o.code, c.verdict AS name, count(*) AS count, sum(dong(c.amount, c.currency))::bigint AS amount
FROM w_class AS c
CROSS JOIN LATERAL (
    VALUES ('agency', c.agency_code), ('source', c.source), ('procedure', c.procedure_code)) AS o (part, code)
GROUP BY o.part, o.code, c.verdict ORDER BY o.part, o.code NULLS LAST, c.verdict;

-- name: sum_reasons
-- A reason counts cases, as everything in the report does; its amount is that of all it is said of.
SELECT o.part, o.code, r.reason AS name, count(DISTINCT r.case_key) AS count, sum(dong(r.amount, r.currency))::bigint AS amount
FROM w_reason AS r
JOIN w_class AS c USING (case_key)
CROSS JOIN LATERAL (
    VALUES ('agency', c.agency_code), ('source', c.source), ('procedure', c.procedure_code)) AS o (part, code)
WHERE r.holds GROUP BY o.part, o.code, r.reason ORDER BY o.part, o.code NULLS LAST, r.reason;

-- name: sum_other_currencies
-- What of the day is in another currency, and so in none of its sums.
SELECT currency, 'totals' AS section, 'payments' AS name, count(*) AS count, sum(amount)::bigint AS amount
FROM payment WHERE tenant_id = $1 AND business_date = $2 AND state >= 'paid' AND currency <> 'VND' GROUP BY currency
UNION ALL
SELECT currency, 'totals', leg::text, count(*), sum(amount)::bigint
FROM statement_line WHERE tenant_id = $1 AND booked_on = $2 AND currency <> 'VND' AND evidence GROUP BY currency, leg
UNION ALL
SELECT currency, 'classes', verdict, count(*), sum(amount)::bigint
FROM w_class WHERE currency <> 'VND' GROUP BY currency, verdict
UNION ALL
SELECT currency, 'reasons', reason, count(DISTINCT case_key), sum(amount)::bigint
FROM w_reason WHERE holds AND currency <> 'VND' GROUP BY currency, reason
ORDER BY currency, section, name;

-- name: total_obligations
SELECT count(*) AS count, coalesce(sum(due), 0)::bigint AS amount FROM w_case WHERE due IS NOT NULL;

-- name: total_flagged
-- Of the day's dossiers that money came for, those whose flag says so to the nation.
SELECT count(*) AS count, coalesce(sum(amount), 0)::bigint AS amount FROM w_case WHERE flagged AND money;

-- name: total_payments
-- Left of the proof: paid payments of the day, parked ones included.
SELECT count(*) AS count, coalesce(sum(amount), 0)::bigint AS amount
FROM payment WHERE tenant_id = $1 AND business_date = $2 AND state >= 'paid' AND currency = 'VND';

-- name: total_lines
-- Lines of the day, signed, by what they are evidence of: the bank's are right of the proof. Gateways settle gross, and
-- say what they kept and what they pay out.
SELECT leg::text AS leg, count(*) AS count, sum(amount)::bigint AS amount,
       coalesce(sum(fee), 0)::bigint AS fee, coalesce(sum(coalesce(net, amount)), 0)::bigint AS net
FROM statement_line WHERE tenant_id = $1 AND booked_on = $2 AND currency = 'VND' AND evidence GROUP BY leg;

-- name: gather_what_was_paid_out
-- The day's payments whose money came in a batch, and the day on which it was booked.
INSERT INTO w_paid_out_on
SELECT p.payment_id, paid.booked_on
FROM payment AS p
JOIN match AS s ON s.tenant_id = $1 AND s.leg = 'settlement' AND s.payment_id = p.payment_id
JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = s.fact_id
JOIN settlement_batch AS b ON b.tenant_id = $1 AND b.source_id = l.source_id AND b.code = l.batch
JOIN match AS m ON m.tenant_id = $1 AND m.batch_id = b.batch_id
JOIN statement_line AS paid ON paid.tenant_id = $1 AND paid.line_id = m.fact_id
WHERE p.tenant_id = $1 AND p.business_date = $2 AND l.currency = 'VND';

-- name: explain_difference
-- What matches and loose facts say of the day, by name. It reads none of the totals it has to add up to.
SELECT name, sum(amount)::bigint AS amount, count(*) AS count FROM (
    SELECT CASE WHEN m.rule = 'tolerance' THEN 'tolerance' WHEN m.difference <> 0 THEN 'amount_differs'
                ELSE 'other_day' END AS name, m.amount
    FROM (SELECT match_id, max(rule) AS rule, max(difference) AS difference, sum(amount) AS amount
          FROM (SELECT m.match_id, m.rule, m.difference, p.amount FROM payment AS p
                JOIN match AS m ON m.tenant_id = $1 AND m.leg = 'bank' AND m.payment_id = p.payment_id
                WHERE p.tenant_id = $1 AND p.business_date = $2 AND p.state >= 'paid' AND p.currency = 'VND'
                UNION ALL
                SELECT m.match_id, m.rule, m.difference, -l.amount FROM statement_line AS l
                JOIN match AS m ON m.tenant_id = $1 AND m.leg = 'bank' AND m.fact_id = l.line_id
                WHERE l.tenant_id = $1 AND l.booked_on = $2 AND l.currency = 'VND' AND m.batch_id IS NULL) AS f
          GROUP BY match_id) AS m
    WHERE m.amount <> 0
    UNION ALL
    SELECT CASE WHEN o.booked_on = $2 THEN NULL
                WHEN o.booked_on <> $2 THEN 'other_day'
                WHEN l.standing <> 'open' THEN 'ambiguous'
                WHEN b.reversed_on IS NOT NULL THEN 'reversed'
                WHEN s.bank_days IS NULL OR l.account_id IS NULL THEN 'not_expected'
                WHEN d.since <= $2 THEN 'bank_missing'
                WHEN d.since > $2 OR w.case_key IS NOT NULL THEN 'not_due'
                WHEN EXISTS (SELECT FROM discrepancy AS c WHERE c.tenant_id = $1 AND c.subject = 'payment:' || l.fact_id
                               AND c.reason = 'bank_missing' AND c.amount = l.amount AND c.resolved_by IS NOT NULL
                               AND c.reopened_by IS NULL)
                    THEN 'closed_by_person' END, l.amount
    FROM loose_fact AS l
    JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = l.fact_id
    JOIN source AS s ON s.tenant_id = $1 AND s.source_id = p.source_id
    LEFT JOIN returned AS b ON b.tenant_id = $1 AND b.payment_id = l.fact_id
    LEFT JOIN discrepancy AS d ON d.tenant_id = $1 AND d.subject = 'payment:' || l.fact_id
        AND d.reason = 'bank_missing' AND d.state <> 'resolved'
    LEFT JOIN watch AS w ON w.tenant_id = $1
        AND w.case_key = coalesce('dossier:' || p.dossier_code, 'payment:' || p.payment_id)
    LEFT JOIN w_paid_out_on AS o ON o.payment_id = p.payment_id
    WHERE l.tenant_id = $1 AND l.leg = 'payment' AND l.on_date = $2 AND l.standing NOT IN ('narrative', 'sum')
      AND l.currency = 'VND'
    UNION ALL
    SELECT CASE l.standing WHEN 'taken_back' THEN 'reversed' WHEN 'tied' THEN 'refunded' ELSE coalesce(d.reason,
               (SELECT 'closed_by_person' WHERE EXISTS (
                    SELECT FROM discrepancy AS c WHERE c.tenant_id = $1 AND c.subject = 'line:' || l.fact_id
                      AND c.amount = abs(l.amount) AND c.resolved_by IS NOT NULL AND c.reopened_by IS NULL))) END, -l.amount
    FROM loose_fact AS l
    LEFT JOIN discrepancy AS d ON d.tenant_id = $1 AND d.subject = 'line:' || l.fact_id AND d.state <> 'resolved'
    WHERE l.tenant_id = $1 AND l.leg = 'bank' AND l.on_date = $2 AND l.standing NOT IN ('narrative', 'sum')
      AND l.currency = 'VND' AND coalesce(l.payout, 'ambiguous') = 'ambiguous'
) AS item
WHERE name IS NOT NULL
GROUP BY name ORDER BY name;

-- name: explain_payouts
-- A bank line that pays out a batch, taken apart: what its payments are of other days, what the gateway kept or added,
-- what belongs to no payment, what the line itself lacks.
SELECT name, sum(amount)::bigint AS amount FROM (
    SELECT 'net_differs' AS name, m.difference AS amount
    FROM statement_line AS l
    JOIN match AS m ON m.tenant_id = $1 AND m.leg = 'bank' AND m.fact_id = l.line_id AND m.batch_id IS NOT NULL
    WHERE l.tenant_id = $1 AND l.booked_on = $2
    UNION ALL
    SELECT i.name, i.amount
    FROM statement_line AS paid
    JOIN match AS m ON m.tenant_id = $1 AND m.leg = 'bank' AND m.fact_id = paid.line_id AND m.batch_id IS NOT NULL
    JOIN settlement_batch AS b ON b.tenant_id = $1 AND b.batch_id = m.batch_id
    JOIN statement_line AS l ON l.tenant_id = $1 AND l.source_id = b.source_id AND l.batch = b.code
    LEFT JOIN match AS s ON s.tenant_id = $1 AND s.leg = 'settlement' AND s.fact_id = l.line_id
    LEFT JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = s.payment_id
    LEFT JOIN loose_fact AS f ON f.tenant_id = $1 AND f.leg = 'payment' AND f.fact_id = p.payment_id
        AND f.standing <> 'narrative'
    CROSS JOIN LATERAL (
        SELECT CASE WHEN s.payment_id IS NOT NULL THEN 'settled_twice' WHEN l.amount <= 0 THEN 'refunded'
                    ELSE 'settlement_unexpected' END AS name, -coalesce(l.net, l.amount) AS amount
        WHERE f.fact_id IS NULL
        UNION ALL
        SELECT o.name, o.amount
        FROM (VALUES ('other_day', CASE WHEN p.business_date <> $2 THEN -p.amount ELSE 0 END),
                     (CASE s.rule WHEN 'promotion' THEN 'promotion' ELSE 'amount_differs' END, p.amount - l.amount),
                     ('gateway_fee', l.amount - coalesce(l.net, l.amount))) AS o (name, amount)
        WHERE f.fact_id IS NOT NULL) AS i
    WHERE paid.tenant_id = $1 AND paid.booked_on = $2 AND l.leg = 'settlement' AND l.currency = 'VND') AS item
WHERE amount <> 0
GROUP BY name;

-- name: count_outcomes
SELECT outcome::text AS outcome, count(*) AS count FROM payment
WHERE tenant_id = $1 AND business_date = $2 GROUP BY outcome ORDER BY outcome;

-- name: sum_live_discrepancies
SELECT coalesce(sum(dong(amount, currency)), 0)::bigint FROM discrepancy WHERE tenant_id = $1 AND state <> 'resolved';

-- name: sum_uncounted_changes
SELECT coalesce(sum(change) FILTER (WHERE change > 0), 0)::bigint AS opened,
       coalesce(-sum(change) FILTER (WHERE change < 0), 0)::bigint AS closed
FROM discrepancy_event WHERE tenant_id = $1 AND run_id IS NULL;

-- name: count_changes
UPDATE discrepancy_event SET run_id = $2 WHERE tenant_id = $1 AND run_id IS NULL;

-- name: latest_run
SELECT run_id, report, digest FROM run WHERE tenant_id = $1 ORDER BY run_id DESC LIMIT 1;

-- name: latest_run_of_day
SELECT run_id, sequence, report, digest FROM run
WHERE tenant_id = $1 AND business_date = $2 ORDER BY sequence DESC LIMIT 1;

-- name: next_run
-- Known beforehand, so that the stored report can name its run.
SELECT nextval(pg_get_serial_sequence('run', 'run_id'));

-- name: store_run
INSERT INTO run (tenant_id, run_id, business_date, sequence, kind, corrects, rule_set, status, report, digest)
OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: store_cases
-- Those that do not agree, so that what a run counts can be listed as it was. A reason stands once for each currency.
INSERT INTO run_case (tenant_id, run_id, case_key, verdict, amount, agency_code, source, procedure_code, dossier_code,
                      payment_id, line_id, currency, reasons, amounts, currencies)
SELECT $1, $2, c.case_key, v.verdict, c.amount, c.agency_code, c.source, c.procedure_code, c.dossier_code, c.payment_id,
       c.line_id, c.currency, coalesce(w.reasons, '{}'), coalesce(w.amounts, '{}'), coalesce(w.currencies, '{}')
FROM w_class AS v
JOIN w_case AS c USING (case_key)
LEFT JOIN (
    SELECT case_key, array_agg(reason ORDER BY rank, currency <> 'VND', currency) AS reasons,
           array_agg(amount ORDER BY rank, currency <> 'VND', currency) AS amounts,
           array_agg(currency ORDER BY rank, currency <> 'VND', currency) AS currencies
    FROM (SELECT case_key, reason, currency, min(rank) AS rank, sum(amount)::bigint AS amount
          FROM w_reason WHERE holds GROUP BY case_key, reason, currency) AS r
    GROUP BY case_key) AS w USING (case_key)
WHERE v.verdict <> 'matched' OR w.case_key IS NOT NULL;

-- name: count_discrepancies
-- What became of each since the run before; what opened and resolved between the two is resolved. $2 is what an event
-- of opening says, $3 what those of an end do.
SELECT reason, fate, count(*) AS count, sum(amount)::bigint AS amount
FROM (
    SELECT d.reason, dong(d.amount, d.currency) AS amount, CASE WHEN o.discrepancy_id IS NULL THEN 'persisting' ELSE 'new' END AS fate
    FROM discrepancy AS d
    LEFT JOIN (SELECT DISTINCT discrepancy_id FROM discrepancy_event
               WHERE tenant_id = $1 AND run_id IS NULL AND said = $2) AS o USING (discrepancy_id)
    WHERE d.tenant_id = $1 AND d.state <> 'resolved'
    UNION ALL
    SELECT d.reason, dong(d.amount, d.currency), CASE WHEN d.resolved_by IS NULL THEN 'resolved_by_itself' ELSE 'resolved_by_person' END
    FROM (SELECT DISTINCT discrepancy_id FROM discrepancy_event
          WHERE tenant_id = $1 AND run_id IS NULL AND said = ANY ($3::text[])) AS e
    JOIN discrepancy AS d ON d.tenant_id = $1 AND d.discrepancy_id = e.discrepancy_id
    WHERE d.state = 'resolved' AND d.reason <> 'late') AS fated
GROUP BY reason, fate ORDER BY reason, fate;

-- name: agency_names
SELECT DISTINCT ON (agency_code) agency_code, agency_name FROM procedure_record
WHERE tenant_id = $1 AND agency_code = ANY ($2::text[]) ORDER BY agency_code, updated_at DESC;

-- name: procedure_names
SELECT DISTINCT ON (procedure_code) procedure_code, procedure_name FROM procedure_record
WHERE tenant_id = $1 AND procedure_code = ANY ($2::text[]) ORDER BY procedure_code, updated_at DESC;

-- name: tenant_of
SELECT tenant_id, code, name, timezone FROM tenant WHERE tenant_id = $1;

-- name: drop_closing_tables
DROP TABLE w_given_up, w_case, w_reason, w_paid_out_on, w_class;
