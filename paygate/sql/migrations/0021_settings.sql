-- Rule sets that were proposed and never came into force: taken back by their maker, or refused by somebody else who
-- says why. And the chain of acts is checked in the background.

ALTER TABLE rule_set_choice ADD COLUMN dropped_by text, ADD COLUMN dropped_at timestamptz, ADD COLUMN answer text,
    ADD CHECK ((dropped_by IS NULL) = (dropped_at IS NULL)),
    ADD CHECK (dropped_at IS NULL OR approved_at IS NULL),
    ADD CHECK (answer IS NULL OR dropped_by <> proposed_by),
    ADD CHECK (answer IS NOT NULL OR dropped_at IS NULL OR dropped_by = proposed_by);
DROP INDEX rule_set_choice_open;
CREATE UNIQUE INDEX rule_set_choice_open ON rule_set_choice (tenant_id, version)
    WHERE approved_at IS NULL AND dropped_at IS NULL;

ALTER TABLE job DROP CONSTRAINT job_kind_check,
    ADD CONSTRAINT job_kind_check
    CHECK (kind IN ('statement', 'reconciliation', 'export', 'backtest', 'audit_check'));

-- Which agencies a tenant's records know, from one to the next, each as its last dossier names it.
CREATE INDEX procedure_record_by_agency ON procedure_record (tenant_id, agency_code, dossier_code);
