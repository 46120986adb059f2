-- Amounts of several currencies are never added up: what has an amount says in which currency it is.

-- The dong of an amount: none where it is of another currency.
CREATE FUNCTION dong(amount bigint, currency text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN currency = 'VND' THEN amount ELSE 0 END;

-- Of its payment, else of its line; what is about neither is in dong.
ALTER TABLE discrepancy ADD COLUMN currency text NOT NULL DEFAULT 'VND';
UPDATE discrepancy AS d SET currency = p.currency FROM payment AS p
WHERE p.tenant_id = d.tenant_id AND p.payment_id = d.payment_id AND p.currency <> 'VND';
UPDATE discrepancy AS d SET currency = l.currency FROM statement_line AS l
WHERE d.payment_id IS NULL AND l.tenant_id = d.tenant_id AND l.line_id = d.line_id AND l.currency <> 'VND';
COMMENT ON COLUMN discrepancy_event.change IS 'of the dong at stake: what is of another currency changes none';
UPDATE discrepancy_event AS e SET change = 0 FROM discrepancy AS d
WHERE d.tenant_id = e.tenant_id AND d.discrepancy_id = e.discrepancy_id AND d.currency <> 'VND' AND e.run_id IS NULL;

-- Of a case, and of each of its reasons.
ALTER TABLE run_case ADD COLUMN currency text NOT NULL DEFAULT 'VND', ADD COLUMN currencies text[];
UPDATE run_case SET currencies = array_fill('VND'::text, ARRAY[cardinality(reasons)]);
ALTER TABLE run_case ALTER COLUMN currencies SET NOT NULL, ADD CHECK (cardinality(reasons) = cardinality(currencies));
