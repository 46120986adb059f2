-- What the pages of the intake show: the inbox by state, what was put to work again, files that were taken in, and how
-- tables are read.

-- The inbox of what needs somebody, by state in the order it came; what is due has an index of its own.
DROP INDEX notice_troubled;
CREATE INDEX notice_troubled ON notice (tenant_id, state, notice_id) WHERE state IN ('parked', 'quarantined', 'dead');

-- Who put a notice to work again, and what had been the matter: the notice itself keeps only how it stands now.
CREATE TABLE notice_replay (
    tenant_id   integer NOT NULL,
    notice_id   bigint NOT NULL,
    replay_id   bigint GENERATED ALWAYS AS IDENTITY,
    state       notice_state NOT NULL, -- that it was in
    reason      text,
    person      text NOT NULL,
    replayed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, notice_id, replay_id)
);

-- Where a statement came from: what its file was called, who handed it in, and by which mapping a table was read.
ALTER TABLE statement ADD COLUMN file_name text NOT NULL DEFAULT '',
    ADD COLUMN imported_by text NOT NULL DEFAULT '',
    ADD COLUMN mapping text NOT NULL DEFAULT '';
CREATE INDEX job_asked ON job (tenant_id, kind, asked_at);

-- How tables are read, where people say so at the desk: a version is proposed by one and approved by another. Nothing
-- of a version changes but its state.
CREATE TABLE mapping (
    tenant_id   integer NOT NULL,
    mapping_id  bigint GENERATED ALWAYS AS IDENTITY,
    name        text NOT NULL,
    version     integer NOT NULL CHECK (version > 0),
    content     jsonb NOT NULL,           -- as a mapping of the configuration
    sample      jsonb NOT NULL,           -- what its maker saw: the first rows of a file as read by it
    note        text NOT NULL,
    state       proposal_state NOT NULL DEFAULT 'open',
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL DEFAULT now(),
    decided_by  text,
    decided_at  timestamptz,
    answer      text,
    PRIMARY KEY (tenant_id, mapping_id),
    UNIQUE (tenant_id, name, version),
    CHECK ((state = 'open') = (decided_by IS NULL) AND (state = 'open') = (decided_at IS NULL)),
    CHECK (CASE state WHEN 'withdrawn' THEN decided_by = proposed_by ELSE decided_by <> proposed_by END)
);
CREATE UNIQUE INDEX mapping_open ON mapping (tenant_id, name) WHERE state = 'open';

-- A mapping while it is made: the sample it is tried on lies among the uploads. A person has one at a time.
CREATE TABLE mapping_draft (
    tenant_id integer NOT NULL,
    person_id bigint NOT NULL,
    upload    text NOT NULL,
    file_name text NOT NULL,
    content   jsonb NOT NULL,
    made_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, person_id)
);
CREATE INDEX mapping_draft_by_age ON mapping_draft (made_at);
