-- How people look for what does not agree: each order of a list, and each filter that leaves little, has its index.

CREATE INDEX discrepancy_by_age ON discrepancy (tenant_id, since, discrepancy_id) WHERE state <> 'resolved';
CREATE INDEX discrepancy_by_due ON discrepancy (tenant_id, due, discrepancy_id) WHERE state <> 'resolved';
CREATE INDEX discrepancy_by_amount ON discrepancy (tenant_id, amount, discrepancy_id) WHERE state <> 'resolved';
CREATE INDEX discrepancy_by_reason ON discrepancy (tenant_id, reason, since, discrepancy_id) WHERE state <> 'resolved';
CREATE INDEX discrepancy_by_agency ON discrepancy (tenant_id, agency_code, since, discrepancy_id) WHERE state <> 'resolved';
CREATE INDEX discrepancy_by_assignee ON discrepancy (tenant_id, assignee, due, discrepancy_id) WHERE state <> 'resolved';
CREATE INDEX discrepancy_by_state ON discrepancy (tenant_id, state, since, discrepancy_id);
-- A dossier's code is looked up by how it ends.
CREATE INDEX discrepancy_by_dossier_end ON discrepancy (tenant_id, reverse(squeeze(dossier_code)) text_pattern_ops)
    WHERE dossier_code IS NOT NULL;
