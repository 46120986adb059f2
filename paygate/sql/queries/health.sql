-- name: answer
-- Whether the database answers, and how far its schema has come.
SELECT max(number) AS migration FROM schema_migration;

-- name: notices_waiting
-- Three parts, so that each reads one small partial index however many notices were applied.
SELECT state, count(*) AS waiting, extract(epoch FROM $1::timestamptz - min(received_at))::float8 AS oldest_seconds
FROM notice WHERE state IN ('received', 'retrying') GROUP BY state
UNION ALL
SELECT state, count(*), extract(epoch FROM $1::timestamptz - min(received_at))::float8
FROM notice WHERE state = 'parked' GROUP BY state
UNION ALL
SELECT state, count(*), extract(epoch FROM $1::timestamptz - min(received_at))::float8
FROM notice WHERE state IN ('quarantined', 'dead') GROUP BY state;

-- name: success
-- By the payment's own business day: a late success corrects the window it belongs to.
SELECT tenant.code AS tenant, source.code AS source,
       count(*) FILTER (WHERE payment.business_date >= local.today)                            AS day_attempts,
       count(*) FILTER (WHERE payment.business_date >= local.today AND payment.outcome = 'paid') AS day_paid,
       count(*) FILTER (WHERE payment.business_date > local.today - 7)                         AS week_attempts,
       count(*) FILTER (WHERE payment.business_date > local.today - 7 AND payment.outcome = 'paid') AS week_paid,
       count(*)                                                                                AS month_attempts,
       count(*) FILTER (WHERE payment.outcome = 'paid')                                        AS month_paid
FROM tenant
CROSS JOIN LATERAL (SELECT ($1::timestamptz AT TIME ZONE tenant.timezone)::date AS today) AS local
JOIN payment ON payment.tenant_id = tenant.tenant_id AND payment.business_date > local.today - 30
JOIN source ON source.tenant_id = payment.tenant_id AND source.source_id = payment.source_id
GROUP BY tenant.code, source.code;

-- name: discrepancies_live
SELECT tenant.code AS tenant, discrepancy.reason, count(*) AS live, sum(dong(discrepancy.amount, discrepancy.currency))::bigint AS amount
FROM tenant JOIN discrepancy USING (tenant_id)
WHERE discrepancy.state <> 'resolved'
GROUP BY tenant.code, discrepancy.reason;
