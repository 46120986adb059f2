"""Facts by the million, and the two who match them: the matcher, and a statement written by hand."""

import statistics
import time
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import asyncpg

from paygate.database import open_database
from reconciliation.engine import MatchCounts, match_dirty
from reconciliation.policy import Policy

BATCH: Final = 1_000
"""Facts in one mark of what changed."""
ROUNDS: Final = 3

LAY_PARTIES: Final = """
INSERT INTO tenant (code, name, agency_code, timezone) VALUES ('bench', 'bench', 'H23', 'Asia/Ho_Chi_Minh');
INSERT INTO account (tenant_id, number, bank, kind) VALUES (1, '0011001234567', '970436', 'bank');
INSERT INTO source (tenant_id, code, adapter, account_id, bank_days) VALUES (1, 'bench', 'dvcqg', 1, 1);
"""
# A hundred thousand a day. One in a hundred is dirt: named only in its narrative, unknown, of another amount, or owing
# something else.
LAY_FACTS: Final = """
INSERT INTO payment (tenant_id, source_id, reference, transaction_id, reference_key, dossier_code, state, outcome,
    amount, currency, occurred_at, business_date, account_id)
SELECT 1, 1, 'dvc0000012H2324' || (100000000 + i), 'T' || i, 'DVC0000012H2324' || (100000000 + i),
       '000.00.12.H23-240508-' || (100000000 + i), 'paid', 'paid', 50000 + (i % 10) * 10000, 'VND',
       day + time '05:00', day, 1
FROM (SELECT i, date '2024-01-02' + (i / 100000)::integer AS day
      FROM generate_series($1::bigint, $2::bigint) AS i) AS x;
INSERT INTO procedure_record (tenant_id, dossier_code, dossier_key, version, procedure_code, procedure_name,
    agency_code, agency_name, status, exempt, online_payment_flag, due, content_hash)
SELECT 1, '000.00.12.H23-240508-' || (100000000 + i), '0000012H23240508' || (100000000 + i), 1, '1.005129', '',
       '000.00.12.H23', '', 'processing', false, CASE WHEN i % 400 = 29 THEN 0 ELSE 1 END,
       50000 + (i % 10) * 10000 + CASE WHEN i % 400 = 7 THEN 1000 ELSE 0 END, ''
FROM generate_series($1::bigint, $2::bigint) AS i;
INSERT INTO statement_line (tenant_id, account_id, statement_id, row_number, identity, occurrence, booked_on, amount,
    currency, bank_reference, reference, reference_key, narrative, counterparty)
SELECT 1, 1, 1, i, int8send(i), 1, day, 50000 + (i % 10) * 10000 + CASE WHEN i % 400 = 11 THEN 500 ELSE 0 END, 'VND',
       'FT' || i, reference, reference, 'NOP LE PHI HO SO 000.00.12.H23-240508-' || (100000000 + i), ''
FROM (SELECT i, date '2024-01-03' + (i / 100000)::integer AS day,
             CASE WHEN i % 400 = 3 THEN '' WHEN i % 400 = 5 THEN 'UNKNOWN' || i
                  ELSE 'DVC0000012H2324' || (100000000 + i) END AS reference
      FROM generate_series($1::bigint, $2::bigint) AS i) AS x;
"""
_LAST: Final = {
    "payment": "SELECT coalesce(max(payment_id), 0) FROM payment WHERE tenant_id = 1",
    "line": "SELECT coalesce(max(line_id), 0) FROM statement_line WHERE tenant_id = 1",
}
_MARK: Final = {
    "payment": """
        INSERT INTO dirty (tenant_id, kind, fact_ids)
        SELECT 1, 'payment', array_agg(payment_id) FROM payment WHERE payment_id > $1 GROUP BY payment_id / $2::integer
    """,
    "line": """
        INSERT INTO dirty (tenant_id, kind, fact_ids)
        SELECT 1, 'line', array_agg(line_id) FROM statement_line WHERE line_id > $1 GROUP BY line_id / $2::integer
    """,
}
_CLEAR: Final = """
TRUNCATE payment, procedure_record, statement, statement_line, match, match_history, dirty, loose_fact, watch,
    discrepancy, discrepancy_event, news, settlement_batch, money_back RESTART IDENTITY CASCADE
"""


@dataclass(frozen=True, slots=True)
class Ground:
    """A database to measure in."""

    url: str
    connection: "asyncpg.Connection[asyncpg.Record]"

    async def lay(self, first: int, last: int, *scripts: str) -> None:
        """Lay facts number `first` to `last` (both included) by scripts that say which, all dirty."""
        before = {kind: await self.connection.fetchval(_LAST[kind]) for kind in _MARK}
        for script in scripts or (LAY_FACTS,):
            await self.connection.execute(numbers(script, first, last))
        for kind, last_before in before.items():
            await self.connection.execute(_MARK[kind], last_before, BATCH)

    async def clear(self) -> None:
        """Leave the parties alone."""
        await self.connection.execute(_CLEAR)

    async def settle(self) -> None:
        await self.connection.execute("VACUUM ANALYZE")
        await self.connection.execute("CHECKPOINT")

    async def by_hand(self, statement: str, constraints: str = "") -> float:
        """Return the seconds one hand-written statement takes to join and insert, over several rounds the median."""
        await self.connection.execute("SET work_mem = '256MB'")
        taken = []
        for _ in range(ROUNDS):
            await self.connection.execute(f"CREATE TABLE by_hand AS {statement} LIMIT 0; {constraints}")
            begun = time.perf_counter()
            await self.connection.execute(f"INSERT INTO by_hand {statement}")
            taken.append(time.perf_counter() - begun)
            await self.connection.execute("DROP TABLE by_hand")
        return statistics.median(taken)

    async def match(self) -> tuple[float, MatchCounts]:
        """Return the seconds one turn of the matcher takes, and what it did."""
        async with open_database(self.url, size=2) as database:
            begun = time.perf_counter()
            counts = await match_dirty(database, 1, Policy())
            return time.perf_counter() - begun, counts


def numbers(script: str, first: int, second: int) -> str:
    """Write whole numbers into a script of several statements, which takes no parameters."""
    return script.replace("$1", str(int(first))).replace("$2", str(int(second)))


def from_day(script: str, first: date) -> str:
    """Let a script, which tells of payments from 2 January 2024 and of money from the day after, tell of other days."""
    return script.replace("2024-01-02", f"{first}").replace("2024-01-03", f"{first + timedelta(days=1)}")
