-- What the legs beside payment and bank leave behind, and what a matcher of all of them keeps.

-- The words of a text that can be a code cut short. One that the next word goes on from with a digit is not cut but
-- broken where a line ended, and may be the whole code of something else.
CREATE FUNCTION cut_words(value text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT string_to_array(regexp_replace(words(value), '[A-Z0-9]+ (?=[0-9])', '', 'g'), ' ')
$$;

-- Whether a key stands in a named text with no digit running on at either end. Between two keys that touch there is
-- nothing but the other key.
CREATE OR REPLACE FUNCTION names(named text, key text) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT EXISTS (
        SELECT FROM string_to_array(named, key) AS parts, generate_series(1, cardinality(parts) - 1) AS place
        WHERE CASE WHEN parts[place] = '' AND place > 1 THEN key ELSE parts[place] END !~ '[0-9]$'
          AND CASE WHEN parts[place + 1] = '' AND place + 1 < cardinality(parts) THEN key ELSE parts[place + 1] END
              !~ '^[0-9]')
$$;

-- An account may also stand for where a leg's lines come from: a gateway's clearing account, the receipts' book.
ALTER TABLE account DROP CONSTRAINT account_kind_check,
    ADD CONSTRAINT account_kind_check CHECK (kind IN ('bank', 'treasury', 'gateway', 'receipt'));

-- Business days after payment until each leg is due; NULL: not expected. And what the gateway may keep.
ALTER TABLE source
    ADD COLUMN settlement_days integer CHECK (settlement_days >= 0),
    ADD COLUMN treasury_days integer CHECK (treasury_days >= 0),
    ADD COLUMN receipt_days integer CHECK (receipt_days >= 0),
    ADD COLUMN report_days integer CHECK (report_days >= 0),
    ADD COLUMN fee_percent numeric, -- of the gross; NULL: no schedule
    ADD COLUMN fee_fixed bigint,
    ADD COLUMN fee_borne_by text CHECK (fee_borne_by IN ('agency', 'payer', 'gateway')),
    ADD COLUMN promotions boolean NOT NULL DEFAULT false, -- the gateway may add what the payer was spared
    ADD CHECK ((fee_percent IS NULL) = (fee_borne_by IS NULL) AND (fee_fixed IS NULL) = (fee_borne_by IS NULL));

-- Of a settlement line `amount` is the gross, negative for a refund.
ALTER TABLE statement_line
    ADD COLUMN source_id integer,       -- whose gateway settled it
    ADD COLUMN fee bigint,
    ADD COLUMN net bigint,
    ADD COLUMN batch text,              -- what is paid out as one sum; NULL: nothing is
    ADD COLUMN dossier_code text,       -- of a treasury or receipt line
    ADD COLUMN document text,           -- the number of the hand-over or of the receipt
    ADD COLUMN evidence boolean NOT NULL DEFAULT true; -- false: its status says that it did not come about
CREATE INDEX statement_line_by_batch ON statement_line (tenant_id, source_id, batch) WHERE batch IS NOT NULL;
CREATE INDEX statement_line_by_dossier ON statement_line (tenant_id, dossier_code) WHERE dossier_code IS NOT NULL;

-- One table may tell of several legs, as a bank's list does that also says what it handed over to the treasury.
ALTER TABLE statement DROP CONSTRAINT statement_tenant_id_file_hash_ordinal_key,
    ADD UNIQUE (tenant_id, file_hash, leg, ordinal);

-- Settlement lines that the gateway pays out as one bank line.
CREATE TABLE settlement_batch (
    tenant_id  integer NOT NULL,
    batch_id   bigint GENERATED ALWAYS AS IDENTITY,
    source_id  integer NOT NULL,
    code       text NOT NULL,
    code_key   text NOT NULL,    -- the code, squeezed
    account_id integer,          -- the bank account it is paid out to
    settled_on date NOT NULL,    -- the latest day of its lines
    lines      bigint NOT NULL,
    gross      bigint NOT NULL,
    net        bigint NOT NULL,
    standing   text NOT NULL DEFAULT 'open' CHECK (standing IN ('open', 'ambiguous', 'matched')),
    contenders bigint[] NOT NULL DEFAULT '{}', -- bank lines, where several answers are equally good
    difference bigint NOT NULL DEFAULT 0, -- of a matched one: net less what its bank line is of
    PRIMARY KEY (tenant_id, batch_id),
    UNIQUE (tenant_id, source_id, code)
);
CREATE INDEX settlement_batch_in_reach ON settlement_batch (tenant_id, account_id, settled_on);

-- What a batch makes of a bank line that no payment settles: its own, its own but of another amount, one of several.
ALTER TABLE loose_fact ADD COLUMN payout text CHECK (payout IN ('matched', 'differs', 'ambiguous'));

-- Whether a named text speaks of a batch: a code of so many characters may stand within it, a shorter one must be
-- a word of its own.
CREATE FUNCTION names_batch(named text, code_key text, least_length integer, least_word integer) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT position(code_key IN named) > 0
       AND CASE WHEN length(code_key) >= least_length THEN names(named, code_key)
           ELSE length(code_key) >= least_word
                AND position(' ' || code_key || ' ' IN ' ' || named || ' ') > 0 END
$$;

-- Whether a batch's code stands in a named text only as a part of another batch's, longer code, which is named there.
CREATE FUNCTION stands_within(code_key text, longer text, named text, least_length integer, least_word integer)
RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT length(longer) > length(code_key) AND position(code_key IN longer) > 0
       AND names_batch(named, longer, least_length, least_word)
       AND NOT names_batch(replace(named, longer, '#'), code_key, least_length, least_word)
$$;

-- Payments for which several settlement lines are equally good; the lines are loose facts of their leg.
CREATE TABLE settlement_doubt (
    tenant_id  integer NOT NULL,
    payment_id bigint NOT NULL,
    contenders bigint[] NOT NULL,
    PRIMARY KEY (tenant_id, payment_id)
);

-- A bank line may be matched with a whole batch: then no payment sits in the row.
ALTER TABLE match ADD COLUMN batch_id bigint, ADD UNIQUE (tenant_id, batch_id);
ALTER TABLE match_history ADD COLUMN batch_id bigint;

-- Groups of a case are few beside the pairs of the bank, and are looked up whole.
CREATE INDEX match_handed_over ON match (tenant_id, match_id) WHERE leg IN ('treasury', 'receipt');

-- Money that went back: a bank's reversal with the credit it takes back, a refund with the payment it returns.
CREATE TABLE money_back (
    tenant_id      integer NOT NULL,
    line_id        bigint NOT NULL,  -- the debit, or the settlement line with a negative gross
    kind           text NOT NULL CHECK (kind IN ('reversal', 'refund')),
    payment_id     bigint,           -- of a refund
    credit_line_id bigint,           -- of a reversal
    amount         bigint NOT NULL CHECK (amount > 0), -- the part of the line that belongs here
    CHECK ((kind = 'refund') = (payment_id IS NOT NULL) AND (kind = 'reversal') = (credit_line_id IS NOT NULL)),
    UNIQUE NULLS NOT DISTINCT (tenant_id, line_id, payment_id),
    UNIQUE (tenant_id, credit_line_id)
);
CREATE INDEX money_back_by_payment ON money_back (tenant_id, payment_id) WHERE payment_id IS NOT NULL;

-- What of a payment is not kept: a row only where something went back, from the facts and what the notices say.
CREATE TABLE returned (
    tenant_id   integer NOT NULL,
    payment_id  bigint NOT NULL,
    refunded    bigint NOT NULL,  -- by the bank's debits, the gateway's records or its notice, whichever says most
    reversed_on date,             -- since when the money that came is taken back, all of it
    kept        bigint NOT NULL,
    PRIMARY KEY (tenant_id, payment_id)
);
-- The few that went back, among millions that did not.
CREATE INDEX payment_gone_back ON payment (tenant_id, payment_id) WHERE state IN ('refunded', 'reversed');
CREATE INDEX statement_line_reversal ON statement_line (tenant_id, account_id, amount) WHERE reversal;
CREATE INDEX statement_line_gateway_refund ON statement_line (tenant_id, reference_key)
    WHERE leg = 'settlement' AND amount < 0;

-- Facts that other facts have settled stay loose, where names reach them.
ALTER TABLE loose_fact DROP CONSTRAINT loose_fact_standing_check,
    ADD CONSTRAINT loose_fact_standing_check CHECK (standing IN ('open', 'ambiguous_reference', 'ambiguous_narrative',
        'narrative', 'taken_back', 'tied', 'sum', 'ambiguous_sum')),
    ADD COLUMN stopped integer; -- of how many facts there were, and no answer was looked for

-- The last six characters of whatever could be a code that stands in a named text: no digit runs on behind it.
CREATE FUNCTION pieces(named text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT substr(named, place, 6)), '{}')
    FROM generate_series(1, length(named) - 5) AS place
    WHERE substr(named, place, 7) ~ '^[A-Z0-9]{6}([^0-9]|$)'
$$;
CREATE INDEX loose_fact_by_pieces ON loose_fact USING gin (pieces(named)) WHERE leg = 'bank';
CREATE INDEX loose_fact_by_reference_end ON loose_fact (tenant_id, right(reference_key, 6)) WHERE leg = 'payment';
CREATE INDEX loose_fact_by_dossier_end ON loose_fact (tenant_id, right(dossier_key, 6)) WHERE leg = 'payment';

-- Pairs that a person has parted: no pass joins them again.
CREATE TABLE parted (
    tenant_id  integer NOT NULL,
    leg        leg NOT NULL,
    payment_id bigint,
    batch_id   bigint,
    fact_id    bigint NOT NULL,
    match_id   bigint,           -- the match whose undoing parted them: undoing the undoing joins what it parted
    parted_by  text NOT NULL,
    reason     text NOT NULL,
    parted_at  timestamptz NOT NULL DEFAULT now(),
    CHECK ((payment_id IS NULL) <> (batch_id IS NULL)),
    UNIQUE NULLS NOT DISTINCT (tenant_id, leg, payment_id, batch_id, fact_id)
);
CREATE INDEX parted_by_match ON parted (tenant_id, match_id) WHERE match_id IS NOT NULL;

-- Money that came late is noted once for each payment.
CREATE UNIQUE INDEX discrepancy_late ON discrepancy (tenant_id, payment_id) WHERE reason = 'late';

-- Rule sets that were proposed, by what they say. A result names its set by the version.
CREATE TABLE rule_set (
    tenant_id integer NOT NULL,
    version   text NOT NULL,  -- the name, and how the digest begins
    digest    bytea NOT NULL, -- SHA-256 of the content in canonical form
    body      text NOT NULL,  -- the TOML as it was proposed
    stored_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, version)
);

-- Who proposed which, and who approved it: never the same person. The latest approved is what the matcher goes by.
CREATE TABLE rule_set_choice (
    tenant_id   integer NOT NULL,
    choice_id   bigint GENERATED ALWAYS AS IDENTITY,
    version     text NOT NULL,
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL DEFAULT now(),
    approved_by text,
    approved_at timestamptz,
    PRIMARY KEY (tenant_id, choice_id),
    FOREIGN KEY (tenant_id, version) REFERENCES rule_set (tenant_id, version),
    CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
    CHECK (approved_by <> proposed_by)
);
CREATE UNIQUE INDEX rule_set_choice_open ON rule_set_choice (tenant_id, version) WHERE approved_at IS NULL;
CREATE INDEX rule_set_choice_approved ON rule_set_choice (tenant_id, approved_at) WHERE approved_at IS NOT NULL;

-- What became of a discrepancy: by itself, or by a person's word. One that comes back is another, for a sealed run has
-- counted the former as resolved, and its time to act begins anew; it names the former.
ALTER TABLE discrepancy ADD COLUMN resolved_by text, ADD COLUMN former bigint,
    ADD CHECK (resolved_by IS NULL OR state = 'resolved');
CREATE INDEX discrepancy_former ON discrepancy (tenant_id, subject, reason)
    WHERE state = 'resolved' AND reason <> 'late';

-- A run after the first of its day corrects the one before it, which stays as it was.
ALTER TABLE run ADD COLUMN kind text NOT NULL DEFAULT 'close' CHECK (kind IN ('close', 'correction')),
    ADD COLUMN corrects bigint,
    ADD CHECK ((kind = 'correction') = (corrects IS NOT NULL) AND (kind = 'correction') = (sequence > 1));

-- Closed days that late facts have touched since: the next close reports them again.
CREATE TABLE day_to_correct (
    tenant_id     integer NOT NULL,
    business_date date NOT NULL,
    PRIMARY KEY (tenant_id, business_date)
);
