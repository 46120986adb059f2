-- What frames a turn of the matcher.

-- name: latest_close
SELECT max(business_date) FROM run WHERE tenant_id = $1;

-- name: is_there_work
SELECT EXISTS (SELECT FROM dirty WHERE tenant_id = $1)
    OR EXISTS (SELECT FROM watch WHERE tenant_id = $1 AND due_on <= $2);

-- name: legs_in_play
-- What a pass has to reckon with: a leg nobody expects and no file has told of costs nothing.
SELECT l.leg::text AS leg,
       EXISTS (SELECT FROM source AS s WHERE s.tenant_id = $1 AND CASE l.leg
           WHEN 'settlement' THEN s.settlement_days WHEN 'bank' THEN s.bank_days WHEN 'treasury' THEN s.treasury_days
           WHEN 'receipt' THEN s.receipt_days WHEN 'report' THEN s.report_days END IS NOT NULL) AS expected,
       EXISTS (SELECT FROM statement AS s WHERE s.tenant_id = $1 AND s.leg = l.leg) AS told
FROM unnest(enum_range(NULL::leg)) AS l (leg);

-- name: working_tables
-- A second turn in the same transaction begins with empty ones.
SELECT string_agg(quote_ident(relname), ', ') FROM pg_class
WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r' AND relname LIKE 'w\_%';

-- name: tables_without_statistics
-- After a first load, or one that doubled a table, the planner would take large tables for tiny ones.
SELECT c.relname FROM pg_class AS c LEFT JOIN pg_stat_user_tables AS s ON s.relid = c.oid
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
  AND c.relname = ANY ('{payment,statement_line,match,loose_fact,discrepancy,watch,procedure_record,money_back,returned}')
  AND pg_relation_size(c.oid) > 131072 AND (c.reltuples < 1000 OR s.n_mod_since_analyze > c.reltuples);
