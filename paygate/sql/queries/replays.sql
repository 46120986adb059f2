-- name: read_retried
-- As the worker claims them, but these alone; they are held already.
SELECT notice_id, source_id, method, attempts, next_attempt_at, received_at, conflicting, reference, transaction_id, said_state,
    outcome, amount, currency, occurred_at, dossier_code, description
FROM notice
WHERE tenant_id = $1 AND notice_id = ANY($2::bigint[]) AND state = 'retrying'
ORDER BY notice_id;
