-- Lists of discrepancies at the desk.

-- name: plan_for_values
-- A list's query holds every filter and every order. Planned with the values given, those that are not asked for fold
-- away, and an index gives the rest.
SELECT set_config('plan_cache_mode', 'force_custom_plan', true);

-- name: find_worklist
-- What stands beyond a place of a list: the first of it, or how many and how much it is. A place is compared as a row, so
-- that lists stay where they are while others change them. What is spelled once is planned in each place by itself.
WITH wanted AS NOT MATERIALIZED (
    SELECT d.discrepancy_id AS id, d.amount, d.currency, d.since, d.due,
           CASE WHEN d.reason = ANY ($21::text[]) THEN 0 WHEN d.reason = ANY ($22::text[]) THEN 1 ELSE 2 END AS rank
    FROM discrepancy AS d
    WHERE d.tenant_id = $1
      AND CASE WHEN $2::boolean THEN d.state = 'resolved' ELSE d.state <> 'resolved' END
      AND ($3::text IS NULL OR d.state = $3::discrepancy_state)
      AND ($4::text[] IS NULL OR d.reason = ANY ($4::text[]))
      AND ($5::text[] IS NULL OR d.agency_code = ANY ($5::text[]))
      AND (NOT $6::boolean OR d.agency_code IS NULL)
      AND ($7::date IS NULL OR d.since < $7)
      AND ($8::date IS NULL OR d.due < $8)
      AND ($25::date IS NULL OR d.due = $25)
      AND ($9::bigint IS NULL OR d.amount >= $9 AND d.currency = 'VND')
      AND ($10::bigint IS NULL OR d.amount <= $10 AND d.currency = 'VND')
      AND ($11::text IS NULL OR d.assignee = $11)
      AND (NOT $12::boolean OR d.assignee IS NULL)
      AND ($13::bigint[] IS NULL OR d.discrepancy_id = ANY ($13::bigint[]))
      AND ($14::text IS NULL OR d.state = 'proposed' AND EXISTS (
              SELECT FROM proposal AS o WHERE o.tenant_id = $1 AND o.discrepancy_id = d.discrepancy_id
              AND o.state = 'open' AND o.proposed_by <> $14))
      AND ($26::text IS NULL OR d.state = 'proposed' AND d.discrepancy_id = ANY (ARRAY(
              SELECT o.discrepancy_id FROM proposal AS o
              WHERE o.tenant_id = $1 AND o.proposed_by = $26 AND o.state = 'open')))
      AND ($15::integer IS NULL OR d.source_ids @> ARRAY[$15::integer])),
beyond AS NOT MATERIALIZED (
    SELECT * FROM wanted
    WHERE $20::bigint IS NULL
       OR CASE WHEN $17::boolean THEN CASE $16::text
              WHEN 'age' THEN (since, id) < ($19::date, $20) WHEN 'due' THEN (due, id) < ($19, $20)
              WHEN 'amount' THEN (amount, id) < ($18::bigint, $20)
              ELSE (rank, since, id) < ($18, $19, $20) END
          ELSE CASE $16::text
              WHEN 'age' THEN (since, id) > ($19::date, $20) WHEN 'due' THEN (due, id) > ($19, $20)
              WHEN 'amount' THEN (amount, id) > ($18::bigint, $20)
              ELSE (rank, since, id) > ($18, $19, $20) END END)
SELECT counted.*, part.*
FROM (SELECT sum(y.count)::bigint AS count, sum(y.amount) FILTER (WHERE y.currency = 'VND') AS total,
             jsonb_object_agg(y.currency, y.amount) FILTER (WHERE y.currency <> 'VND') AS others
      FROM (SELECT currency, count(*) AS count, sum(amount) AS amount
            FROM (SELECT amount, currency FROM beyond WHERE $23::integer > 0 LIMIT $23) AS x GROUP BY currency) AS y) AS counted
LEFT JOIN LATERAL (
    SELECT * FROM beyond WHERE $24::bigint > 0
    ORDER BY CASE WHEN NOT $17 AND $16 = 'severity' THEN rank END,
             CASE WHEN NOT $17 AND $16 IN ('age', 'severity') THEN since END,
             CASE WHEN NOT $17 AND $16 = 'due' THEN due END,
             CASE WHEN NOT $17 AND $16 = 'amount' THEN amount END,
             CASE WHEN NOT $17 THEN id END,
             CASE WHEN $17 AND $16 = 'severity' THEN rank END DESC,
             CASE WHEN $17 AND $16 IN ('age', 'severity') THEN since END DESC,
             CASE WHEN $17 AND $16 = 'due' THEN due END DESC,
             CASE WHEN $17 AND $16 = 'amount' THEN amount END DESC,
             CASE WHEN $17 THEN id END DESC
    LIMIT $24) AS part ON true;

-- name: find_by_dossier_end
-- People read a code from its end; the whole code ends like itself.
SELECT discrepancy_id FROM discrepancy
WHERE tenant_id = $1 AND dossier_code IS NOT NULL
  AND reverse(squeeze(dossier_code)) LIKE reverse(squeeze($2)) || '%' LIMIT $3;

-- name: find_by_reference
-- Of a payment: its own, and those of its dossier. Of a line of any leg: its own.
SELECT d.discrepancy_id FROM payment AS p
JOIN discrepancy AS d ON d.tenant_id = $1 AND d.case_key = 'payment:' || p.payment_id
WHERE p.tenant_id = $1 AND p.reference_key = squeeze($2)
UNION
SELECT d.discrepancy_id FROM payment AS p
JOIN discrepancy AS d ON d.tenant_id = $1 AND d.case_key = 'dossier:' || p.dossier_code
WHERE p.tenant_id = $1 AND p.reference_key = squeeze($2) AND p.dossier_code IS NOT NULL
UNION
SELECT d.discrepancy_id FROM statement_line AS l
JOIN discrepancy AS d ON d.tenant_id = $1 AND d.case_key = 'line:' || l.line_id
WHERE l.tenant_id = $1 AND l.reference_key = squeeze($2)
LIMIT $3;

-- name: show_worklist
-- The facts of each, in the order given. What was paid is what was kept of it.
SELECT d.discrepancy_id, d.subject, d.reason, d.amount, d.currency, d.since, d.due, d.state::text AS state, d.dossier_code,
       d.agency_code, d.assignee, nullif(who.full_name, '') AS assignee_name, o.proposed_by, d.evidence,
       p.reference, p.amount AS payment, p.business_date AS payment_day, pa.number AS account,
       s.code AS source, l.leg::text AS leg, l.amount AS line, l.fee, l.net, l.booked_on AS line_day,
       la.number AS line_account, coalesce(nullif(l.document, ''), nullif(l.bank_reference, '')) AS document,
       nullif(l.reference, '') AS line_reference, b.code AS batch, b.net AS batch_net, r.due AS obligation,
       r.status::text AS status, r.expires_on, k.kept, k.times, k.last_day
FROM unnest($2::bigint[]) WITH ORDINALITY AS w (id, place)
JOIN discrepancy AS d ON d.tenant_id = $1 AND d.discrepancy_id = w.id
LEFT JOIN payment AS p ON p.tenant_id = $1 AND p.payment_id = d.payment_id
LEFT JOIN account AS pa ON pa.tenant_id = $1 AND pa.account_id = p.account_id
LEFT JOIN statement_line AS l ON l.tenant_id = $1 AND l.line_id = d.line_id
LEFT JOIN account AS la ON la.tenant_id = $1 AND la.account_id = l.account_id
LEFT JOIN settlement_batch AS b ON b.tenant_id = $1
    AND b.batch_id = CASE WHEN d.subject LIKE 'batch:%' THEN substr(d.subject, 7)::bigint END
LEFT JOIN procedure_record AS r ON r.tenant_id = $1 AND r.dossier_code = d.dossier_code
LEFT JOIN proposal AS o ON o.tenant_id = $1 AND o.discrepancy_id = d.discrepancy_id AND o.state = 'open'
LEFT JOIN person AS who ON who.name = d.assignee
LEFT JOIN LATERAL (
    SELECT sum(coalesce(back.kept, q.amount))::bigint AS kept, count(*) FILTER (WHERE back.kept IS DISTINCT FROM 0) AS times,
           max(q.business_date) AS last_day
    FROM payment AS q
    LEFT JOIN returned AS back ON back.tenant_id = $1 AND back.payment_id = q.payment_id
    WHERE q.tenant_id = $1 AND q.dossier_code = d.dossier_code AND q.state >= 'paid' AND q.currency = 'VND') AS k
    ON d.dossier_code IS NOT NULL
LEFT JOIN source AS s ON s.tenant_id = $1
    AND s.source_id = CASE WHEN cardinality(d.source_ids) = 1 THEN d.source_ids[1] END
ORDER BY w.place;

-- name: weigh_worklist
-- Of all that an act is to be on, which may be thousands, what decides about it.
SELECT d.discrepancy_id AS number,
       coalesce((SELECT max(event_id) FROM discrepancy_event AS e
                 WHERE e.tenant_id = $1 AND e.discrepancy_id = d.discrepancy_id), 0) AS version,
       d.amount, d.currency, d.reason, d.state::text AS state, d.agency_code
FROM unnest($2::bigint[]) WITH ORDINALITY AS w (id, place)
JOIN discrepancy AS d ON d.tenant_id = $1 AND d.discrepancy_id = w.id
ORDER BY w.place;

-- name: count_tabs
-- What each tab holds, of what someone may see; counting stops where it tells no more.
SELECT
    (SELECT count(*) FROM (SELECT FROM discrepancy AS d WHERE d.tenant_id = $1 AND d.state <> 'resolved'
        AND d.assignee = $2 AND ($3::text[] IS NULL OR d.agency_code = ANY ($3)) LIMIT $5) AS x) AS mine,
    (SELECT count(*) FROM (SELECT FROM discrepancy AS d WHERE d.tenant_id = $1 AND d.state <> 'resolved'
        AND d.assignee IS NULL AND ($3::text[] IS NULL OR d.agency_code = ANY ($3)) LIMIT $5) AS x) AS unassigned,
    (SELECT count(*) FROM (SELECT FROM proposal AS o
        JOIN discrepancy AS d ON d.tenant_id = $1 AND d.discrepancy_id = o.discrepancy_id AND d.state = 'proposed'
        WHERE o.tenant_id = $1 AND o.state = 'open' AND o.proposed_by <> $2
        AND ($3::text[] IS NULL OR d.agency_code = ANY ($3)) LIMIT $5) AS x) AS approval,
    (SELECT count(*) FROM (SELECT FROM proposal AS o
        JOIN discrepancy AS d ON d.tenant_id = $1 AND d.discrepancy_id = o.discrepancy_id AND d.state = 'proposed'
        WHERE o.tenant_id = $1 AND o.state = 'open' AND o.proposed_by = $2
        AND ($3::text[] IS NULL OR d.agency_code = ANY ($3)) LIMIT $5) AS x) AS sent,
    (SELECT count(*) FROM (SELECT FROM discrepancy AS d WHERE d.tenant_id = $1 AND d.state <> 'resolved'
        AND d.due < $4 AND ($3::text[] IS NULL OR d.agency_code = ANY ($3)) LIMIT $5) AS x) AS overdue,
    (SELECT count(*) FROM (SELECT FROM discrepancy AS d WHERE d.tenant_id = $1 AND d.state <> 'resolved'
        AND ($3::text[] IS NULL OR d.agency_code = ANY ($3)) LIMIT $5) AS x) AS all;

-- name: agencies_with_discrepancies
-- Those with the most first, each called as one of its dossiers does.
SELECT a.agency_code, coalesce(r.agency_name, '') AS agency_name
FROM (SELECT agency_code, count(*) AS count, max(dossier_code) AS dossier_code FROM discrepancy
      WHERE tenant_id = $1 AND state <> 'resolved' AND agency_code IS NOT NULL
        AND ($2::text[] IS NULL OR agency_code = ANY ($2))
      GROUP BY agency_code ORDER BY count DESC, agency_code LIMIT $3) AS a
LEFT JOIN procedure_record AS r ON r.tenant_id = $1 AND r.dossier_code = a.dossier_code
ORDER BY a.agency_code;

-- name: sources_of_tenant
SELECT source_id, code FROM source WHERE tenant_id = $1 ORDER BY code;

-- name: people_of_worklist
-- Who makes proposals, and whoever still has something assigned.
SELECT p.name, p.full_name FROM person AS p
WHERE NOT p.disabled AND EXISTS (SELECT FROM person_role AS r WHERE r.person_id = p.person_id AND r.tenant_id = $1
                                 AND r.role = ANY ($2::text[]))
    AND NOT EXISTS (SELECT FROM person_disabled AS d WHERE d.tenant_id = $1 AND d.person_id = p.person_id)
ORDER BY coalesce(nullif(p.full_name, ''), p.name), p.name LIMIT $3;
