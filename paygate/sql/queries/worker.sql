-- name: bound_batch
-- The lease of a batch is its transaction. A worker that stands still, or a statement that does not end, is cut off by
-- the server after these times, and the rows are free again by themselves.
SELECT set_config('statement_timeout', $1, true), set_config('idle_in_transaction_session_timeout', $2, true);

-- name: list_tenants
SELECT tenant_id FROM tenant ORDER BY tenant_id;

-- name: claim_notices
-- What comes before $3, $4 was seen in this sweep already; starting behind it spares a walk over the rows just settled.
SELECT notice_id, source_id, method, attempts, next_attempt_at, received_at, conflicting, reference, transaction_id, said_state,
    outcome, amount, currency, occurred_at, dossier_code, description
FROM notice
WHERE tenant_id = $1 AND state IN ('received', 'retrying') AND next_attempt_at <= now()
    AND (next_attempt_at, notice_id) > ($3::timestamptz, $4::bigint)
ORDER BY next_attempt_at, notice_id
LIMIT $2
FOR UPDATE SKIP LOCKED;

-- name: is_anything_left
-- In one snapshot: a batch that another worker ends between two looks leaves what its notices ask of booked money.
SELECT EXISTS (SELECT FROM notice
               WHERE tenant_id = $1 AND state IN ('received', 'retrying') AND next_attempt_at <= now())
    OR EXISTS (SELECT FROM unweighed WHERE tenant_id = $1);

-- name: wait_for_claimed
-- Without skipping: it ends as the other workers' batches end. They wait for no notice, and so not for us.
SELECT FROM notice
WHERE tenant_id = $1 AND state IN ('received', 'retrying') AND next_attempt_at <= now()
ORDER BY next_attempt_at, notice_id
FOR SHARE;

-- name: settle_notices
-- Here and below, the claim has seen the state and holds the row. The numbers of a batch lie close together; saying
-- between which two keeps a planner without statistics from reading all of a tenant's notices.
UPDATE notice SET state = 'applied', reason = NULL, waits_for = NULL
WHERE tenant_id = $1 AND notice_id = ANY($2::bigint[]) AND notice_id BETWEEN $3 AND $4;

-- name: hold_notices
-- Parked, or settled for now: a record or request with one of these keys will tell more.
UPDATE notice SET state = $2::text::notice_state, reason = $3, waits_for = held.keys::text[]
FROM unnest($4::bigint[], $5::text[]) AS held (notice_id, keys)
WHERE notice.tenant_id = $1 AND notice.notice_id = held.notice_id AND notice.notice_id = ANY($4::bigint[])
    AND notice.notice_id BETWEEN $6 AND $7;

-- name: note_news
-- When a source was last heard of. Its row is never waited for, so that workers do not queue for it.
UPDATE source SET last_notice_at = heard.at
FROM unnest($2::integer[], $3::timestamptz[]) AS heard (source_id, at)
WHERE source.tenant_id = $1 AND source.source_id = heard.source_id
    AND heard.at > coalesce(source.last_notice_at, '-infinity') AND source.source_id IN (
    SELECT source_id FROM source AS idle
    WHERE idle.tenant_id = $1 AND idle.source_id = ANY($2)
    FOR NO KEY UPDATE SKIP LOCKED
);

-- name: wake_parked
-- A later notice told the dossier that an earlier one of the same payment could not.
UPDATE notice SET state = 'retrying', reason = NULL, waits_for = NULL, next_attempt_at = clock_timestamp()
WHERE tenant_id = $1 AND state = 'parked' AND waits_for && $2::text[];

-- name: set_aside
-- The database's clock alone decides when a notice is due, so that a server whose clock is wrong cannot hold it back.
UPDATE notice SET state = $3::text::notice_state, reason = $4, attempts = $5,
    next_attempt_at = clock_timestamp() + make_interval(secs => $6)
WHERE tenant_id = $1 AND notice_id = $2;

-- name: list_unweighed_tenants
SELECT tenant_id FROM tenant AS t WHERE EXISTS (SELECT FROM unweighed AS u WHERE u.tenant_id = t.tenant_id)
ORDER BY tenant_id;

-- name: list_dirty_tenants
SELECT tenant_id FROM tenant AS t WHERE EXISTS (SELECT FROM dirty AS d WHERE d.tenant_id = t.tenant_id);
