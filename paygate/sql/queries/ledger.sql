-- name: hold_waiting
-- Taken in common while we look for records and park what has none; a record that arrives takes it alone before it
-- wakes who waits, so that it cannot slip in between our look and our parking.
SELECT pg_advisory_xact_lock_shared($2::integer, $1::integer);

-- name: load_sources
-- Read with every batch, so that a notice is applied by its source as it is configured now.
SELECT source.source_id, source.code, source.account_id, source.cut_off, source.money_confirms, tenant.code AS tenant,
    tenant.timezone
FROM source JOIN tenant ON tenant.tenant_id = source.tenant_id
WHERE source.tenant_id = $1;

-- name: lock_payments
-- In the order asked, so that two workers cannot wait for each other. Here and in the next two, LATERAL with OFFSET 0
-- reads by key whatever the planner believes: a table that is small and without statistics now may be huge in an hour.
SELECT payment.*
FROM unnest($2::integer[], $3::text[], $4::text[]) AS wanted (source_id, reference, transaction_id)
CROSS JOIN LATERAL (
    SELECT payment_id, source_id, reference, transaction_id, state, outcome, amount, currency, occurred_at, conflicting,
        asked_at, denied_at, dossier_code, dossier_evidence
    FROM payment
    WHERE tenant_id = $1 AND source_id = wanted.source_id AND reference = wanted.reference
        AND transaction_id = wanted.transaction_id
    OFFSET 0
    FOR UPDATE
) AS payment;

-- name: find_requests
SELECT request.reference, request.dossier_code
FROM unnest($2::text[]) AS wanted (reference)
CROSS JOIN LATERAL (
    SELECT reference, dossier_code FROM payment_request WHERE tenant_id = $1 AND reference = wanted.reference OFFSET 0
) AS request;

-- name: find_records
SELECT record.dossier_key, record.dossier_code
FROM unnest($2::text[]) AS wanted (dossier_key)
CROSS JOIN LATERAL (
    SELECT dossier_key, dossier_code FROM procedure_record
    WHERE tenant_id = $1 AND dossier_key = wanted.dossier_key OFFSET 0
) AS record;

-- name: add_payments
-- A payment that another worker added since we looked is not returned, and is folded onto afterwards.
INSERT INTO payment (tenant_id, source_id, reference, transaction_id, reference_key, account_id, state, outcome, amount,
    currency, occurred_at, business_date, dossier_code, dossier_evidence, conflicting,
    asked_at, denied_at, contradicted)
SELECT $1, source_id, reference, transaction_id, reference_key, account_id, state::payment_state,
    outcome::payment_outcome, amount, currency, occurred_at, business_date, dossier_code, dossier_evidence, conflicting,
    asked_at, denied_at, contradicted
FROM unnest($2::integer[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::text[], $8::text[], $9::bigint[],
    $10::text[], $11::timestamptz[], $12::date[], $13::text[], $14::smallint[], $15::boolean[],
    $16::timestamptz[], $17::timestamptz[], $18::boolean[])
    AS added (source_id, reference, transaction_id, reference_key, account_id, state, outcome, amount,
        currency, occurred_at, business_date, dossier_code, dossier_evidence, conflicting, asked_at,
        denied_at, contradicted)
ON CONFLICT (tenant_id, source_id, reference, transaction_id) DO NOTHING
RETURNING payment_id, source_id, reference, transaction_id;

-- name: change_payments
-- Only payments that we hold locked come here: an upsert, because it finds its row by the key alone.
INSERT INTO payment (tenant_id, source_id, reference, transaction_id, reference_key, account_id, state, outcome, amount,
    currency, occurred_at, business_date, dossier_code, dossier_evidence, conflicting,
    asked_at, denied_at, contradicted)
SELECT $1, source_id, reference, transaction_id, reference_key, account_id, state::payment_state,
    outcome::payment_outcome, amount, currency, occurred_at, business_date, dossier_code, dossier_evidence, conflicting,
    asked_at, denied_at, contradicted
FROM unnest($2::integer[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::text[], $8::text[], $9::bigint[],
    $10::text[], $11::timestamptz[], $12::date[], $13::text[], $14::smallint[], $15::boolean[],
    $16::timestamptz[], $17::timestamptz[], $18::boolean[])
    AS changed (source_id, reference, transaction_id, reference_key, account_id, state, outcome, amount,
        currency, occurred_at, business_date, dossier_code, dossier_evidence, conflicting, asked_at,
        denied_at, contradicted)
ON CONFLICT (tenant_id, source_id, reference, transaction_id) DO UPDATE SET state = EXCLUDED.state,
    outcome = EXCLUDED.outcome, amount = EXCLUDED.amount, currency = EXCLUDED.currency,
    occurred_at = EXCLUDED.occurred_at, business_date = EXCLUDED.business_date, dossier_code = EXCLUDED.dossier_code,
    dossier_evidence = EXCLUDED.dossier_evidence, conflicting = EXCLUDED.conflicting,
    asked_at = EXCLUDED.asked_at, denied_at = EXCLUDED.denied_at, contradicted = EXCLUDED.contradicted
RETURNING payment_id, source_id, reference, transaction_id;

-- name: add_events
-- What was said is read from the notice itself. A parked notice that was woken has its event already.
INSERT INTO payment_event (tenant_id, payment_id, notice_id, received_at, said_state, left_state, outcome, amount,
    currency, occurred_at)
SELECT $1, told.payment_id, told.notice_id, notice.received_at, notice.said_state, told.left_state::payment_state,
    notice.outcome, notice.amount, notice.currency, notice.occurred_at
FROM unnest($2::bigint[], $3::bigint[], $4::text[]) AS told (notice_id, payment_id, left_state)
CROSS JOIN LATERAL (
    SELECT received_at, said_state, outcome, amount, currency, coalesce(occurred_at, received_at) AS occurred_at
    FROM notice WHERE tenant_id = $1 AND notice_id = told.notice_id OFFSET 0
) AS notice
ON CONFLICT (tenant_id, notice_id, received_at) DO NOTHING
RETURNING notice_id;

-- name: mark_payments_dirty
INSERT INTO dirty (tenant_id, kind, fact_ids) VALUES ($1, 'payment', $2);

-- name: received_of_source
-- Payments that brought money: those of some days, and those named one by one, whatever their day. By two indexes.
SELECT payment_id, reference, transaction_id, amount, currency, occurred_at, business_date
FROM payment
WHERE tenant_id = $1 AND source_id = $2 AND state = ANY ($3::payment_state[]) AND business_date = ANY ($4::date[])
UNION
SELECT payment.*
FROM unnest($5::text[], $6::text[]) AS wanted (reference, transaction_id)
CROSS JOIN LATERAL (
    SELECT payment_id, reference, transaction_id, amount, currency, occurred_at, business_date
    FROM payment
    WHERE tenant_id = $1 AND source_id = $2 AND reference = wanted.reference
        AND transaction_id = wanted.transaction_id AND state = ANY ($3::payment_state[])
    OFFSET 0
) AS payment;

-- name: count_untold
-- Notices that were acknowledged and are in no payment; two terms, so that each can use its partial index.
SELECT (SELECT count(*) FROM notice
        WHERE tenant_id = $1 AND source_id = $2 AND state IN ('received', 'retrying'))
     + (SELECT count(*) FROM notice
        WHERE tenant_id = $1 AND source_id = $2 AND state IN ('quarantined', 'dead'));

-- name: mark_payments_unweighed
-- Whatever its source: a payment that leaves a reference, or comes to it, may decide whose the money is.
INSERT INTO unweighed (tenant_id, kind, fact_ids) VALUES ($1, 'payment', $2);
