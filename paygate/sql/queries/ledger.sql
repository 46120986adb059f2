-- name: hold_waiting
-- Taken in common while we look for records and park what has none; a record that arrives takes it alone before it
-- wakes who waits, so that it cannot slip in between our look and our parking.
SELECT pg_advisory_xact_lock_shared($2::integer, $1::integer);

-- name: load_sources
-- Read with every batch, so that a notice is applied by its source as it is configured now.
SELECT source.source_id, source.code, source.account_id, source.cut_off, tenant.code AS tenant, tenant.timezone
FROM source JOIN tenant ON tenant.tenant_id = source.tenant_id
WHERE source.tenant_id = $1;

-- name: lock_payments
-- In the order of their numbers, so that two workers cannot wait for each other.
SELECT payment.payment_id, payment.source_id, payment.reference, payment.transaction_id, payment.state,
    payment.outcome, payment.amount, payment.currency, payment.occurred_at, payment.conflicting, payment.dossier_code,
    payment.dossier_evidence
FROM payment
JOIN unnest($2::integer[], $3::text[], $4::text[]) AS wanted (source_id, reference, transaction_id)
    ON payment.source_id = wanted.source_id AND payment.reference = wanted.reference
    AND payment.transaction_id = wanted.transaction_id
WHERE payment.tenant_id = $1
ORDER BY payment.payment_id
FOR UPDATE OF payment;

-- name: find_requests
SELECT reference, dossier_code FROM payment_request WHERE tenant_id = $1 AND reference = ANY($2::text[]);

-- name: find_records
SELECT dossier_key, dossier_code FROM procedure_record WHERE tenant_id = $1 AND dossier_key = ANY($2::text[]);

-- name: add_payments
-- A payment that another worker added since we looked is not returned, and is folded onto afterwards.
INSERT INTO payment (tenant_id, source_id, reference, transaction_id, reference_key, account_id, state, outcome, amount,
    currency, occurred_at, business_date, dossier_code, dossier_evidence, conflicting)
SELECT $1, source_id, reference, transaction_id, reference_key, account_id, state::payment_state,
    outcome::payment_outcome, amount, currency, occurred_at, business_date, dossier_code, dossier_evidence, conflicting
FROM unnest($2::integer[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::text[], $8::text[], $9::bigint[],
    $10::text[], $11::timestamptz[], $12::date[], $13::text[], $14::smallint[], $15::boolean[])
    AS added (source_id, reference, transaction_id, reference_key, account_id, state, outcome, amount,
        currency, occurred_at, business_date, dossier_code, dossier_evidence, conflicting)
ON CONFLICT (tenant_id, source_id, reference, transaction_id) DO NOTHING
RETURNING payment_id, source_id, reference, transaction_id;

-- name: change_payments
UPDATE payment SET state = changed.state::payment_state, outcome = changed.outcome::payment_outcome,
    amount = changed.amount, currency = changed.currency, occurred_at = changed.occurred_at,
    business_date = changed.business_date, dossier_code = changed.dossier_code,
    dossier_evidence = changed.dossier_evidence, conflicting = changed.conflicting
FROM unnest($2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::timestamptz[], $8::date[], $9::text[],
    $10::smallint[], $11::boolean[])
    AS changed (payment_id, state, outcome, amount, currency, occurred_at, business_date, dossier_code,
        dossier_evidence, conflicting)
WHERE payment.tenant_id = $1 AND payment.payment_id = changed.payment_id;

-- name: add_events
-- A parked notice that was woken has its event already.
INSERT INTO payment_event (tenant_id, payment_id, notice_id, said_state, left_state, outcome, amount, currency,
    occurred_at)
SELECT $1, payment_id, notice_id, said_state::payment_state, left_state::payment_state, outcome::payment_outcome,
    amount, currency, occurred_at
FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[],
    $9::timestamptz[])
    AS said (payment_id, notice_id, said_state, left_state, outcome, amount, currency, occurred_at)
ON CONFLICT (tenant_id, notice_id) DO NOTHING
RETURNING notice_id;

-- name: mark_payments_dirty
INSERT INTO dirty (tenant_id, kind, fact_ids) VALUES ($1, 'payment', $2);
