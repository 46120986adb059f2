-- Batches of settlement lines, and the bank lines by which gateways pay them out.

-- name: create_payout_tables
CREATE TEMP TABLE w_batch_key (source_id integer NOT NULL, code text NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_former_batch (batch_id bigint NOT NULL, account_id integer NOT NULL, settled_on date NOT NULL,
    net bigint NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_batch (batch_id bigint PRIMARY KEY, account_id integer, settled_on date NOT NULL,
    net bigint NOT NULL, code_key text NOT NULL, fresh boolean NOT NULL DEFAULT true,
    standing text NOT NULL DEFAULT 'open', contenders bigint[] NOT NULL DEFAULT '{}') ON COMMIT DROP;
CREATE TEMP TABLE w_batch_day (batch_id bigint NOT NULL, account_id integer NOT NULL, day date NOT NULL,
    net bigint NOT NULL, code_key text NOT NULL, dated boolean NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_credit (line_id bigint PRIMARY KEY, account_id integer NOT NULL, booked_on date NOT NULL,
    amount bigint NOT NULL, named text NOT NULL, available boolean NOT NULL, fresh boolean NOT NULL DEFAULT true,
    standing text NOT NULL DEFAULT 'open') ON COMMIT DROP;
CREATE TEMP TABLE w_payout_edge (batch_id bigint NOT NULL, line_id bigint NOT NULL, difference bigint NOT NULL)
    ON COMMIT DROP;
CREATE TEMP TABLE w_payout (batch_id bigint NOT NULL, line_id bigint NOT NULL, difference bigint NOT NULL)
    ON COMMIT DROP;
CREATE TEMP TABLE w_repaid_batch (batch_id bigint NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_paid_out (payment_id bigint NOT NULL) ON COMMIT DROP;

-- name: name_every_batch
INSERT INTO w_batch_key
SELECT DISTINCT source_id, batch FROM statement_line
WHERE tenant_id = $1 AND leg = 'settlement' AND batch IS NOT NULL AND source_id IS NOT NULL AND currency = 'VND';

-- name: name_changed_batches
INSERT INTO w_batch_key
SELECT DISTINCT l.source_id, l.batch
FROM w_dirty_line AS d JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = d.fact_id
WHERE l.leg = 'settlement' AND l.batch IS NOT NULL AND l.source_id IS NOT NULL AND l.currency = 'VND';

-- name: sum_batches
-- What a batch was is kept for this turn: lines that stood beside it there are judged again.
WITH former AS (
    INSERT INTO w_former_batch
    SELECT b.batch_id, b.account_id, b.settled_on, b.net
    FROM w_batch_key AS k
    JOIN settlement_batch AS b ON b.tenant_id = $1 AND b.source_id = k.source_id AND b.code = k.code
    WHERE b.account_id IS NOT NULL)
INSERT INTO settlement_batch AS b (tenant_id, source_id, code, code_key, account_id, settled_on, lines, gross, net)
SELECT $1, k.source_id, k.code, squeeze(k.code), s.account_id, max(l.booked_on), count(*), sum(l.amount),
       sum(coalesce(l.net, l.amount))
FROM w_batch_key AS k
JOIN source AS s ON s.tenant_id = $1 AND s.source_id = k.source_id
JOIN statement_line AS l ON l.tenant_id = $1 AND l.source_id = k.source_id AND l.batch = k.code
WHERE l.leg = 'settlement' AND l.currency = 'VND'
GROUP BY k.source_id, k.code, s.account_id
ON CONFLICT (tenant_id, source_id, code) DO UPDATE SET
    account_id = EXCLUDED.account_id, settled_on = EXCLUDED.settled_on, lines = EXCLUDED.lines,
    gross = EXCLUDED.gross, net = EXCLUDED.net;

-- name: begin_with_changed_batches
INSERT INTO w_batch (batch_id, account_id, settled_on, net, code_key)
SELECT b.batch_id, b.account_id, b.settled_on, b.net, b.code_key
FROM w_batch_key AS k JOIN settlement_batch AS b ON b.tenant_id = $1 AND b.source_id = k.source_id AND b.code = k.code;

-- name: begin_with_changed_credits
-- Credits that no payment settles any longer, or none until now; those that payments have taken serve to find the
-- batches they stood beside.
INSERT INTO w_credit (line_id, account_id, booked_on, amount, named, available)
SELECT l.fact_id, l.account_id, l.on_date, l.amount, l.named, l.standing = 'open'
FROM (SELECT fact_id FROM w_rest WHERE leg = 'bank' UNION SELECT fact_id FROM w_line) AS w
JOIN loose_fact AS l ON l.tenant_id = $1 AND l.leg = 'bank' AND l.fact_id = w.fact_id
WHERE l.amount > 0 AND l.currency = 'VND'
UNION ALL
SELECT fact_id, account_id, on_date, amount, named, false
FROM w_departed WHERE leg = 'bank' AND amount > 0 AND currency = 'VND'
ON CONFLICT (line_id) DO NOTHING;

-- name: begin_with_credits_taken
-- By batches that changed: each is judged again, also where no rule pays out any longer.
INSERT INTO w_credit (line_id, account_id, booked_on, amount, named, available)
SELECT l.fact_id, l.account_id, l.on_date, l.amount, l.named, l.standing = 'open'
FROM w_batch AS b
JOIN match AS m ON m.tenant_id = $1 AND m.batch_id = b.batch_id
JOIN loose_fact AS l ON l.tenant_id = $1 AND l.leg = 'bank' AND l.fact_id = m.fact_id
ON CONFLICT (line_id) DO NOTHING;

-- name: reach_credits
-- From batches not looked at before, where they are and where they were, to the open credits in their windows. One that
-- another batch takes to the đồng stands in nobody's way, unless it is named here or of this net.
INSERT INTO w_credit (line_id, account_id, booked_on, amount, named, available)
WITH place AS MATERIALIZED (
    SELECT account_id, settled_on, net, code_key FROM w_batch WHERE fresh AND account_id IS NOT NULL
    UNION
    SELECT f.account_id, f.settled_on, f.net, b.code_key
    FROM w_former_batch AS f JOIN w_batch AS b ON b.batch_id = f.batch_id WHERE b.fresh),
reach AS MATERIALIZED (
    SELECT DISTINCT account_id, settled_on + shift AS day FROM place, generate_series($2::integer, $3::integer) AS shift)
SELECT l.fact_id, l.account_id, l.on_date, l.amount, l.named, true
FROM reach AS r
JOIN loose_fact AS l ON l.tenant_id = $1 AND l.leg = 'bank' AND l.account_id = r.account_id AND l.on_date = r.day
WHERE l.amount > 0 AND l.currency = 'VND' AND l.standing = 'open'
  AND NOT EXISTS (SELECT FROM w_credit AS known WHERE known.line_id = l.fact_id)
  AND (l.payout IS DISTINCT FROM 'matched'
       OR EXISTS (SELECT FROM place AS p
                  WHERE p.account_id = l.account_id AND l.on_date BETWEEN p.settled_on + $2 AND p.settled_on + $3
                    AND (p.net = l.amount OR names_batch(l.named, p.code_key, $4::integer, $5::integer))));

-- name: settle_batches_looked_at
UPDATE w_batch SET fresh = false WHERE fresh;

-- name: reach_batches
-- From credits not looked at before to the batches in whose windows they are. As above, one that is paid out to the
-- đồng is let alone, unless the credit names it or is of its net.
INSERT INTO w_batch (batch_id, account_id, settled_on, net, code_key)
SELECT DISTINCT b.batch_id, b.account_id, b.settled_on, b.net, b.code_key
FROM w_credit AS c
JOIN settlement_batch AS b ON b.tenant_id = $1 AND b.account_id = c.account_id
    AND b.settled_on BETWEEN c.booked_on - $3::integer AND c.booked_on - $2::integer
WHERE c.fresh AND NOT EXISTS (SELECT FROM w_batch AS known WHERE known.batch_id = b.batch_id)
  AND (b.standing <> 'matched' OR b.difference <> 0 OR b.net = c.amount OR names_batch(c.named, b.code_key, $4::integer, $5::integer));

-- name: settle_credits_looked_at
UPDATE w_credit SET fresh = false WHERE fresh;

-- name: lay_out_windows
-- A code that is but the day of its batch names it as any date does: only where the amount says so too.
INSERT INTO w_batch_day
SELECT batch_id, account_id, settled_on + shift, net, code_key, code_key = to_char(settled_on, 'YYYYMMDD')
FROM w_batch, generate_series($1::integer, $2::integer) AS shift
WHERE account_id IS NOT NULL AND net > 0;

-- name: find_payouts_of_the_net
-- Named or not.
INSERT INTO w_payout_edge
SELECT b.batch_id, c.line_id, 0
FROM w_batch_day AS d
JOIN w_credit AS c ON c.account_id = d.account_id AND c.booked_on = d.day AND c.amount = d.net
JOIN w_batch AS b ON b.batch_id = d.batch_id
WHERE b.standing = 'open' AND c.standing = 'open' AND c.available
  AND (NOT $1::boolean
       OR names_batch(c.named, d.code_key, $2::integer, $3::integer)
          AND NOT EXISTS (SELECT FROM w_batch_day AS o
                          WHERE o.account_id = d.account_id AND o.day = d.day
                            AND stands_within(d.code_key, o.code_key, c.named, $2::integer, $3::integer)));

-- name: find_payouts_named
-- Of another amount than the net.
INSERT INTO w_payout_edge
SELECT b.batch_id, c.line_id, d.net - c.amount
FROM w_batch_day AS d
JOIN w_credit AS c ON c.account_id = d.account_id AND c.booked_on = d.day
JOIN w_batch AS b ON b.batch_id = d.batch_id
WHERE b.standing = 'open' AND c.standing = 'open' AND c.available AND NOT d.dated AND c.amount <> d.net
  AND names_batch(c.named, d.code_key, $1::integer, $2::integer)
  AND NOT EXISTS (SELECT FROM w_batch_day AS o
                  WHERE o.account_id = d.account_id AND o.day = d.day
                    AND stands_within(d.code_key, o.code_key, c.named, $1::integer, $2::integer));

-- name: find_lone_payouts
-- One batch and one credit that have nobody else in their windows, not even one in doubt, and are near enough.
INSERT INTO w_payout_edge
WITH place AS (SELECT d.* FROM w_batch_day AS d JOIN w_batch AS b USING (batch_id) WHERE b.standing <> 'matched'),
credit AS (
    SELECT account_id, booked_on AS day, count(*) AS credits, min(line_id) AS line_id
    FROM w_credit WHERE available AND standing <> 'matched' GROUP BY account_id, booked_on),
alone AS (
    SELECT p.batch_id, min(c.line_id) AS line_id
    FROM place AS p JOIN credit AS c USING (account_id, day) GROUP BY p.batch_id HAVING sum(c.credits) = 1),
day AS (SELECT account_id, day, min(batch_id) AS batch_id FROM place GROUP BY account_id, day HAVING count(*) = 1)
SELECT b.batch_id, c.line_id, b.net - c.amount
FROM alone AS a
JOIN w_batch AS b ON b.batch_id = a.batch_id
JOIN w_credit AS c ON c.line_id = a.line_id
JOIN day AS d ON d.account_id = c.account_id AND d.day = c.booked_on AND d.batch_id = b.batch_id
WHERE b.standing = 'open' AND c.standing = 'open' AND abs(b.net - c.amount) * 100 <= b.net * $1::numeric;

-- name: drop_parted_payouts
-- What a person has parted no pass joins again.
DELETE FROM w_payout_edge AS e USING parted AS p
WHERE p.tenant_id = $1 AND p.leg = 'bank' AND p.batch_id = e.batch_id AND p.fact_id = e.line_id;

-- name: take_unique_payouts
-- One batch for one credit; where there are several, none is taken.
INSERT INTO w_payout
SELECT e.batch_id, e.line_id, e.difference
FROM w_payout_edge AS e
JOIN (SELECT batch_id FROM w_payout_edge GROUP BY batch_id HAVING count(*) = 1) AS b USING (batch_id)
JOIN (SELECT line_id FROM w_payout_edge GROUP BY line_id HAVING count(*) = 1) AS c USING (line_id);

-- name: stand_batches
UPDATE w_batch AS b
SET standing = CASE WHEN p.batch_id IS NULL THEN 'ambiguous' ELSE 'matched' END,
    contenders = CASE WHEN p.batch_id IS NULL THEN e.line_ids[:$1::integer] ELSE '{}' END
FROM (SELECT batch_id, array_agg(line_id ORDER BY line_id) AS line_ids FROM w_payout_edge GROUP BY batch_id) AS e
LEFT JOIN w_payout AS p ON p.batch_id = e.batch_id
WHERE b.batch_id = e.batch_id;

-- name: stand_credits
UPDATE w_credit AS c SET standing = CASE WHEN p.line_id IS NULL THEN 'ambiguous' ELSE 'matched' END
FROM (SELECT DISTINCT line_id FROM w_payout_edge) AS e LEFT JOIN w_payout AS p ON p.line_id = e.line_id
WHERE c.line_id = e.line_id;

-- name: clear_payout_edges
TRUNCATE w_payout_edge;

-- name: keep_batches
UPDATE settlement_batch AS b
SET standing = w.standing, contenders = w.contenders, difference = coalesce(p.difference, 0)
FROM w_batch AS w LEFT JOIN w_payout AS p ON p.batch_id = w.batch_id
WHERE b.tenant_id = $1 AND b.batch_id = w.batch_id
  AND (b.standing, b.contenders, b.difference)
      IS DISTINCT FROM (w.standing, w.contenders, coalesce(p.difference, 0));

-- name: keep_credits
UPDATE loose_fact AS l SET payout = n.payout
FROM (SELECT c.line_id, CASE WHEN p.difference = 0 THEN 'matched' WHEN p.difference <> 0 THEN 'differs'
                             WHEN c.standing = 'ambiguous' THEN 'ambiguous' END AS payout
      FROM w_credit AS c LEFT JOIN w_payout AS p ON p.line_id = c.line_id) AS n
WHERE l.tenant_id = $1 AND l.leg = 'bank' AND l.fact_id = n.line_id AND l.payout IS DISTINCT FROM n.payout;

-- name: retire_payouts
WITH gone AS (
    DELETE FROM match AS m USING w_batch AS b
    WHERE m.tenant_id = $1 AND m.batch_id = b.batch_id
      AND NOT EXISTS (SELECT FROM w_payout AS p
                      WHERE p.batch_id = m.batch_id AND p.line_id = m.fact_id AND p.difference = m.difference)
    RETURNING m.*),
noted AS (INSERT INTO w_repaid_batch SELECT batch_id FROM gone)
INSERT INTO match_history (tenant_id, match_id, leg, payment_id, batch_id, fact_id, seats, rule, rule_set, difference,
                           matched_at)
SELECT tenant_id, match_id, leg, payment_id, batch_id, fact_id, seats, rule, rule_set, difference, matched_at FROM gone;

-- name: drop_unchanged_payouts
DELETE FROM w_payout AS p USING match AS m WHERE m.tenant_id = $1 AND m.batch_id = p.batch_id;

-- name: note_payments_paid_out_otherwise
-- Their bank leg has come, or is gone again.
INSERT INTO w_settlement_payment
SELECT m.payment_id
FROM (SELECT batch_id FROM w_repaid_batch UNION SELECT batch_id FROM w_payout) AS w
JOIN settlement_batch AS b ON b.tenant_id = $1 AND b.batch_id = w.batch_id
JOIN statement_line AS l ON l.tenant_id = $1 AND l.source_id = b.source_id AND l.batch = b.code
JOIN match AS m ON m.tenant_id = $1 AND m.leg = 'settlement' AND m.fact_id = l.line_id
WHERE l.leg = 'settlement' AND l.currency = 'VND';

-- name: store_payouts
INSERT INTO match (tenant_id, leg, batch_id, fact_id, seats, rule, rule_set, difference)
SELECT $1, 'bank', batch_id, line_id, 1, 'settlement_batch', $2, difference FROM w_payout ORDER BY batch_id;

-- name: gather_paid_out
-- Of the cases judged: payments whose money lies in a batch that was paid out.
INSERT INTO w_paid_out
SELECT p.payment_id
FROM (SELECT p.payment_id FROM w_dossier AS d JOIN payment AS p ON p.tenant_id = $1 AND p.dossier_code = d.code
      UNION
      SELECT payment_id FROM w_lone_payment) AS p
JOIN match AS m ON m.tenant_id = $1 AND m.leg = 'settlement' AND m.payment_id = p.payment_id
JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = m.fact_id
JOIN settlement_batch AS b ON b.tenant_id = $1 AND b.source_id = l.source_id AND b.code = l.batch
WHERE l.currency = 'VND' AND b.standing = 'matched';

-- name: expect_of_batches
-- One discrepancy for a batch, however many cases it is the trouble of.
INSERT INTO w_expected
SELECT 'batch:' || b.batch_id, 'batch:' || b.batch_id, 'net_differs', abs(b.difference),
       greatest(b.settled_on, l.booked_on), NULL, NULL, NULL, l.line_id,
       jsonb_build_object('batch', b.code, 'net', b.net, 'lines', b.lines)
FROM w_batch AS w
JOIN settlement_batch AS b ON b.tenant_id = $1 AND b.batch_id = w.batch_id
JOIN match AS m ON m.tenant_id = $1 AND m.batch_id = b.batch_id
JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = m.fact_id
WHERE b.difference <> 0;
