-- Closed days as the desk shows them: one by one, and added up to months and quarters.

-- name: list_closed_days
-- Each with its latest run, the newest day first.
SELECT r.business_date, r.run_id, r.sequence, r.corrects, r.status, r.digest, r.closed_at,
       (r.report -> 'facts' ->> 'cases')::bigint AS cases,
       EXISTS (SELECT FROM day_to_correct AS c
               WHERE c.tenant_id = $1 AND c.business_date = r.business_date) AS touched
FROM (SELECT DISTINCT ON (business_date) * FROM run WHERE tenant_id = $1 AND business_date BETWEEN $2 AND $3
      ORDER BY business_date DESC, sequence DESC LIMIT $4) AS r
ORDER BY r.business_date DESC;

-- name: list_closed_months
SELECT DISTINCT date_trunc('month', business_date)::date AS month FROM run WHERE tenant_id = $1 ORDER BY month DESC;

-- name: list_runs_of_day
SELECT run_id, sequence, kind, corrects, status, digest, closed_at FROM run
WHERE tenant_id = $1 AND business_date = $2 ORDER BY sequence DESC;

-- name: list_run_cases
-- Of one run or of a period's, in their order; a code of '-' is that of none. The amount is the case's, or that of the
-- reason that is asked for: the dong of it where it has several currencies. Each leads to the discrepancy of the reason
-- that is asked for, else of the weightiest that is there.
SELECT c.run_id, r.business_date, c.case_key, c.verdict, c.agency_code, c.source, c.procedure_code, c.dossier_code,
       c.reasons, CASE WHEN $4::text IS NULL THEN c.amount ELSE c.amounts[array_position(c.reasons, $4)] END AS amount,
       CASE WHEN $4 IS NULL THEN c.currency ELSE c.currencies[array_position(c.reasons, $4)] END AS currency,
       coalesce(p.reference, nullif(l.document, ''), nullif(l.bank_reference, ''), nullif(l.reference, '')) AS reference,
       c.payment_id, l.statement_id, d.discrepancy_id
FROM run_case AS c
JOIN run AS r ON r.tenant_id = $1 AND r.run_id = c.run_id
LEFT JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = c.payment_id
LEFT JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = c.line_id
LEFT JOIN LATERAL (
    SELECT o.discrepancy_id FROM discrepancy AS o
    WHERE o.tenant_id = $1 AND o.case_key = c.case_key AND o.reason = ANY (c.reasons)
      AND ($5::text[] IS NULL OR o.agency_code = ANY ($5))
    ORDER BY o.reason = $4 DESC NULLS LAST, array_position(c.reasons, o.reason), o.discrepancy_id DESC LIMIT 1) AS d
    ON true
WHERE c.tenant_id = $1 AND c.run_id = ANY ($2::bigint[]) AND ($3::text IS NULL OR c.verdict = $3)
  AND ($4 IS NULL OR $4 = ANY (c.reasons)) AND ($5::text[] IS NULL OR c.agency_code = ANY ($5))
  AND ($6::text IS NULL OR coalesce(c.agency_code, '-') = $6) AND ($7::text IS NULL OR coalesce(c.source, '-') = $7)
  AND ($8::text IS NULL OR coalesce(c.procedure_code, '-') = $8) AND (c.run_id, c.case_key) > ($9::bigint, $10::text)
ORDER BY c.run_id, c.case_key LIMIT $11;

-- name: sum_run_cases
-- How many in all, and by currency what they come to; of a reason, what is at stake by it.
SELECT o.currency, count(DISTINCT (c.run_id, c.case_key)) AS count, sum(o.amount)::bigint AS amount
FROM run_case AS c
CROSS JOIN LATERAL (
    SELECT c.currency, c.amount WHERE $4::text IS NULL
    UNION ALL
    SELECT r.currency, r.amount FROM unnest(c.reasons, c.amounts, c.currencies) AS r (reason, amount, currency)
    WHERE r.reason = $4) AS o
WHERE c.tenant_id = $1 AND c.run_id = ANY ($2::bigint[]) AND ($3::text IS NULL OR c.verdict = $3)
  AND ($5::text[] IS NULL OR c.agency_code = ANY ($5))
  AND ($6::text IS NULL OR coalesce(c.agency_code, '-') = $6) AND ($7::text IS NULL OR coalesce(c.source, '-') = $7)
  AND ($8::text IS NULL OR coalesce(c.procedure_code, '-') = $8)
GROUP BY GROUPING SETS ((), (o.currency));

-- name: load_latest_reports
SELECT DISTINCT ON (business_date) report FROM run WHERE tenant_id = $1 AND business_date BETWEEN $2 AND $3
ORDER BY business_date, sequence DESC;

-- name: list_days_without_run
-- And whether they have anything to be closed. Each day is looked up by itself: EXISTS is what older servers would rather
-- hash, from all there ever was.
SELECT d.day::date AS day,
       coalesce((SELECT true FROM payment AS p WHERE p.tenant_id = $1 AND p.business_date = d.day::date LIMIT 1),
                (SELECT true FROM statement_line AS l WHERE l.tenant_id = $1 AND l.booked_on = d.day::date LIMIT 1),
                false) AS has_facts
FROM generate_series($2::date, $3::date, interval '1 day') AS d (day)
WHERE (SELECT true FROM run AS r WHERE r.tenant_id = $1 AND r.business_date = d.day::date LIMIT 1) IS NULL
ORDER BY d.day;

-- name: bridge_of_runs
-- What every run said in its turn, from the first of the period's days to the last, those of other days between included:
-- runs join without a gap in this order alone.
SELECT r.report -> 'proof' AS proof, r.report -> 'discrepancies' AS fates
FROM (SELECT min(run_id) AS first, max(run_id) AS last FROM run WHERE tenant_id = $1 AND business_date BETWEEN $2 AND $3) AS p
JOIN run AS r ON r.tenant_id = $1 AND r.run_id BETWEEN p.first AND p.last
ORDER BY r.run_id;
