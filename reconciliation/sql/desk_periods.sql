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

-- name: load_latest_reports
SELECT DISTINCT ON (business_date) report FROM run WHERE tenant_id = $1 AND business_date BETWEEN $2 AND $3
ORDER BY business_date, sequence DESC;

-- name: list_days_without_run
-- And whether they have anything to be closed.
SELECT d.day::date AS day,
       EXISTS (SELECT FROM payment AS p WHERE p.tenant_id = $1 AND p.business_date = d.day::date)
       OR EXISTS (SELECT FROM statement_line AS l WHERE l.tenant_id = $1 AND l.booked_on = d.day::date) AS has_facts
FROM generate_series($2::date, $3::date, interval '1 day') AS d (day)
WHERE NOT EXISTS (SELECT FROM run AS r WHERE r.tenant_id = $1 AND r.business_date = d.day::date)
ORDER BY d.day;

-- name: bridge_of_runs
-- What every run said in its turn, from the first of the period's days to the last, those of other days between included:
-- runs join without a gap in this order alone.
SELECT r.report -> 'proof' AS proof, r.report -> 'discrepancies' AS fates
FROM (SELECT min(run_id) AS first, max(run_id) AS last FROM run WHERE tenant_id = $1 AND business_date BETWEEN $2 AND $3) AS p
JOIN run AS r ON r.tenant_id = $1 AND r.run_id BETWEEN p.first AND p.last
ORDER BY r.run_id;
