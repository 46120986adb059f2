-- name: bound_batch
-- The lease of a batch is its transaction. A worker that stands still, or a statement that does not end, is cut off by
-- the server after these times, and the rows are free again by themselves. Plans are made afresh, for the tables may
-- have grown a thousandfold since the last one and the first batch of a day must not decide for all.
SELECT set_config('statement_timeout', $1, true), set_config('idle_in_transaction_session_timeout', $2, true),
    set_config('plan_cache_mode', 'force_custom_plan', true);

-- name: list_tenants
SELECT tenant_id FROM tenant ORDER BY tenant_id;

-- name: claim_notices
-- What comes before $3, $4 was seen in this sweep already; starting behind it spares a walk over the rows just settled.
SELECT notice_id, source_id, attempts, next_attempt_at, received_at, conflicting, reference, transaction_id, said_state,
    outcome, amount, currency, occurred_at, dossier_code, description
FROM notice
WHERE tenant_id = $1 AND state IN ('received', 'retrying') AND next_attempt_at <= now()
    AND (next_attempt_at, notice_id) > ($3::timestamptz, $4::bigint)
ORDER BY next_attempt_at, notice_id
LIMIT $2
FOR UPDATE SKIP LOCKED;

-- name: settle_notices
UPDATE notice SET state = 'applied', reason = NULL, waits_for = NULL
WHERE tenant_id = $1 AND notice_id = ANY($2::bigint[]) AND state IN ('received', 'retrying');

-- name: hold_notices
-- Parked, or settled for now: a record or request with one of these keys will tell more.
UPDATE notice SET state = $2::text::notice_state, reason = $3, waits_for = held.keys
FROM (
    SELECT one.notice_id, array_agg(one.key) AS keys
    FROM unnest($4::bigint[], $5::text[]) AS one (notice_id, key) GROUP BY one.notice_id
) AS held
WHERE notice.tenant_id = $1 AND notice.notice_id = held.notice_id AND notice.state IN ('received', 'retrying');

-- name: set_aside
-- The database's clock alone decides when a notice is due, so that a server whose clock is wrong cannot hold it back.
UPDATE notice SET state = $3::text::notice_state, reason = $4, attempts = $5,
    next_attempt_at = clock_timestamp() + make_interval(secs => $6)
WHERE tenant_id = $1 AND notice_id = $2;
