-- What a stored run is held against.

-- name: find_run
-- A run's number is its own in all tenants.
SELECT r.tenant_id, r.run_id, r.business_date, r.sequence, r.kind, r.corrects, r.rule_set, r.status, r.report, r.digest,
       t.code AS tenant,
       (SELECT max(l.run_id) FROM run AS l WHERE l.tenant_id = r.tenant_id AND l.business_date = r.business_date
          AND l.sequence > r.sequence) AS superseded_by,
       (SELECT (b.report -> 'proof' ->> 'closing')::bigint FROM run AS b
        WHERE b.tenant_id = r.tenant_id AND b.run_id < r.run_id ORDER BY b.run_id DESC LIMIT 1) AS closing_before
FROM run AS r JOIN tenant AS t ON t.tenant_id = r.tenant_id WHERE r.run_id = $1;

-- name: does_anything_wait
-- Facts that no turn of the matcher has seen, or the day's that no close has.
SELECT EXISTS (SELECT FROM dirty WHERE tenant_id = $1)
    OR EXISTS (SELECT FROM day_to_correct WHERE tenant_id = $1 AND business_date = $2);

-- name: sum_listed_cases
-- What the cases kept with a run come to in dong, by class and by reason.
SELECT 'classes' AS section, verdict AS name, count(*) AS count, sum(dong(amount, currency))::bigint AS amount
FROM run_case WHERE tenant_id = $1 AND run_id = $2 AND verdict <> 'matched' GROUP BY verdict
UNION ALL
SELECT 'reasons', r.reason, count(DISTINCT c.case_key), sum(dong(r.amount, r.currency))::bigint
FROM run_case AS c CROSS JOIN LATERAL unnest(c.reasons, c.amounts, c.currencies) AS r (reason, amount, currency)
WHERE c.tenant_id = $1 AND c.run_id = $2 GROUP BY r.reason;
