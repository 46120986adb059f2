-- Work that was asked for over HTTP and outlives the request, and the replies to requests that may be repeated.

CREATE TYPE job_state AS ENUM ('waiting', 'running', 'done', 'failed');

CREATE TABLE job (
    tenant_id   integer NOT NULL,
    job_id      text NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('statement', 'reconciliation')),
    wanted      jsonb NOT NULL,             -- what was asked for
    asked_by    text NOT NULL,
    upload      text,                       -- the file it reads, in the folder of the service that took it in
    state       job_state NOT NULL DEFAULT 'waiting',
    due_at      timestamptz NOT NULL DEFAULT now(), -- waiting: to be taken from then on; running: when its lease ends
    turn        integer NOT NULL DEFAULT 0, -- how often it was taken: who holds an earlier turn has lost it
    progress    bigint NOT NULL DEFAULT 0,
    result      json,
    reason      text,                       -- why it failed, or is tried again
    asked_at    timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, job_id),
    CHECK ((finished_at IS NOT NULL) = (state IN ('done', 'failed')))
);
CREATE UNIQUE INDEX job_running ON job (tenant_id) WHERE state = 'running'; -- one at a time
CREATE INDEX job_open ON job (tenant_id, asked_at) WHERE state IN ('waiting', 'running');
CREATE INDEX job_by_id ON job (job_id);
CREATE INDEX job_finished ON job (finished_at) WHERE finished_at IS NOT NULL;

-- What was answered to a request that named a key of its own: written in the transaction that did what was asked.
CREATE TABLE repeatable_reply (
    tenant_id    integer NOT NULL,
    person       text NOT NULL,
    route        text NOT NULL,
    key          text NOT NULL,
    request_hash bytea NOT NULL CHECK (octet_length(request_hash) = 32),
    status       smallint,
    body         bytea,
    asked_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, person, route, key)
);
CREATE INDEX repeatable_reply_by_age ON repeatable_reply (asked_at);
