-- Whether the feeds of a day came whole, and how old each feed is.

-- name: accounts_of_day
-- An account has a statement of each business day where some source expects its bank leg, or where one is configured.
SELECT a.account_id, a.number AS account, t.timezone, coalesce(a.statement_days, s.bank_days) AS days,
       a.statement_by AS by,
       EXISTS (SELECT FROM payment AS p WHERE p.tenant_id = $1 AND p.account_id = a.account_id
                 AND p.business_date = $2 AND p.state >= 'paid') AS money_came
FROM account AS a
JOIN tenant AS t ON t.tenant_id = a.tenant_id
LEFT JOIN (SELECT account_id, max(bank_days) AS bank_days FROM source WHERE tenant_id = $1 GROUP BY account_id) AS s
    ON s.account_id = a.account_id
WHERE a.tenant_id = $1 AND coalesce(a.statement_days, s.bank_days) IS NOT NULL
ORDER BY a.number;

-- name: statements_of_day
-- Each statement that covers the day, what it says of it, and how the one before it of the same kind ended. What is
-- evidence of another leg than its account's own (a gateway's list under a bank account) covers nothing, nor does what
-- tells of a day before it is over.
SELECT s.account_id, s.identification, s.sequence, s.opening, s.closing, s.balanced, s.total AS booked,
       coalesce(s.period_from, $2) AS begins, coalesce(d.lines, 0) AS lines, coalesce(d.total, 0) AS total,
       b.period_to AS before_to, b.sequence AS before_number, b.closing AS before_closing
FROM statement AS s
JOIN account AS a ON a.tenant_id = $1 AND a.account_id = s.account_id
LEFT JOIN statement_day AS d ON d.tenant_id = $1 AND d.statement_id = s.statement_id AND d.booked_on = $2
LEFT JOIN LATERAL (
    SELECT e.period_to, e.sequence, e.closing FROM statement AS e
    WHERE e.tenant_id = $1 AND e.account_id = s.account_id AND e.format = s.format AND e.leg = s.leg
        AND e.kind = 'statement'
        AND e.currency IS NOT DISTINCT FROM s.currency
        AND e.period_from <= s.period_from AND e.period_to < s.period_from
    ORDER BY e.period_to DESC, e.sequence DESC NULLS LAST, e.statement_id DESC
    LIMIT 1
) AS b ON true
WHERE s.tenant_id = $1 AND s.kind = 'statement'
  AND (s.period_from <= $2 AND s.period_to >= $2 OR d.booked_on IS NOT NULL)
  AND s.leg = CASE a.kind WHEN 'gateway' THEN 'settlement' ELSE a.kind END::leg
ORDER BY s.account_id, s.statement_id;

-- name: sources_of_day
SELECT s.code AS source,
       (SELECT count(*) FROM notice AS n WHERE n.tenant_id = $1 AND n.source_id = s.source_id
          AND n.state IN ('received', 'retrying')) AS waiting,
       s.silent_hours IS NOT NULL AND NOT EXISTS (SELECT FROM payment AS p WHERE p.tenant_id = $1
          AND p.business_date = $2 AND p.source_id = s.source_id) AS silent
FROM source AS s WHERE s.tenant_id = $1 ORDER BY s.code;

-- name: latest_statements
SELECT t.code AS tenant, t.timezone, a.number AS account, coalesce(a.statement_days, s.bank_days) AS days,
       a.statement_by AS by,
       (SELECT max(e.period_to) FROM statement AS e WHERE e.tenant_id = a.tenant_id AND e.account_id = a.account_id
          AND e.kind = 'statement'
          AND e.leg = CASE a.kind WHEN 'gateway' THEN 'settlement' ELSE a.kind END::leg) AS covered_to
FROM account AS a
JOIN tenant AS t ON t.tenant_id = a.tenant_id
LEFT JOIN (SELECT tenant_id, account_id, max(bank_days) AS bank_days FROM source GROUP BY tenant_id, account_id) AS s
    ON s.tenant_id = a.tenant_id AND s.account_id = a.account_id
WHERE coalesce(a.statement_days, s.bank_days) IS NOT NULL;

-- name: latest_notices
SELECT t.code AS tenant, t.timezone, s.code AS source, s.silent_hours, s.last_notice_at
FROM source AS s JOIN tenant AS t ON t.tenant_id = s.tenant_id;
