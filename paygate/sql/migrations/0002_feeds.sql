-- When each feed is expected, and what each file said of each day it covers.

ALTER TABLE account ADD COLUMN statement_days integer CHECK (statement_days >= 0), -- NULL: as its sources' bank legs say
                    ADD COLUMN statement_by time NOT NULL DEFAULT '23:59';
ALTER TABLE source ADD COLUMN silent_hours integer CHECK (silent_hours > 0), -- NULL: it may be silent for ever
                   ADD COLUMN last_notice_at timestamptz;                     -- to within some seconds

-- What a statement says of one day, known lines included: two files that cover one day must say the same of it.
CREATE TABLE statement_day (
    tenant_id    integer NOT NULL,
    statement_id bigint NOT NULL,
    booked_on    date NOT NULL,
    lines        integer NOT NULL,
    total        numeric NOT NULL, -- signed, minor units; lines of 64 bits may add up beyond
    PRIMARY KEY (tenant_id, statement_id, booked_on),
    FOREIGN KEY (tenant_id, statement_id) REFERENCES statement
);

CREATE INDEX statement_by_period ON statement (tenant_id, account_id, period_from);
