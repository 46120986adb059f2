-- name: store_endpoint
-- A new endpoint is told what happens from now on; what was before is fetched from the feed.
INSERT INTO endpoint (tenant_id, name, sequence)
SELECT $1, $2, coalesce((SELECT sequence FROM feed_head WHERE tenant_id = $1), 0)
ON CONFLICT (tenant_id, name) DO NOTHING;

-- name: take_turn
-- Writes only where there is something to send. The database's clock alone decides what is due and whose lease is over.
UPDATE endpoint SET lease = lease + 1, leased_until = clock_timestamp() + make_interval(secs => $4)
WHERE tenant_id = $1 AND name = $2 AND paused IS NULL AND leased_until <= clock_timestamp()
    AND (sequence < $3 AND next_attempt_at <= clock_timestamp()
        OR EXISTS (
            SELECT FROM dead_letter WHERE dead_letter.tenant_id = $1 AND dead_letter.endpoint = $2
                AND dead_letter.state = 'due' AND dead_letter.next_attempt_at <= clock_timestamp()))
RETURNING lease;

-- name: next_replay
SELECT event.sequence, event.event_id, event.kind, event.recorded_at, event.body::text AS body, letter.attempts
FROM dead_letter AS letter
JOIN endpoint ON endpoint.tenant_id = letter.tenant_id AND endpoint.name = letter.endpoint
JOIN event ON event.tenant_id = letter.tenant_id AND event.sequence = letter.sequence
WHERE letter.tenant_id = $1 AND letter.endpoint = $2 AND letter.state = 'due'
    AND letter.next_attempt_at <= clock_timestamp() AND endpoint.lease = $3 AND endpoint.paused IS NULL
ORDER BY letter.next_attempt_at, letter.sequence
LIMIT 1;

-- name: next_event
SELECT event.sequence, event.event_id, event.kind, event.recorded_at, event.body::text AS body, endpoint.attempts
FROM endpoint JOIN event ON event.tenant_id = endpoint.tenant_id AND event.sequence > endpoint.sequence
WHERE endpoint.tenant_id = $1 AND endpoint.name = $2 AND endpoint.lease = $3 AND endpoint.paused IS NULL
    AND endpoint.next_attempt_at <= clock_timestamp() AND event.sequence <= $4 AND event.kind = ANY ($5::text[])
ORDER BY event.sequence
LIMIT 1;

-- name: pass_over
-- What is of no interest to an endpoint is done with at once.
UPDATE endpoint SET sequence = $4
WHERE tenant_id = $1 AND name = $2 AND lease = $3 AND sequence < $4
    AND NOT EXISTS (
        SELECT FROM event WHERE event.tenant_id = $1 AND event.sequence > endpoint.sequence AND event.sequence <= $4
            AND event.kind = ANY ($5::text[]));

-- name: end_turn
UPDATE endpoint SET leased_until = '-infinity' WHERE tenant_id = $1 AND name = $2 AND lease = $3;

-- name: mark_delivered
-- Here and below: who has lost the lease changes nothing.
UPDATE endpoint SET sequence = $4, attempts = 0, reason = NULL, next_attempt_at = clock_timestamp(),
    leased_until = clock_timestamp() + make_interval(secs => $5)
WHERE tenant_id = $1 AND name = $2 AND lease = $3
RETURNING lease;

-- name: postpone
UPDATE endpoint SET attempts = $4, reason = $5, next_attempt_at = clock_timestamp() + make_interval(secs => $6),
    leased_until = clock_timestamp() + make_interval(secs => $7)
WHERE tenant_id = $1 AND name = $2 AND lease = $3
RETURNING lease;

-- name: bury
-- The endpoint goes on with the next event in the same act.
WITH freed AS (
    UPDATE endpoint SET sequence = $4, attempts = 0, reason = $5, next_attempt_at = clock_timestamp(),
        leased_until = clock_timestamp() + make_interval(secs => $7)
    WHERE tenant_id = $1 AND name = $2 AND lease = $3
    RETURNING lease)
INSERT INTO dead_letter (tenant_id, endpoint, sequence, attempts, reason) SELECT $1, $2, $4, $6, $5 FROM freed
RETURNING sequence;

-- name: pause_endpoint
UPDATE endpoint SET paused = $4, reason = $4 WHERE tenant_id = $1 AND name = $2 AND lease = $3 RETURNING lease;

-- name: settle_replay
WITH held AS (
    UPDATE endpoint SET leased_until = clock_timestamp() + make_interval(secs => $9)
    WHERE tenant_id = $1 AND name = $2 AND lease = $3
    RETURNING lease)
UPDATE dead_letter SET state = $5::text::letter_state, attempts = $6, reason = $7, changed_at = clock_timestamp(),
    next_attempt_at = clock_timestamp() + make_interval(secs => $8)
FROM held
WHERE dead_letter.tenant_id = $1 AND dead_letter.endpoint = $2 AND dead_letter.sequence = $4
RETURNING dead_letter.sequence;

-- name: list_endpoints
-- How far each has been told, and what it waits for.
SELECT endpoint.name, endpoint.sequence, coalesce(head.sequence, 0) - endpoint.sequence AS behind, endpoint.attempts,
    endpoint.next_attempt_at, endpoint.paused, endpoint.reason,
    (SELECT count(*) FROM dead_letter WHERE dead_letter.tenant_id = $1 AND dead_letter.endpoint = endpoint.name
        AND dead_letter.state = 'dead') AS dead
FROM endpoint LEFT JOIN feed_head AS head ON head.tenant_id = endpoint.tenant_id
WHERE endpoint.tenant_id = $1
ORDER BY endpoint.name;

-- name: list_letters
SELECT letter.endpoint, letter.sequence, event.kind, event.subject, letter.state, letter.attempts, letter.reason,
    letter.changed_at
FROM dead_letter AS letter
JOIN event ON event.tenant_id = letter.tenant_id AND event.sequence = letter.sequence
WHERE letter.tenant_id = $1 AND letter.endpoint = $2 AND letter.sequence > $3
ORDER BY letter.sequence
LIMIT $4;

-- name: show_event
SELECT sequence, event_id, kind, recorded_at, body::text AS body FROM event WHERE tenant_id = $1 AND sequence = $2;

-- name: standing_of_event
SELECT endpoint.name AS endpoint,
    coalesce(letter.state::text, CASE WHEN endpoint.sequence >= $2 THEN 'done' ELSE 'waiting' END) AS state,
    letter.attempts, letter.reason, letter.changed_at
FROM endpoint
LEFT JOIN dead_letter AS letter ON letter.tenant_id = endpoint.tenant_id AND letter.endpoint = endpoint.name
    AND letter.sequence = $2
WHERE endpoint.tenant_id = $1
ORDER BY endpoint.name;

-- name: select_letters
SELECT endpoint, sequence FROM dead_letter
WHERE tenant_id = $1 AND state = 'dead' AND ($2::text IS NULL OR endpoint = $2)
    AND ($3::bigint[] IS NULL OR sequence = ANY ($3))
ORDER BY endpoint, sequence
LIMIT $4
FOR UPDATE;

-- name: raise_letters
-- In the order of the feed, as far as replays have one.
UPDATE dead_letter SET state = 'due', attempts = 0, changed_at = clock_timestamp(), next_attempt_at = clock_timestamp()
FROM unnest($2::text[], $3::bigint[]) AS raised (endpoint, sequence)
WHERE dead_letter.tenant_id = $1 AND dead_letter.endpoint = raised.endpoint AND dead_letter.sequence = raised.sequence;

-- name: resume_endpoint
UPDATE endpoint SET paused = NULL, reason = NULL, attempts = 0, next_attempt_at = clock_timestamp()
WHERE tenant_id = $1 AND name = $2 AND paused IS NOT NULL
RETURNING name;

-- name: is_there_endpoint
SELECT EXISTS (SELECT FROM endpoint WHERE tenant_id = $1 AND name = $2);
