-- name: list_notices
SELECT notice.notice_id, source.code AS source, notice.state, notice.reason, notice.attempts, notice.next_attempt_at,
    notice.received_at, notice.reference, notice.transaction_id, notice.said_state, notice.amount, notice.currency,
    notice.waits_for, notice.alarm, notice.conflicting
FROM notice JOIN source ON source.tenant_id = notice.tenant_id AND source.source_id = notice.source_id
WHERE notice.tenant_id = $1 AND notice.state = $2::text::notice_state AND notice.notice_id > $3
ORDER BY notice.notice_id
LIMIT $4;

-- name: count_notices
-- What waits or failed, and why; the settled millions are not counted.
SELECT state, coalesce(reason, '') AS reason, count(*) AS count, min(received_at) AS oldest
FROM notice
WHERE tenant_id = $1 AND state IN ('received', 'parked', 'retrying', 'quarantined', 'dead')
GROUP BY state, reason
ORDER BY state, count DESC, reason;

-- name: show_notice
SELECT notice.notice_id, source.code AS source, notice.state, notice.reason, notice.attempts, notice.next_attempt_at,
    notice.received_at, notice.request_id, notice.key_id, notice.conflicting, notice.method, notice.headers,
    notice.body,
    notice.waits_for, notice.reference, notice.transaction_id, notice.said_state, notice.outcome, notice.amount,
    notice.currency, notice.occurred_at, notice.dossier_code, notice.description, notice.alarm
FROM notice JOIN source ON source.tenant_id = notice.tenant_id AND source.source_id = notice.source_id
WHERE notice.tenant_id = $1 AND notice.notice_id = $2;

-- name: select_notices
-- Locked in the order of their numbers, so that two replays and a worker do not take the same one. The bytes are read
-- of those alone that are to be translated again.
SELECT notice_id, source_id, state, method, CASE state WHEN 'quarantined' THEN body END AS body, headers, body_hash,
    dedupe_key, amount
FROM notice
WHERE tenant_id = $1 AND ($2::bigint[] IS NULL OR notice_id = ANY($2)) AND state::text = ANY($3::text[])
    AND ($4::integer IS NULL OR source_id = $4) AND ($6::text IS NULL OR coalesce(reason, '') = $6)
    AND state IN ('parked', 'quarantined', 'dead')
ORDER BY notice_id
LIMIT $5
FOR UPDATE;

-- name: note_replay
-- Before the notices change: what was the matter is written over.
INSERT INTO notice_replay (tenant_id, notice_id, state, reason, person)
SELECT tenant_id, notice_id, state, reason, $3 FROM notice
WHERE tenant_id = $1 AND notice_id = ANY($2::bigint[]) ORDER BY notice_id;

-- name: count_settled
-- Those that were named and are at rest or under way by now.
SELECT count(*) FROM notice
WHERE tenant_id = $1 AND notice_id = ANY($2::bigint[]) AND state IN ('applied', 'received', 'retrying');

-- name: find_identities
SELECT source_id, dedupe_key, body_hash, notice_id, method, amount, currency FROM notice
WHERE tenant_id = $1 AND dedupe_key = ANY($2::bytea[]);

-- name: retry_notices
UPDATE notice SET state = 'retrying', reason = NULL, waits_for = NULL, attempts = 0, next_attempt_at = clock_timestamp()
WHERE tenant_id = $1 AND notice_id = ANY($2::bigint[]) AND state IN ('parked', 'dead');

-- name: retry_translated
-- The same bytes, understood now: the notice takes the identity its translation gives it, so that repeats are known.
UPDATE notice SET state = 'retrying', reason = NULL, attempts = 0, next_attempt_at = clock_timestamp(),
    dedupe_key = said.dedupe_key, conflicting = said.conflicting, reference = said.reference,
    transaction_id = said.transaction_id, said_state = said.said_state::payment_state,
    outcome = said.outcome::payment_outcome, amount = said.amount, currency = said.currency,
    occurred_at = said.occurred_at, dossier_code = said.dossier_code, description = said.description, alarm = said.alarm
FROM unnest($2::bigint[], $3::bytea[], $4::boolean[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[],
    $10::text[], $11::timestamptz[], $12::text[], $13::text[], $14::text[])
    AS said (notice_id, dedupe_key, conflicting, reference, transaction_id, said_state, outcome, amount, currency,
        occurred_at, dossier_code, description, alarm)
WHERE notice.tenant_id = $1 AND notice.notice_id = said.notice_id AND notice.state = 'quarantined';

-- name: settle_notices
-- Repeats of what is stored, and what tells of no payment: done with, and the reason says so.
UPDATE notice SET state = 'applied', reason = said.reason
FROM unnest($2::bigint[], $3::text[]) AS said (notice_id, reason)
WHERE notice.tenant_id = $1 AND notice.notice_id = said.notice_id AND notice.state = 'quarantined';

-- name: explain_untranslatable
UPDATE notice SET reason = said.reason
FROM unnest($2::bigint[], $3::text[]) AS said (notice_id, reason)
WHERE notice.tenant_id = $1 AND notice.notice_id = said.notice_id AND notice.state = 'quarantined';
