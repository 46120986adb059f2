-- Facts that a person has joined: settled before any rule looks at them.

-- name: is_anything_joined
SELECT EXISTS (SELECT FROM joined WHERE tenant_id = $1);

-- name: gather_payments_joined
-- A joining is always judged whole.
INSERT INTO w_fact
SELECT 'payment', p.payment_id, p.account_id, p.amount, p.currency, p.business_date, p.reference_key, p.dossier_code,
       p.state >= 'paid'
FROM (SELECT DISTINCT j.joining_id FROM w_fact AS f
      JOIN joined AS j ON j.tenant_id = $1 AND j.leg = f.leg AND j.fact_id = f.fact_id) AS k
JOIN joined AS o ON o.tenant_id = $1 AND o.joining_id = k.joining_id AND o.leg = 'payment'
JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = o.fact_id
WHERE NOT EXISTS (SELECT FROM w_fact AS f WHERE f.leg = 'payment' AND f.fact_id = p.payment_id);

-- name: gather_lines_joined
INSERT INTO w_fact
SELECT 'bank', l.line_id, l.account_id, l.amount, l.currency, l.booked_on, l.reference_key, NULL, true
FROM (SELECT DISTINCT j.joining_id FROM w_fact AS f
      JOIN joined AS j ON j.tenant_id = $1 AND j.leg = f.leg AND j.fact_id = f.fact_id) AS k
JOIN joined AS o ON o.tenant_id = $1 AND o.joining_id = k.joining_id AND o.leg = 'bank'
JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = o.fact_id
WHERE NOT EXISTS (SELECT FROM w_fact AS f WHERE f.leg = 'bank' AND f.fact_id = l.line_id);

-- name: match_by_hand
-- As long as all of it is there: of what was taken back, or never came, the rest is free.
INSERT INTO w_match
SELECT nextval('match_match_id_seq'), 'by_hand',
       array_agg(j.fact_id ORDER BY j.fact_id) FILTER (WHERE j.leg = 'payment'),
       array_agg(j.fact_id ORDER BY j.fact_id) FILTER (WHERE j.leg = 'bank'),
       sum(CASE j.leg WHEN 'payment' THEN f.amount ELSE -f.amount END)
FROM joined AS j LEFT JOIN w_fact AS f ON f.leg = j.leg AND f.fact_id = j.fact_id AND f.money
WHERE j.tenant_id = $1
  AND j.joining_id IN (SELECT o.joining_id FROM w_fact AS w
                        JOIN joined AS o ON o.tenant_id = $1 AND o.leg = w.leg AND o.fact_id = w.fact_id)
GROUP BY j.joining_id
HAVING count(*) = count(f.fact_id)
ORDER BY j.joining_id;

-- name: use_up_what_is_joined
-- It is judged with its case, and no rule matches it.
UPDATE w_fact AS f SET money = false
FROM (SELECT 'payment'::leg AS leg, unnest(payment_ids) AS fact_id FROM w_match WHERE rule = 'by_hand'
      UNION ALL SELECT 'bank', unnest(line_ids) FROM w_match WHERE rule = 'by_hand') AS m
WHERE f.leg = m.leg AND f.fact_id = m.fact_id;

-- name: expect_of_matches_by_hand
-- What a whole joining differs by is said once, of its first payment.
INSERT INTO w_expected
SELECT CASE WHEN p.dossier_code IS NULL THEN 'payment:' || p.payment_id ELSE 'dossier:' || p.dossier_code END,
       'payment:' || p.payment_id, 'amount_differs', abs(m.difference), whole.since, NULL, p.dossier_code, p.payment_id,
       whole.line_id, '{}'::jsonb
FROM (SELECT p.* FROM w_dossier AS d JOIN payment AS p ON p.tenant_id = $1 AND p.dossier_code = d.code
      UNION ALL
      SELECT p.* FROM w_lone_payment AS w JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = w.payment_id
      WHERE p.dossier_code IS NULL) AS p
JOIN match AS m ON m.tenant_id = $1 AND m.leg = 'bank' AND m.payment_id = p.payment_id
    AND m.rule = 'by_hand' AND m.difference <> 0
CROSS JOIN LATERAL (
    SELECT min(g.payment_id) AS first, min(g.fact_id) AS line_id, max(greatest(o.business_date, l.booked_on)) AS since
    FROM match AS g
    LEFT JOIN payment AS o ON o.tenant_id = $1 AND o.payment_id = g.payment_id
    LEFT JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = g.fact_id
    WHERE g.tenant_id = $1 AND g.match_id = m.match_id) AS whole
WHERE whole.first = p.payment_id;
