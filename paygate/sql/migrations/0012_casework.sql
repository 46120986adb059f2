-- What people decide about discrepancies, and how the matcher heeds it.

ALTER TYPE proposal_kind ADD VALUE 'reopen';

-- A proposal about what came to agree by itself is withdrawn by nobody: nothing is left to decide.
ALTER TABLE proposal DROP CONSTRAINT proposal_check, DROP CONSTRAINT proposal_check1,
    ADD CONSTRAINT proposal_decided CHECK ((state = 'open') = (decided_at IS NULL)
        AND CASE state WHEN 'open' THEN decided_by IS NULL WHEN 'withdrawn' THEN true ELSE decided_by IS NOT NULL END),
    ADD CONSTRAINT proposal_by_two CHECK (
        CASE WHEN state = 'withdrawn' THEN decided_by IS NULL OR decided_by = proposed_by
             ELSE decided_by IS NULL OR decided_by <> proposed_by END);

-- Agreed to be given back, and awaited; `due` is then until when. NULL: nothing is.
ALTER TABLE discrepancy ADD COLUMN refund_amount bigint CHECK (refund_amount > 0);
-- Who approved that what a person has closed is opened again: the closing stands no more.
ALTER TABLE discrepancy ADD COLUMN reopened_by text, ADD CHECK (reopened_by IS NULL OR resolved_by IS NOT NULL);
-- What people have closed: the same is not opened again.
CREATE INDEX discrepancy_closed ON discrepancy (tenant_id, subject, reason)
    WHERE resolved_by IS NOT NULL AND reopened_by IS NULL;

-- Facts that a person has joined: payments and bank lines, each in one joining at most.
CREATE SEQUENCE joining_id_seq;
CREATE TABLE joined (
    tenant_id  integer NOT NULL,
    leg        leg NOT NULL CHECK (leg IN ('payment', 'bank')),
    fact_id    bigint NOT NULL,
    joining_id bigint NOT NULL, -- what all facts of a joining share
    PRIMARY KEY (tenant_id, leg, fact_id)
);
CREATE INDEX joined_by_joining ON joined (tenant_id, joining_id);
