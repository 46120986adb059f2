-- Money that came, but after it was due: noted once for each payment, and never anybody's work.

-- name: create_lateness_tables
CREATE TEMP TABLE w_settled (payment_id bigint NOT NULL, line_id bigint NOT NULL, paid_on date NOT NULL,
    booked_on date NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE w_late (payment_id bigint NOT NULL, line_id bigint NOT NULL, due_on date NOT NULL,
    booked_on date NOT NULL, act_by date NOT NULL) ON COMMIT DROP;

-- name: lay_out_settled_groups
-- Of a group, the last line tells when the money had come.
INSERT INTO w_settled
SELECT p.payment_id, last.line_id, p.business_date, last.booked_on
FROM w_match AS m
CROSS JOIN LATERAL (
    SELECT l.line_id, l.booked_on
    FROM unnest(m.line_ids) AS seat (line_id)
    JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = seat.line_id
    ORDER BY l.booked_on DESC, l.line_id DESC LIMIT 1) AS last
CROSS JOIN LATERAL unnest(m.payment_ids) AS seat (payment_id)
JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = seat.payment_id;

-- name: days_of_settled
-- The few pairs of days among the million. What was booked within as many plain days as business days is not late.
SELECT s.paid_on, s.booked_on, d.bank_days
FROM (SELECT paid_on, booked_on FROM w_group
      WHERE payments = 1 AND lines = 1 AND booked_on > paid_on GROUP BY paid_on, booked_on
      UNION
      SELECT paid_on, booked_on FROM w_settled) AS s
JOIN (SELECT DISTINCT bank_days FROM source WHERE tenant_id = $1) AS d ON s.booked_on > s.paid_on + d.bank_days;

-- name: find_late
INSERT INTO w_late
SELECT s.payment_id, s.line_id, c.due_on, s.booked_on, c.act_by
FROM (SELECT payment_id, line_id, paid_on, booked_on FROM w_group WHERE payments = 1 AND lines = 1
      UNION ALL SELECT payment_id, line_id, paid_on, booked_on FROM w_settled) AS s
JOIN unnest($2::date[], $3::date[], $4::integer[], $5::date[], $6::date[])
    AS c (paid_on, booked_on, bank_days, due_on, act_by) ON c.paid_on = s.paid_on AND c.booked_on = s.booked_on
JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = s.payment_id
JOIN source AS o ON o.tenant_id = $1 AND o.source_id = p.source_id AND o.bank_days = c.bank_days;

-- name: withdraw_lateness
-- Of payments judged now: what was late is undone, or settled by another line.
UPDATE discrepancy AS d SET resolution = $2
FROM (SELECT fact_id FROM w_fact WHERE leg = 'payment' UNION SELECT fact_id FROM w_payment) AS judged
WHERE d.tenant_id = $1 AND d.reason = 'late' AND d.payment_id = judged.fact_id
  AND NOT EXISTS (SELECT FROM w_late AS l WHERE l.payment_id = d.payment_id);

-- name: note_lateness
-- Resolved at birth. A payment that is late again by another line keeps its one note.
WITH noted AS (
    INSERT INTO discrepancy (tenant_id, case_key, subject, reason, amount, state, since, due, dossier_code, agency_code,
                             payment_id, line_id, evidence, source_ids, currency, resolved_at, resolution)
    SELECT $1, coalesce('dossier:' || p.dossier_code, 'payment:' || p.payment_id), 'payment:' || p.payment_id, 'late',
           p.amount, 'resolved', l.booked_on, l.act_by, p.dossier_code,
           coalesce(r.agency_code, split_part(p.dossier_code, '-', 1)), p.payment_id, l.line_id,
           jsonb_build_object('due', l.due_on), ARRAY[p.source_id], p.currency, now(), $2
    FROM w_late AS l
    JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = l.payment_id
    LEFT JOIN procedure_record AS r ON r.tenant_id = $1 AND r.dossier_code = p.dossier_code
    ORDER BY p.payment_id
    ON CONFLICT (tenant_id, payment_id) WHERE reason = 'late' DO UPDATE SET
        case_key = EXCLUDED.case_key, amount = EXCLUDED.amount, since = EXCLUDED.since, due = EXCLUDED.due,
        dossier_code = EXCLUDED.dossier_code, line_id = EXCLUDED.line_id, evidence = EXCLUDED.evidence,
        resolution = EXCLUDED.resolution
    RETURNING discrepancy_id, xmax = 0 AS new)
INSERT INTO discrepancy_event (tenant_id, discrepancy_id, change, left_state, said)
SELECT $1, discrepancy_id, 0, 'resolved', $2 FROM noted WHERE new;
