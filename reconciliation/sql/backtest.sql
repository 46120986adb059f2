-- What another rule set would have made of past days. All of it is rolled back.

-- name: create_backtest_tables
CREATE TEMP TABLE tried_retired (match_id bigint NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE tried_live (discrepancy_id bigint NOT NULL, amount bigint NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE tried_match (change text NOT NULL, leg leg NOT NULL, before text, after text, payment_id bigint,
    fact_id bigint, batch_id bigint, amount bigint NOT NULL, currency text NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE tried_discrepancy (change text NOT NULL, discrepancy_id bigint NOT NULL, reason text NOT NULL,
    amount bigint NOT NULL, currency text NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE tried_parted (leg leg NOT NULL, payment_id bigint, batch_id bigint, fact_id bigint NOT NULL,
    parted_by text NOT NULL, reason text NOT NULL) ON COMMIT DROP;

-- name: latest_match_id
-- Taken from the sequence: whatever is stored from here on has a larger number.
SELECT nextval('match_match_id_seq');

-- name: note_retired
INSERT INTO tried_retired
SELECT DISTINCT match_id FROM match_history WHERE tenant_id = $1 AND undone_at = now();

-- name: note_live
INSERT INTO tried_live
SELECT discrepancy_id, amount FROM discrepancy WHERE tenant_id = $1 AND state <> 'resolved';

-- name: mark_days
INSERT INTO dirty (tenant_id, kind, fact_ids)
SELECT $1, kind, array_agg(fact_id)
FROM (SELECT 'payment' AS kind, payment_id AS fact_id FROM payment
      WHERE tenant_id = $1 AND business_date BETWEEN $2 AND $3
      UNION ALL
      SELECT 'line', line_id FROM statement_line WHERE tenant_id = $1 AND booked_on BETWEEN $2 AND $3) AS fact
GROUP BY kind, fact_id / $4::bigint;

-- name: mark_dossiers_of_days
INSERT INTO dirty (tenant_id, kind, codes)
SELECT $1, 'dossier', array_agg(DISTINCT dossier_code) FROM payment
WHERE tenant_id = $1 AND business_date BETWEEN $2 AND $3 AND dossier_code IS NOT NULL
HAVING count(*) > 0;

-- name: compare_matches
-- A payment, or a bank line that pays out a batch, counts once on each leg; seats that hold a line alone do not count.
INSERT INTO tried_match
WITH gone AS (
    SELECT h.leg, h.rule, h.payment_id, h.fact_id, h.batch_id FROM match_history AS h
    WHERE h.tenant_id = $1 AND h.undone_at = now() AND h.match_id <= $2
      AND NOT EXISTS (SELECT FROM tried_retired AS r WHERE r.match_id = h.match_id)
      AND (h.payment_id IS NOT NULL OR h.batch_id IS NOT NULL)),
came AS (
    SELECT m.leg, m.rule, m.payment_id, m.fact_id, m.batch_id FROM match AS m
    WHERE m.tenant_id = $1 AND m.match_id > $2 AND (m.payment_id IS NOT NULL OR m.batch_id IS NOT NULL)),
change AS (
    SELECT CASE WHEN g.leg IS NULL THEN 'new' WHEN c.leg IS NULL THEN 'gone' ELSE 'other' END AS change,
           coalesce(c.leg, g.leg) AS leg, g.rule AS before, c.rule AS after,
           coalesce(c.payment_id, g.payment_id) AS payment_id, coalesce(c.fact_id, g.fact_id) AS fact_id,
           coalesce(c.batch_id, g.batch_id) AS batch_id
    FROM gone AS g FULL JOIN came AS c
        ON c.leg = g.leg AND coalesce(c.payment_id, 0) = coalesce(g.payment_id, 0)
        AND coalesce(c.batch_id, 0) = coalesce(g.batch_id, 0))
SELECT change, c.leg, before, after, c.payment_id, c.fact_id, c.batch_id, coalesce(p.amount, l.amount, 0),
       coalesce(p.currency, l.currency, 'VND')
FROM change AS c
LEFT JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = c.payment_id
LEFT JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = c.fact_id
WHERE p.business_date BETWEEN $3 AND $4 OR l.booked_on BETWEEN $3 AND $4;

-- name: compare_discrepancies
INSERT INTO tried_discrepancy
SELECT CASE WHEN d.state = 'resolved' THEN 'vanishes' WHEN t.discrepancy_id IS NULL THEN 'appears' ELSE 'changes' END,
       d.discrepancy_id, d.reason, d.amount, d.currency
FROM discrepancy AS d LEFT JOIN tried_live AS t ON t.discrepancy_id = d.discrepancy_id
WHERE d.tenant_id = $1
  AND ((t.discrepancy_id IS NOT NULL AND (d.state = 'resolved' OR d.amount <> t.amount))
       OR (t.discrepancy_id IS NULL AND d.state <> 'resolved'))
  AND (EXISTS (SELECT FROM payment AS p WHERE p.tenant_id = $1 AND p.payment_id = d.payment_id
                 AND p.business_date BETWEEN $2 AND $3)
       OR EXISTS (SELECT FROM statement_line AS l WHERE l.tenant_id = $1 AND l.line_id = d.line_id
                    AND l.booked_on BETWEEN $2 AND $3)
       OR EXISTS (SELECT FROM payment AS p WHERE p.tenant_id = $1 AND p.dossier_code = d.dossier_code
                    AND p.business_date BETWEEN $2 AND $3)
       OR d.subject IN (SELECT 'batch:' || b.batch_id FROM settlement_batch AS b
                        WHERE b.tenant_id = $1 AND b.settled_on BETWEEN $2 AND $3));

-- name: sum_tried_matches
-- In dong; what is of other currencies, apart.
SELECT o.change, o.leg::text AS leg, o.before, o.after, sum(o.count)::bigint AS count,
       sum(dong(o.amount, o.currency))::bigint AS amount,
       jsonb_object_agg(o.currency, o.amount) FILTER (WHERE o.currency <> 'VND') AS others
FROM (SELECT change, leg, before, after, currency, count(*) AS count, sum(amount)::bigint AS amount
      FROM tried_match GROUP BY change, leg, before, after, currency) AS o
GROUP BY o.change, o.leg, o.before, o.after ORDER BY o.change, o.leg, o.before, o.after;

-- name: show_tried_matches
-- The largest of each kind.
SELECT t.change, t.leg::text AS leg, t.before, t.after, p.reference, p.dossier_code, t.amount, t.currency,
       coalesce(nullif(l.bank_reference, ''), l.line_id::text) AS line, l.amount AS line_amount,
       l.currency AS line_currency, l.booked_on
FROM (SELECT *, row_number() OVER (PARTITION BY change, leg, before, after
                                   ORDER BY amount DESC, payment_id, fact_id) AS place FROM tried_match) AS t
LEFT JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = t.payment_id
LEFT JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = t.fact_id
WHERE t.place <= $2 ORDER BY t.change, t.leg, t.before, t.after, t.place;

-- name: sum_tried_discrepancies
-- In dong; what is of other currencies, apart.
SELECT o.change, o.reason, sum(o.count)::bigint AS count, sum(dong(o.amount, o.currency))::bigint AS amount,
       jsonb_object_agg(o.currency, o.amount) FILTER (WHERE o.currency <> 'VND') AS others
FROM (SELECT change, reason, currency, count(*) AS count, sum(amount)::bigint AS amount
      FROM tried_discrepancy GROUP BY change, reason, currency) AS o
GROUP BY o.change, o.reason ORDER BY o.change, o.reason;

-- name: show_tried_discrepancies
SELECT t.change, t.reason, d.amount, d.currency, d.dossier_code, coalesce(p.reference, nullif(l.reference, '')) AS reference,
       d.since, coalesce(nullif(l.bank_reference, ''), l.line_id::text) AS line
FROM (SELECT *, row_number() OVER (PARTITION BY change, reason ORDER BY amount DESC, discrepancy_id) AS place
      FROM tried_discrepancy) AS t
JOIN discrepancy AS d ON d.tenant_id = $1 AND d.discrepancy_id = t.discrepancy_id
LEFT JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = d.payment_id
LEFT JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = d.line_id
WHERE t.place <= $2 ORDER BY t.change, t.reason, t.place;

-- name: count_parted
SELECT count(*) FROM parted WHERE tenant_id = $1;

-- name: set_parted_aside
-- What persons have parted, so that the rules show whether they would have joined it.
WITH aside AS (DELETE FROM parted WHERE tenant_id = $1
               RETURNING leg, payment_id, batch_id, fact_id, parted_by, reason)
INSERT INTO tried_parted SELECT leg, payment_id, batch_id, fact_id, parted_by, reason FROM aside;

-- name: mark_parted
INSERT INTO dirty (tenant_id, kind, fact_ids)
SELECT $1, kind, array_agg(fact_id)
FROM (SELECT 'payment' AS kind, payment_id AS fact_id FROM tried_parted WHERE payment_id IS NOT NULL
      UNION SELECT 'line', fact_id FROM tried_parted) AS fact
GROUP BY kind;

-- name: find_contradictions
-- Both in one match again, though a person has parted them.
SELECT DISTINCT t.leg::text AS leg, mine.rule, p.reference, p.dossier_code, coalesce(p.amount, l.amount) AS amount,
       coalesce(p.currency, l.currency) AS currency,
       coalesce(nullif(l.bank_reference, ''), l.line_id::text) AS line, l.amount AS line_amount,
       l.currency AS line_currency, l.booked_on,
       t.parted_by, t.reason
FROM tried_parted AS t
JOIN match AS mine ON mine.tenant_id = $1 AND mine.leg = t.leg
    AND (mine.payment_id = t.payment_id OR mine.batch_id = t.batch_id)
JOIN match AS theirs ON theirs.tenant_id = $1 AND theirs.match_id = mine.match_id AND theirs.fact_id = t.fact_id
LEFT JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = t.payment_id
LEFT JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = t.fact_id
WHERE p.business_date BETWEEN $2 AND $3 OR l.booked_on BETWEEN $2 AND $3
ORDER BY 3, 6;
