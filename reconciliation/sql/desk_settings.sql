-- How far each feed of a tenant has come, as of now.

-- name: heard_of_sources
SELECT code, silent_hours, last_notice_at FROM source WHERE tenant_id = $1;

-- name: count_notices_since
SELECT s.code, n.state::text AS state, count(*) AS count
FROM notice AS n JOIN source AS s ON s.tenant_id = $1 AND s.source_id = n.source_id
WHERE n.tenant_id = $1 AND n.received_at > $2
GROUP BY s.code, n.state
ORDER BY s.code, n.state;

-- name: statements_so_far
-- What is evidence of another leg than the account's own covers nothing.
SELECT a.number, coalesce(a.statement_days, s.bank_days) AS days, a.statement_by AS by, e.covered_to, e.imported_at
FROM account AS a
LEFT JOIN (SELECT account_id, max(bank_days) AS bank_days FROM source WHERE tenant_id = $1 GROUP BY account_id) AS s
    ON s.account_id = a.account_id
LEFT JOIN LATERAL (
    SELECT max(e.period_to) AS covered_to, max(e.imported_at) AS imported_at FROM statement AS e
    WHERE e.tenant_id = $1 AND e.account_id = a.account_id AND e.kind = 'statement'
      AND e.leg = CASE a.kind WHEN 'gateway' THEN 'settlement' ELSE a.kind END::leg) AS e ON true
WHERE a.tenant_id = $1
ORDER BY a.number;
