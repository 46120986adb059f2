-- What grows for ever, is only added to, and is not looked up by a key that must be unique over all time, is kept in a
-- table for each month: a month that is over its time is dropped as a whole. Months begin in UTC.

-- The column by whose value a partitioned table is parted.
CREATE FUNCTION month_column(parent text) RETURNS text LANGUAGE sql STABLE STRICT AS $$
    SELECT a.attname FROM pg_partitioned_table AS p
    JOIN pg_attribute AS a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
    WHERE p.partrelid = parent::regclass
$$;

CREATE FUNCTION month_name(parent text, month date) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT parent || to_char(month, '_YYYYMM')
$$;

-- Makes the table of a month and returns whether it was not there. What came before it was foreseen lies in the rest and
-- is moved; the rest is held meanwhile, the other months are not.
CREATE FUNCTION make_month(parent text, month date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    part text := month_name(parent, month);
    rest text := parent || '_rest';
    span text := format('%1$I >= %2$L AND %1$I < %3$L', month_column(parent), month::timestamp AT TIME ZONE 'UTC',
                        (month + interval '1 month') AT TIME ZONE 'UTC');
BEGIN
    IF to_regclass(part) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', rest);
    IF to_regclass(part) IS NOT NULL THEN -- another has made it while we waited
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, parent);
    EXECUTE format('WITH moved AS (DELETE FROM %I WHERE %s RETURNING *) INSERT INTO %I SELECT * FROM moved',
                   rest, span, part);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, part,
                   month::timestamp AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
    RETURN true;
END
$$;

-- Keeps writers from a month that is to be dropped, and nobody from any other.
CREATE FUNCTION hold_month(parent text, month date) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('LOCK TABLE %I IN SHARE MODE', month_name(parent, month));
END
$$;

CREATE FUNCTION drop_month(parent text, month date) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DROP TABLE %I', month_name(parent, month));
END
$$;

ALTER TABLE match_history RENAME TO match_history_before;
ALTER INDEX match_history_by_payment RENAME TO match_history_before_by_payment;
CREATE TABLE match_history (
    tenant_id  integer NOT NULL,
    match_id   bigint NOT NULL,
    leg        leg NOT NULL,
    payment_id bigint,
    batch_id   bigint,
    fact_id    bigint,
    seats      integer NOT NULL,
    rule       text NOT NULL,
    rule_set   text NOT NULL,
    difference bigint NOT NULL,
    matched_at timestamptz NOT NULL,
    undone_at  timestamptz NOT NULL DEFAULT now(),
    undone_by  text,            -- the person who undid it; NULL: the facts did
    reason     text,            -- why the person did
    CHECK ((undone_by IS NULL) = (reason IS NULL))
) PARTITION BY RANGE (undone_at);
CREATE TABLE match_history_rest PARTITION OF match_history DEFAULT;
CREATE INDEX match_history_by_payment ON match_history (tenant_id, payment_id);

-- An event is parted by the day its notice came: what is unique among the events of one day is so among all, for a
-- notice has one.
ALTER TABLE payment_event RENAME TO payment_event_before;
ALTER INDEX payment_event_pkey RENAME TO payment_event_before_pkey;
CREATE TABLE payment_event (
    tenant_id   integer NOT NULL,
    payment_id  bigint NOT NULL,
    event_id    bigint GENERATED ALWAYS AS IDENTITY,
    notice_id   bigint NOT NULL,
    received_at timestamptz NOT NULL, -- as its notice has it
    said_state  payment_state NOT NULL,
    left_state  payment_state NOT NULL,
    outcome     payment_outcome NOT NULL,
    amount      bigint NOT NULL,
    currency    text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, payment_id, event_id, received_at),
    UNIQUE (tenant_id, notice_id, received_at)
) PARTITION BY RANGE (received_at);
CREATE TABLE payment_event_rest PARTITION OF payment_event DEFAULT;

-- The feed. Numbers are given under the head's lock, so that they are unique without an index over all months. Dead
-- letters name events that the trimming keeps.
ALTER TABLE dead_letter DROP CONSTRAINT dead_letter_tenant_id_sequence_fkey;
ALTER TABLE event RENAME TO event_before;
ALTER INDEX event_pkey RENAME TO event_before_pkey;
CREATE TABLE event (
    tenant_id   integer NOT NULL,
    sequence    bigint NOT NULL CHECK (sequence > 0),
    event_id    uuid NOT NULL DEFAULT gen_random_uuid(), -- by which receivers know one they have already
    kind        text NOT NULL,
    subject     text NOT NULL,
    body        json NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, sequence, recorded_at)
) PARTITION BY RANGE (recorded_at);
CREATE TABLE event_rest PARTITION OF event DEFAULT;

-- Up to here the feed is no longer whole: who has read less cannot go on from there.
ALTER TABLE feed_head ADD COLUMN trimmed_to bigint NOT NULL DEFAULT 0;

-- Months for what is stored already, before it is moved into them.
SELECT make_month(s.parent, m::date)
FROM (SELECT 'match_history' AS parent, min(undone_at) AS first, max(undone_at) AS last FROM match_history_before
      UNION ALL SELECT 'payment_event', min(received_at), max(received_at)
      FROM payment_event_before JOIN notice USING (tenant_id, notice_id)
      UNION ALL SELECT 'event', min(recorded_at), max(recorded_at) FROM event_before) AS s,
     generate_series(date_trunc('month', s.first AT TIME ZONE 'UTC'), s.last AT TIME ZONE 'UTC', interval '1 month') AS m;

INSERT INTO match_history (tenant_id, match_id, leg, payment_id, batch_id, fact_id, seats, rule, rule_set, difference,
                           matched_at, undone_at)
SELECT tenant_id, match_id, leg, payment_id, batch_id, fact_id, seats, rule, rule_set, difference, matched_at, undone_at
FROM match_history_before;
INSERT INTO payment_event (tenant_id, payment_id, event_id, notice_id, received_at, said_state, left_state, outcome,
                           amount, currency, occurred_at, recorded_at) OVERRIDING SYSTEM VALUE
SELECT tenant_id, e.payment_id, e.event_id, notice_id, n.received_at, e.said_state, e.left_state, e.outcome, e.amount,
       e.currency, e.occurred_at, e.recorded_at
FROM payment_event_before AS e JOIN notice AS n USING (tenant_id, notice_id);
SELECT setval(pg_get_serial_sequence('payment_event', 'event_id'), max(event_id)) FROM payment_event_before
HAVING max(event_id) IS NOT NULL;
INSERT INTO event SELECT * FROM event_before;
DROP TABLE match_history_before, payment_event_before, event_before;

-- The bytes of a notice may go when its time is over; what makes it known, and what it said, stay for ever.
ALTER TABLE notice ALTER COLUMN body DROP NOT NULL;

-- Payments that have not come to an end: those that hang, and those whose money was not found, not even in a batch that
-- was paid out.
CREATE VIEW unsettled_payment AS
SELECT tenant_id, payment_id FROM payment WHERE state IN ('initiated', 'pending')
UNION ALL
SELECT f.tenant_id, f.fact_id FROM loose_fact AS f
WHERE f.leg = 'payment' AND f.standing <> 'narrative' AND NOT EXISTS (
    SELECT FROM match AS m
    JOIN statement_line AS l ON l.tenant_id = m.tenant_id AND l.line_id = m.fact_id
    JOIN settlement_batch AS b ON b.tenant_id = l.tenant_id AND b.source_id = l.source_id AND b.code = l.batch
    WHERE m.tenant_id = f.tenant_id AND m.leg = 'settlement' AND m.payment_id = f.fact_id AND b.standing = 'matched');

-- How far the notices' bodies were gone through, and those passed over because something about them is unresolved.
CREATE TABLE trim_mark (
    tenant_id integer PRIMARY KEY,
    notice_id bigint NOT NULL
);
CREATE TABLE trim_held (
    tenant_id integer NOT NULL,
    notice_id bigint NOT NULL,
    PRIMARY KEY (tenant_id, notice_id)
);
