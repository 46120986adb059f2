-- Which feeds of a day are here, as of now.

-- name: statements_expected
-- Of each account that owes a statement of the day: when the first that covers it came. What is evidence of another
-- leg than the account's own covers nothing.
SELECT a.number AS account, coalesce(a.statement_days, s.bank_days) AS days, a.statement_by AS by, c.came_at
FROM account AS a
LEFT JOIN (SELECT account_id, max(bank_days) AS bank_days FROM source WHERE tenant_id = $1 GROUP BY account_id) AS s
    ON s.account_id = a.account_id
LEFT JOIN LATERAL (
    SELECT min(e.imported_at) AS came_at FROM statement AS e
    LEFT JOIN statement_day AS d ON d.tenant_id = $1 AND d.statement_id = e.statement_id AND d.booked_on = $2
    WHERE e.tenant_id = $1 AND e.account_id = a.account_id AND e.kind = 'statement'
      AND e.leg = CASE a.kind WHEN 'gateway' THEN 'settlement' ELSE a.kind END::leg
      AND (e.period_from <= $2 AND e.period_to >= $2 OR d.booked_on IS NOT NULL)
) AS c ON true
WHERE a.tenant_id = $1 AND coalesce(a.statement_days, s.bank_days) IS NOT NULL
ORDER BY a.number;

-- name: notices_expected
SELECT s.code AS source, s.silent_hours, s.last_notice_at,
       (SELECT count(*) FROM notice AS n WHERE n.tenant_id = $1 AND n.source_id = s.source_id
          AND n.state IN ('received', 'retrying')) AS waiting
FROM source AS s WHERE s.tenant_id = $1 ORDER BY s.code;
