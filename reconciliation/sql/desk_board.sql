-- The first page: a day as its run has it, and what is open now. Nothing here reads the payments.

-- name: read_run
SELECT run_id, report, closed_at FROM run WHERE tenant_id = $1 AND business_date = $2 ORDER BY sequence DESC LIMIT 1;

-- name: read_run_status
SELECT status FROM run WHERE tenant_id = $1 AND business_date = $2 ORDER BY sequence DESC LIMIT 1;

-- name: closed_days_around
-- The latest closed day, and whether late facts have touched this one since it was closed.
SELECT (SELECT max(business_date) FROM run WHERE tenant_id = $1) AS latest,
       EXISTS (SELECT FROM day_to_correct WHERE tenant_id = $1 AND business_date = $2) AS to_correct;

-- name: read_days
-- The latest run of each day.
SELECT DISTINCT ON (business_date) business_date AS day, status, success
FROM run WHERE tenant_id = $1 AND business_date > $2::date - $3::integer AND business_date <= $2
ORDER BY business_date, sequence DESC;

-- name: sum_open
-- Live ones by their reasons and currencies.
SELECT reason, currency, count(*) AS count, sum(amount)::bigint AS amount, min(since) AS since
FROM discrepancy
WHERE tenant_id = $1 AND state <> 'resolved' AND ($2::text[] IS NULL OR agency_code = ANY ($2))
GROUP BY reason, currency;

-- name: count_tasks
-- $4: today. What was proposed is still a person's, but waits for another.
SELECT count(*) AS count, count(*) FILTER (WHERE due < $4::date AND state <> 'proposed') AS overdue,
       count(*) FILTER (WHERE due = $4::date AND state <> 'proposed') AS today
FROM discrepancy
WHERE tenant_id = $1 AND state <> 'resolved' AND assignee = $3
  AND ($2::text[] IS NULL OR agency_code = ANY ($2));

-- name: count_approvals
-- Proposals of other people.
SELECT count(*) FROM proposal AS p
JOIN discrepancy AS d ON d.tenant_id = $1 AND d.discrepancy_id = p.discrepancy_id
WHERE p.tenant_id = $1 AND p.state = 'open' AND p.proposed_by <> $3
  AND ($2::text[] IS NULL OR d.agency_code = ANY ($2));

-- name: find_oldest_open
SELECT d.discrepancy_id, d.reason, d.amount, d.currency, d.since, d.due, d.dossier_code, d.assignee, r.agency_name
FROM discrepancy AS d
LEFT JOIN procedure_record AS r ON r.tenant_id = $1 AND r.dossier_code = d.dossier_code
WHERE d.tenant_id = $1 AND d.state <> 'resolved' AND ($2::text[] IS NULL OR d.agency_code = ANY ($2))
ORDER BY d.since, d.discrepancy_id LIMIT 1;
