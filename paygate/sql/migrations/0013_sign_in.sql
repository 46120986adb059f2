-- How people prove who they are, and what a stranger's tries cost.

DELETE FROM desk_session; -- who was signed in signs in again: the columns below say what was not noted before

ALTER TABLE desk_session
    ADD COLUMN session_id bigint GENERATED ALWAYS AS IDENTITY,
    ADD COLUMN secret_made_at timestamptz NOT NULL,
    ADD COLUMN former_hash bytea, -- of the secret before this one, for requests that were under way when it changed
    ADD COLUMN former_until timestamptz,
    ADD COLUMN address text NOT NULL, -- from where it was begun, and by which browser, as that names itself
    ADD COLUMN browser text NOT NULL,
    DROP CONSTRAINT desk_session_pkey,
    ADD PRIMARY KEY (session_id),
    ADD CONSTRAINT desk_session_hash UNIQUE (session_hash),
    ADD CHECK ((former_hash IS NULL) = (former_until IS NULL));
CREATE UNIQUE INDEX desk_session_former ON desk_session (former_hash) WHERE former_hash IS NOT NULL;

-- Whose password was right and who has yet to show a code: no session, and short.
CREATE TABLE sign_in_begun (
    secret_hash bytea PRIMARY KEY CHECK (octet_length(secret_hash) = 32),
    person_id   bigint NOT NULL REFERENCES person,
    following   text NOT NULL, -- the page that was asked for
    begun_at    timestamptz NOT NULL
);
CREATE INDEX sign_in_begun_by_age ON sign_in_begun (begun_at);

-- Tries to sign in that failed one after another, and until when the next is not looked at. Of names there are none
-- too: the hash of what was typed, known or not.
CREATE TABLE sign_in_pause (
    kind      text NOT NULL CHECK (kind IN ('name', 'browser', 'address')),
    whose     bytea NOT NULL CHECK (octet_length(whose) = 32),
    failures  integer NOT NULL CHECK (failures >= 0),
    failed_at timestamptz NOT NULL,
    until     timestamptz NOT NULL,
    PRIMARY KEY (kind, whose)
);
CREATE INDEX sign_in_pause_by_age ON sign_in_pause (failed_at);

-- Browsers in which a person has signed in before: what strangers try under their name does not hold them up there.
CREATE TABLE known_browser (
    person_id    bigint NOT NULL REFERENCES person,
    browser_hash bytea NOT NULL CHECK (octet_length(browser_hash) = 32),
    seen_at      timestamptz NOT NULL,
    PRIMARY KEY (person_id, browser_hash)
);
CREATE INDEX known_browser_by_age ON known_browser (seen_at);

-- Who a person is at an identity provider: its own number for them, never a name that it may give to another.
CREATE TABLE identity (
    issuer    text NOT NULL,
    subject   text NOT NULL,
    person_id bigint NOT NULL REFERENCES person,
    bound_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (issuer, subject),
    UNIQUE (person_id, issuer)
);
