-- A bank may tell one movement three times: notified at once, in a report of the running day, in the day's statement.
-- Only the last covers its day; and the movement is stored once, known by what the bank calls its entry.
CREATE TYPE statement_kind AS ENUM ('statement', 'report', 'notification');

ALTER TABLE statement ADD COLUMN kind statement_kind NOT NULL DEFAULT 'statement';
ALTER TABLE statement_line ADD COLUMN entry_reference text NOT NULL DEFAULT '';
CREATE INDEX statement_line_by_entry ON statement_line (tenant_id, account_id, entry_reference)
    WHERE entry_reference <> '';
