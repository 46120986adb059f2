-- Who makes proposals asks for their own that wait, among those of everybody.
CREATE INDEX proposal_sent ON proposal (tenant_id, proposed_by, discrepancy_id) WHERE state = 'open';
