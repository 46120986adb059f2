-- What one-stop systems are told: the ordered feed, and how far each endpoint has been told of it.

CREATE TYPE letter_state AS ENUM ('dead', 'due', 'delivered');

-- News as its transaction wrote it, not yet numbered. A number given at once could not be both gapless and cheap: whoever
-- holds the counter keeps every other writer of the tenant waiting, and a matcher's snapshot could not take it at all.
CREATE TABLE news (
    tenant_id   integer NOT NULL,
    news_id     bigint GENERATED ALWAYS AS IDENTITY,
    kind        text NOT NULL,
    subject     text NOT NULL, -- payment:ID or dossier:CODE
    body        json NOT NULL, -- the event's data
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, news_id)
);

-- The feed. Append-only; numbers are without gaps, and no lower number appears after a higher one.
CREATE TABLE event (
    tenant_id   integer NOT NULL,
    sequence    bigint NOT NULL CHECK (sequence > 0),
    event_id    uuid NOT NULL DEFAULT gen_random_uuid(), -- by which receivers know one they have already
    kind        text NOT NULL,
    subject     text NOT NULL,
    body        json NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, sequence)
);

-- The last number given. Who numbers holds its row.
CREATE TABLE feed_head (
    tenant_id integer PRIMARY KEY,
    sequence  bigint NOT NULL
);

-- Where events are delivered to: a cursor on the feed, and what is known of the event after it.
CREATE TABLE endpoint (
    tenant_id       integer NOT NULL,
    name            text NOT NULL,
    sequence        bigint NOT NULL, -- every event up to this one is delivered, of no interest, or a dead letter
    attempts        integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    reason          text,            -- why the last attempt failed
    paused          text,            -- why nothing is sent until a person says so
    lease           bigint NOT NULL DEFAULT 0, -- whose turn it is: who holds an older number may write nothing
    leased_until    timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (tenant_id, name)
);

-- Events an endpoint would not take. Never purged; sent again when a person says so.
CREATE TABLE dead_letter (
    tenant_id       integer NOT NULL,
    endpoint        text NOT NULL,
    sequence        bigint NOT NULL,
    state           letter_state NOT NULL DEFAULT 'dead',
    attempts        integer NOT NULL,
    reason          text NOT NULL,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    changed_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, endpoint, sequence),
    FOREIGN KEY (tenant_id, endpoint) REFERENCES endpoint,
    FOREIGN KEY (tenant_id, sequence) REFERENCES event
);
CREATE INDEX dead_letter_due ON dead_letter (tenant_id, endpoint, next_attempt_at) WHERE state = 'due';
