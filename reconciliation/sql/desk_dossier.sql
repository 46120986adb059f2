-- What one screen tells of a dossier or a payment beside its case.

-- name: is_known
-- By more than a reference that was registered.
SELECT EXISTS (SELECT FROM procedure_record WHERE tenant_id = $1 AND dossier_code = $2)
    OR EXISTS (SELECT FROM payment WHERE tenant_id = $1 AND dossier_code = $2);

-- name: list_payment_events
SELECT e.payment_id, e.notice_id, e.said_state::text AS said_state, e.left_state::text AS left_state, e.amount,
       e.currency, e.occurred_at, e.recorded_at
FROM payment_event AS e WHERE e.tenant_id = $1 AND e.payment_id = ANY ($2::bigint[])
ORDER BY e.recorded_at, e.event_id LIMIT $3;

-- name: list_case_events
-- Of every discrepancy the case ever had.
SELECT v.recorded_at, v.said, v.left_state::text AS left_state, v.person, v.change, d.discrepancy_id, d.reason
FROM discrepancy AS d
JOIN discrepancy_event AS v ON v.tenant_id = $1 AND v.discrepancy_id = d.discrepancy_id
WHERE d.tenant_id = $1 AND d.case_key = $2
ORDER BY v.recorded_at, v.event_id LIMIT $3;

-- name: list_case_notices
-- Those that were applied to the payments, and those that wait for the dossier.
SELECT n.notice_id, s.code AS source, n.received_at, n.state::text AS state, n.reason, n.reference,
       n.said_state::text AS said_state, n.amount, n.currency
FROM (
    SELECT notice_id FROM payment_event WHERE tenant_id = $1 AND payment_id = ANY ($2::bigint[])
    UNION
    SELECT notice_id FROM notice WHERE tenant_id = $1 AND waits_for && $3::text[] AND waits_for IS NOT NULL
) AS f
JOIN notice AS n ON n.tenant_id = $1 AND n.notice_id = f.notice_id
JOIN source AS s ON s.tenant_id = $1 AND s.source_id = n.source_id
ORDER BY n.received_at, n.notice_id LIMIT $4;

-- name: list_requests
-- References that were registered for the dossier: a payer was sent to pay.
SELECT q.reference, q.amount, q.requested_at, s.code AS source
FROM payment_request AS q JOIN source AS s ON s.tenant_id = $1 AND s.source_id = q.source_id
WHERE q.tenant_id = $1 AND q.dossier_code = $2 ORDER BY q.requested_at LIMIT $3;
