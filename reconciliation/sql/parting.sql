-- A person undoes one match, or takes that back. The pairs that are parted keep every pass from joining them again.

-- name: bound_wait
SELECT set_config('lock_timeout', $1, true);

-- name: try_the_matchers_turn
SELECT pg_try_advisory_xact_lock($1, $2);

-- name: take_a_seat
-- The first that is free, for the transaction: who waits holds a connection that others need.
SELECT true FROM unnest($1::integer[]) AS seat WHERE pg_try_advisory_xact_lock(seat, $2) LIMIT 1;

-- name: take_the_matchers_turn
-- For the transaction: no turn of the matcher may stand on a match while it is taken away.
SELECT pg_advisory_xact_lock($1, $2);

-- name: find_match
SELECT leg::text AS leg, rule, difference, batch_id,
       array_remove(array_agg(payment_id ORDER BY payment_id), NULL) AS payment_ids,
       array_remove(array_agg(fact_id ORDER BY fact_id), NULL) AS line_ids
FROM match WHERE tenant_id = $1 AND match_id = $2 GROUP BY leg, rule, difference, batch_id;

-- name: find_former_match
-- As `find_match`, with who undid it; NULL where the facts did.
SELECT leg::text AS leg, rule, difference, batch_id, undone_by,
       array_remove(array_agg(payment_id ORDER BY payment_id), NULL) AS payment_ids,
       array_remove(array_agg(fact_id ORDER BY fact_id), NULL) AS line_ids,
       EXISTS (SELECT FROM parted AS p WHERE p.tenant_id = $1 AND p.match_id = $2) AS parted
FROM match_history WHERE tenant_id = $1 AND match_id = $2 GROUP BY leg, rule, difference, batch_id, undone_by;

-- name: put_match_into_history
WITH gone AS (DELETE FROM match WHERE tenant_id = $1 AND match_id = $2 RETURNING *)
INSERT INTO match_history (tenant_id, match_id, leg, payment_id, batch_id, fact_id, seats, rule, rule_set, difference,
                           matched_at, undone_by, reason)
SELECT tenant_id, match_id, leg, payment_id, batch_id, fact_id, seats, rule, rule_set, difference, matched_at, $3, $4
FROM gone;

-- name: part_pairs
-- Every payment, or the batch, from every line. What other undoing has parted stays that one's.
INSERT INTO parted (tenant_id, leg, payment_id, batch_id, fact_id, match_id, parted_by, reason)
SELECT $1, $2::text::leg, side.payment_id, side.batch_id, line.line_id, $3, $4, $5
FROM (SELECT unnest($6::bigint[]) AS payment_id, NULL::bigint AS batch_id
      UNION ALL SELECT NULL, $7::bigint WHERE $7::bigint IS NOT NULL) AS side,
     unnest($8::bigint[]) AS line (line_id)
ON CONFLICT DO NOTHING;

-- name: forget_joining
-- Of what a person had joined: another has parted it now.
DELETE FROM joined WHERE tenant_id = $1 AND joining_id IN (
    SELECT joining_id FROM joined WHERE tenant_id = $1 AND leg = 'payment' AND fact_id = ANY ($2::bigint[]));

-- name: is_any_joined
SELECT EXISTS (SELECT FROM joined WHERE tenant_id = $1 AND (leg = 'payment' AND fact_id = ANY ($2::bigint[])
                                                        OR leg = 'bank' AND fact_id = ANY ($3::bigint[])));

-- name: join_facts
INSERT INTO joined (tenant_id, joining_id, leg, fact_id)
SELECT $1, number, f.leg, f.fact_id
FROM nextval('joining_id_seq') AS number,
     (SELECT 'payment'::leg AS leg, unnest($2::bigint[]) AS fact_id UNION ALL SELECT 'bank', unnest($3::bigint[])) AS f;

-- name: have_two_split
-- By a proposal that was approved.
SELECT EXISTS (SELECT FROM proposal WHERE tenant_id = $1 AND kind = 'split' AND state = 'approved'
                 AND detail = jsonb_build_object('match', $2::bigint));

-- name: forget_parting
DELETE FROM parted WHERE tenant_id = $1 AND match_id = $2;

-- name: free_payments
INSERT INTO dirty (tenant_id, kind, fact_ids) SELECT $1, 'payment', $2::bigint[] WHERE $2::bigint[] <> '{}';

-- name: free_lines
-- Of a batch, the lines that make it with the one that pays it out.
INSERT INTO dirty (tenant_id, kind, fact_ids)
SELECT $1, 'line', $2::bigint[] || ARRAY(
    SELECT l.line_id FROM settlement_batch AS b
    JOIN statement_line AS l ON l.tenant_id = $1 AND l.source_id = b.source_id AND l.batch = b.code
    WHERE b.tenant_id = $1 AND b.batch_id = $3::bigint ORDER BY l.line_id);

-- name: references_of_payments
SELECT reference FROM payment WHERE tenant_id = $1 AND payment_id = ANY ($2::bigint[]) ORDER BY payment_id;
