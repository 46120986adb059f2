-- Whom to ask about what, and what came of it. An answer is stored in the transaction that checks its fence.

-- name: enrol_payments
-- Every payment without a result, unless money of its reference came or it is watched over already. A new attempt under
-- a settled reference, or after the old one was given up, opens the inquiry again.
INSERT INTO inquiry (tenant_id, source_id, reference, begun_at, expires_at, next_ask_at)
SELECT $1, $2, p.reference, p.begun_at,
    greatest(p.begun_at + make_interval(hours => $3), clock_timestamp() + make_interval(secs => $5)),
    greatest(p.begun_at + make_interval(secs => $4), clock_timestamp())
FROM (SELECT reference, min(least(r.requested_at, p.occurred_at)) AS begun_at, max(p.occurred_at) AS latest
      FROM payment AS p LEFT JOIN payment_request AS r USING (tenant_id, source_id, reference)
      WHERE p.tenant_id = $1 AND p.source_id = $2 AND p.state IN ('initiated', 'pending')
        AND NOT EXISTS (SELECT FROM payment AS o WHERE o.tenant_id = $1 AND o.source_id = $2
            AND o.reference = p.reference
            AND (o.state >= 'paid' OR (p.transaction_id = '' AND o.state > 'pending')))
      GROUP BY reference) AS p
WHERE NOT EXISTS (SELECT FROM inquiry AS i WHERE i.tenant_id = $1 AND i.source_id = $2 AND i.reference = p.reference
                    AND (i.state = 'open' OR (i.state = 'expired' AND p.latest <= i.expires_at)))
ON CONFLICT (tenant_id, source_id, reference) DO UPDATE SET state = 'open', expired_on = NULL, attempts = 0,
    expires_at = EXCLUDED.expires_at, next_ask_at = EXCLUDED.next_ask_at;

-- name: enrol_requests
WITH taken AS (
    UPDATE payment_request SET enrolled = true
    WHERE tenant_id = $1 AND source_id = $2 AND NOT enrolled
    RETURNING reference, requested_at)
INSERT INTO inquiry (tenant_id, source_id, reference, begun_at, expires_at, next_ask_at)
SELECT $1, $2, reference, requested_at,
    greatest(requested_at + make_interval(hours => $3), clock_timestamp() + make_interval(secs => $5)),
    greatest(requested_at + make_interval(secs => $4), clock_timestamp())
FROM taken
WHERE NOT EXISTS (SELECT FROM payment AS p
                  WHERE p.tenant_id = $1 AND p.source_id = $2 AND p.reference = taken.reference)
ON CONFLICT (tenant_id, source_id, reference) DO NOTHING;

-- name: settle_inquiries
-- What notices have answered meanwhile. Only what is due is looked at.
UPDATE inquiry AS i SET state = 'settled', next_ask_at = NULL, last_outcome = 'settled'
WHERE i.tenant_id = $1 AND i.source_id = $2 AND i.state = 'open' AND i.next_ask_at <= clock_timestamp()
  AND EXISTS (SELECT FROM payment AS p WHERE p.tenant_id = $1 AND p.source_id = $2 AND p.reference = i.reference)
  AND NOT EXISTS (
    SELECT FROM payment AS p
    WHERE p.tenant_id = $1 AND p.source_id = $2 AND p.reference = i.reference AND p.state IN ('initiated', 'pending')
      AND NOT EXISTS (SELECT FROM payment AS o WHERE o.tenant_id = $1 AND o.source_id = $2
          AND o.reference = p.reference
          AND (o.state >= 'paid' OR (p.transaction_id = '' AND o.state > 'pending'))));

-- name: hold_pace
-- Whoever holds the row hands out this source's questions; another finds it locked and comes again.
INSERT INTO inquiry_pace (tenant_id, source_id) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: lock_pace
SELECT free_at, failures, rests_until, swept_to, clock_timestamp() AS now FROM inquiry_pace
WHERE tenant_id = $1 AND source_id = $2 FOR UPDATE;

-- name: store_pace
UPDATE inquiry_pace SET free_at = $3, rests_until = $4 WHERE tenant_id = $1 AND source_id = $2;

-- name: count_due
SELECT count(*) FROM (
    SELECT FROM inquiry
    WHERE tenant_id = $1 AND source_id = $2 AND next_ask_at <= clock_timestamp()
      AND (leased_until IS NULL OR leased_until <= clock_timestamp())
    LIMIT $3) AS due;

-- name: lease_inquiries
-- The lease outlives a question by far; whoever takes over a lease that ran out raises the fence. Materialized: a LIMIT
-- that a join may run again for each of its rows is none.
WITH due AS MATERIALIZED (
    SELECT reference FROM inquiry
    WHERE tenant_id = $1 AND source_id = $2 AND next_ask_at <= clock_timestamp()
      AND (leased_until IS NULL OR leased_until <= clock_timestamp())
    ORDER BY next_ask_at, reference LIMIT $3 FOR UPDATE SKIP LOCKED)
UPDATE inquiry AS i SET fence = i.fence + 1, leased_until = clock_timestamp() + make_interval(secs => $4)
FROM due
WHERE i.tenant_id = $1 AND i.source_id = $2 AND i.reference = due.reference
RETURNING i.reference, i.begun_at, i.fence;

-- name: hold_fence
-- The row of a question that was put, if it is still ours; and what is known of the payment.
SELECT i.state, i.attempts, i.expires_at, i.expired_on, clock_timestamp() AS now,
    (SELECT r.amount FROM payment_request AS r
     WHERE r.tenant_id = $1 AND r.source_id = $2 AND r.reference = $3) AS requested,
    (SELECT array_agg(DISTINCT p.amount) FROM payment AS p
     WHERE p.tenant_id = $1 AND p.source_id = $2 AND p.reference = $3 AND p.state < 'paid') AS amounts,
    (SELECT array_agg(p.transaction_id) FROM payment AS p
     WHERE p.tenant_id = $1 AND p.source_id = $2 AND p.reference = $3 AND p.state <= 'pending') AS transactions
FROM inquiry AS i
WHERE i.tenant_id = $1 AND i.source_id = $2 AND i.reference = $3 AND i.fence = $4
FOR UPDATE;

-- name: store_outcome
UPDATE inquiry SET state = $4::text::inquiry_state, attempts = $5, next_ask_at = $6, last_outcome = $7, expired_on = $8,
    leased_until = NULL
WHERE tenant_id = $1 AND source_id = $2 AND reference = $3;

-- name: note_success
UPDATE inquiry_pace SET failures = 0, rests_until = NULL WHERE tenant_id = $1 AND source_id = $2 AND failures > 0
RETURNING failures;

-- name: note_failure
UPDATE inquiry_pace SET failures = failures + 1 WHERE tenant_id = $1 AND source_id = $2 RETURNING failures;

-- name: let_rest
UPDATE inquiry_pace SET rests_until = clock_timestamp() + make_interval(secs => $3)
WHERE tenant_id = $1 AND source_id = $2;

-- name: give_up_unasked
-- What could not be asked at its expiry, because the source rests or does not keep up, is given up by name as well.
UPDATE inquiry SET state = 'expired', next_ask_at = NULL, expired_on = $4
WHERE tenant_id = $1 AND source_id = $2 AND state = 'open'
  AND expires_at + make_interval(secs => $3) <= clock_timestamp()
  AND (leased_until IS NULL OR leased_until <= clock_timestamp())
RETURNING reference;

-- name: mark_unconfirmed
-- The matcher is to judge the payments of a reference that was given up.
INSERT INTO dirty (tenant_id, kind, fact_ids)
SELECT $1, 'payment', array_agg(payment_id) FROM payment
WHERE tenant_id = $1 AND source_id = $2 AND reference = ANY($3::text[]) AND state IN ('initiated', 'pending')
HAVING count(*) > 0;

-- name: sweep_day
-- Once more, whatever of that day brought no money. What is closed stays closed, and is asked all the same.
INSERT INTO inquiry (tenant_id, source_id, reference, state, begun_at, expires_at, next_ask_at)
SELECT $1, $2, reference, 'settled', min(begun_at), clock_timestamp(), clock_timestamp()
FROM (SELECT reference, occurred_at AS begun_at FROM payment
      WHERE tenant_id = $1 AND source_id = $2 AND business_date = $3 AND state < 'paid'
      UNION ALL
      SELECT reference, requested_at FROM payment_request
      WHERE tenant_id = $1 AND source_id = $2 AND requested_at >= $4 AND requested_at < $5) AS unpaid
WHERE NOT EXISTS (SELECT FROM payment AS p WHERE p.tenant_id = $1 AND p.source_id = $2
                    AND p.reference = unpaid.reference AND p.state >= 'paid')
GROUP BY reference
ON CONFLICT (tenant_id, source_id, reference) DO UPDATE SET
    attempts = CASE WHEN inquiry.state = 'open' THEN inquiry.attempts ELSE 0 END, next_ask_at = clock_timestamp();

-- name: note_sweep
UPDATE inquiry_pace SET swept_to = $3 WHERE tenant_id = $1 AND source_id = $2;
