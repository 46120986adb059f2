-- Closed days that late facts have touched: each is reported again, and gets another run where it comes out otherwise.

-- name: note_touched_days
-- Days of all that was judged now, whether or not it came out the same: the close will see.
INSERT INTO day_to_correct (tenant_id, business_date)
SELECT DISTINCT $1::integer, r.business_date
FROM (
    SELECT on_date AS day FROM w_fact
    UNION
    SELECT p.business_date FROM w_dossier AS d JOIN payment AS p ON p.tenant_id = $1 AND p.dossier_code = d.code
    UNION
    SELECT l.booked_on
    FROM (SELECT p.payment_id FROM w_dossier AS d JOIN payment AS p ON p.tenant_id = $1 AND p.dossier_code = d.code
          UNION SELECT payment_id FROM w_lone_payment
          UNION SELECT payment_id FROM w_stale) AS p
    JOIN match AS m ON m.tenant_id = $1 AND m.leg = 'bank' AND m.payment_id = p.payment_id
    JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = m.fact_id
    UNION
    SELECT p.business_date
    FROM (SELECT payment_id FROM w_lone_payment UNION SELECT payment_id FROM w_stale) AS w
    JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = w.payment_id
    UNION
    SELECT l.booked_on
    FROM (SELECT line_id FROM w_lone_line UNION SELECT fact_id FROM w_stale UNION SELECT fact_id FROM w_dirty_line) AS w
    JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = w.line_id
    UNION
    -- A batch's trouble is that of every line in it, and its bank line is explained by what its lines have settled.
    SELECT d.day
    FROM (SELECT b.source_id, b.code, true AS whole
          FROM (SELECT batch_id FROM w_repaid_batch UNION SELECT batch_id FROM w_payout) AS w
          JOIN settlement_batch AS b ON b.tenant_id = $1 AND b.batch_id = w.batch_id
          UNION
          SELECT l.source_id, l.batch, false
          FROM (SELECT fact_id AS line_id FROM w_settling WHERE leg = 'settlement'
                UNION
                SELECT m.fact_id
                FROM (SELECT p.payment_id FROM w_dossier AS d
                      JOIN payment AS p ON p.tenant_id = $1 AND p.dossier_code = d.code
                      UNION SELECT payment_id FROM w_lone_payment) AS p
                JOIN match AS m ON m.tenant_id = $1 AND m.leg = 'settlement' AND m.payment_id = p.payment_id) AS w
          JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = w.line_id WHERE l.batch IS NOT NULL) AS k
    JOIN settlement_batch AS b ON b.tenant_id = $1 AND b.source_id = k.source_id AND b.code = k.code
    CROSS JOIN LATERAL (
        SELECT l.booked_on AS day FROM match AS m
        JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = m.fact_id
        WHERE m.tenant_id = $1 AND m.batch_id = b.batch_id
        UNION
        SELECT l.booked_on FROM statement_line AS l
        WHERE k.whole AND l.tenant_id = $1 AND l.source_id = b.source_id AND l.batch = b.code) AS d) AS touched
JOIN run AS r ON r.tenant_id = $1 AND r.business_date = touched.day
ON CONFLICT DO NOTHING;

-- name: note_day
INSERT INTO day_to_correct (tenant_id, business_date) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: take_noted_days
-- All but the day that is being closed anyway.
WITH taken AS (DELETE FROM day_to_correct WHERE tenant_id = $1 RETURNING business_date)
SELECT business_date FROM taken WHERE business_date <> $2 ORDER BY business_date;
