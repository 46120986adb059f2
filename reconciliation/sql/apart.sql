-- Pairs that a person has parted: the facts of a reference that nothing else holds together are judged apart.

-- name: is_anything_parted
SELECT EXISTS (SELECT FROM parted WHERE tenant_id = $1 AND leg = 'bank' AND payment_id IS NOT NULL);

-- name: facts_of_parted_pairs
-- Before the exact pairs are found: with all of the same reference, account and amount.
SELECT f.leg::text AS leg, f.fact_id,
       dense_rank() OVER (ORDER BY account_id, amount, currency, reference_key) AS group_id
FROM (SELECT DISTINCT f.account_id, f.amount, f.currency, f.reference_key
      FROM parted AS d JOIN w_fact AS f ON f.leg = 'payment' AND f.fact_id = d.payment_id
      WHERE d.tenant_id = $1 AND d.leg = 'bank' AND f.money AND f.reference_key <> '') AS k
JOIN w_fact AS f USING (account_id, amount, currency, reference_key)
WHERE f.money;

-- name: open_facts_of_parted_pairs
-- Of what is left: with all of the same reference, and of the same account or amount.
SELECT f.leg::text AS leg, f.fact_id, dense_rank() OVER (ORDER BY k.account_id, k.amount, k.currency, k.reference_key)
       AS group_id
FROM (SELECT DISTINCT CASE WHEN $2::boolean THEN f.account_id END AS account_id,
                      CASE WHEN $3::boolean THEN f.amount END AS amount, f.currency, f.reference_key
      FROM parted AS d JOIN w_rest AS f ON f.leg = 'payment' AND f.fact_id = d.payment_id
      WHERE d.tenant_id = $1 AND d.leg = 'bank' AND f.standing = 'open' AND f.reference_key <> '') AS k
JOIN w_rest AS f ON f.currency = k.currency AND f.reference_key = k.reference_key
    AND (k.account_id IS NULL OR f.account_id = k.account_id) AND (k.amount IS NULL OR f.amount = k.amount)
WHERE f.standing = 'open' AND f.amount > 0 AND f.account_id IS NOT NULL;

-- name: parted_pairs
SELECT payment_id, fact_id AS line_id FROM parted
WHERE tenant_id = $1 AND leg = 'bank' AND payment_id = ANY ($2::bigint[]);

-- name: set_parts_of_facts
UPDATE w_fact AS f SET part = t.part
FROM unnest($1::leg[], $2::bigint[], $3::integer[]) AS t (leg, fact_id, part)
WHERE f.leg = t.leg AND f.fact_id = t.fact_id;

-- name: clear_parts_of_the_rest
UPDATE w_rest SET part = 0 WHERE part <> 0;

-- name: set_parts_of_the_rest
UPDATE w_rest AS f SET part = t.part
FROM unnest($1::leg[], $2::bigint[], $3::integer[]) AS t (leg, fact_id, part)
WHERE f.leg = t.leg AND f.fact_id = t.fact_id;
