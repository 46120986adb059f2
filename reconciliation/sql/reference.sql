-- Payments and bank lines of one reference. A reference is always judged whole.

-- name: create_reference_tables
CREATE TEMP TABLE w_group (account_id integer, amount bigint, currency text, reference_key text, payments bigint,
    lines bigint, payment_id bigint, line_id bigint, paid_on date, booked_on date, part integer) ON COMMIT DROP;
CREATE TEMP TABLE w_rest (leg leg NOT NULL, fact_id bigint NOT NULL, account_id integer, amount bigint NOT NULL,
    currency text NOT NULL, on_date date NOT NULL, reference_key text NOT NULL, standing text NOT NULL,
    contenders bigint[] NOT NULL DEFAULT '{}', stopped integer, part integer NOT NULL DEFAULT 0) ON COMMIT DROP;
CREATE TEMP TABLE w_match (match_id bigint NOT NULL, rule text NOT NULL, payment_ids bigint[] NOT NULL,
    line_ids bigint[] NOT NULL, difference bigint NOT NULL) ON COMMIT DROP;

-- name: group_by_reference
-- Debits, and payments that name no account, settle nothing here.
INSERT INTO w_group
SELECT account_id, amount, currency, reference_key, count(*) FILTER (WHERE leg = 'payment'),
       count(*) FILTER (WHERE leg = 'bank'), min(fact_id) FILTER (WHERE leg = 'payment'),
       min(fact_id) FILTER (WHERE leg = 'bank'), min(on_date) FILTER (WHERE leg = 'payment'),
       max(on_date) FILTER (WHERE leg = 'bank'), part
FROM w_fact
WHERE money AND reference_key <> '' AND amount > 0 AND account_id IS NOT NULL
GROUP BY account_id, amount, currency, reference_key, part;

-- name: match_exact_groups
-- As many payments as lines of one reference, account and amount: they settle each other whichever is whose.
INSERT INTO w_match
SELECT nextval('match_match_id_seq'), 'exact',
       array_agg(f.fact_id ORDER BY f.fact_id) FILTER (WHERE f.leg = 'payment'),
       array_agg(f.fact_id ORDER BY f.fact_id) FILTER (WHERE f.leg = 'bank'), 0
FROM w_group AS g JOIN w_fact AS f USING (account_id, amount, currency, reference_key, part)
WHERE f.money AND g.payments = g.lines AND g.payments > 1
GROUP BY account_id, amount, currency, reference_key, part;

-- name: set_aside_what_is_not_exact
INSERT INTO w_rest
SELECT f.leg, f.fact_id, f.account_id, f.amount, f.currency, f.on_date, f.reference_key,
       CASE WHEN g.payments > 0 AND g.lines > 0 THEN 'ambiguous_reference' ELSE 'open' END
FROM w_fact AS f JOIN w_group AS g USING (account_id, amount, currency, reference_key, part)
WHERE f.money AND g.payments <> g.lines
UNION ALL
SELECT leg, fact_id, account_id, amount, currency, on_date, reference_key, 'open'
FROM w_fact WHERE money AND (reference_key = '' OR amount <= 0 OR account_id IS NULL);

-- name: match_one_reference_with_another_amount
-- Where there is a tolerance ($1), a pair may be so many đồng ($2) and so much of the payment ($3) apart; NULL: any.
INSERT INTO w_match
SELECT nextval('match_match_id_seq'),
       CASE WHEN $1::boolean AND abs(payment - line) <= coalesce($2::bigint, abs(payment - line))
                 AND ($3::numeric IS NULL OR abs(payment - line) * 100 <= payment * $3::numeric)
            THEN 'tolerance' ELSE 'reference' END,
       payment_ids, line_ids, payment - line
FROM (SELECT array_agg(fact_id) FILTER (WHERE leg = 'payment') AS payment_ids,
             array_agg(fact_id) FILTER (WHERE leg = 'bank') AS line_ids,
             sum(amount) FILTER (WHERE leg = 'payment') AS payment, sum(amount) FILTER (WHERE leg = 'bank') AS line
      FROM w_rest
      WHERE standing = 'open' AND reference_key <> '' AND amount > 0 AND account_id IS NOT NULL
      GROUP BY account_id, currency, reference_key, part
      HAVING count(*) FILTER (WHERE leg = 'payment') = 1 AND count(*) FILTER (WHERE leg = 'bank') = 1) AS pair;

-- name: mark_ambiguous_amounts
UPDATE w_rest AS r SET standing = 'ambiguous_reference'
FROM (SELECT account_id, currency, reference_key, part FROM w_rest
      WHERE standing = 'open' AND reference_key <> '' AND amount > 0 AND account_id IS NOT NULL
      GROUP BY account_id, currency, reference_key, part
      HAVING count(*) FILTER (WHERE leg = 'payment') > 0 AND count(*) FILTER (WHERE leg = 'bank') > 0 AND count(*) > 2
     ) AS g
WHERE r.standing = 'open' AND r.amount > 0
  AND (r.account_id, r.currency, r.reference_key, r.part) = (g.account_id, g.currency, g.reference_key, g.part);

-- name: drop_matched_from_the_rest
DELETE FROM w_rest AS r
USING (SELECT 'payment'::leg AS leg, unnest(payment_ids) AS fact_id FROM w_match WHERE rule = $1
       UNION ALL SELECT 'bank', unnest(line_ids) FROM w_match WHERE rule = $1) AS m
WHERE r.leg = m.leg AND r.fact_id = m.fact_id;

-- name: match_one_reference_on_another_account
INSERT INTO w_match
SELECT nextval('match_match_id_seq'), 'reference_other_account',
       array_agg(fact_id) FILTER (WHERE leg = 'payment'), array_agg(fact_id) FILTER (WHERE leg = 'bank'), 0
FROM w_rest
WHERE standing = 'open' AND reference_key <> '' AND amount > 0 AND account_id IS NOT NULL
GROUP BY amount, currency, reference_key, part
HAVING count(*) FILTER (WHERE leg = 'payment') = 1 AND count(*) FILTER (WHERE leg = 'bank') = 1;

-- name: mark_ambiguous_accounts
UPDATE w_rest AS r SET standing = 'ambiguous_reference'
FROM (SELECT amount, currency, reference_key, part FROM w_rest
      WHERE standing = 'open' AND reference_key <> '' AND amount > 0 AND account_id IS NOT NULL
      GROUP BY amount, currency, reference_key, part
      HAVING count(*) FILTER (WHERE leg = 'payment') > 0 AND count(*) FILTER (WHERE leg = 'bank') > 0 AND count(*) > 2
     ) AS g
WHERE r.standing = 'open' AND r.account_id IS NOT NULL
  AND (r.amount, r.currency, r.reference_key, r.part) = (g.amount, g.currency, g.reference_key, g.part);

-- name: name_the_contenders
-- The first of them: where a mapping makes all references equal, each would name everything.
UPDATE w_rest AS r SET contenders = c.ids
FROM (SELECT leg, reference_key, currency, (array_agg(fact_id ORDER BY fact_id))[:$1::integer] AS ids
      FROM w_rest WHERE standing = 'ambiguous_reference' GROUP BY leg, reference_key, currency) AS c
WHERE r.standing = 'ambiguous_reference' AND r.leg <> c.leg
  AND (r.reference_key, r.currency) = (c.reference_key, c.currency);
