-- Rule sets by what they say, and which of them a tenant's matcher goes by.

-- name: rule_set_in_force
SELECT s.version, s.digest, s.body
FROM rule_set_choice AS c JOIN rule_set AS s ON s.tenant_id = $1 AND s.version = c.version
WHERE c.tenant_id = $1 AND c.approved_at IS NOT NULL
ORDER BY c.approved_at DESC, c.choice_id DESC LIMIT 1;

-- name: find_rule_set
SELECT version, digest, body FROM rule_set WHERE tenant_id = $1 AND version = $2;

-- name: store_rule_set
INSERT INTO rule_set (tenant_id, version, digest, body) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING;

-- name: propose_rule_set
INSERT INTO rule_set_choice (tenant_id, version, proposed_by) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, version) WHERE approved_at IS NULL AND dropped_at IS NULL DO NOTHING
RETURNING choice_id;

-- name: take_proposal
-- Locked, so that two who decide at once do not both.
SELECT choice_id, proposed_by FROM rule_set_choice
WHERE tenant_id = $1 AND version = $2 AND approved_at IS NULL AND dropped_at IS NULL FOR UPDATE;

-- name: approve_proposal
-- By the clock and not by the transaction's begin: who approves last is who holds the lock last.
UPDATE rule_set_choice SET approved_by = $3, approved_at = clock_timestamp() WHERE tenant_id = $1 AND choice_id = $2;

-- name: drop_proposal
UPDATE rule_set_choice SET dropped_by = $3, dropped_at = clock_timestamp(), answer = $4
WHERE tenant_id = $1 AND choice_id = $2;

-- name: list_choices
SELECT version, proposed_by, proposed_at, approved_by, approved_at, dropped_by, dropped_at, answer FROM rule_set_choice
WHERE tenant_id = $1 ORDER BY choice_id;

-- name: mark_what_is_open
-- What no reference settles, whose standing depends on the rules; what live discrepancies are about; and of every batch
-- one line, which has the whole of it judged.
INSERT INTO dirty (tenant_id, kind, fact_ids)
SELECT $1, kind, array_agg(fact_id ORDER BY fact_id)
FROM (SELECT CASE WHEN leg = 'payment' THEN 'payment' ELSE 'line' END AS kind, fact_id
      FROM loose_fact WHERE tenant_id = $1
      UNION
      SELECT 'payment', payment_id FROM discrepancy
      WHERE tenant_id = $1 AND state <> 'resolved' AND payment_id IS NOT NULL
      UNION
      SELECT 'line', line_id FROM discrepancy
      WHERE tenant_id = $1 AND state <> 'resolved' AND line_id IS NOT NULL
      UNION
      SELECT 'line', l.line_id
      FROM settlement_batch AS b
      CROSS JOIN LATERAL (SELECT line_id FROM statement_line
                          WHERE tenant_id = $1 AND source_id = b.source_id AND batch = b.code LIMIT 1) AS l
      WHERE b.tenant_id = $1) AS open
GROUP BY kind, fact_id / $2::bigint;

-- name: mark_open_dossiers
INSERT INTO dirty (tenant_id, kind, codes)
SELECT $1, 'dossier', array_agg(code)
FROM (SELECT dossier_code AS code FROM discrepancy
      WHERE tenant_id = $1 AND state <> 'resolved' AND dossier_code IS NOT NULL
      UNION
      SELECT substr(case_key, 9) FROM watch WHERE tenant_id = $1 AND case_key LIKE 'dossier:%') AS open
HAVING count(*) > 0;
