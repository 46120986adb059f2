-- What may belong to a discrepancy that lacks its other side, for a person to look at.

-- name: find_candidates
-- Of a page of live discrepancies: open facts of the other leg, of the same account, amount and currency and within the
-- window ($3 to $4 days after payment), the nearest days first and so many ($5) of each; with what the notices say.
SELECT found.discrepancy_id, found.reason, p.payment_id, p.reference, p.dossier_code, p.business_date,
       coalesce(told.text, '') AS told, l.line_id, l.bank_reference, l.booked_on, l.counterparty, l.narrative
FROM (SELECT d.discrepancy_id, d.reason,
             CASE WHEN d.reason = 'bank_missing' THEN mine.fact_id ELSE other.fact_id END AS payment_id,
             CASE WHEN d.reason = 'bank_missing' THEN other.fact_id ELSE mine.fact_id END AS line_id
      FROM discrepancy AS d
      JOIN loose_fact AS mine ON mine.tenant_id = $1
          AND mine.leg = CASE WHEN d.reason = 'bank_missing' THEN 'payment' ELSE 'bank' END::leg
          AND mine.fact_id = CASE WHEN d.reason = 'bank_missing' THEN d.payment_id ELSE d.line_id END
      CROSS JOIN LATERAL (
          SELECT o.fact_id FROM loose_fact AS o
          WHERE o.tenant_id = $1 AND o.leg = CASE WHEN d.reason = 'bank_missing' THEN 'bank' ELSE 'payment' END::leg
            AND o.account_id = mine.account_id AND o.amount = mine.amount AND o.currency = mine.currency
            AND o.standing = 'open' AND o.amount > 0
            AND o.on_date BETWEEN mine.on_date + CASE WHEN d.reason = 'bank_missing' THEN $3::integer ELSE -$4::integer END
                              AND mine.on_date + CASE WHEN d.reason = 'bank_missing' THEN $4::integer ELSE -$3::integer END
          ORDER BY abs(o.on_date - mine.on_date), o.fact_id LIMIT $5::integer) AS other
      WHERE d.tenant_id = $1 AND d.discrepancy_id = ANY ($2::bigint[])
        AND d.state <> 'resolved' AND d.reason IN ('bank_missing', 'bank_unexpected') AND mine.standing = 'open') AS found
JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = found.payment_id
JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = found.line_id
LEFT JOIN LATERAL (
    SELECT string_agg(n.description, ' ' ORDER BY n.notice_id) AS text
    FROM payment_event AS e JOIN notice AS n ON n.tenant_id = $1 AND n.notice_id = e.notice_id
    WHERE e.tenant_id = $1 AND e.payment_id = p.payment_id) AS told ON true
WHERE NOT EXISTS (SELECT FROM parted AS x WHERE x.tenant_id = $1 AND x.leg = 'bank'
                    AND x.payment_id = found.payment_id AND x.fact_id = found.line_id)
ORDER BY found.discrepancy_id, p.payment_id, l.line_id;
