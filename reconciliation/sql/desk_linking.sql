-- What a person may join by hand: payments and bank lines that nothing holds yet.

-- name: free_payments_of
SELECT p.payment_id AS id, p.reference AS name, p.amount, p.currency, p.business_date AS on_date, p.dossier_code,
       a.number AS account, s.code AS source
FROM unnest($2::bigint[]) WITH ORDINALITY AS wanted (payment_id, place)
JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = wanted.payment_id
JOIN loose_fact AS f ON f.tenant_id = $1 AND f.leg = 'payment' AND f.fact_id = p.payment_id
    AND f.standing IN ('open', 'ambiguous_reference', 'ambiguous_narrative', 'ambiguous_sum')
JOIN source AS s ON s.tenant_id = $1 AND s.source_id = p.source_id
LEFT JOIN account AS a ON a.tenant_id = $1 AND a.account_id = p.account_id
LEFT JOIN procedure_record AS r ON r.tenant_id = $1 AND r.dossier_code = p.dossier_code
WHERE $3::text[] IS NULL OR coalesce(r.agency_code, split_part(p.dossier_code, '-', 1)) = ANY ($3)
ORDER BY wanted.place;

-- name: free_lines_of
SELECT l.line_id AS id, coalesce(nullif(l.bank_reference, ''), nullif(l.reference, ''), l.line_id::text) AS name, l.amount,
       l.currency, l.booked_on AS on_date, l.narrative, a.number AS account
FROM unnest($2::bigint[]) WITH ORDINALITY AS wanted (line_id, place)
JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = wanted.line_id AND l.leg = 'bank'
JOIN loose_fact AS f ON f.tenant_id = $1 AND f.leg = 'bank' AND f.fact_id = l.line_id
    AND f.standing IN ('open', 'ambiguous_reference', 'ambiguous_narrative', 'ambiguous_sum')
JOIN account AS a ON a.tenant_id = $1 AND a.account_id = l.account_id
ORDER BY wanted.place;

-- name: named_facts
SELECT ARRAY(SELECT payment_id FROM payment WHERE tenant_id = $1 AND reference_key = $2 ORDER BY payment_id LIMIT 20)
           AS payments,
       ARRAY(SELECT line_id FROM statement_line WHERE tenant_id = $1 AND reference_key = $2 ORDER BY line_id LIMIT 20)
           AS lines;

-- name: near_facts
-- Of an amount, the nearest days first, up to $4 before and after $3: reckoned here, where no day lies too far out.
SELECT ARRAY(SELECT fact_id FROM loose_fact WHERE tenant_id = $1 AND leg = 'payment' AND amount = $2
               AND on_date BETWEEN $3::date - $4::integer AND $3::date + $4::integer
             ORDER BY abs(on_date - $3::date), fact_id LIMIT 20) AS payments,
       ARRAY(SELECT fact_id FROM loose_fact WHERE tenant_id = $1 AND leg = 'bank' AND amount = $2
               AND on_date BETWEEN $3::date - $4::integer AND $3::date + $4::integer
             ORDER BY abs(on_date - $3::date), fact_id LIMIT 20) AS lines;
