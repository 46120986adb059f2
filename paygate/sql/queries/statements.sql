-- name: accounts_of_tenant
SELECT account_id, number, kind FROM account WHERE tenant_id = $1 ORDER BY number;

-- name: sources_of_tenant
-- One that expects a settlement has a gateway that tells what it settled.
SELECT source_id, code, account_id, settlement_days IS NOT NULL AS settles FROM source WHERE tenant_id = $1 ORDER BY code;

-- name: make_account
-- What stands for a leg or for a gateway's clearing is no bank's account. It may have been made a moment ago.
WITH made AS (
    INSERT INTO account (tenant_id, number, bank, kind) VALUES ($1, $2, '', $3)
    ON CONFLICT (tenant_id, number) DO NOTHING RETURNING account_id
)
SELECT account_id FROM made
UNION ALL SELECT account_id FROM account WHERE tenant_id = $1 AND number = $2 AND kind = $3;

-- name: lock_imports
-- One import of a tenant at a time from here to its commit: overlapping files would deadlock on each other's lines.
SELECT pg_advisory_xact_lock($1, $2);

-- name: statements_of_file
-- Of one leg, where the file may be read for several.
SELECT account.number, identification, currency, lines, total, opening, closing, balanced, refused, warnings, sequence,
    page, leg::text AS leg, statement.kind::text AS kind
FROM statement JOIN account USING (tenant_id, account_id)
WHERE tenant_id = $1 AND file_hash = $2 AND leg = coalesce($3::leg, leg) ORDER BY ordinal;

-- name: store_statement
INSERT INTO statement (tenant_id, account_id, file_hash, ordinal, format, identification, currency, period_from,
    period_to, opening, closing, total, balanced, lines, refused, warnings, sequence, page, leg, kind, file_name,
    imported_by, mapping)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)
RETURNING statement_id;

-- name: mark_lines_dirty
INSERT INTO dirty (tenant_id, kind, fact_ids) VALUES ($1, 'line', $2);

-- name: mark_lines_unweighed
-- Where money confirms payments; elsewhere nobody would look.
INSERT INTO unweighed (tenant_id, kind, fact_ids)
SELECT $1, 'line', $2 WHERE EXISTS (SELECT FROM source WHERE tenant_id = $1 AND money_confirms);

-- name: create_staged_line
-- All lines of a file before any is stored: twins are counted here, so that memory stays flat outside the database.
CREATE TEMPORARY TABLE staged_line (
    sequence bigint, ordinal integer, row_number integer, identity bytea, booked_on date, value_on date, amount bigint,
    currency text, bank_reference text, reference text, reference_key text, narrative text, counterparty text,
    reversal boolean, entry_reference text, fee bigint, net bigint, batch text, dossier_code text, document text,
    evidence boolean
) ON COMMIT DROP;

-- name: store_days
-- What the file says of each day, lines that were known already included.
INSERT INTO statement_day (tenant_id, statement_id, booked_on, lines, total)
SELECT $1, statement_id, booked_on, count(*), sum(amount)
FROM staged_line JOIN unnest($2::integer[], $3::bigint[]) AS stored (ordinal, statement_id) USING (ordinal)
GROUP BY statement_id, booked_on;

-- name: complete_periods
-- A statement that does not say which days it covers covers those from its first line to its last.
UPDATE statement SET period_from = coalesce(statement.period_from, said.first_day),
    period_to = coalesce(statement.period_to, said.last_day)
FROM (SELECT statement_id, min(booked_on) AS first_day, max(booked_on) AS last_day FROM statement_day
      WHERE tenant_id = $1 AND statement_id = ANY($2::bigint[]) GROUP BY statement_id) AS said
WHERE statement.tenant_id = $1 AND statement.statement_id = said.statement_id
    AND (statement.period_from IS NULL OR statement.period_to IS NULL);

-- name: told_in_another_kind
-- Most accounts get one kind of statement alone, and nothing need be looked up.
SELECT EXISTS (SELECT FROM unnest($2::integer[], $3::statement_kind[]) AS o (account_id, kind)
    JOIN statement AS s ON s.tenant_id = $1 AND s.account_id = o.account_id AND s.kind <> o.kind);

-- name: drop_told_entries
-- An entry that was told in another kind of statement is the same movement where its name, day and sum are the same,
-- whether its transactions are told one by one or not.
WITH owner AS (
    SELECT * FROM unnest($2::integer[], $3::integer[], $4::statement_kind[]) AS o (ordinal, account_id, kind)
), entry AS (
    SELECT account_id, kind, booked_on, currency, entry_reference, sum(amount) AS amount
    FROM staged_line JOIN owner USING (ordinal)
    WHERE entry_reference <> '' GROUP BY account_id, kind, booked_on, currency, entry_reference
), told AS (
    SELECT e.account_id, e.kind, e.booked_on, e.currency, e.entry_reference
    FROM entry AS e
    JOIN statement_line AS l ON l.tenant_id = $1 AND l.account_id = e.account_id
        AND l.entry_reference = e.entry_reference AND l.entry_reference <> ''
        AND l.booked_on = e.booked_on AND l.currency = e.currency
    JOIN statement AS s ON s.tenant_id = $1 AND s.statement_id = l.statement_id AND s.kind <> e.kind
    GROUP BY e.account_id, e.kind, e.booked_on, e.currency, e.entry_reference, e.amount
    HAVING sum(l.amount) = e.amount
)
DELETE FROM staged_line AS d USING owner AS o, told AS t
WHERE o.ordinal = d.ordinal AND t.account_id = o.account_id AND t.kind = o.kind AND t.booked_on = d.booked_on
    AND t.currency = d.currency AND t.entry_reference = d.entry_reference;

-- name: drop_nameless_entries
-- What a report or a notification tells without a name could not be told from the same in a statement: where the
-- account gets statements, it is left to them.
DELETE FROM staged_line AS d
USING unnest($2::integer[], $3::integer[], $4::statement_kind[]) AS o (ordinal, account_id, kind)
WHERE o.ordinal = d.ordinal AND o.kind <> 'statement' AND d.entry_reference = ''
    AND EXISTS (SELECT FROM statement AS s
                WHERE s.tenant_id = $1 AND s.account_id = o.account_id AND s.kind = 'statement');

-- name: take_back_lines
-- A hand-over or receipt that is told to be cancelled is the line it was, and no evidence any more.
WITH told AS (
    SELECT account_id, statement_id, identity, evidence,
        row_number() OVER (PARTITION BY account_id, identity ORDER BY evidence DESC, sequence) AS occurrence
    FROM staged_line JOIN unnest($2::integer[], $3::integer[], $4::bigint[])
        AS stored (ordinal, account_id, statement_id) USING (ordinal)
)
UPDATE statement_line AS l SET evidence = false FROM told
WHERE l.tenant_id = $1 AND l.account_id = told.account_id AND l.identity = told.identity
    AND l.occurrence = told.occurrence AND l.evidence AND NOT told.evidence
RETURNING line_id, told.statement_id;

-- name: store_lines
-- A line that is stored already, with as many twins, stays as it is; the others come back with their numbers. A net that
-- the gateway does not tell is the gross without the fee, where that is taken from it.
INSERT INTO statement_line (tenant_id, account_id, statement_id, row_number, identity, occurrence, booked_on, value_on,
    amount, currency, bank_reference, reference, reference_key, narrative, counterparty, reversal, leg,
    entry_reference, source_id, fee, net, batch, dossier_code, document, evidence)
SELECT $1, stored.account_id, statement_id, row_number, identity,
    row_number() OVER (PARTITION BY stored.account_id, identity ORDER BY evidence DESC, sequence), booked_on, value_on,
    amount,
    currency, bank_reference, reference, reference_key, narrative, counterparty, reversal, leg, entry_reference,
    stored.source_id, fee,
    CASE WHEN batch IS NULL OR net IS NOT NULL THEN net
         WHEN fee_borne_by IN ('payer', 'gateway') THEN amount
         ELSE amount - coalesce(fee, 0) END,
    batch, dossier_code, document, evidence
FROM staged_line JOIN unnest($2::integer[], $3::integer[], $4::bigint[], $5::leg[], $6::integer[])
    AS stored (ordinal, account_id, statement_id, leg, source_id) USING (ordinal)
LEFT JOIN source ON source.tenant_id = $1 AND source.source_id = stored.source_id
ORDER BY sequence
ON CONFLICT (tenant_id, account_id, identity, occurrence) DO NOTHING
RETURNING line_id, statement_id;

-- name: drop_staged_line
-- ON COMMIT is too late where several files are imported in one transaction.
DROP TABLE staged_line;
