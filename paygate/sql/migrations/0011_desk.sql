-- Who signs in at the desk, and what people decide there.

ALTER TABLE person ADD COLUMN full_name text NOT NULL DEFAULT ''; -- as pages call them; '': by their name

-- Agencies to which all that a person may do in a tenant is limited. None: the whole tenant.
CREATE TABLE person_agency (
    person_id   bigint NOT NULL REFERENCES person,
    tenant_id   integer NOT NULL REFERENCES tenant,
    agency_code text NOT NULL,
    PRIMARY KEY (person_id, tenant_id, agency_code)
);

-- Of people who sign in here and not at an identity provider.
CREATE TABLE credential (
    person_id     bigint PRIMARY KEY REFERENCES person,
    password_hash text NOT NULL,                 -- argon2id, with its parameters
    temporary     boolean NOT NULL DEFAULT false, -- set by another person: to be changed before anything else
    changed_at    timestamptz NOT NULL DEFAULT now(),
    totp_secret   bytea,                         -- NULL: the password is enough
    totp_step     bigint NOT NULL DEFAULT 0      -- the last one used: none is used twice
);

CREATE TABLE desk_session (
    session_hash bytea PRIMARY KEY CHECK (octet_length(session_hash) = 32),
    person_id    bigint NOT NULL REFERENCES person,
    csrf_token   text NOT NULL,
    begun_at     timestamptz NOT NULL,
    used_at      timestamptz NOT NULL,
    told         text -- what the next page is to say, once
);
CREATE INDEX desk_session_of_person ON desk_session (person_id);

-- What became of a form that was sent: sent again, it is answered again, and done once.
CREATE TABLE form_reply (
    person_id bigint NOT NULL REFERENCES person,
    once      text NOT NULL,
    location  text,
    told      text,
    made_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (person_id, once)
);
CREATE INDEX form_reply_by_age ON form_reply (made_at);

-- What a person was shown before an act on many things: the act is done on exactly these.
CREATE TABLE selection (
    tenant_id    integer NOT NULL,
    selection_id text NOT NULL,
    person_id    bigint NOT NULL,
    kind         text NOT NULL,
    content      jsonb NOT NULL,
    made_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, selection_id)
);
CREATE INDEX selection_by_age ON selection (made_at);

CREATE TABLE saved_view (
    tenant_id integer NOT NULL,
    person_id bigint NOT NULL,
    name      text NOT NULL,
    query     text NOT NULL,
    PRIMARY KEY (tenant_id, person_id, name)
);

ALTER TABLE discrepancy ADD COLUMN assignee text;
-- Of an act of a person's: who, and what they said. The last event of a discrepancy is its version.
ALTER TABLE discrepancy_event ADD COLUMN person text, ADD COLUMN detail jsonb NOT NULL DEFAULT '{}';
CREATE INDEX discrepancy_event_of ON discrepancy_event (tenant_id, discrepancy_id, event_id);

CREATE TABLE attachment (
    tenant_id      integer NOT NULL,
    attachment_id  bigint GENERATED ALWAYS AS IDENTITY,
    discrepancy_id bigint NOT NULL,
    name           text NOT NULL,
    media_type     text NOT NULL,
    sha256         bytea NOT NULL CHECK (octet_length(sha256) = 32),
    body           bytea NOT NULL,
    added_by       text NOT NULL,
    added_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, attachment_id),
    FOREIGN KEY (tenant_id, discrepancy_id) REFERENCES discrepancy
);
CREATE INDEX attachment_of ON attachment (tenant_id, discrepancy_id);

CREATE TYPE proposal_kind AS ENUM ('link', 'split', 'refund', 'write_off', 'correct_flag', 'not_ours');
CREATE TYPE proposal_state AS ENUM ('open', 'approved', 'rejected', 'withdrawn');

-- What one person proposes, and another decides: never the same. Its maker may take it back.
CREATE TABLE proposal (
    tenant_id      integer NOT NULL,
    proposal_id    bigint GENERATED ALWAYS AS IDENTITY,
    discrepancy_id bigint NOT NULL,
    kind           proposal_kind NOT NULL,
    detail         jsonb NOT NULL,
    amount         bigint NOT NULL,
    reason         text NOT NULL,
    version        bigint NOT NULL,  -- of the discrepancy as the maker saw it
    state          proposal_state NOT NULL DEFAULT 'open',
    proposed_by    text NOT NULL,
    proposed_at    timestamptz NOT NULL DEFAULT now(),
    decided_by     text,
    decided_at     timestamptz,
    answer         text,
    PRIMARY KEY (tenant_id, proposal_id),
    FOREIGN KEY (tenant_id, discrepancy_id) REFERENCES discrepancy,
    CHECK ((state = 'open') = (decided_by IS NULL) AND (state = 'open') = (decided_at IS NULL)),
    CHECK (CASE state WHEN 'withdrawn' THEN decided_by = proposed_by ELSE decided_by <> proposed_by END)
);
CREATE UNIQUE INDEX proposal_open ON proposal (tenant_id, discrepancy_id) WHERE state = 'open';
CREATE INDEX proposal_of ON proposal (tenant_id, discrepancy_id, proposal_id);
