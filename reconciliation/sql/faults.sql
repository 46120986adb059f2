-- What is wrong with a feed is a discrepancy of its account and day, live until the fault is gone.

-- name: feeds_of_closed_days
-- As the latest run of each has them.
SELECT DISTINCT ON (business_date) business_date, report -> 'feeds' AS feeds FROM run
WHERE tenant_id = $1 AND business_date BETWEEN $2 AND $3 ORDER BY business_date, sequence DESC;

-- name: resolve_faults_gone
-- Of the subjects looked at.
UPDATE discrepancy AS d SET state = 'resolved', resolved_at = now(), resolution = 'the fault is gone'
FROM unnest($2::text[]) AS looked (subject)
WHERE d.tenant_id = $1 AND d.subject = looked.subject AND d.state <> 'resolved'
  AND NOT EXISTS (SELECT FROM unnest($3::text[], $4::text[]) AS f (subject, reason)
                  WHERE f.subject = d.subject AND f.reason = d.reason)
RETURNING d.discrepancy_id, -d.amount AS change;

-- name: update_faults
UPDATE discrepancy AS d SET amount = f.amount, since = f.since, due = f.due
FROM unnest($2::text[], $3::text[], $4::bigint[], $5::date[], $6::date[]) AS f (subject, reason, amount, since, due)
JOIN discrepancy AS old ON old.tenant_id = $1 AND old.subject = f.subject AND old.reason = f.reason
    AND old.state <> 'resolved'
WHERE d.tenant_id = $1 AND d.discrepancy_id = old.discrepancy_id AND (old.amount, old.since) <> (f.amount, f.since)
RETURNING d.discrepancy_id, d.amount - old.amount AS change;

-- name: open_faults
-- A fault that comes back is another discrepancy, which names the former one; as a person has closed it, it stays so.
-- Its sources are those that are paid out to the account.
INSERT INTO discrepancy (tenant_id, case_key, subject, reason, amount, since, due, source_ids, former)
SELECT $1, f.subject, f.subject, f.reason, f.amount, f.since, f.due,
       ARRAY(SELECT s.source_id FROM account AS a
             JOIN source AS s ON s.tenant_id = $1 AND s.account_id = a.account_id
             WHERE a.tenant_id = $1 AND a.number = substring(f.subject FROM '^feed:(.*):[^:]*$') ORDER BY 1),
       (SELECT max(d.discrepancy_id) FROM discrepancy AS d WHERE d.tenant_id = $1 AND d.subject = f.subject
          AND d.reason = f.reason AND d.state = 'resolved' AND d.reason <> 'late')
FROM unnest($2::text[], $3::text[], $4::bigint[], $5::date[], $6::date[]) AS f (subject, reason, amount, since, due)
WHERE NOT EXISTS (SELECT FROM discrepancy AS d WHERE d.tenant_id = $1 AND d.subject = f.subject AND d.reason = f.reason
                    AND d.amount = f.amount AND d.resolved_by IS NOT NULL AND d.reopened_by IS NULL)
ON CONFLICT (tenant_id, subject, reason) WHERE state <> 'resolved' DO NOTHING
RETURNING discrepancy_id, amount AS change;
