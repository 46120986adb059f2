-- name: find_records
SELECT dossier_code, procedure_code, procedure_name, agency_code, agency_name, status::text AS status, received_on,
    processing_started_on, expires_on, exempt, online_payment_flag
FROM procedure_record WHERE tenant_id = $1 AND dossier_key = $2;

-- name: lines_due
SELECT code, kind, name, amount FROM obligation WHERE tenant_id = $1 AND dossier_code = $2 ORDER BY code;

-- name: attempts
-- Payments of the dossier, and the news of it that is stored and not applied yet: the newest, for a long queue must
-- not make a look-up long.
SELECT state::text AS state, amount, currency, occurred_at FROM payment WHERE tenant_id = $1 AND dossier_code = $2
UNION ALL
SELECT 'pending', amount, currency, received_at
FROM (
    SELECT dossier_code, said_state, amount, currency, received_at FROM notice
    WHERE tenant_id = $1 AND state IN ('received', 'retrying')
    ORDER BY next_attempt_at DESC, notice_id DESC LIMIT 5000
) AS queued
WHERE dossier_code = $2 AND said_state IN ('pending', 'paid');
