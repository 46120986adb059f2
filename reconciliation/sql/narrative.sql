-- Payments named in the narratives of bank lines; and the loose facts, which no reference settles.

-- name: create_narrative_tables
CREATE TEMP TABLE w_departed (leg leg NOT NULL, fact_id bigint NOT NULL, account_id integer, amount bigint NOT NULL,
    currency text NOT NULL, on_date date NOT NULL, reference_key text NOT NULL, dossier_key text NOT NULL,
    named text NOT NULL, cut text[] NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_payment (fact_id bigint PRIMARY KEY, fresh boolean NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_line (fact_id bigint PRIMARY KEY, fresh boolean NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_edge (line_id bigint NOT NULL, payment_id bigint NOT NULL, rule text NOT NULL, name text NOT NULL,
    rank smallint NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_near (fact_id bigint NOT NULL, account_id integer NOT NULL, amount bigint NOT NULL,
    currency text NOT NULL, on_date date NOT NULL, named text NOT NULL, cut text[] NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_payer (fact_id bigint NOT NULL, account_id integer NOT NULL, amount bigint NOT NULL,
    currency text NOT NULL, on_date date NOT NULL, reference_key text NOT NULL, dossier_key text NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_name (fact_id bigint NOT NULL, rank smallint NOT NULL, rule text NOT NULL, key text NOT NULL,
    tail text NOT NULL, first integer NOT NULL, last integer NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_gram (fact_id bigint NOT NULL, piece text NOT NULL) ON COMMIT DROP;

-- name: note_departed
-- What a reference or a person settles now leaves the narratives' field, and those it stood beside there are judged again.
WITH gone AS (
    DELETE FROM loose_fact AS l USING w_fact AS f
    WHERE l.tenant_id = $1 AND l.leg = f.leg AND l.fact_id = f.fact_id
      AND NOT EXISTS (SELECT FROM w_rest AS r WHERE r.leg = f.leg AND r.fact_id = f.fact_id)
    RETURNING l.*)
INSERT INTO w_departed
SELECT leg, fact_id, account_id, amount, currency, on_date, reference_key, dossier_key, named, cut FROM gone;

-- name: keep_loose_payments
INSERT INTO loose_fact (tenant_id, leg, fact_id, account_id, amount, currency, on_date, reference_key, dossier_key,
                        standing, contenders, stopped)
SELECT $1, r.leg, r.fact_id, r.account_id, r.amount, r.currency, r.on_date, r.reference_key,
       coalesce(squeeze(p.dossier_code), ''), r.standing, r.contenders, r.stopped
FROM w_rest AS r JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = r.fact_id
WHERE r.leg = 'payment'
ON CONFLICT (tenant_id, leg, fact_id) DO UPDATE SET
    account_id = EXCLUDED.account_id, amount = EXCLUDED.amount, currency = EXCLUDED.currency,
    on_date = EXCLUDED.on_date, dossier_key = EXCLUDED.dossier_key, standing = EXCLUDED.standing,
    contenders = EXCLUDED.contenders, stopped = EXCLUDED.stopped;

-- name: keep_loose_lines
-- Read as it stands, and again without what the bank wrote before the payer's words. Words of $2 characters can be cut
-- references; $3 is the pattern of the prefixes, '' where there are none.
INSERT INTO loose_fact (tenant_id, leg, fact_id, account_id, amount, currency, on_date, reference_key, named, cut,
                        standing, contenders, stopped)
SELECT $1, r.leg, r.fact_id, r.account_id, r.amount, r.currency, r.on_date, r.reference_key,
       concat_ws(' ', words(l.narrative || ' ' || l.reference), squeeze(l.narrative), l.reference_key,
                 words(b.narrative || ' ' || b.reference), squeeze(b.narrative), squeeze(b.reference)),
       ARRAY(SELECT DISTINCT word
             FROM unnest(cut_words(l.narrative) || cut_words(l.reference) || l.reference_key
                         || cut_words(b.narrative) || cut_words(b.reference) || squeeze(b.reference)) AS word
             WHERE length(word) >= $2::integer),
       r.standing, r.contenders, r.stopped
FROM w_rest AS r
JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = r.fact_id
LEFT JOIN LATERAL (SELECT regexp_replace(l.narrative, $3::text, '') AS narrative,
                          regexp_replace(l.reference, $3::text, '') AS reference
                   WHERE $3::text <> '' AND (l.narrative ~ $3::text OR l.reference ~ $3::text)) AS b ON true
WHERE r.leg = 'bank'
ON CONFLICT (tenant_id, leg, fact_id) DO UPDATE SET
    named = EXCLUDED.named, cut = EXCLUDED.cut, standing = EXCLUDED.standing, contenders = EXCLUDED.contenders,
    stopped = EXCLUDED.stopped;

-- name: begin_with_former_company
-- Lines that stood beside or were joined to a payment judged now: its amount or its dossier may have changed.
INSERT INTO w_line
SELECT DISTINCT l.fact_id, true
FROM (SELECT unnest(c.contenders) AS line_id
      FROM w_fact AS f JOIN loose_fact AS c ON c.tenant_id = $1 AND c.leg = 'payment' AND c.fact_id = f.fact_id
      WHERE f.leg = 'payment'
      UNION ALL
      SELECT m.fact_id
      FROM w_fact AS f JOIN match AS m ON m.tenant_id = $1 AND m.leg = 'bank' AND m.payment_id = f.fact_id
      WHERE f.leg = 'payment') AS former
JOIN loose_fact AS l ON l.tenant_id = $1 AND l.leg = 'bank' AND l.fact_id = former.line_id;

-- name: begin_with_changed_payments
INSERT INTO w_payment
SELECT fact_id, true FROM w_rest WHERE leg = 'payment'
UNION SELECT fact_id, true FROM w_departed WHERE leg = 'payment';

-- name: begin_with_changed_lines
INSERT INTO w_line
SELECT fact_id, true FROM w_rest WHERE leg = 'bank' AND amount > 0
UNION SELECT fact_id, true FROM w_departed WHERE leg = 'bank'
ON CONFLICT (fact_id) DO NOTHING;

-- name: reach_lines_by_name
-- From payments not looked at before to lines not reached before. Few: both are what a change touches.
INSERT INTO w_line
WITH payer AS MATERIALIZED (
    SELECT p.* FROM w_payment AS w
    JOIN (SELECT fact_id, account_id, amount, currency, on_date, reference_key, dossier_key
          FROM loose_fact WHERE tenant_id = $1 AND leg = 'payment'
          UNION ALL
          SELECT fact_id, account_id, amount, currency, on_date, reference_key, dossier_key
          FROM w_departed WHERE leg = 'payment') AS p ON p.fact_id = w.fact_id
    WHERE w.fresh),
other AS MATERIALIZED (
    SELECT l.fact_id, l.account_id, l.amount, l.currency, l.on_date, l.named, l.cut
    FROM (SELECT account_id, amount, min(on_date) AS first_day, max(on_date) AS last_day
          FROM payer GROUP BY account_id, amount) AS p
    JOIN loose_fact AS l ON l.tenant_id = $1 AND l.leg = 'bank' AND l.account_id = p.account_id
        AND l.amount = p.amount AND l.on_date BETWEEN p.first_day + $2::integer AND p.last_day + $3::integer
    WHERE l.amount > 0 AND NOT EXISTS (SELECT FROM w_line AS known WHERE known.fact_id = l.fact_id))
SELECT DISTINCT l.fact_id, true
FROM other AS l
JOIN payer AS p ON p.account_id = l.account_id AND p.amount = l.amount AND p.currency = l.currency
    AND l.on_date BETWEEN p.on_date + $2::integer AND p.on_date + $3::integer
WHERE (length(p.reference_key) >= $4::integer AND position(p.reference_key IN l.named) > 0)
   OR (length(p.dossier_key) >= $4::integer AND position(p.dossier_key IN l.named) > 0)
   OR EXISTS (SELECT FROM unnest(l.cut) AS word
              WHERE starts_with(p.reference_key, word) OR starts_with(p.dossier_key, word));

-- name: settle_payments_looked_at
UPDATE w_payment SET fresh = false WHERE fresh;

-- name: clear_names
TRUNCATE w_near, w_payer, w_name, w_gram;

-- name: lay_out_lines
-- Lines that have since been settled serve once more, to find whom they stood beside.
INSERT INTO w_near
SELECT l.fact_id, l.account_id, l.amount, l.currency, l.on_date, l.named, l.cut
FROM w_line AS w JOIN loose_fact AS l ON l.tenant_id = $1 AND l.leg = 'bank' AND l.fact_id = w.fact_id
WHERE w.fresh
UNION ALL
SELECT l.fact_id, l.account_id, l.amount, l.currency, l.on_date, l.named, l.cut
FROM w_line AS w JOIN w_departed AS l ON l.leg = 'bank' AND l.fact_id = w.fact_id
WHERE w.fresh;

-- name: lay_out_payers
INSERT INTO w_payer
SELECT p.fact_id, p.account_id, p.amount, p.currency, p.on_date, p.reference_key, p.dossier_key
FROM (SELECT account_id, amount, currency, min(on_date) AS first_day, max(on_date) AS last_day
      FROM w_near GROUP BY account_id, amount, currency) AS n
JOIN loose_fact AS p ON p.tenant_id = $1 AND p.leg = 'payment' AND p.account_id = n.account_id AND p.amount = n.amount
    AND p.currency = n.currency AND p.on_date BETWEEN n.first_day - $3::integer AND n.last_day - $2::integer
WHERE p.standing <> 'ambiguous_reference' AND p.amount > 0;

-- name: lay_out_names
-- Each kind of name with the shortest that counts and its window; a NULL length: names of that kind do not count.
INSERT INTO w_name
SELECT fact_id, 1, 'narrative_reference', reference_key, right(reference_key, $1::integer), $3::integer, $4::integer
FROM w_payer WHERE length(reference_key) >= $2::integer
UNION ALL
SELECT fact_id, 2, 'narrative_dossier', dossier_key, right(dossier_key, $1::integer), $6::integer, $7::integer
FROM w_payer WHERE length(dossier_key) >= $5::integer;

-- name: lay_out_pieces
INSERT INTO w_gram
SELECT DISTINCT fact_id, substr(named, place, $1::integer)
FROM w_near, generate_series(1, length(named) - $1::integer + 1) AS place;

-- name: find_full_names
-- A line names payments of its account and amount in its window. The last characters of a key, looked up among the
-- line's, keep this a hash join; names() then sees to it that no digit runs on at either end.
INSERT INTO w_edge
WITH pair AS MATERIALIZED (
    SELECT g.fact_id AS line_id, n.fact_id AS payment_id, n.rule, n.key, n.rank, n.first, n.last
    FROM w_name AS n JOIN w_gram AS g ON g.piece = n.tail)
SELECT DISTINCT l.fact_id, p.fact_id, pair.rule, pair.rule || ' ' || pair.key, pair.rank
FROM pair
JOIN w_near AS l ON l.fact_id = pair.line_id
JOIN w_payer AS p ON p.fact_id = pair.payment_id
WHERE l.account_id = p.account_id AND l.amount = p.amount AND l.currency = p.currency
  AND l.on_date BETWEEN p.on_date + pair.first AND p.on_date + pair.last AND names(l.named, pair.key)
  AND NOT EXISTS (SELECT FROM parted AS d WHERE d.tenant_id = $1 AND d.leg = 'bank' AND d.payment_id = p.fact_id
                    AND d.fact_id = l.fact_id);

-- name: find_cut_names
-- Only where a line names nothing in full.
INSERT INTO w_edge
SELECT DISTINCT l.fact_id, p.fact_id, 'narrative_cut', 'narrative_cut ' || p.fact_id, 3
FROM (SELECT n.*, word FROM w_near AS n, unnest(n.cut) AS word
      WHERE NOT EXISTS (SELECT FROM w_edge AS e WHERE e.line_id = n.fact_id)) AS l
JOIN (SELECT *, reference_key AS key FROM w_payer UNION ALL SELECT *, dossier_key FROM w_payer) AS p
    ON left(p.key, $3::integer) = left(l.word, $3::integer)
    AND l.account_id = p.account_id AND l.amount = p.amount AND l.currency = p.currency
    AND l.on_date BETWEEN p.on_date + $1::integer AND p.on_date + $2::integer
WHERE length(l.word) >= $3::integer AND starts_with(p.key, l.word) AND p.key <> l.word
  AND NOT EXISTS (SELECT FROM parted AS d WHERE d.tenant_id = $4 AND d.leg = 'bank' AND d.payment_id = p.fact_id
                    AND d.fact_id = l.fact_id);

-- name: keep_the_best_names
DELETE FROM w_edge AS e WHERE EXISTS (
    SELECT FROM w_edge AS better WHERE better.line_id = e.line_id AND better.rank < e.rank);

-- name: settle_lines_looked_at
UPDATE w_line SET fresh = false WHERE fresh;

-- name: reach_payments_by_edge
INSERT INTO w_payment
SELECT DISTINCT payment_id, true FROM w_edge AS e
WHERE NOT EXISTS (SELECT FROM w_payment AS known WHERE known.fact_id = e.payment_id);

-- name: reach_payments_of_former_company
-- What a line was joined to, or stood beside, by a cut name: a full one keeps those from being looked for again.
INSERT INTO w_payment
SELECT DISTINCT l.fact_id, true
FROM (SELECT unnest(c.contenders) AS payment_id
      FROM w_line AS w JOIN loose_fact AS c ON c.tenant_id = $1 AND c.leg = 'bank' AND c.fact_id = w.fact_id
      WHERE w.fresh AND c.standing = 'ambiguous_narrative'
      UNION ALL
      SELECT m.payment_id
      FROM w_line AS w JOIN match AS m ON m.tenant_id = $1 AND m.leg = 'bank' AND m.fact_id = w.fact_id
      WHERE w.fresh) AS former
JOIN loose_fact AS l ON l.tenant_id = $1 AND l.leg = 'payment' AND l.fact_id = former.payment_id
WHERE NOT EXISTS (SELECT FROM w_payment AS known WHERE known.fact_id = l.fact_id);

-- name: forget_edges_of_settled_lines
-- They served to find whom they had stood beside.
DELETE FROM w_edge WHERE line_id NOT IN (
    SELECT fact_id FROM loose_fact
    WHERE tenant_id = $1 AND leg = 'bank' AND standing NOT IN ('ambiguous_reference', 'taken_back')
      AND fact_id IN (SELECT line_id FROM w_edge));

-- name: match_by_narrative
-- A name settles when its lines name nothing else, its payments are named by nothing else, and both are as many.
INSERT INTO w_match
WITH line_names AS (SELECT line_id, count(DISTINCT name) AS names FROM w_edge GROUP BY line_id),
payment_names AS (SELECT payment_id, count(DISTINCT name) AS names FROM w_edge GROUP BY payment_id),
judged AS (
    SELECT e.name, e.rule, count(DISTINCT e.line_id) AS lines, count(DISTINCT e.payment_id) AS payments,
           count(*) AS edges, array_agg(DISTINCT e.payment_id ORDER BY e.payment_id) AS payment_ids,
           array_agg(DISTINCT e.line_id ORDER BY e.line_id) AS line_ids,
           bool_and(l.names = 1 AND p.names = 1) AS clean
    FROM w_edge AS e
    JOIN line_names AS l ON l.line_id = e.line_id
    JOIN payment_names AS p ON p.payment_id = e.payment_id
    JOIN loose_fact AS f ON f.tenant_id = $1 AND f.leg = 'bank' AND f.fact_id = e.line_id
    GROUP BY e.name, e.rule, f.account_id, f.amount, f.currency)
SELECT nextval('match_match_id_seq'), rule, payment_ids, line_ids, 0
FROM judged WHERE clean AND lines = payments AND edges = lines * payments
ORDER BY payment_ids;

-- name: set_narrative_standing
-- Every fact that was judged stands anew: joined, ambiguous with its contenders, or open.
UPDATE loose_fact AS l SET standing = s.standing, contenders = s.contenders, stopped = NULL
FROM (
    SELECT 'bank'::leg AS leg, w.fact_id,
           CASE WHEN m.line_id IS NOT NULL THEN 'narrative' WHEN e.ids IS NOT NULL THEN 'ambiguous_narrative'
                ELSE 'open' END AS standing,
           CASE WHEN m.line_id IS NULL THEN coalesce(e.ids, '{}') ELSE '{}' END AS contenders
    FROM w_line AS w
    LEFT JOIN (SELECT unnest(line_ids) AS line_id FROM w_match WHERE rule LIKE 'narrative%') AS m ON m.line_id = w.fact_id
    LEFT JOIN (SELECT line_id, array_agg(DISTINCT payment_id) AS ids FROM w_edge GROUP BY line_id) AS e
        ON e.line_id = w.fact_id
    UNION ALL
    SELECT 'payment', w.fact_id,
           CASE WHEN m.payment_id IS NOT NULL THEN 'narrative' WHEN e.ids IS NOT NULL THEN 'ambiguous_narrative'
                ELSE 'open' END,
           CASE WHEN m.payment_id IS NULL THEN coalesce(e.ids, '{}') ELSE '{}' END
    FROM w_payment AS w
    LEFT JOIN (SELECT unnest(payment_ids) AS payment_id FROM w_match WHERE rule LIKE 'narrative%') AS m
        ON m.payment_id = w.fact_id
    LEFT JOIN (SELECT payment_id, array_agg(DISTINCT line_id) AS ids FROM w_edge GROUP BY payment_id) AS e
        ON e.payment_id = w.fact_id
) AS s
WHERE l.tenant_id = $1 AND l.leg = s.leg AND l.fact_id = s.fact_id
  AND l.standing NOT IN ('ambiguous_reference', 'taken_back')
  AND (l.standing, l.contenders) IS DISTINCT FROM (s.standing, s.contenders);
