-- What a statement line is evidence of: a gateway's list is not the bank's booked money, nor is the treasury's. Derived
-- at import, so that the matcher tells them apart without asking for the account.
ALTER TABLE statement_line ADD COLUMN leg leg NOT NULL DEFAULT 'bank'
    CHECK (leg IN ('bank', 'settlement', 'treasury', 'receipt'));

ALTER TABLE statement ADD COLUMN leg leg NOT NULL DEFAULT 'bank'
    CHECK (leg IN ('bank', 'settlement', 'treasury', 'receipt'));

-- Where a statement stands among those of its account, as its bank numbers them: what shows that one never came.
ALTER TABLE statement ADD COLUMN sequence bigint, ADD COLUMN page integer;
