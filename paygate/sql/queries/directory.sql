-- name: store_tenant
-- The configuration is the truth about names; the number, once given, stays.
INSERT INTO tenant (code, name, agency_code, timezone) VALUES ($1, $2, $3, $4)
ON CONFLICT (code) DO UPDATE SET name = EXCLUDED.name, agency_code = EXCLUDED.agency_code, timezone = EXCLUDED.timezone
RETURNING tenant_id;

-- name: store_account
INSERT INTO account (tenant_id, number, bank, kind, statement_days, statement_by) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id, number) DO UPDATE SET bank = EXCLUDED.bank, kind = EXCLUDED.kind,
    statement_days = EXCLUDED.statement_days, statement_by = EXCLUDED.statement_by
RETURNING account_id;

-- name: store_source
-- A source never changes hands: another tenant's source of the same code is refused by the WHERE, not taken over.
INSERT INTO source (tenant_id, code, adapter, account_id, cut_off, silent_hours, bank_days, settlement_days,
    treasury_days, receipt_days, report_days, fee_percent, fee_fixed, fee_borne_by, promotions)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT (code) DO UPDATE SET adapter = EXCLUDED.adapter, account_id = EXCLUDED.account_id,
    cut_off = EXCLUDED.cut_off, silent_hours = EXCLUDED.silent_hours, bank_days = EXCLUDED.bank_days,
    settlement_days = EXCLUDED.settlement_days, treasury_days = EXCLUDED.treasury_days,
    receipt_days = EXCLUDED.receipt_days, report_days = EXCLUDED.report_days, fee_percent = EXCLUDED.fee_percent,
    fee_fixed = EXCLUDED.fee_fixed, fee_borne_by = EXCLUDED.fee_borne_by, promotions = EXCLUDED.promotions
    WHERE source.tenant_id = EXCLUDED.tenant_id
RETURNING source_id;
