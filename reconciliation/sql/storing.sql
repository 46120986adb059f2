-- What holds now is stored; what no longer does is retired to the history.

-- name: create_storing_tables
CREATE TEMP TABLE w_stale (match_id bigint NOT NULL, payment_id bigint, fact_id bigint, seats integer NOT NULL,
    rule text NOT NULL, difference bigint NOT NULL) ON COMMIT DROP;

-- name: find_matches_judged_again
-- Rows of stored matches whose facts were judged now, whether or not they come out the same. A batch's is no concern
-- here.
INSERT INTO w_stale
SELECT m.match_id, m.payment_id, m.fact_id, m.seats, m.rule, m.difference
FROM (SELECT fact_id FROM w_fact WHERE leg = 'payment' UNION ALL SELECT fact_id FROM w_payment) AS f
JOIN match AS m ON m.tenant_id = $1 AND m.leg = 'bank' AND m.payment_id = f.fact_id
UNION
SELECT m.match_id, m.payment_id, m.fact_id, m.seats, m.rule, m.difference
FROM (SELECT fact_id FROM w_fact WHERE leg = 'bank' UNION ALL SELECT fact_id FROM w_line) AS f
JOIN match AS m ON m.tenant_id = $1 AND m.leg = 'bank' AND m.fact_id = f.fact_id AND m.batch_id IS NULL;

-- name: complete_groups_judged_again
INSERT INTO w_stale
SELECT m.match_id, m.payment_id, m.fact_id, m.seats, m.rule, m.difference
FROM (SELECT DISTINCT match_id FROM w_stale WHERE seats > 1) AS s
JOIN match AS m ON m.tenant_id = $1 AND m.match_id = s.match_id AND m.seats > 1
EXCEPT SELECT * FROM w_stale;

-- name: mark_unchanged_pairs
-- What comes out as it was stored is left alone, and not stored again.
WITH same AS (
    DELETE FROM w_stale AS s USING w_group AS g
    WHERE s.rule = 'exact' AND s.seats = 1 AND g.payments = 1 AND g.lines = 1
      AND g.payment_id = s.payment_id AND g.line_id = s.fact_id
    RETURNING s.payment_id)
DELETE FROM w_group AS g USING same WHERE g.payment_id = same.payment_id AND g.payments = 1 AND g.lines = 1;

-- name: mark_unchanged_groups
WITH stored AS (
    SELECT match_id, rule, difference, array_agg(payment_id ORDER BY payment_id) FILTER (WHERE payment_id IS NOT NULL) AS payment_ids,
           array_agg(fact_id ORDER BY fact_id) FILTER (WHERE fact_id IS NOT NULL) AS line_ids
    FROM w_stale GROUP BY match_id, rule, difference),
same AS (
    DELETE FROM w_match AS w USING stored AS s
    WHERE w.rule = s.rule AND w.difference = s.difference AND w.payment_ids = s.payment_ids AND w.line_ids = s.line_ids
    RETURNING s.match_id)
DELETE FROM w_stale AS s USING same WHERE s.match_id = same.match_id;

-- name: retire_matches
WITH gone AS (
    DELETE FROM match AS m USING w_stale AS s
    WHERE m.tenant_id = $1 AND m.leg = 'bank' AND m.match_id = s.match_id
      AND (m.payment_id = s.payment_id OR (s.payment_id IS NULL AND m.fact_id = s.fact_id))
    RETURNING m.*)
INSERT INTO match_history (tenant_id, match_id, leg, payment_id, batch_id, fact_id, seats, rule, rule_set, difference,
                           matched_at)
SELECT tenant_id, match_id, leg, payment_id, batch_id, fact_id, seats, rule, rule_set, difference, matched_at FROM gone;

-- name: store_pairs
INSERT INTO match (tenant_id, leg, payment_id, fact_id, seats, rule, rule_set, difference)
SELECT $1, 'bank', g.payment_id, g.line_id, 1, 'exact', $2, 0
FROM w_group AS g
WHERE g.payments = 1 AND g.lines = 1
ORDER BY g.payment_id;

-- name: store_matches
INSERT INTO match (tenant_id, match_id, leg, payment_id, fact_id, seats, rule, rule_set, difference)
SELECT $1, w.match_id, 'bank', seat.payment_id, seat.fact_id,
       greatest(cardinality(w.payment_ids), cardinality(w.line_ids)), w.rule, $2, w.difference
FROM w_match AS w, unnest(w.payment_ids, w.line_ids) AS seat (payment_id, fact_id)
ORDER BY w.match_id, seat.payment_id;
