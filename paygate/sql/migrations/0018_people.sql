-- Who looks after people, and what is tried in the background.

ALTER TABLE job DROP CONSTRAINT job_kind_check,
    ADD CONSTRAINT job_kind_check CHECK (kind IN ('statement', 'reconciliation', 'export', 'backtest'));

ALTER TABLE person ADD COLUMN signed_in_at timestamptz;

-- Tokens are named by a number where people see them; used_at is known to within a minute.
ALTER TABLE api_token ADD COLUMN token_id bigint GENERATED ALWAYS AS IDENTITY,
                      ADD COLUMN issued_by text,
                      ADD COLUMN used_at timestamptz;
CREATE UNIQUE INDEX api_token_by_id ON api_token (tenant_id, token_id);
CREATE INDEX api_token_of_person ON api_token (tenant_id, person_id);
CREATE INDEX person_role_of_tenant ON person_role (tenant_id, person_id);

-- Disabled in one tenant: what they may do elsewhere is not that tenant's to take.
CREATE TABLE person_disabled (
    tenant_id   integer NOT NULL REFERENCES tenant,
    person_id   bigint NOT NULL REFERENCES person,
    disabled_by text NOT NULL,
    disabled_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, person_id)
);

CREATE INDEX audit_entry_by_actor ON audit_entry (tenant_id, actor, number);
CREATE INDEX audit_entry_by_act ON audit_entry (tenant_id, act, number);
CREATE INDEX audit_entry_by_subject ON audit_entry (tenant_id, subject, number);

-- Notices of the last hours, in the order they came: small enough that taking them in costs nothing more.
CREATE INDEX notice_by_arrival ON notice USING brin (received_at) WITH (pages_per_range = 16);
