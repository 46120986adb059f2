-- Payments and lines that come to the same sum: as a whole, or by a bounded search among few.

-- name: match_whole_sums
-- All that a reference has left on an account, however much it is.
INSERT INTO w_match
SELECT nextval('match_match_id_seq'), 'sum_reference', array_agg(fact_id ORDER BY fact_id) FILTER (WHERE leg = 'payment'),
       array_agg(fact_id ORDER BY fact_id) FILTER (WHERE leg = 'bank'), 0
FROM w_rest
WHERE standing = 'open' AND reference_key <> '' AND amount > 0 AND account_id IS NOT NULL
GROUP BY account_id, currency, reference_key, part
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
GROUP BY account_id, currency, reference_key, part
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
FROM (SELECT account_id, currency, reference_key, part, count(*) AS facts FROM w_rest
      WHERE standing = 'open' AND reference_key <> '' AND amount > 0 AND account_id IS NOT NULL
      GROUP BY account_id, currency, reference_key, part
      HAVING count(*) FILTER (WHERE leg = 'payment') > 0 AND count(*) FILTER (WHERE leg = 'bank') > 0
         AND count(*) > $1::integer) AS g
WHERE r.standing = 'open' AND r.amount > 0
  AND (r.account_id, r.currency, r.reference_key, r.part) = (g.account_id, g.currency, g.reference_key, g.part);

-- name: create_sums_tables
CREATE TEMP TABLE w_sum (leg leg NOT NULL, fact_id bigint NOT NULL, fresh boolean NOT NULL DEFAULT true,
    standing text NOT NULL DEFAULT 'open', stopped integer, PRIMARY KEY (leg, fact_id)) ON COMMIT DROP;
CREATE TEMP TABLE w_sum_edge (line_id bigint NOT NULL, payment_id bigint NOT NULL, PRIMARY KEY (line_id, payment_id))
    ON COMMIT DROP;

-- name: begin_with_facts_judged
-- Also with those that are settled now: what they stood beside is judged again.
INSERT INTO w_sum (leg, fact_id)
SELECT 'payment'::leg, fact_id FROM w_payment UNION ALL SELECT 'bank', fact_id FROM w_line;

-- name: find_payments_named_in_sums
-- Whatever the amount. The last characters of a key are looked up among those the line's codes end in.
INSERT INTO w_sum_edge
WITH line AS MATERIALIZED (
    SELECT l.* FROM w_sum AS w
    JOIN (SELECT fact_id, account_id, currency, on_date, named FROM loose_fact
          WHERE tenant_id = $1 AND leg = 'bank' AND amount > 0
          UNION ALL
          SELECT fact_id, account_id, currency, on_date, named FROM w_departed WHERE leg = 'bank') AS l
        ON l.fact_id = w.fact_id
    WHERE w.fresh AND w.leg = 'bank'),
piece AS MATERIALIZED (SELECT line.fact_id, piece FROM line, unnest(pieces(line.named)) AS piece),
pair AS (
    SELECT piece.fact_id AS line_id, p.fact_id AS payment_id, p.reference_key AS key
    FROM piece JOIN loose_fact AS p ON p.tenant_id = $1 AND p.leg = 'payment'
        AND right(p.reference_key, 6) = piece.piece
    UNION ALL
    SELECT piece.fact_id, p.fact_id, p.dossier_key
    FROM piece JOIN loose_fact AS p ON p.tenant_id = $1 AND p.leg = 'payment' AND right(p.dossier_key, 6) = piece.piece)
SELECT DISTINCT l.fact_id, p.fact_id
FROM pair
JOIN line AS l ON l.fact_id = pair.line_id
JOIN loose_fact AS p ON p.tenant_id = $1 AND p.leg = 'payment' AND p.fact_id = pair.payment_id
WHERE p.standing IN ('open', 'sum', 'ambiguous_sum') AND p.amount > 0 AND p.account_id = l.account_id
  AND p.currency = l.currency AND l.on_date BETWEEN p.on_date + $2::integer AND p.on_date + $3::integer
  AND length(pair.key) >= $4::integer AND names(l.named, pair.key)
  AND NOT EXISTS (SELECT FROM parted AS d WHERE d.tenant_id = $1 AND d.leg = 'bank' AND d.payment_id = p.fact_id
                    AND d.fact_id = l.fact_id)
ON CONFLICT DO NOTHING;

-- name: find_lines_that_name_in_sums
INSERT INTO w_sum_edge
WITH payer AS MATERIALIZED (
    SELECT p.fact_id, p.account_id, p.currency, p.on_date, key
    FROM w_sum AS w
    JOIN (SELECT fact_id, account_id, currency, on_date, reference_key, dossier_key FROM loose_fact
          WHERE tenant_id = $1 AND leg = 'payment' AND amount > 0
          UNION ALL
          SELECT fact_id, account_id, currency, on_date, reference_key, dossier_key
          FROM w_departed WHERE leg = 'payment') AS p ON p.fact_id = w.fact_id,
        unnest(ARRAY[p.reference_key, p.dossier_key]) AS key
    WHERE w.fresh AND w.leg = 'payment' AND length(key) >= $4::integer)
SELECT DISTINCT l.fact_id, p.fact_id
FROM payer AS p
JOIN loose_fact AS l ON l.tenant_id = $1 AND l.leg = 'bank' AND pieces(l.named) @> ARRAY[right(p.key, 6)]
WHERE l.standing IN ('open', 'sum', 'ambiguous_sum') AND l.amount > 0 AND l.account_id = p.account_id
  AND l.currency = p.currency AND l.on_date BETWEEN p.on_date + $2::integer AND p.on_date + $3::integer
  AND names(l.named, p.key)
  AND NOT EXISTS (SELECT FROM parted AS d WHERE d.tenant_id = $1 AND d.leg = 'bank' AND d.payment_id = p.fact_id
                    AND d.fact_id = l.fact_id)
ON CONFLICT DO NOTHING;

-- name: settle_facts_looked_at
UPDATE w_sum SET fresh = false WHERE fresh;

-- name: reach_facts_by_sum
INSERT INTO w_sum (leg, fact_id)
SELECT 'payment'::leg, payment_id FROM w_sum_edge UNION SELECT 'bank', line_id FROM w_sum_edge
ON CONFLICT DO NOTHING;

-- name: leave_facts_settled_otherwise
DELETE FROM w_sum AS w
WHERE NOT EXISTS (SELECT FROM loose_fact AS l WHERE l.tenant_id = $1 AND l.leg = w.leg AND l.fact_id = w.fact_id
                    AND l.standing IN ('open', 'sum', 'ambiguous_sum'));

-- name: sums_by_name
SELECT e.payment_id, p.amount AS payment_amount, e.line_id, l.amount AS line_amount
FROM w_sum_edge AS e
JOIN loose_fact AS p ON p.tenant_id = $1 AND p.leg = 'payment' AND p.fact_id = e.payment_id
JOIN loose_fact AS l ON l.tenant_id = $1 AND l.leg = 'bank' AND l.fact_id = e.line_id;

-- name: mark_sums_by_name
UPDATE w_sum AS w SET standing = 'sum'
FROM unnest($1::leg[], $2::bigint[]) AS t (leg, fact_id)
WHERE w.leg = t.leg AND w.fact_id = t.fact_id;

-- name: mark_unclear_sums_by_name
UPDATE w_sum AS w SET standing = 'ambiguous_sum', stopped = u.stopped
FROM unnest($1::leg[], $2::bigint[], $3::integer[]) AS u (leg, fact_id, stopped)
WHERE w.leg = u.leg AND w.fact_id = u.fact_id;

-- name: leave_edges_of_facts_settled_otherwise
-- They served to find whom those had stood beside; nobody is their contender now.
DELETE FROM w_sum_edge AS e
WHERE NOT EXISTS (SELECT FROM w_sum AS w WHERE w.leg = 'payment' AND w.fact_id = e.payment_id)
   OR NOT EXISTS (SELECT FROM w_sum AS w WHERE w.leg = 'bank' AND w.fact_id = e.line_id);

-- name: set_sum_standing
UPDATE loose_fact AS l SET standing = s.standing, contenders = s.contenders, stopped = s.stopped
FROM (
    SELECT w.leg, w.fact_id, w.standing, w.stopped,
           CASE WHEN w.standing = 'ambiguous_sum' THEN coalesce(e.ids, '{}') ELSE '{}' END AS contenders
    FROM w_sum AS w
    LEFT JOIN (SELECT 'payment'::leg AS leg, payment_id AS fact_id,
                      (array_agg(line_id ORDER BY line_id))[:$2::integer] AS ids
               FROM w_sum_edge GROUP BY payment_id
               UNION ALL
               SELECT 'bank', line_id, (array_agg(payment_id ORDER BY payment_id))[:$2]
               FROM w_sum_edge GROUP BY line_id) AS e ON e.leg = w.leg AND e.fact_id = w.fact_id) AS s
WHERE l.tenant_id = $1 AND l.leg = s.leg AND l.fact_id = s.fact_id
  AND (l.standing, l.contenders, l.stopped) IS DISTINCT FROM (s.standing, s.contenders, s.stopped);

-- name: judge_payments_reached_by_sum
INSERT INTO w_payment SELECT fact_id, false FROM w_sum WHERE leg = 'payment' ON CONFLICT (fact_id) DO NOTHING;

-- name: judge_lines_reached_by_sum
INSERT INTO w_line SELECT fact_id, false FROM w_sum WHERE leg = 'bank' ON CONFLICT (fact_id) DO NOTHING;
