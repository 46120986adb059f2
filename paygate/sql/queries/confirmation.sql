-- Which pending payments booked money may confirm. Here, too, LATERAL with OFFSET 0 reads by key whatever the planner
-- believes: payment and line by their numbers, then both by payment_by_reference and statement_line_by_reference.

-- name: declare_money_confirms
-- What adapters say of themselves; what has changed comes back. A row that says so already is not written again.
UPDATE source SET money_confirms = told.money_confirms
FROM unnest($2::integer[], $3::boolean[]) AS told (source_id, money_confirms)
WHERE source.tenant_id = $1 AND source.source_id = told.source_id
    AND source.money_confirms <> told.money_confirms
RETURNING source.source_id, source.money_confirms;

-- name: mark_waiting_payments
-- Of sources that have only now declared it: their money may have come already.
INSERT INTO unweighed (tenant_id, kind, fact_ids)
SELECT $1, 'payment', array_agg(payment_id) FROM payment
WHERE tenant_id = $1 AND source_id = ANY($2::integer[]) AND state = 'pending'
HAVING count(*) > 0;

-- name: take_unweighed
-- In order and without skipping: who comes second waits for what the first one stores, and then sees it.
DELETE FROM unweighed WHERE tenant_id = $1 AND unweighed_id IN (
    SELECT unweighed_id FROM unweighed WHERE tenant_id = $1 ORDER BY unweighed_id LIMIT $2 FOR UPDATE)
RETURNING kind, fact_ids;

-- name: find_waiting_references
-- Those of the changed facts under which a payment waits for its money: most changes are over with this.
WITH touched AS (
    SELECT payment.reference_key
    FROM unnest($2::bigint[]) AS changed (payment_id)
    CROSS JOIN LATERAL (
        SELECT reference_key FROM payment WHERE tenant_id = $1 AND payment_id = changed.payment_id OFFSET 0
    ) AS payment
    UNION
    SELECT line.reference_key
    FROM unnest($3::bigint[]) AS changed (line_id)
    CROSS JOIN LATERAL (
        SELECT reference_key FROM statement_line WHERE tenant_id = $1 AND line_id = changed.line_id OFFSET 0
    ) AS line)
SELECT touched.reference_key
FROM touched
CROSS JOIN LATERAL (
    SELECT FROM payment JOIN source ON source.tenant_id = $1 AND source.source_id = payment.source_id
    WHERE payment.tenant_id = $1 AND payment.reference_key = touched.reference_key AND payment.state = 'pending'
        AND source.money_confirms
    LIMIT 1
) AS waiting
WHERE touched.reference_key <> '';

-- name: read_payments
-- Of each such reference all that may lay claim to money: the payments that have theirs, and those that hang.
SELECT payment.*, source.money_confirms
FROM unnest($2::text[]) AS wanted (reference_key)
CROSS JOIN LATERAL (
    SELECT payment_id, source_id, reference, transaction_id, reference_key, account_id, amount, currency, occurred_at,
        state
    FROM payment WHERE tenant_id = $1 AND reference_key = wanted.reference_key AND account_id IS NOT NULL OFFSET 0
) AS payment
JOIN source ON source.tenant_id = $1 AND source.source_id = payment.source_id
WHERE payment.state IN ('initiated', 'pending') OR payment.state >= 'paid';

-- name: read_lines
SELECT line.*, account.number AS account, statement.format, statement.identification, statement.file_hash
FROM unnest($2::text[]) AS wanted (reference_key)
CROSS JOIN LATERAL (
    SELECT line_id, statement_id, row_number, account_id, reference_key, reference, bank_reference, entry_reference,
        booked_on, value_on, amount, currency, reversal
    FROM statement_line WHERE tenant_id = $1 AND reference_key = wanted.reference_key AND leg = 'bank' OFFSET 0
) AS line
JOIN account ON account.tenant_id = $1 AND account.account_id = line.account_id
JOIN statement ON statement.tenant_id = $1 AND statement.statement_id = line.statement_id;

-- name: tell_time
SELECT clock_timestamp();
