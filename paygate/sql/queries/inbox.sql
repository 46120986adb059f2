-- name: insert_notices
-- One statement is one commit for all that wait; whoever is not returned was there before.
INSERT INTO notice (tenant_id, source_id, dedupe_key, body_hash, conflicting, method, body, headers, key_id, request_id,
                    received_at, state, reason, reference, transaction_id, said_state, outcome, amount, currency,
                    occurred_at, dossier_code, description, alarm)
SELECT * FROM unnest($1::received_notice[])
ON CONFLICT (tenant_id, source_id, dedupe_key) DO NOTHING
RETURNING source_id, dedupe_key;

-- name: find_repeats
-- Of notices whose identity is known, those that say the same; the others contradict it. It does what relation() in the
-- domain does: bytes are compared, and where one of the two is an answer or a booking, the money. `repeated` is false of
-- a notice that agrees with one: it is kept beside it.
SELECT given.position, notice.body_hash = given.body_hash OR given.method IN ('QUERY', 'STATEMENT') AS repeated
FROM unnest($1::integer[], $2::integer[], $3::bytea[], $4::bytea[], $5::text[], $6::text[])
     WITH ORDINALITY AS given (tenant_id, source_id, dedupe_key, body_hash, method, money, position)
JOIN notice USING (tenant_id, source_id, dedupe_key)
WHERE notice.body_hash = given.body_hash
   OR ((notice.method IN ('QUERY', 'STATEMENT') OR given.method IN ('QUERY', 'STATEMENT'))
       AND notice.amount || ' ' || notice.currency = given.money);

-- name: pin_synchronous_commit
-- For this session whatever the server's configuration becomes; a stricter setting stays.
SELECT set_config('synchronous_commit',
                  CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END,
                  false);
