-- name: take_turn
-- Deliveries of one tenant take turns, so that a version is compared with what is really stored.
SELECT pg_advisory_xact_lock($2::integer, $1::integer);

-- name: find_versions
SELECT dossier_code, version, content_hash FROM procedure_record
WHERE tenant_id = $1 AND dossier_code = ANY($2::text[]);

-- name: store_records
INSERT INTO procedure_record (tenant_id, dossier_code, dossier_key, version, procedure_code, procedure_name,
    agency_code, agency_name, status, received_on, processing_started_on, expires_on, exempt, online_payment_flag, due,
    content_hash)
SELECT $1, dossier_code, dossier_key, version, procedure_code, procedure_name, agency_code, agency_name,
    status::record_status, received_on, processing_started_on, expires_on, exempt, online_payment_flag, due, content_hash
FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::date[], $11::date[], $12::date[], $13::boolean[], $14::smallint[], $15::bigint[], $16::bytea[])
    AS given (dossier_code, dossier_key, version, procedure_code, procedure_name, agency_code, agency_name, status,
        received_on, processing_started_on, expires_on, exempt, online_payment_flag, due, content_hash)
ON CONFLICT (tenant_id, dossier_code) DO UPDATE SET version = EXCLUDED.version,
    procedure_code = EXCLUDED.procedure_code, procedure_name = EXCLUDED.procedure_name,
    agency_code = EXCLUDED.agency_code, agency_name = EXCLUDED.agency_name, status = EXCLUDED.status,
    received_on = EXCLUDED.received_on, processing_started_on = EXCLUDED.processing_started_on,
    expires_on = EXCLUDED.expires_on, exempt = EXCLUDED.exempt, online_payment_flag = EXCLUDED.online_payment_flag,
    due = EXCLUDED.due, content_hash = EXCLUDED.content_hash, updated_at = now();

-- name: drop_obligations
DELETE FROM obligation WHERE tenant_id = $1 AND dossier_code = ANY($2::text[]);

-- name: store_obligations
INSERT INTO obligation (tenant_id, dossier_code, code, kind, name, amount)
SELECT $1, dossier_code, code, kind, name, amount
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
    AS given (dossier_code, code, kind, name, amount);

-- name: mark_dossiers_dirty
INSERT INTO dirty (tenant_id, kind, codes) VALUES ($1, 'dossier', $2);

-- name: wake_notices
-- The lock that goes before this (take_turn) has let every batch that looked in vain commit what it parked.
UPDATE notice SET state = 'retrying', reason = NULL, waits_for = NULL, next_attempt_at = clock_timestamp()
WHERE tenant_id = $1 AND state = 'parked' AND waits_for && $2::text[];

-- name: link_unnamed
-- Attempts that brought no money did not wait; their payments are linked here. 3: the key was inside the reference.
UPDATE payment SET dossier_code = come.code,
    dossier_evidence = CASE WHEN payment.dossier_code IS NULL THEN 3 ELSE payment.dossier_evidence END
FROM (
    SELECT source_id, reference, transaction_id, unnest(waits_for) AS key FROM notice
    WHERE tenant_id = $1 AND state = 'applied' AND waits_for && $2::text[]
) AS held
JOIN unnest($2::text[], $3::text[]) AS come (key, code) ON come.key = held.key
WHERE payment.tenant_id = $1 AND payment.source_id = held.source_id AND payment.reference = held.reference
    AND payment.transaction_id = held.transaction_id
    AND (payment.dossier_code IS NULL OR squeeze(payment.dossier_code) = come.key AND payment.dossier_code <> come.code)
RETURNING payment_id, true AS moved;

-- name: store_request
-- least() passes over a time that is not given; nothing was begun later than now.
INSERT INTO payment_request (tenant_id, reference, dossier_code, amount, source_id, requested_at)
VALUES ($1, $2, $3, $4, $5, least($6, now()))
ON CONFLICT (tenant_id, reference) DO NOTHING
RETURNING reference;

-- name: read_request
SELECT dossier_code, amount, source_id FROM payment_request WHERE tenant_id = $1 AND reference = $2;

-- name: find_codes
SELECT dossier_code FROM procedure_record WHERE tenant_id = $1 AND dossier_key = $2;

-- name: link_payments
-- What the agency registered is surer (0) than what a notice told; payments that came first follow it.
UPDATE payment SET dossier_code = $4, dossier_evidence = 0
FROM (
    SELECT payment_id, dossier_code FROM payment
    WHERE tenant_id = $1 AND reference_key = $2 AND reference = $3
        AND (dossier_code IS DISTINCT FROM $4 OR dossier_evidence <> 0)
    ORDER BY payment_id
    FOR UPDATE
) AS before
WHERE payment.tenant_id = $1 AND payment.payment_id = before.payment_id
RETURNING payment.payment_id, before.dossier_code IS DISTINCT FROM $4 AS moved;

-- name: mark_payments_dirty
INSERT INTO dirty (tenant_id, kind, fact_ids) VALUES ($1, 'payment', $2);
