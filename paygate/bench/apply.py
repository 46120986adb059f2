"""How fast the apply worker drains an inbox.

Of ten notices one is a failure before the success of the same payment, and one comes before its record.
"""

import resource
import time
from datetime import time as clock_time
from functools import partial
from typing import Any, Final

from paygate.confirmation import confirm
from paygate.database import Connection, Database, migrate, open_database
from paygate.directory import AccountEntry, SourceEntry, TenantEntry, store_directory
from paygate.domain.legs import Leg
from paygate.domain.parties import Source
from paygate.inbox import store_within
from paygate.ledger import apply_batch
from paygate.worker import Worker

TENANT: Final = "bench-apply"

# Written for this measurement alone, where no other code would run them.
_LAY_RECORDS: Final = """
INSERT INTO procedure_record (tenant_id, dossier_code, dossier_key, version, procedure_code, procedure_name,
    agency_code, agency_name, status, exempt, online_payment_flag, due, content_hash)
SELECT $1, code, squeeze(code), 1, '1.005129', '', 'H23', '', 'processing', false, 0, 50000, ''
FROM (SELECT '000.00.12.H23-240508-' || lpad(n::text, 7, '0') AS code FROM generate_series(1, $2::integer) AS n
    WHERE n % 10 <> 0) AS dossier
"""
_LAY_NOTICES: Final = """
INSERT INTO notice (tenant_id, source_id, dedupe_key, body_hash, method, body, key_id, request_id, received_at, state,
    reference, transaction_id, said_state, outcome, amount, currency, occurred_at, description)
SELECT $1, $2, sha256(n::text::bytea), sha256(n::text::bytea), 'POST', repeat('x', 480)::bytea, 0, 'bench', now(),
    'received', 'dvc' || payment, 'T' || payment,
    CASE WHEN n % 10 = 1 THEN 'failed' ELSE 'paid' END::payment_state,
    CASE WHEN n % 10 = 1 THEN 'declined' ELSE 'paid' END::payment_outcome,
    50000, 'VND', timestamptz '2024-05-08 10:00+07' + make_interval(secs => n % 30000),
    'THANH TOAN HO SO 000.00.12.H23-240508-' || lpad(payment::text, 7, '0')
FROM (SELECT n, CASE WHEN n % 10 = 1 THEN n + 1 ELSE n END AS payment
    FROM generate_series(1, $3::integer) AS n) AS notice
"""


async def bench_apply(url: str, notices: int = 50_000) -> dict[str, Any]:
    """Lay notices into a database of their own and drain them; `ours` is in notices a second."""
    await migrate(url)
    async with open_database(url, size=4) as database:
        async with database.transaction() as connection:
            tenant_id = await _lay(connection, notices)
        worker = Worker(database, apply_batch, partial(confirm, database, store_within), _match_nothing)
        begun = time.perf_counter()
        drained = await worker.drain(tenant_id)
        seconds = time.perf_counter() - begun
        parked = await _count_parked(database, tenant_id)
    return {
        "name": "apply",
        "ours": round(drained / seconds),
        "notices": drained,
        "parked": parked,
        "peak_memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


async def _lay(connection: Connection, notices: int) -> int:
    source = await _source(connection)
    tenant_id = source.tenant.tenant_id
    await connection.execute(_LAY_RECORDS, tenant_id, notices)
    await connection.execute(_LAY_NOTICES, tenant_id, source.source_id, notices)
    return tenant_id


async def _source(connection: Connection) -> Source:
    directory = await store_directory(
        connection,
        {TENANT: TenantEntry(TENANT, "H23", "Asia/Ho_Chi_Minh")},
        {TENANT: AccountEntry(TENANT, "970436", "bank")},
        {TENANT: SourceEntry(TENANT, "dvcqg", TENANT, clock_time(0, 0), {Leg.PAYMENT: 0, Leg.BANK: 1})},
    )
    return directory.sources[TENANT]


async def _count_parked(database: Database, tenant_id: int) -> int:
    async with database.connection() as connection:
        count: int = await connection.fetchval(
            "SELECT count(*) FROM notice WHERE tenant_id = $1 AND state = 'parked'", tenant_id
        )
        return count


async def _match_nothing(_tenant_id: int) -> None:
    """Leave the matcher out: it is measured apart."""
