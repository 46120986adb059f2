-- What sources are asked because no notice has settled it. The database's clock alone decides what is due.

CREATE TYPE inquiry_state AS ENUM ('open', 'settled', 'expired');

-- One for each reference: a source is asked by reference, and answers for it.
CREATE TABLE inquiry (
    tenant_id    integer NOT NULL,
    source_id    integer NOT NULL,
    reference    text NOT NULL,
    state        inquiry_state NOT NULL DEFAULT 'open',
    begun_at     timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    expired_on   date,                       -- the business day on which it was given up
    attempts     integer NOT NULL DEFAULT 0, -- questions since it was opened, or since a sweep took it up again
    next_ask_at  timestamptz,                -- NULL: there is nothing to ask
    fence        bigint NOT NULL DEFAULT 0,  -- grows with each lease; an answer is stored under its own alone
    leased_until timestamptz,
    last_outcome text,
    PRIMARY KEY (tenant_id, source_id, reference)
);
CREATE INDEX inquiry_due ON inquiry (tenant_id, source_id, next_ask_at) WHERE next_ask_at IS NOT NULL;

-- How much a source may be asked, shared by all who ask: the rate is one, however many workers there are.
CREATE TABLE inquiry_pace (
    tenant_id   integer NOT NULL,
    source_id   integer NOT NULL,
    free_at     timestamptz NOT NULL DEFAULT now(),
    failures    integer NOT NULL DEFAULT 0,
    rests_until timestamptz,
    swept_to    date,                        -- the last business day that was asked about once more
    PRIMARY KEY (tenant_id, source_id)
);

ALTER TABLE payment_request ADD COLUMN enrolled boolean NOT NULL DEFAULT false; -- an inquiry watches over it
CREATE INDEX payment_request_to_enrol ON payment_request (tenant_id, source_id) WHERE NOT enrolled;
CREATE INDEX payment_request_by_time ON payment_request (tenant_id, source_id, requested_at);
CREATE INDEX payment_unsettled ON payment (tenant_id, source_id, reference) WHERE state IN ('initiated', 'pending');
CREATE INDEX inquiry_given_up ON inquiry (tenant_id, source_id, reference) WHERE state = 'expired';

ALTER TABLE payment
    ADD COLUMN asked_at timestamptz,                         -- of the winning notice, where it is an answer
    ADD COLUMN denied_at timestamptz,                        -- the latest question that was answered with a failure
    ADD COLUMN contradicted boolean NOT NULL DEFAULT false;  -- its notices and answers contradict each other
