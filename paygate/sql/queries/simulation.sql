-- name: last_notice
-- From here on a simulation looks for what it sent.
SELECT coalesce(max(notice_id), 0) FROM notice WHERE tenant_id = $1

-- name: count_unsettled
-- The worker has these yet to do.
SELECT count(*) FROM notice
WHERE tenant_id = $1 AND notice_id > $2 AND source_id = ANY($3::integer[]) AND state IN ('received', 'retrying')

-- name: stored_since
-- What came of the chosen sources since. Their bytes are hashed here: a long run's would not fit into memory there.
SELECT source_id, sha256(body) AS body_hash, state, reference FROM notice
WHERE tenant_id = $1 AND notice_id > $2 AND source_id = ANY($3::integer[]) ORDER BY notice_id

-- name: payments_told
-- The ledger's word on the payments a simulation told of.
SELECT source_id, payment.reference, payment.transaction_id, state, outcome, amount, currency, occurred_at, conflicting
FROM unnest($2::integer[], $3::text[], $4::text[]) AS told (source_id, reference, transaction_id)
JOIN payment USING (source_id, reference, transaction_id) WHERE tenant_id = $1
