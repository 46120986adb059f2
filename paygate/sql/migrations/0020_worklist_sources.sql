-- Through which sources the money came, or is to come, that a discrepancy is about, as it was judged: a list is narrowed
-- to one of them without looking the facts up. A dossier may be paid through several, and several may be paid out to the
-- account of a bank line; what a treasury took or a receipt says without any payment is no source's.
ALTER TABLE discrepancy ADD COLUMN source_ids integer[] NOT NULL DEFAULT '{}';
UPDATE discrepancy AS d SET source_ids = CASE
    WHEN d.payment_id IS NOT NULL THEN ARRAY(
        SELECT p.source_id FROM payment AS p WHERE p.tenant_id = d.tenant_id AND p.payment_id = d.payment_id)
    WHEN d.subject LIKE 'batch:%' THEN ARRAY(
        SELECT b.source_id FROM settlement_batch AS b
        WHERE b.tenant_id = d.tenant_id AND b.batch_id = substr(d.subject, 7)::bigint)
    WHEN d.subject LIKE 'feed:%' THEN ARRAY(
        SELECT s.source_id FROM account AS a
        JOIN source AS s ON s.tenant_id = a.tenant_id AND s.account_id = a.account_id
        WHERE a.tenant_id = d.tenant_id AND a.number = substring(d.subject FROM '^feed:(.*):[^:]*$') ORDER BY 1)
    WHEN d.dossier_code IS NOT NULL THEN ARRAY(
        SELECT DISTINCT p.source_id FROM payment AS p
        WHERE p.tenant_id = d.tenant_id AND p.dossier_code = d.dossier_code AND p.state >= 'paid' AND p.currency = 'VND'
        ORDER BY 1)
    ELSE ARRAY(
        SELECT s.source_id FROM statement_line AS l
        JOIN source AS s ON s.tenant_id = l.tenant_id
            AND CASE WHEN l.source_id IS NULL THEN s.account_id = l.account_id ELSE s.source_id = l.source_id END
        WHERE l.tenant_id = d.tenant_id AND l.line_id = d.line_id ORDER BY 1) END;
-- Without a list of what is yet to be entered: a reader would have to read that first.
CREATE INDEX discrepancy_by_source ON discrepancy USING gin (source_ids) WITH (fastupdate = off)
    WHERE state <> 'resolved';
