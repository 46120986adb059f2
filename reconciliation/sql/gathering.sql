-- What changed since the last turn, and what those changes reach by reference.

-- name: create_gathering_tables
CREATE TEMP TABLE w_dirty_payment (fact_id bigint NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_dirty_line (fact_id bigint NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_dirty_dossier (code text NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_fact (leg leg NOT NULL, fact_id bigint NOT NULL, account_id integer, amount bigint NOT NULL,
    currency text NOT NULL, on_date date NOT NULL, reference_key text NOT NULL, dossier_code text,
    money boolean NOT NULL, part integer NOT NULL DEFAULT 0) ON COMMIT DROP;

-- name: was_anything_judged
-- Every judged fact is matched or loose, or was; while there is none, whatever is stored is in hand.
SELECT EXISTS (SELECT FROM match WHERE tenant_id = $1) OR EXISTS (SELECT FROM loose_fact WHERE tenant_id = $1)
    OR EXISTS (SELECT FROM match_history WHERE tenant_id = $1);

-- name: take_dirty_payments
-- Rows that arrive after this statement's snapshot stay for the next time; so with the two below.
WITH taken AS (DELETE FROM dirty WHERE tenant_id = $1 AND kind = 'payment' RETURNING fact_ids)
INSERT INTO w_dirty_payment SELECT DISTINCT fact_id FROM taken, unnest(fact_ids) AS fact_id;

-- name: take_dirty_lines
WITH taken AS (DELETE FROM dirty WHERE tenant_id = $1 AND kind = 'line' RETURNING fact_ids)
INSERT INTO w_dirty_line SELECT DISTINCT fact_id FROM taken, unnest(fact_ids) AS fact_id;

-- name: take_dirty_dossiers
WITH taken AS (DELETE FROM dirty WHERE tenant_id = $1 AND kind = 'dossier' RETURNING codes)
INSERT INTO w_dirty_dossier SELECT DISTINCT code FROM taken, unnest(codes) AS code;

-- name: gather_dirty_payments
-- Only money that came can be matched with a bank line; the rest is judged with its case.
INSERT INTO w_fact
SELECT 'payment', p.payment_id, p.account_id, p.amount, p.currency, p.business_date, p.reference_key, p.dossier_code,
       p.state >= 'paid'
FROM w_dirty_payment AS d JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = d.fact_id;

-- name: gather_dirty_lines
INSERT INTO w_fact
SELECT 'bank', l.line_id, l.account_id, l.amount, l.currency, l.booked_on, l.reference_key, NULL, true
FROM w_dirty_line AS d JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = d.fact_id
WHERE l.leg = 'bank';

-- name: forget_dirty_facts
DELETE FROM dirty WHERE tenant_id = $1 AND kind IN ('payment', 'line');

-- name: gather_every_payment
-- The first load: whatever is stored is in hand, so nothing need be looked up by its number.
INSERT INTO w_fact
SELECT 'payment', payment_id, account_id, amount, currency, business_date, reference_key, dossier_code, state >= 'paid'
FROM payment WHERE tenant_id = $1;

-- name: gather_every_line
INSERT INTO w_fact
SELECT 'bank', line_id, account_id, amount, currency, booked_on, reference_key, NULL, true
FROM statement_line WHERE tenant_id = $1 AND leg = 'bank';

-- name: gather_payments_of_the_same_reference
-- A reference is always judged whole, with what was matched before.
INSERT INTO w_fact
SELECT 'payment', p.payment_id, p.account_id, p.amount, p.currency, p.business_date, p.reference_key, p.dossier_code,
       true
FROM (SELECT DISTINCT reference_key FROM w_fact WHERE reference_key <> '' AND money) AS k
JOIN payment AS p ON p.tenant_id = $1 AND p.reference_key = k.reference_key
WHERE p.state >= 'paid'
  AND NOT EXISTS (SELECT FROM w_fact AS f WHERE f.leg = 'payment' AND f.fact_id = p.payment_id);

-- name: gather_lines_of_the_same_reference
INSERT INTO w_fact
SELECT 'bank', l.line_id, l.account_id, l.amount, l.currency, l.booked_on, l.reference_key, NULL, true
FROM (SELECT DISTINCT reference_key FROM w_fact WHERE reference_key <> '' AND money) AS k
JOIN statement_line AS l ON l.tenant_id = $1 AND l.reference_key = k.reference_key
WHERE l.leg = 'bank' AND NOT EXISTS (SELECT FROM w_fact AS f WHERE f.leg = 'bank' AND f.fact_id = l.line_id);
