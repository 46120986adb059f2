-- Payments and lines that come to the same sum: as a whole, or by a bounded search among few.

-- name: match_whole_sums
-- All that a reference has left on an account, however much it is.
INSERT INTO w_match
SELECT nextval('match_match_id_seq'), 'sum_reference', array_agg(fact_id ORDER BY fact_id) FILTER (WHERE leg = 'payment'),
       array_agg(fact_id ORDER BY fact_id) FILTER (WHERE leg = 'bank'), 0
FROM w_rest
WHERE standing = 'open' AND reference_key <> '' AND amount > 0 AND account_id IS NOT NULL
GROUP BY account_id, currency, reference_key
HAVING count(*) FILTER (WHERE leg = 'payment') > 0 AND count(*) FILTER (WHERE leg = 'bank') > 0
   AND sum(CASE leg WHEN 'payment' THEN amount ELSE -amount END) = 0;

-- name: sums_to_search
-- A pair of another amount needs no search.
SELECT array_agg(fact_id) FILTER (WHERE leg = 'payment') AS payment_ids,
       array_agg(amount) FILTER (WHERE leg = 'payment') AS payment_amounts,
       array_agg(fact_id) FILTER (WHERE leg = 'bank') AS line_ids,
       array_agg(amount) FILTER (WHERE leg = 'bank') AS line_amounts
FROM w_rest
WHERE standing = 'open' AND reference_key <> '' AND amount > 0 AND account_id IS NOT NULL
GROUP BY account_id, currency, reference_key
HAVING count(*) FILTER (WHERE leg = 'payment') > 0 AND count(*) FILTER (WHERE leg = 'bank') > 0
   AND count(*) BETWEEN 3 AND $1::integer;

-- name: match_found_sums
INSERT INTO w_match
SELECT nextval('match_match_id_seq'), $4::text, array_agg(fact_id ORDER BY fact_id) FILTER (WHERE leg = 'payment'),
       array_agg(fact_id ORDER BY fact_id) FILTER (WHERE leg = 'bank'), 0
FROM unnest($1::integer[], $2::leg[], $3::bigint[]) AS seat (solution, leg, fact_id)
GROUP BY solution ORDER BY solution;

-- name: mark_ambiguous_sums
UPDATE w_rest AS r SET standing = 'ambiguous_reference'
FROM unnest($1::leg[], $2::bigint[]) AS u (leg, fact_id)
WHERE r.leg = u.leg AND r.fact_id = u.fact_id;

-- name: mark_sums_too_large
-- Nobody looks for an answer among so many.
UPDATE w_rest AS r SET standing = 'ambiguous_reference', stopped = g.facts
FROM (SELECT account_id, currency, reference_key, count(*) AS facts FROM w_rest
      WHERE standing = 'open' AND reference_key <> '' AND amount > 0 AND account_id IS NOT NULL
      GROUP BY account_id, currency, reference_key
      HAVING count(*) FILTER (WHERE leg = 'payment') > 0 AND count(*) FILTER (WHERE leg = 'bank') > 0
         AND count(*) > $1::integer) AS g
WHERE r.standing = 'open' AND r.amount > 0
  AND (r.account_id, r.currency, r.reference_key) = (g.account_id, g.currency, g.reference_key);
