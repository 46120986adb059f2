-- What people look up: a code as it is read out on the telephone, and an amount on a day.

-- A dossier by how its code ends; by its payments, too, where its record never came.
CREATE INDEX procedure_record_by_tail ON procedure_record (tenant_id, reverse(dossier_key) text_pattern_ops);
CREATE INDEX payment_by_dossier_tail ON payment (tenant_id, reverse(squeeze(dossier_code)) text_pattern_ops)
    WHERE dossier_code IS NOT NULL;

-- What gateways, banks and offices call it.
CREATE INDEX payment_by_transaction ON payment (tenant_id, squeeze(transaction_id)) WHERE transaction_id <> '';
CREATE INDEX statement_line_by_bank_reference ON statement_line (tenant_id, squeeze(bank_reference))
    WHERE bank_reference <> '';
CREATE INDEX statement_line_by_document ON statement_line (tenant_id, squeeze(document)) WHERE document <> '';

-- An amount on a day; these serve whoever asks for the day alone as well as those they take the place of.
CREATE INDEX payment_by_day_and_amount ON payment (tenant_id, business_date, amount);
DROP INDEX payment_by_day;
CREATE INDEX statement_line_by_day_and_amount ON statement_line (tenant_id, booked_on, amount);
DROP INDEX statement_line_by_day;

-- What was asked for a dossier before anything was paid.
CREATE INDEX payment_request_by_dossier ON payment_request (tenant_id, dossier_code);

-- What thirty runs say of success is shown together; their whole reports are large.
ALTER TABLE run ADD COLUMN success json GENERATED ALWAYS AS (report -> 'success') STORED;
