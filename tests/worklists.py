"""Discrepancies by the thousand, for tests of how they are listed."""

from datetime import date
from typing import Final

from paygate.database import Connection, connect
from tests.served import Served
from tests.worlds import lay_tenant

DAY: Final = date(2024, 5, 8)
MANY: Final = 20_000
OVER: Final = 40_000
"""Discrepancies that are over, in the way of whoever reads them all: they came first."""

_LAY_OVER: Final = """
INSERT INTO discrepancy (tenant_id, discrepancy_id, case_key, subject, reason, amount, state, since, due, agency_code,
    source_ids, resolved_at)
OVERRIDING SYSTEM VALUE
SELECT $1, 1000000 + n, 'line:' || n, 'line:' || n, 'bank_unexpected', n * 100, 'resolved', day, day + 3,
    'A' || lpad((n % 100)::text, 2, '0'), ARRAY[CASE n % 400 WHEN 8 THEN 2 ELSE 1 END], now()
FROM (SELECT n, DATE '2024-05-08' - (n % 400)::integer AS day FROM generate_series(1, $2::bigint) AS n) AS x
"""
_NUMBERED: Final = """
WITH numbered AS (
    SELECT n, 'H23-240508-' || lpad(n::text, 5, '0') AS code, 'A' || lpad((n % 100)::text, 2, '0') AS agency,
           DATE '2024-05-08' - n % 400 AS day, CASE n % 400 WHEN 8 THEN 2 ELSE 1 END AS source
    FROM generate_series(1, $2::integer) AS n)
"""
_FILL: Final = (
    f"""{_NUMBERED}
    INSERT INTO procedure_record (tenant_id, dossier_code, dossier_key, version, procedure_code, procedure_name,
        agency_code, agency_name, status, exempt, online_payment_flag, due, content_hash)
    SELECT $1, code, squeeze(code), 1, '1.0', 'x', agency, 'Agency ' || n % 100, 'processing', false, 0, 100000, ''
    FROM numbered""",
    f"""{_NUMBERED}
    INSERT INTO payment (tenant_id, source_id, reference, transaction_id, reference_key, dossier_code, state, outcome,
        amount, currency, occurred_at, business_date, account_id)
    SELECT $1, source, 'REF-' || n, '', 'REF' || n, code, 'paid', 'paid', n * 1000, 'VND', now(), day, 1
    FROM numbered""",
    f"""{_NUMBERED}
    INSERT INTO discrepancy (tenant_id, case_key, subject, reason, amount, state, since, due, dossier_code, agency_code,
        source_ids, assignee, resolved_at)
    SELECT $1, 'dossier:' || code, 'dossier:' || code,
        CASE WHEN n % 200 = 0 THEN 'currency_differs'
             ELSE (ARRAY['underpaid', 'overpaid', 'bank_missing', 'flag_not_synced'])[1 + n % 4] END,
        n * 1000, CASE WHEN n % 97 = 0 THEN 'resolved' WHEN n % 89 = 0 THEN 'proposed' WHEN n % 3 = 0 THEN 'assigned'
                       ELSE 'open' END::discrepancy_state,
        day, day + 3, code, agency, CASE WHEN n % 800 = 9 THEN ARRAY[1, 2] ELSE ARRAY[source] END,
        CASE WHEN n % 3 = 0 OR n % 89 = 0 THEN 'anh-' || n % 60 END,
        CASE WHEN n % 97 = 0 THEN now() END
    FROM numbered""",
    """
    INSERT INTO discrepancy_event (tenant_id, discrepancy_id, change, left_state, said)
    SELECT tenant_id, discrepancy_id, amount, 'open', 'opened' FROM discrepancy WHERE tenant_id = $1""",
    """
    INSERT INTO proposal (tenant_id, discrepancy_id, kind, detail, amount, reason, version, proposed_by)
    SELECT tenant_id, discrepancy_id, 'write_off', '{}', amount, 'x', 1, assignee FROM discrepancy
    WHERE tenant_id = $1 AND state = 'proposed'""",
)


async def lay_many(connection: Connection, *, many: int = MANY, code: str = "haiduong") -> int:
    """Lay in discrepancies of every kind of state, and what they are about, and return the tenant's number."""
    tenant_id = await lay_tenant(connection, code)
    await connection.execute(_LAY_OVER, tenant_id, OVER)
    await fill(connection, tenant_id, many)
    return tenant_id


async def fill(connection: Connection, tenant_id: int, many: int) -> None:
    for statement in _FILL:
        values = (tenant_id, many) if "$2" in statement else (tenant_id,)
        await connection.execute(statement, *values)
    await connection.execute("VACUUM ANALYZE discrepancy, payment, procedure_record, proposal, discrepancy_event")


async def fill_served(served: Served, many: int) -> None:
    """Lay the same into the first tenant of a service."""
    async with connect(served.database_url) as connection:
        tenant_id = await connection.fetchval("SELECT tenant_id FROM tenant WHERE code = 'haiduong'")
        await fill(connection, tenant_id, many)
