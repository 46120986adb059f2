-- What approved proposals come to.

-- name: today
-- By the tenant's clock.
SELECT (now() AT TIME ZONE timezone)::date FROM tenant WHERE tenant_id = $1;

-- name: await_refund
UPDATE discrepancy SET refund_amount = $3, due = $4 WHERE tenant_id = $1 AND discrepancy_id = $2;

-- name: is_match_of_case
-- Whether a match holds a fact that the discrepancy is about, and none of another agency's payments.
SELECT EXISTS (
    SELECT FROM match AS m LEFT JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = m.payment_id
    WHERE m.tenant_id = $1 AND m.match_id = $2
      AND (p.dossier_code = $3::text OR m.payment_id = $4::bigint OR m.fact_id = $5::bigint
           OR 'batch:' || m.batch_id = $6::text))
  AND NOT EXISTS (
    SELECT FROM match AS m JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = m.payment_id
    LEFT JOIN procedure_record AS r ON r.tenant_id = $1 AND r.dossier_code = p.dossier_code
    WHERE m.tenant_id = $1 AND m.match_id = $2 AND $7::text[] IS NOT NULL
      AND NOT coalesce(coalesce(r.agency_code, split_part(p.dossier_code, '-', 1)) = ANY ($7), false));

-- name: payments_to_link
-- Money that came, of the agencies a person is limited to, and whether a bank line settles it already, or
-- its batch.
SELECT p.payment_id AS fact_id, p.amount, p.currency, p.account_id, p.dossier_code,
       EXISTS (SELECT FROM match AS m WHERE m.tenant_id = $1 AND m.leg = 'bank' AND m.payment_id = p.payment_id)
           OR EXISTS (SELECT FROM joined AS j WHERE j.tenant_id = $1 AND j.leg = 'payment' AND j.fact_id = p.payment_id)
           OR EXISTS (SELECT FROM match AS s
                      JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = s.fact_id
                      JOIN settlement_batch AS b ON b.tenant_id = $1 AND b.source_id = l.source_id AND b.code = l.batch
                      JOIN match AS m ON m.tenant_id = $1 AND m.batch_id = b.batch_id
                      WHERE s.tenant_id = $1 AND s.leg = 'settlement' AND s.payment_id = p.payment_id) AS taken
FROM payment AS p
LEFT JOIN procedure_record AS r ON r.tenant_id = $1 AND r.dossier_code = p.dossier_code
WHERE p.tenant_id = $1 AND p.payment_id = ANY ($2::bigint[]) AND p.state >= 'paid' AND p.amount > 0
  AND ($3::text[] IS NULL OR coalesce(r.agency_code, split_part(p.dossier_code, '-', 1)) = ANY ($3));

-- name: lines_to_link
-- Credits, which are nobody's before they are joined, and whether one is settled or went back.
SELECT l.line_id AS fact_id, l.amount, l.currency, l.account_id,
       EXISTS (SELECT FROM match AS m WHERE m.tenant_id = $1 AND m.leg = 'bank' AND m.fact_id = l.line_id)
           OR EXISTS (SELECT FROM joined AS j WHERE j.tenant_id = $1 AND j.leg = 'bank' AND j.fact_id = l.line_id)
           OR EXISTS (SELECT FROM money_back AS b WHERE b.tenant_id = $1 AND b.credit_line_id = l.line_id) AS taken
FROM statement_line AS l
WHERE l.tenant_id = $1 AND l.line_id = ANY ($2::bigint[]) AND l.leg = 'bank' AND l.amount > 0;

-- name: reopen
UPDATE discrepancy SET reopened_by = $3 WHERE tenant_id = $1 AND discrepancy_id = $2;

-- name: flag_of
SELECT online_payment_flag FROM procedure_record WHERE tenant_id = $1 AND dossier_code = $2;

-- name: correct_flag
-- The version stays: the next one that the one-stop system sends says what holds from then on.
UPDATE procedure_record SET online_payment_flag = $3 WHERE tenant_id = $1 AND dossier_code = $2;

-- name: have_dossier_judged
INSERT INTO dirty (tenant_id, kind, codes) VALUES ($1, 'dossier', ARRAY[$2::text]);

-- name: tell_of_flag
INSERT INTO news (tenant_id, kind, subject, body)
VALUES ($1, $4, 'dossier:' || $2::text,
        json_build_object('dossier_code', $2, 'online_payment_flag', $3::integer, 'discrepancy', $5::bigint));
