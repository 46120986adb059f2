-- From facts and matches to what does not agree. Only cases that a change touches, or whose day has come, are judged.
-- A source is joined to many payments by LEFT JOIN, though none lacks its own: else the planner, which knows nothing of so
-- small a table, takes few to be left and looks up the next table row by row.

-- name: create_judging_tables
CREATE TEMP TABLE w_dossier (code text NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_lone_payment (payment_id bigint NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_lone_line (line_id bigint NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_unconfirmed (payment_id bigint NOT NULL, dossier_code text) ON COMMIT DROP;
CREATE TEMP TABLE w_expected (case_key text NOT NULL, subject text NOT NULL, reason text NOT NULL, amount bigint NOT NULL,
    since date NOT NULL, days integer, dossier_code text, payment_id bigint, line_id bigint,
    evidence jsonb NOT NULL DEFAULT '{}', source_ids integer[] NOT NULL DEFAULT '{}',
    currency text NOT NULL DEFAULT 'VND') ON COMMIT DROP;

-- name: gather_unconfirmed
-- What was given up without a result, where anything of its reference has changed: money of it settles the others too.
INSERT INTO w_unconfirmed
SELECT DISTINCT u.payment_id, u.dossier_code
FROM inquiry AS i
JOIN payment AS u ON u.tenant_id = $1 AND u.source_id = i.source_id AND u.reference = i.reference
    AND u.state IN ('initiated', 'pending')
JOIN payment AS p ON p.tenant_id = $1 AND p.source_id = i.source_id AND p.reference = i.reference
JOIN w_fact AS f ON f.leg = 'payment' AND f.fact_id = p.payment_id
WHERE i.tenant_id = $1 AND i.state = 'expired';

-- name: gather_dossiers
INSERT INTO w_dossier
SELECT dossier_code FROM w_fact WHERE dossier_code IS NOT NULL
UNION
SELECT p.dossier_code FROM w_payment AS w JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = w.fact_id
WHERE p.dossier_code IS NOT NULL
UNION
SELECT code FROM w_dirty_dossier
UNION
SELECT dossier_code FROM w_unconfirmed WHERE dossier_code IS NOT NULL
UNION
SELECT p.dossier_code FROM w_settlement_payment AS w JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = w.payment_id
WHERE p.dossier_code IS NOT NULL
UNION
SELECT substr(case_key, 9) FROM w_handover_case WHERE case_key LIKE 'dossier:%'
UNION
SELECT substr(case_key, 9) FROM watch WHERE tenant_id = $1 AND due_on <= $2 AND case_key LIKE 'dossier:%';

-- name: gather_lone_payments
-- And those that were alone until now: what was said of them alone is judged again. Here and below, cases are looked up
-- by their key: what is live, and what waits, may be much.
INSERT INTO w_lone_payment
SELECT fact_id FROM w_fact WHERE leg = 'payment' AND dossier_code IS NULL
UNION
SELECT f.fact_id FROM w_fact AS f
JOIN discrepancy AS d ON d.tenant_id = $1 AND d.case_key = 'payment:' || f.fact_id AND d.state <> 'resolved'
WHERE f.leg = 'payment'
UNION
SELECT f.fact_id FROM w_fact AS f JOIN watch AS h ON h.tenant_id = $1 AND h.case_key = 'payment:' || f.fact_id
WHERE f.leg = 'payment'
UNION
SELECT p.payment_id FROM w_payment AS w JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = w.fact_id
WHERE p.dossier_code IS NULL
UNION
SELECT payment_id FROM w_unconfirmed WHERE dossier_code IS NULL
UNION
SELECT p.payment_id FROM w_settlement_payment AS w JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = w.payment_id
WHERE p.dossier_code IS NULL
UNION
SELECT substr(case_key, 9)::bigint FROM w_handover_case WHERE case_key LIKE 'payment:%'
UNION
SELECT substr(case_key, 9)::bigint FROM watch WHERE tenant_id = $1 AND due_on <= $2 AND case_key LIKE 'payment:%';

-- name: gather_lone_lines
INSERT INTO w_lone_line
SELECT fact_id FROM w_line
UNION
SELECT fact_id FROM w_rest WHERE leg = 'bank'
UNION
SELECT fact_id FROM w_departed WHERE leg = 'bank'
UNION
SELECT fact_id FROM w_settling WHERE leg = 'settlement'
UNION
SELECT line_id FROM w_credit
UNION
SELECT line_id FROM w_refund
UNION
SELECT line_id FROM w_handover_line;

-- name: expect_of_dossiers
-- What is kept, with what promotions add to it, against what is due, and where the dossier stands; where all went back
-- there is nothing to judge. What waits says from which day it counts how many business days: a dossier without a
-- record is missing it after an alarm, one that is paid must have moved on.
INSERT INTO w_expected
WITH paid AS (
    SELECT p.dossier_code, sum(coalesce(b.kept, p.amount)) AS kept,
           sum(m.difference) FILTER (WHERE b.kept IS DISTINCT FROM 0 AND m.difference IS NOT NULL) AS spared,
           min(p.business_date) AS first_day, max(p.business_date) AS last_day
    FROM w_dossier AS d JOIN payment AS p ON p.tenant_id = $1 AND p.dossier_code = d.code
    LEFT JOIN returned AS b ON b.tenant_id = $1 AND b.payment_id = p.payment_id
    LEFT JOIN match AS m ON m.tenant_id = $1 AND m.leg = 'settlement' AND m.payment_id = p.payment_id
        AND m.rule = 'promotion' AND m.difference <> 0
    WHERE p.state >= 'paid' AND p.currency = 'VND'
    GROUP BY p.dossier_code
    HAVING count(*) FILTER (WHERE b.kept IS DISTINCT FROM 0) > 0),
odd AS (
    SELECT paid.dossier_code, kept, kept - coalesce(spared, 0) AS paid, first_day, last_day, r.due, r.status, r.expires_on, r.dossier_code IS NULL AS no_record
    FROM paid LEFT JOIN procedure_record AS r ON r.tenant_id = $1 AND r.dossier_code = paid.dossier_code
    WHERE r.dossier_code IS NULL OR kept - coalesce(spared, 0) <> r.due OR r.status IN ('withdrawn', 'refused', 'payment_requested')
       OR paid.last_day > r.expires_on),
judged AS (
    SELECT odd.*, p.after_expiry, CASE
        WHEN no_record THEN 'record_missing'
        WHEN status IN ('withdrawn', 'refused') THEN CASE WHEN kept > 0 THEN 'record_closed' END
        WHEN p.after_expiry > 0 THEN 'obligation_expired'
        WHEN paid > due AND due > 0 AND p.whole >= 2 THEN 'duplicate_payment'
        WHEN paid > due THEN 'overpaid'
        WHEN paid < due THEN 'underpaid' END AS reason
    FROM odd CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE p.amount - coalesce(m.difference, 0) = odd.due
                                  AND coalesce(b.kept, p.amount) > 0) AS whole,
               sum(coalesce(b.kept, p.amount)) FILTER (WHERE p.business_date > odd.expires_on) AS after_expiry
        FROM payment AS p
        LEFT JOIN returned AS b ON b.tenant_id = $1 AND b.payment_id = p.payment_id
        LEFT JOIN match AS m ON m.tenant_id = $1 AND m.leg = 'settlement' AND m.payment_id = p.payment_id
            AND m.rule = 'promotion' AND m.difference <> 0
        WHERE p.tenant_id = $1 AND p.dossier_code = odd.dossier_code AND p.state >= 'paid' AND p.currency = 'VND') AS p)
SELECT 'dossier:' || dossier_code, 'dossier:' || dossier_code, reason,
       CASE reason WHEN 'obligation_expired' THEN after_expiry WHEN 'record_closed' THEN kept
                   WHEN 'record_missing' THEN kept ELSE abs(paid - due) END,
       CASE reason WHEN 'record_missing' THEN first_day ELSE last_day END,
       CASE reason WHEN 'record_missing' THEN $2::integer END, dossier_code, NULL::bigint, NULL::bigint, '{}'::jsonb
FROM judged
WHERE reason IS NOT NULL
UNION ALL
SELECT 'dossier:' || dossier_code, 'dossier:' || dossier_code, 'paid_not_recorded', kept, last_day, $3::integer,
       dossier_code, NULL, NULL, '{}'::jsonb
FROM judged
WHERE status = 'payment_requested';

-- name: expect_of_lone_payments
-- Money that names no dossier at all.
INSERT INTO w_expected
SELECT 'payment:' || p.payment_id, 'payment:' || p.payment_id, 'record_missing', coalesce(b.kept, p.amount),
       p.business_date, $2::integer, NULL, p.payment_id, NULL, '{}'::jsonb
FROM w_lone_payment AS w JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = w.payment_id
LEFT JOIN returned AS b ON b.tenant_id = $1 AND b.payment_id = p.payment_id
WHERE p.state >= 'paid' AND p.dossier_code IS NULL AND b.kept IS DISTINCT FROM 0;

-- name: expect_of_loose_payments
-- No bank line: missing once it is due. Several answers: ambiguous at once.
INSERT INTO w_expected
SELECT CASE WHEN p.dossier_code IS NULL THEN 'payment:' || p.payment_id ELSE 'dossier:' || p.dossier_code END,
       'payment:' || p.payment_id, CASE WHEN l.standing = 'open' THEN 'bank_missing' ELSE 'ambiguous' END, p.amount,
       p.business_date, CASE WHEN l.standing = 'open' THEN s.bank_days END, p.dossier_code, p.payment_id, NULL,
       CASE WHEN l.standing = 'open' THEN '{}' ELSE jsonb_build_object('lines', to_jsonb(l.contenders)) || CASE WHEN l.stopped IS NULL THEN '{}'
           ELSE jsonb_build_object('stopped', 'too many facts', 'facts', l.stopped) END END
FROM (SELECT p.* FROM w_dossier AS d JOIN payment AS p ON p.tenant_id = $1 AND p.dossier_code = d.code
      UNION ALL
      SELECT p.* FROM w_lone_payment AS w JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = w.payment_id
      WHERE p.dossier_code IS NULL) AS p
JOIN loose_fact AS l ON l.tenant_id = $1 AND l.leg = 'payment' AND l.fact_id = p.payment_id
LEFT JOIN source AS s ON s.tenant_id = $1 AND s.source_id = p.source_id
WHERE p.amount > 0 AND p.currency = 'VND' AND p.account_id IS NOT NULL
  AND NOT EXISTS (SELECT FROM w_paid_out AS o WHERE o.payment_id = p.payment_id)
  AND (l.standing = 'open' AND s.bank_days IS NOT NULL
       OR l.standing IN ('ambiguous_reference', 'ambiguous_narrative', 'ambiguous_sum'));

-- name: expect_of_differing_matches
-- In two parts, not from one list of payments: so the few that differ can be what is begun with, where much is judged.
INSERT INTO w_expected
SELECT 'dossier:' || p.dossier_code, 'payment:' || p.payment_id,
       CASE WHEN m.difference <> 0 THEN 'amount_differs' ELSE 'wrong_account' END,
       CASE WHEN m.difference <> 0 THEN abs(m.difference) ELSE p.amount END, greatest(p.business_date, l.booked_on),
       NULL::integer, p.dossier_code, p.payment_id, m.fact_id, '{}'::jsonb
FROM w_dossier AS d
JOIN payment AS p ON p.tenant_id = $1 AND p.dossier_code = d.code
JOIN match AS m ON m.tenant_id = $1 AND m.leg = 'bank' AND m.payment_id = p.payment_id
    AND (m.difference <> 0 OR m.rule = 'reference_other_account') AND m.rule NOT IN ('tolerance', 'by_hand')
JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = m.fact_id
UNION ALL
SELECT 'payment:' || p.payment_id, 'payment:' || p.payment_id,
       CASE WHEN m.difference <> 0 THEN 'amount_differs' ELSE 'wrong_account' END,
       CASE WHEN m.difference <> 0 THEN abs(m.difference) ELSE p.amount END, greatest(p.business_date, l.booked_on),
       NULL, NULL, p.payment_id, m.fact_id, '{}'::jsonb
FROM w_lone_payment AS w
JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = w.payment_id AND p.dossier_code IS NULL
JOIN match AS m ON m.tenant_id = $1 AND m.leg = 'bank' AND m.payment_id = p.payment_id
    AND (m.difference <> 0 OR m.rule = 'reference_other_account') AND m.rule NOT IN ('tolerance', 'by_hand')
JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = m.fact_id;

-- name: expect_of_odd_payments
INSERT INTO w_expected
SELECT CASE WHEN p.dossier_code IS NULL THEN 'payment:' || p.payment_id ELSE 'dossier:' || p.dossier_code END,
       'payment:' || p.payment_id, o.reason, p.amount, p.business_date, NULL, p.dossier_code, p.payment_id, NULL,
       '{}'::jsonb
FROM (SELECT p.* FROM w_dossier AS d JOIN payment AS p ON p.tenant_id = $1 AND p.dossier_code = d.code
      UNION ALL
      SELECT p.* FROM w_lone_payment AS w JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = w.payment_id
      WHERE p.dossier_code IS NULL) AS p
CROSS JOIN LATERAL (SELECT 'notices_conflict' AS reason WHERE p.contradicted
                    UNION ALL SELECT 'currency_differs' WHERE p.currency <> 'VND' AND p.state >= 'paid') AS o
WHERE p.contradicted OR p.currency <> 'VND';

-- name: expect_of_unconfirmed_payments
-- Asked about until its time was over, and neither it nor money of its reference was ever confirmed.
INSERT INTO w_expected
SELECT CASE WHEN p.dossier_code IS NULL THEN 'payment:' || p.payment_id ELSE 'dossier:' || p.dossier_code END,
       'payment:' || p.payment_id, 'never_confirmed', p.amount, i.expired_on, 0, p.dossier_code, p.payment_id, NULL,
       '{}'::jsonb
FROM (SELECT p.* FROM w_dossier AS d JOIN payment AS p ON p.tenant_id = $1 AND p.dossier_code = d.code
      UNION ALL
      SELECT p.* FROM w_lone_payment AS w JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = w.payment_id
      WHERE p.dossier_code IS NULL) AS p
JOIN inquiry AS i ON i.tenant_id = $1 AND i.source_id = p.source_id AND i.reference = p.reference
    AND i.state = 'expired'
WHERE p.state IN ('initiated', 'pending')
  AND NOT EXISTS (SELECT FROM payment AS o WHERE o.tenant_id = $1 AND o.source_id = p.source_id
                    AND o.reference = p.reference AND o.state >= 'paid');

-- name: expect_of_loose_lines
INSERT INTO w_expected
SELECT 'line:' || l.fact_id, 'line:' || l.fact_id,
       CASE WHEN l.standing <> 'open' OR l.payout = 'ambiguous' THEN 'ambiguous'
            WHEN back.refund THEN 'refund_unmatched' ELSE 'bank_unexpected' END,
       abs(l.amount), l.on_date, NULL, NULL, NULL, l.fact_id,
       CASE WHEN l.standing <> 'open' THEN jsonb_build_object('payments', to_jsonb(l.contenders))
                || CASE WHEN l.stopped IS NULL THEN '{}'
                   ELSE jsonb_build_object('stopped', 'too many facts', 'facts', l.stopped) END
            WHEN l.payout IS NULL THEN '{}'
            ELSE (SELECT jsonb_build_object('batches', jsonb_agg(b.code ORDER BY b.code)) FROM settlement_batch AS b
                  WHERE b.tenant_id = $1 AND b.account_id = l.account_id AND l.fact_id = ANY (b.contenders)) END
FROM w_lone_line AS w
JOIN loose_fact AS l ON l.tenant_id = $1 AND l.leg = 'bank' AND l.fact_id = w.line_id
LEFT JOIN LATERAL (
    SELECT s.reference_key <> '' OR EXISTS (
               SELECT FROM unnest($2::text[]) AS said
               WHERE position(' ' || said || ' ' IN ' ' || words(s.narrative) || ' ') > 0) AS refund
    FROM statement_line AS s
    WHERE l.amount < 0 AND s.tenant_id = $1 AND s.line_id = l.fact_id AND NOT s.reversal) AS back ON true
WHERE l.standing IN ('open', 'ambiguous_reference', 'ambiguous_narrative', 'ambiguous_sum')
  AND coalesce(l.payout, 'ambiguous') = 'ambiguous';

-- name: days_to_reckon
-- Business days are counted in Python, once for each day that occurs.
SELECT DISTINCT since, days FROM w_expected WHERE days IS NOT NULL;

-- name: reckon_days
UPDATE w_expected AS e SET since = c.due_on
FROM unnest($1::date[], $2::integer[], $3::date[]) AS c (day, days, due_on)
WHERE e.since = c.day AND e.days = c.days;

-- name: forget_watches
DELETE FROM watch AS h
USING (SELECT 'dossier:' || code AS case_key FROM w_dossier
       UNION ALL SELECT 'payment:' || payment_id FROM w_lone_payment) AS c
WHERE h.tenant_id = $1 AND h.case_key = c.case_key;

-- name: watch_what_is_not_due
-- A dossier that has yet to move on does not leave its case hanging: its legs agree.
INSERT INTO watch (tenant_id, case_key, due_on, pending)
SELECT $1, case_key, min(since), bool_or(reason NOT IN ('paid_not_recorded', 'flag_not_synced'))
FROM w_expected WHERE days IS NOT NULL AND since > $2::date GROUP BY case_key;

-- name: drop_what_is_not_due
DELETE FROM w_expected WHERE days IS NOT NULL AND since > $1::date;

-- name: merge_differences
-- What several legs say of one subject is one discrepancy: the largest, since the first.
WITH said AS (
    DELETE FROM w_expected AS e
    USING (SELECT subject FROM w_expected WHERE reason = 'amount_differs' GROUP BY subject HAVING count(*) > 1) AS s
    WHERE e.subject = s.subject AND e.reason = 'amount_differs'
    RETURNING e.*)
INSERT INTO w_expected
SELECT DISTINCT ON (subject) case_key, subject, reason, amount, min(since) OVER (PARTITION BY subject), NULL::integer,
       dossier_code, payment_id, line_id, evidence
FROM said ORDER BY subject, amount DESC, line_id;

-- name: did_people_close_anything
SELECT EXISTS (SELECT FROM discrepancy WHERE tenant_id = $1 AND resolved_by IS NOT NULL AND reopened_by IS NULL);

-- name: drop_what_people_closed
-- Of another amount than was closed, it is another matter.
DELETE FROM w_expected AS e USING discrepancy AS d
WHERE d.tenant_id = $1 AND d.subject = e.subject AND d.reason = e.reason AND d.amount = e.amount
  AND d.resolved_by IS NOT NULL AND d.reopened_by IS NULL;

-- name: tell_sources
-- Of a payment, a batch or a gateway's line, its own; of a dossier, those of all that was paid for it; of a bank line,
-- those that are paid out to its account. Of the few that are expected, each is looked up.
UPDATE w_expected AS e SET source_ids = CASE
    WHEN e.payment_id IS NOT NULL THEN ARRAY(
        SELECT p.source_id FROM payment AS p WHERE p.tenant_id = $1 AND p.payment_id = e.payment_id)
    WHEN e.subject LIKE 'batch:%' THEN ARRAY(
        SELECT b.source_id FROM settlement_batch AS b
        WHERE b.tenant_id = $1 AND b.batch_id = substr(e.subject, 7)::bigint)
    WHEN e.dossier_code IS NOT NULL THEN ARRAY(
        SELECT DISTINCT p.source_id FROM payment AS p
        WHERE p.tenant_id = $1 AND p.dossier_code = e.dossier_code AND p.state >= 'paid' AND p.currency = 'VND'
        ORDER BY 1)
    ELSE ARRAY(
        SELECT s.source_id FROM statement_line AS l
        JOIN source AS s ON s.tenant_id = $1
            AND CASE WHEN l.source_id IS NULL THEN s.account_id = l.account_id ELSE s.source_id = l.source_id END
        WHERE l.tenant_id = $1 AND l.line_id = e.line_id ORDER BY 1) END;

-- name: tell_currencies
-- Of a payment, else of a line. Few are in any but dong; each is looked up.
UPDATE w_expected AS e SET currency = told.currency
FROM (SELECT x.subject, x.reason,
             coalesce((SELECT p.currency FROM payment AS p WHERE p.tenant_id = $1 AND p.payment_id = x.payment_id),
                      (SELECT l.currency FROM statement_line AS l WHERE l.tenant_id = $1 AND l.line_id = x.line_id))
                 AS currency
      FROM w_expected AS x WHERE x.payment_id IS NOT NULL OR x.line_id IS NOT NULL) AS told
WHERE told.currency <> 'VND' AND e.subject = told.subject AND e.reason = told.reason;

-- name: resolve_what_agrees
UPDATE discrepancy AS d
SET state = 'resolved', resolved_at = now(), resolution = 'the facts agree now'
FROM (SELECT 'dossier:' || code AS case_key FROM w_dossier
      UNION ALL SELECT 'payment:' || payment_id FROM w_lone_payment
      UNION ALL SELECT 'line:' || line_id FROM w_lone_line
      UNION ALL SELECT 'batch:' || batch_id FROM w_batch) AS c
WHERE d.tenant_id = $1 AND d.case_key = c.case_key AND d.state <> 'resolved'
  AND NOT EXISTS (SELECT FROM w_expected AS e
                  WHERE e.subject = d.subject AND e.reason = d.reason)
RETURNING d.discrepancy_id, d.reason, -dong(d.amount, d.currency) AS change;

-- name: update_what_changed
-- A refund that was agreed is awaited as long as it was.
UPDATE discrepancy AS d
SET amount = e.amount, since = e.since, due = CASE WHEN old.refund_amount IS NULL THEN r.due ELSE old.due END, evidence = e.evidence, case_key = e.case_key,
    dossier_code = e.dossier_code, source_ids = e.source_ids, currency = e.currency
FROM w_expected AS e
JOIN discrepancy AS old ON old.tenant_id = $1 AND old.subject = e.subject AND old.reason = e.reason
    AND old.state <> 'resolved'
JOIN unnest($2::text[], $3::date[], $4::date[]) AS r (reason, since, due) ON r.reason = e.reason AND r.since = e.since
WHERE d.tenant_id = $1 AND d.discrepancy_id = old.discrepancy_id
  AND (old.amount, old.currency, old.since, old.evidence, old.case_key, old.source_ids)
      IS DISTINCT FROM (e.amount, e.currency, e.since, e.evidence, e.case_key, e.source_ids)
RETURNING d.discrepancy_id, dong(d.amount, d.currency) - dong(old.amount, old.currency) AS change;

-- name: reasons_and_days
SELECT DISTINCT reason, since FROM w_expected;

-- name: open_what_is_new
-- What comes back is another discrepancy, which names the former one.
INSERT INTO discrepancy (tenant_id, case_key, subject, reason, amount, since, due, dossier_code, agency_code, payment_id,
                         line_id, evidence, source_ids, currency, former)
SELECT $1, e.case_key, e.subject, e.reason, e.amount, e.since, r.due, e.dossier_code,
       coalesce(a.agency_code, split_part(e.dossier_code, '-', 1)), e.payment_id, e.line_id,
       e.evidence, e.source_ids, e.currency,
       (SELECT max(d.discrepancy_id) FROM discrepancy AS d WHERE d.tenant_id = $1 AND d.subject = e.subject
          AND d.reason = e.reason AND d.state = 'resolved' AND d.reason <> 'late')
FROM w_expected AS e
JOIN unnest($2::text[], $3::date[], $4::date[]) AS r (reason, since, due) ON r.reason = e.reason AND r.since = e.since
LEFT JOIN procedure_record AS a ON a.tenant_id = $1 AND a.dossier_code = e.dossier_code
ORDER BY e.case_key, e.subject, e.reason
ON CONFLICT (tenant_id, subject, reason) WHERE state <> 'resolved' DO NOTHING
RETURNING discrepancy_id, reason, dong(amount, currency) AS change;

-- name: log_changes
INSERT INTO discrepancy_event (tenant_id, discrepancy_id, change, left_state, said)
SELECT $1, c.id, c.change, d.state, $4 FROM unnest($2::bigint[], $3::bigint[]) AS c (id, change)
JOIN discrepancy AS d ON d.tenant_id = $1 AND d.discrepancy_id = c.id;

-- name: withdraw_what_is_moot
-- Nobody has to decide about what has come to agree.
UPDATE proposal SET state = 'withdrawn', decided_at = now(), answer = $3
WHERE tenant_id = $1 AND discrepancy_id = ANY ($2::bigint[]) AND state = 'open';

-- name: tell_changes
-- Unnumbered: the feed's numbers are given after this transaction, whose snapshot could not see the last one.
INSERT INTO news (tenant_id, kind, subject, body)
SELECT $1, $3, d.subject, json_build_object('dossier_code', d.dossier_code, 'amount', d.amount, 'currency', d.currency,
    'since', d.since, 'discrepancy', d.discrepancy_id)
FROM discrepancy AS d
WHERE d.tenant_id = $1 AND d.discrepancy_id = ANY ($2::bigint[])
ORDER BY d.discrepancy_id;
