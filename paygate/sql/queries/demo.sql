-- name: count_notices
-- What became of the sample's notices.
SELECT state::text AS state, conflicting, count(*) AS count FROM notice WHERE tenant_id = $1 GROUP BY state, conflicting;

-- name: open_of_each_reason
-- The first of each that nobody has looked at; none of a reason somebody has begun with.
SELECT d.discrepancy_id, d.reason, d.amount, d.place,
       (SELECT max(e.event_id) FROM discrepancy_event AS e
        WHERE e.tenant_id = $1 AND e.discrepancy_id = d.discrepancy_id) AS version
FROM (SELECT discrepancy_id, reason, amount, row_number() OVER (PARTITION BY reason ORDER BY discrepancy_id) AS place
      FROM discrepancy AS o
      WHERE tenant_id = $1 AND state = 'open' AND NOT EXISTS (
          SELECT FROM discrepancy AS begun WHERE begun.tenant_id = $1 AND begun.reason = o.reason
              AND begun.assignee IS NOT NULL)) AS d
WHERE d.place <= $2
ORDER BY d.place, d.reason;
