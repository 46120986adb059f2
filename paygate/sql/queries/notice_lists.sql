-- The inbox as pages show it: state by state, in the order of its index, a page at a time.

-- name: count_states
-- Counts stop at $2: a page that says how many wait must not read them all.
SELECT 'parked' AS state, (SELECT count(*) FROM (SELECT FROM notice
    WHERE tenant_id = $1 AND state = 'parked' LIMIT $2) AS few) AS count
UNION ALL SELECT 'quarantined', (SELECT count(*) FROM (SELECT FROM notice
    WHERE tenant_id = $1 AND state = 'quarantined' LIMIT $2) AS few)
UNION ALL SELECT 'dead', (SELECT count(*) FROM (SELECT FROM notice
    WHERE tenant_id = $1 AND state = 'dead' LIMIT $2) AS few)
UNION ALL SELECT 'retrying', (SELECT count(*) FROM (SELECT FROM notice
    WHERE tenant_id = $1 AND state IN ('received', 'retrying') LIMIT $2) AS few);

-- name: count_waiting_reasons
-- Here and below the states stand twice, so that the index which holds these alone is used whatever $2 is.
SELECT reason, count(*) AS count FROM (
    SELECT coalesce(reason, '') AS reason FROM notice
    WHERE tenant_id = $1 AND state = $2::text::notice_state AND state IN ('parked', 'quarantined', 'dead')
        AND ($3::integer IS NULL OR source_id = $3)
    LIMIT $4
) AS few GROUP BY reason ORDER BY count DESC, reason LIMIT $5;

-- name: count_due_reasons
SELECT reason, count(*) AS count FROM (
    SELECT coalesce(reason, '') AS reason FROM notice
    WHERE tenant_id = $1 AND state IN ('received', 'retrying') AND ($2::integer IS NULL OR source_id = $2)
    LIMIT $3
) AS few GROUP BY reason ORDER BY count DESC, reason LIMIT $4;

-- name: list_waiting
-- The oldest first: it has waited longest.
SELECT notice_id, source_id, state, reason, attempts, next_attempt_at, received_at, reference, amount, currency,
    method, alarm, conflicting
FROM notice
WHERE tenant_id = $1 AND state = $2::text::notice_state AND state IN ('parked', 'quarantined', 'dead')
    AND notice_id > $3 AND ($4::integer IS NULL OR source_id = $4) AND ($5::text IS NULL OR coalesce(reason, '') = $5)
ORDER BY notice_id
LIMIT $6;

-- name: list_due
-- What is to be tried next stands first.
SELECT notice_id, source_id, state, reason, attempts, next_attempt_at, received_at, reference, amount, currency,
    method, alarm, conflicting
FROM notice
WHERE tenant_id = $1 AND state IN ('received', 'retrying') AND (next_attempt_at, notice_id) > ($2::timestamptz, $3)
    AND ($4::integer IS NULL OR source_id = $4) AND ($5::text IS NULL OR coalesce(reason, '') = $5)
ORDER BY next_attempt_at, notice_id
LIMIT $6;

-- name: list_applied
-- The newest first. Of the settled millions so many are looked at for one page, by number; `last` is how far.
WITH looked AS MATERIALIZED (
    SELECT notice_id, source_id, state, reason, attempts, next_attempt_at, received_at, reference, amount, currency,
        method, alarm, conflicting
    FROM notice WHERE tenant_id = $1 AND notice_id < $2 ORDER BY notice_id DESC LIMIT $5
)
SELECT looked.*, edge.last, edge.seen FROM (SELECT min(notice_id) AS last, count(*) AS seen FROM looked) AS edge
LEFT JOIN (SELECT * FROM looked WHERE state = 'applied' AND ($3::integer IS NULL OR source_id = $3)
           ORDER BY notice_id DESC LIMIT $4) AS looked ON true
ORDER BY looked.notice_id DESC;

-- name: replays_of_notice
SELECT state, reason, person, replayed_at FROM notice_replay WHERE tenant_id = $1 AND notice_id = $2 ORDER BY replay_id;

-- name: payment_of_notice
-- What it led to. An event is kept for as long as its tenant's retention says.
SELECT p.payment_id, p.reference, p.transaction_id, p.state, p.amount, p.currency, p.dossier_code, p.business_date,
    e.said_state, e.left_state, e.recorded_at
FROM payment_event AS e JOIN payment AS p ON p.tenant_id = e.tenant_id AND p.payment_id = e.payment_id
WHERE e.tenant_id = $1 AND e.notice_id = $2 AND e.received_at = $3;
