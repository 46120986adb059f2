-- name: tell_payments
-- What is told is the payment as it stands in this transaction. LATERAL with OFFSET 0 reads by key whatever the planner
-- believes. Money must have come: all else is no news to a one-stop system.
INSERT INTO news (tenant_id, kind, subject, body)
SELECT $1, 'payment.' || payment.state, 'payment:' || told.payment_id, json_build_object(
    'reference', payment.reference, 'dossier_code', payment.dossier_code, 'transaction_id', payment.transaction_id,
    'amount', payment.amount, 'currency', payment.currency, 'status', payment.state,
    'paid_at', payment.occurred_at, 'source', source.code)
FROM unnest($2::bigint[]) WITH ORDINALITY AS told (payment_id, place)
CROSS JOIN LATERAL (
    SELECT source_id, reference, transaction_id, dossier_code, amount, currency, state, occurred_at FROM payment
    WHERE tenant_id = $1 AND payment_id = told.payment_id AND state >= 'paid' OFFSET 0
) AS payment
JOIN source ON source.tenant_id = $1 AND source.source_id = payment.source_id
ORDER BY told.place;

-- name: is_there_news
SELECT EXISTS (SELECT FROM news WHERE tenant_id = $1);

-- name: begin_feed
INSERT INTO feed_head (tenant_id, sequence) VALUES ($1, 0) ON CONFLICT (tenant_id) DO NOTHING;

-- name: take_head
-- A statement of its own: the next one must see what whoever held the row before has committed.
SELECT sequence FROM feed_head WHERE tenant_id = $1 FOR UPDATE;

-- name: number_news
-- News of one payment is numbered as it was written, for its writers have waited for one another.
WITH taken AS (
    DELETE FROM news
    WHERE tenant_id = $1 AND news_id IN (SELECT news_id FROM news WHERE tenant_id = $1 ORDER BY news_id LIMIT $3)
    RETURNING news_id, kind, subject, body, recorded_at),
numbered AS (
    INSERT INTO event (tenant_id, sequence, kind, subject, body, recorded_at)
    SELECT $1, $2::bigint + row_number() OVER (ORDER BY news_id), kind, subject, body, recorded_at FROM taken
    RETURNING sequence)
UPDATE feed_head SET sequence = sequence + (SELECT count(*) FROM numbered) WHERE tenant_id = $1
RETURNING sequence;

-- name: read_head
SELECT sequence FROM feed_head WHERE tenant_id = $1;

-- name: read_trimmed
SELECT trimmed_to FROM feed_head WHERE tenant_id = $1;

-- name: read_events
SELECT sequence, event_id, kind, recorded_at, body::text AS body FROM event
WHERE tenant_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3;
