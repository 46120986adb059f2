-- What people do about discrepancies. Whoever acts has the matcher's turn, and locks the discrepancy before it writes.

-- name: take_discrepancy
-- Another agency's is not there. FOR UPDATE, so that its events are numbered in the order of their commits.
SELECT d.discrepancy_id, d.case_key, d.subject, d.reason, d.amount, d.currency, dong(d.amount, d.currency) AS dong,
       d.state::text AS state, d.assignee, d.dossier_code, d.agency_code, d.payment_id, d.line_id,
       d.resolved_by IS NOT NULL AND d.reopened_by IS NULL AS closed,
       (SELECT coalesce(max(e.event_id), 0) FROM discrepancy_event AS e
        WHERE e.tenant_id = $1 AND e.discrepancy_id = $2) AS version
FROM discrepancy AS d
WHERE d.tenant_id = $1 AND d.discrepancy_id = $2 AND ($3::text[] IS NULL OR d.agency_code = ANY ($3))
FOR UPDATE;

-- name: has_it_moved
-- Since an event, but for what leaves facts and proposal as they were.
SELECT EXISTS (SELECT FROM discrepancy_event WHERE tenant_id = $1 AND discrepancy_id = $2 AND event_id > $3
                 AND said <> ALL ($4::text[]));

-- name: have_facts_moved
-- As the matcher found them, since a proposal was made on them.
SELECT EXISTS (SELECT FROM discrepancy_event WHERE tenant_id = $1 AND discrepancy_id = $2 AND event_id > $3
                 AND person IS NULL);

-- name: move_discrepancy
UPDATE discrepancy SET state = $3::text::discrepancy_state, assignee = $4 WHERE tenant_id = $1 AND discrepancy_id = $2;

-- name: add_event
INSERT INTO discrepancy_event (tenant_id, discrepancy_id, change, left_state, said, person, detail)
VALUES ($1, $2, $3, $4::text::discrepancy_state, $5, $6, $7) RETURNING event_id;

-- name: add_proposal
INSERT INTO proposal (tenant_id, discrepancy_id, kind, detail, amount, reason, version, proposed_by)
VALUES ($1, $2, $3::text::proposal_kind, $4, $5, $6, $7, $8) RETURNING proposal_id;

-- name: find_last_proposal
-- With when it was decided, by the tenant's clock.
SELECT p.proposal_id, p.kind::text AS kind, p.detail, p.amount, p.reason, p.version, p.state::text AS state, p.proposed_by,
       p.decided_by, to_char(p.decided_at AT TIME ZONE t.timezone, 'HH24:MI DD/MM/YYYY') AS decided_at
FROM proposal AS p JOIN tenant AS t ON t.tenant_id = $1
WHERE p.tenant_id = $1 AND p.discrepancy_id = $2 ORDER BY p.proposal_id DESC LIMIT 1;

-- name: decide_proposal
UPDATE proposal SET state = $3::text::proposal_state, decided_by = $4, decided_at = now(), answer = $5
WHERE tenant_id = $1 AND proposal_id = $2 AND state = 'open';

-- name: close_discrepancy
UPDATE discrepancy SET state = 'resolved', resolved_at = now(), resolution = $3, resolved_by = $4
WHERE tenant_id = $1 AND discrepancy_id = $2;

-- name: have_judged
INSERT INTO dirty (tenant_id, kind, fact_ids, codes) VALUES ($1, $2, $3, $4);

-- name: lines_of_batch
SELECT array_agg(l.line_id ORDER BY l.line_id)
FROM settlement_batch AS b
JOIN statement_line AS l ON l.tenant_id = $1 AND l.source_id = b.source_id AND l.batch = b.code
WHERE b.tenant_id = $1 AND b.batch_id = $2;

-- name: count_attachments
SELECT count(*) FROM attachment WHERE tenant_id = $1 AND discrepancy_id = $2;

-- name: attach
INSERT INTO attachment (tenant_id, discrepancy_id, name, media_type, sha256, body, added_by)
VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING attachment_id;

-- name: load_attachment
SELECT a.name, a.media_type, a.body
FROM attachment AS a JOIN discrepancy AS d ON d.tenant_id = $1 AND d.discrepancy_id = a.discrepancy_id
WHERE a.tenant_id = $1 AND a.discrepancy_id = $2 AND a.attachment_id = $3
  AND ($4::text[] IS NULL OR d.agency_code = ANY ($4));
