-- The whole ledger. Every tenant's table begins its key with tenant_id, so that rows can be isolated and distributed by it.

CREATE TYPE notice_state AS ENUM ('received', 'parked', 'retrying', 'quarantined', 'applied', 'dead');
CREATE TYPE payment_state AS ENUM ('initiated', 'pending', 'abandoned', 'expired', 'failed', 'paid',
                                   'refund_pending', 'partly_refunded', 'refunded', 'reversed');
CREATE TYPE payment_outcome AS ENUM ('paid', 'payer_left', 'declined', 'gateway_fault', 'our_fault', 'pending');
CREATE TYPE record_status AS ENUM ('new', 'received', 'refused', 'processing', 'supplement', 'payment_requested',
                                   'withdrawn', 'stopped', 'done', 'returned');
CREATE TYPE discrepancy_state AS ENUM ('open', 'assigned', 'proposed', 'resolved');
CREATE TYPE leg AS ENUM ('obligation', 'payment', 'settlement', 'bank', 'treasury', 'receipt', 'report');

-- What the domain's reference_key() does in Python: a code as it survives a bank's narrative.
CREATE FUNCTION squeeze(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT upper(regexp_replace(normalize(translate(value, 'đĐ', 'dD'), NFD), '[^A-Za-z0-9]', '', 'g'))
$$;

-- A narrative as words: as squeeze(), but words stay apart. What stands inside a code (. - _ /) joins, the rest parts.
CREATE FUNCTION words(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT btrim(regexp_replace(upper(regexp_replace(regexp_replace(
        normalize(translate(value, 'đĐ', 'dD'), NFD), '[.\-_/\u0300-\u036f]', '', 'g'),
        '[^A-Za-z0-9]+', ' ', 'g')), ' +', ' ', 'g'))
$$;

-- Whether a key stands in a named text with no digit running on at either end.
CREATE FUNCTION names(named text, key text) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT EXISTS (
        SELECT FROM string_to_array(named, key) AS parts, generate_series(1, cardinality(parts) - 1) AS place
        WHERE parts[place] !~ '[0-9]$' AND parts[place + 1] !~ '^[0-9]')
$$;

-- Who collects, through which source, into which account. Written from the configuration at every start.
CREATE TABLE tenant (
    tenant_id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code        text NOT NULL UNIQUE,
    name        text NOT NULL,
    agency_code text NOT NULL,
    timezone    text NOT NULL
);

CREATE TABLE account (
    tenant_id  integer NOT NULL REFERENCES tenant,
    account_id integer GENERATED ALWAYS AS IDENTITY,
    number     text NOT NULL,
    bank       text NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('bank', 'treasury', 'gateway')),
    PRIMARY KEY (tenant_id, account_id),
    UNIQUE (tenant_id, number)
);

CREATE TABLE source (
    tenant_id  integer NOT NULL REFERENCES tenant,
    source_id  integer GENERATED ALWAYS AS IDENTITY,
    code       text NOT NULL UNIQUE,
    adapter    text NOT NULL,
    account_id integer,
    cut_off    time NOT NULL DEFAULT '00:00',
    bank_days  integer CHECK (bank_days >= 0), -- business days until the bank line is due; NULL: not expected
    PRIMARY KEY (tenant_id, source_id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES account
);

-- The raw inbox. A row is never changed but for its state, and for what a new translation of the same bytes says.
CREATE TABLE notice (
    tenant_id       integer NOT NULL,
    notice_id       bigint GENERATED ALWAYS AS IDENTITY,
    source_id       integer NOT NULL,
    dedupe_key      bytea NOT NULL CHECK (octet_length(dedupe_key) = 32),
    body_hash       bytea NOT NULL CHECK (octet_length(body_hash) = 32),
    conflicting     boolean NOT NULL DEFAULT false, -- another body came first under the same identity
    method          text NOT NULL,
    body            bytea NOT NULL,
    headers         text,                           -- JSON: the headers the signature rests in
    key_id          smallint NOT NULL,
    request_id      text NOT NULL,
    received_at     timestamptz NOT NULL,
    state           notice_state NOT NULL,
    reason          text,                           -- why it waits, is quarantined or is dead
    attempts        integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    waits_for       text[],                         -- reference and dossier keys that tell more when they arrive
    -- The translation; NULL in a quarantined notice.
    reference       text,
    transaction_id  text,
    said_state      payment_state,
    outcome         payment_outcome,
    amount          bigint,
    currency        text,
    occurred_at     timestamptz,
    dossier_code    text,
    description     text,
    alarm           text,
    PRIMARY KEY (tenant_id, notice_id),
    UNIQUE (tenant_id, source_id, dedupe_key)
);
CREATE INDEX notice_due ON notice (tenant_id, next_attempt_at, notice_id) WHERE state IN ('received', 'retrying');
CREATE INDEX notice_waiting ON notice USING gin (waits_for) WHERE waits_for IS NOT NULL;
CREATE INDEX notice_troubled ON notice (tenant_id, state, notice_id) WHERE state IN ('quarantined', 'dead');

-- What the inbox inserts, in one array of rows: an array for each column costs the sender of them twice as much.
CREATE TYPE received_notice AS (
    tenant_id integer, source_id integer, dedupe_key bytea, body_hash bytea, conflicting boolean, method text, body bytea,
    headers text, key_id smallint, request_id text, received_at timestamptz, state notice_state, reason text,
    reference text, transaction_id text, said_state payment_state, outcome payment_outcome, amount bigint, currency text,
    occurred_at timestamptz, dossier_code text, description text, alarm text
);

CREATE TABLE payment (
    tenant_id      integer NOT NULL,
    payment_id     bigint GENERATED ALWAYS AS IDENTITY,
    source_id      integer NOT NULL,
    reference      text NOT NULL,
    transaction_id text NOT NULL, -- '' where the source gave none
    reference_key  text NOT NULL,
    dossier_code   text,          -- as requested, as told, or as found in the narrative; its record may be yet to come
    dossier_evidence smallint NOT NULL DEFAULT 1 -- how it is known, the surest first
        CHECK (dossier_evidence BETWEEN 0 AND 3),  -- requested, told, described, contained in the reference
    state          payment_state NOT NULL,
    outcome        payment_outcome NOT NULL,
    amount         bigint NOT NULL,
    currency       text NOT NULL,
    occurred_at    timestamptz NOT NULL,
    business_date  date NOT NULL,
    conflicting    boolean NOT NULL DEFAULT false, -- its notices contradict each other
    account_id     integer,       -- where the money should arrive
    PRIMARY KEY (tenant_id, payment_id),
    UNIQUE (tenant_id, source_id, reference, transaction_id)
);
CREATE INDEX payment_by_reference ON payment (tenant_id, reference_key);
CREATE INDEX payment_by_dossier ON payment (tenant_id, dossier_code);
CREATE INDEX payment_by_day ON payment (tenant_id, business_date);

-- Append-only: what each notice, query or decision said, and where it left the payment.
CREATE TABLE payment_event (
    tenant_id   integer NOT NULL,
    payment_id  bigint NOT NULL,
    event_id    bigint GENERATED ALWAYS AS IDENTITY,
    notice_id   bigint NOT NULL,
    said_state  payment_state NOT NULL,
    left_state  payment_state NOT NULL,
    outcome     payment_outcome NOT NULL,
    amount      bigint NOT NULL,
    currency    text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, payment_id, event_id),
    UNIQUE (tenant_id, notice_id)
);

CREATE TABLE payment_request (
    tenant_id    integer NOT NULL,
    reference    text NOT NULL,
    dossier_code text NOT NULL,
    amount       bigint NOT NULL CHECK (amount >= 0),
    source_id    integer NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, reference)
);

CREATE TABLE procedure_record (
    tenant_id             integer NOT NULL,
    dossier_code          text NOT NULL,
    dossier_key           text NOT NULL,
    version               bigint NOT NULL CHECK (version >= 0),
    procedure_code        text NOT NULL,
    procedure_name        text NOT NULL,
    agency_code           text NOT NULL,
    agency_name           text NOT NULL,
    status                record_status NOT NULL,
    received_on           date,
    processing_started_on date,
    expires_on            date,
    exempt                boolean NOT NULL,
    online_payment_flag   smallint NOT NULL CHECK (online_payment_flag BETWEEN 0 AND 2),
    due                   bigint NOT NULL CHECK (due >= 0), -- Σ obligations, 0 when exempt
    content_hash          bytea NOT NULL,
    updated_at            timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, dossier_code)
);
CREATE INDEX procedure_record_by_key ON procedure_record (tenant_id, dossier_key);

CREATE TABLE obligation (
    tenant_id    integer NOT NULL,
    dossier_code text NOT NULL,
    code         text NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('fee', 'charge')),
    name         text NOT NULL,
    amount       bigint NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (tenant_id, dossier_code, code),
    FOREIGN KEY (tenant_id, dossier_code) REFERENCES procedure_record ON DELETE CASCADE
);

CREATE TABLE statement (
    tenant_id      integer NOT NULL,
    statement_id   bigint GENERATED ALWAYS AS IDENTITY,
    account_id     integer NOT NULL,
    file_hash      bytea NOT NULL CHECK (octet_length(file_hash) = 32),
    ordinal        integer NOT NULL, -- a file may hold several statements
    format         text NOT NULL,
    identification text NOT NULL,
    currency       text,
    period_from    date,
    period_to      date,
    opening        bigint,
    closing        bigint,
    total          bigint NOT NULL,  -- Σ lines read, known ones included
    balanced       boolean,          -- NULL where the file gives no balances
    lines          integer NOT NULL,
    refused        jsonb NOT NULL DEFAULT '[]',
    warnings       jsonb NOT NULL DEFAULT '[]',
    imported_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, statement_id),
    UNIQUE (tenant_id, file_hash, ordinal),
    FOREIGN KEY (tenant_id, account_id) REFERENCES account
);

CREATE TABLE statement_line (
    tenant_id      integer NOT NULL,
    line_id        bigint GENERATED ALWAYS AS IDENTITY,
    account_id     integer NOT NULL,
    statement_id   bigint NOT NULL,
    row_number     integer NOT NULL,
    identity       bytea NOT NULL,   -- hash of what makes the line this one
    occurrence     integer NOT NULL, -- legitimate twins count 1, 2, … within a file
    booked_on      date NOT NULL,
    value_on       date,
    amount         bigint NOT NULL,  -- signed: credits are positive
    currency       text NOT NULL,
    bank_reference text NOT NULL,
    reference      text NOT NULL,
    reference_key  text NOT NULL,
    narrative      text NOT NULL,
    counterparty   text NOT NULL,
    reversal       boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, line_id),
    UNIQUE (tenant_id, account_id, identity, occurrence)
);
CREATE INDEX statement_line_by_reference ON statement_line (tenant_id, reference_key);
CREATE INDEX statement_line_by_day ON statement_line (tenant_id, booked_on);

-- Facts that settle each other: what holds now. A pair is one row; a larger group is as many rows of one match_id as
-- its longer side has facts, the shorter side's seats staying empty. Either side of a row is unique: a fact is used once.
CREATE TABLE match (
    tenant_id  integer NOT NULL,
    match_id   bigint GENERATED BY DEFAULT AS IDENTITY,
    leg        leg NOT NULL,          -- the leg the payments are matched with
    payment_id bigint,
    fact_id    bigint,                -- of that leg
    seats      integer NOT NULL,      -- how many rows the match has
    rule       text NOT NULL,
    rule_set   text NOT NULL,
    difference bigint NOT NULL,       -- Σ payments − Σ the other leg, of the whole match
    matched_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, leg, payment_id),
    UNIQUE (tenant_id, leg, fact_id),
    CHECK (payment_id IS NOT NULL OR fact_id IS NOT NULL)
);
-- The few matches that say something is wrong, and the few of more than one row.
CREATE INDEX match_differing ON match (tenant_id, payment_id)
    WHERE difference <> 0 OR rule = 'reference_other_account';
CREATE INDEX match_group ON match (tenant_id, match_id) WHERE seats > 1;

-- Matches that no longer hold, as they were.
CREATE TABLE match_history (
    tenant_id  integer NOT NULL,
    match_id   bigint NOT NULL,
    leg        leg NOT NULL,
    payment_id bigint,
    fact_id    bigint,
    seats      integer NOT NULL,
    rule       text NOT NULL,
    rule_set   text NOT NULL,
    difference bigint NOT NULL,
    matched_at timestamptz NOT NULL,
    undone_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX match_history_by_payment ON match_history (tenant_id, payment_id);

-- What changed since the matcher last looked, in batches: one row for many facts.
CREATE TABLE dirty (
    tenant_id integer NOT NULL,
    dirty_id  bigint GENERATED ALWAYS AS IDENTITY,
    kind      text NOT NULL CHECK (kind IN ('payment', 'line', 'dossier')),
    fact_ids  bigint[] NOT NULL DEFAULT '{}', -- payments or lines
    codes     text[] NOT NULL DEFAULT '{}',   -- dossiers
    PRIMARY KEY (tenant_id, dirty_id)
);

-- Facts that no reference settles: open, ambiguous, or joined only by their narrative. The matcher's working set.
CREATE TABLE loose_fact (
    tenant_id     integer NOT NULL,
    leg           leg NOT NULL,
    fact_id       bigint NOT NULL,
    account_id    integer,
    amount        bigint NOT NULL,
    currency      text NOT NULL,
    on_date       date NOT NULL,
    reference_key text NOT NULL,
    dossier_key   text NOT NULL DEFAULT '',     -- of a payment
    named         text NOT NULL DEFAULT '',     -- of a line: its narrative as words, then squeezed
    cut           text[] NOT NULL DEFAULT '{}', -- of a line: words long enough to be a reference cut short
    standing      text NOT NULL CHECK (standing IN ('open', 'ambiguous_reference', 'ambiguous_narrative', 'narrative')),
    contenders    bigint[] NOT NULL DEFAULT '{}', -- of the other leg, where several answers are equally good
    PRIMARY KEY (tenant_id, leg, fact_id)
);
CREATE INDEX loose_fact_in_reach ON loose_fact (tenant_id, leg, account_id, amount, on_date);
CREATE INDEX loose_fact_by_day ON loose_fact (tenant_id, leg, on_date);

-- Cases to be judged again when a day comes, because a leg will then be due.
CREATE TABLE watch (
    tenant_id integer NOT NULL,
    case_key  text NOT NULL,
    due_on    date NOT NULL,
    pending   boolean NOT NULL, -- until then a leg is not due and the case hangs
    PRIMARY KEY (tenant_id, case_key)
);
CREATE INDEX watch_due ON watch (tenant_id, due_on);

CREATE TABLE discrepancy (
    tenant_id      integer NOT NULL,
    discrepancy_id bigint GENERATED ALWAYS AS IDENTITY,
    case_key       text NOT NULL,   -- dossier:CODE, payment:ID or line:ID
    subject        text NOT NULL,   -- dossier:CODE, payment:ID or line:ID: what does not agree
    reason         text NOT NULL,
    amount         bigint NOT NULL, -- at stake, minor units
    state          discrepancy_state NOT NULL DEFAULT 'open',
    since          date NOT NULL,   -- the business day from which it holds
    due            date NOT NULL,   -- when the unit responsible should have acted
    dossier_code   text,
    agency_code    text,
    payment_id     bigint,
    line_id        bigint,
    evidence       jsonb NOT NULL DEFAULT '{}',
    opened_at      timestamptz NOT NULL DEFAULT now(),
    resolved_at    timestamptz,
    resolution     text,
    PRIMARY KEY (tenant_id, discrepancy_id)
);
CREATE UNIQUE INDEX discrepancy_live ON discrepancy (tenant_id, subject, reason) WHERE state <> 'resolved';
CREATE INDEX discrepancy_by_case ON discrepancy (tenant_id, case_key);

CREATE TABLE discrepancy_event (
    tenant_id      integer NOT NULL,
    event_id       bigint GENERATED ALWAYS AS IDENTITY,
    discrepancy_id bigint NOT NULL,
    change         bigint NOT NULL, -- of the amount at stake: + when it opens or grows, − when it shrinks or closes
    left_state     discrepancy_state NOT NULL,
    said           text NOT NULL,
    run_id         bigint,          -- the close that has counted it
    recorded_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, event_id)
);
CREATE INDEX discrepancy_event_uncounted ON discrepancy_event (tenant_id) WHERE run_id IS NULL;

-- A closed business day. A day closed again with other facts gets a new run; the old one stays as it was.
CREATE TABLE run (
    tenant_id     integer NOT NULL,
    run_id        bigint GENERATED ALWAYS AS IDENTITY,
    business_date date NOT NULL,
    sequence      integer NOT NULL,
    rule_set      text NOT NULL,
    status        text NOT NULL CHECK (status IN ('matched', 'discrepant', 'incomplete')),
    report        json NOT NULL,    -- as `paygate report --format json` prints it
    digest        text NOT NULL,
    closed_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, run_id),
    UNIQUE (tenant_id, business_date, sequence)
);

CREATE TABLE person (
    person_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    disabled   boolean NOT NULL DEFAULT false
);

CREATE TABLE person_role (
    person_id bigint NOT NULL REFERENCES person,
    tenant_id integer NOT NULL REFERENCES tenant,
    role      text NOT NULL CHECK (role IN ('service', 'officer', 'approver', 'auditor', 'operator', 'admin')),
    PRIMARY KEY (person_id, tenant_id, role)
);

-- A token is worth what its person may do: without the role behind it, nothing.
CREATE TABLE api_token (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    person_id  bigint NOT NULL,
    tenant_id  integer NOT NULL,
    role       text NOT NULL,
    issued_at  timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    FOREIGN KEY (person_id, tenant_id, role) REFERENCES person_role ON DELETE CASCADE
);

-- Who did what. Each row carries the hash of the one before; the tenant's row in audit_head makes numbers gapless.
CREATE TABLE audit_entry (
    tenant_id   integer NOT NULL,
    number      bigint NOT NULL,
    actor       text NOT NULL,
    act         text NOT NULL,
    subject     text NOT NULL,
    detail      jsonb NOT NULL,
    recorded_at timestamptz NOT NULL,
    previous    bytea NOT NULL,
    digest      bytea NOT NULL,
    PRIMARY KEY (tenant_id, number)
);

CREATE TABLE audit_head (
    tenant_id integer PRIMARY KEY,
    number    bigint NOT NULL,
    digest    bytea NOT NULL
);
