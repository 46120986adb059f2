"""How much dearer the matcher is than one statement written by hand, and whether its cost follows what is new.

`limit` is one hand-written statement that joins the three legs (payment, bank line, procedure record) on the very
tables the matcher reads and inserts every pair into a table like the matcher's, all constraints on. `peer` does less:
it joins two legs and inserts into a table without any constraint. The matcher adds narratives, ambiguity, reasons and
the discrepancies with their events.
"""

import platform
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
import psutil

from paygate.database import connect, open_database
from reconciliation.engine import match_dirty
from reconciliation.policy import Policy

PAYMENTS: Final = 1_000_000
STORED: Final = (1_000_000, 10_000_000)
NEW_LINES: Final = 10_000
BATCH: Final = 1_000
ROUNDS: Final = 3

_LAY_PARTIES: Final = """
INSERT INTO tenant (code, name, agency_code, timezone) VALUES ('bench', 'bench', 'H23', 'Asia/Ho_Chi_Minh');
INSERT INTO account (tenant_id, number, bank, kind) VALUES (1, '0011001234567', '970436', 'bank');
INSERT INTO source (tenant_id, code, adapter, account_id, bank_days) VALUES (1, 'bench', 'dvcqg', 1, 1);
"""
# A hundred thousand a day. One in a hundred is dirt: named only in its narrative, unknown, of another amount, or owing
# something else.
_LAY_FACTS: Final = """
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
       '000.00.12.H23', '', 'processing', false, 0,
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
_MARK: Final = """
INSERT INTO dirty (tenant_id, kind, fact_ids)
SELECT 1, 'payment', array_agg(payment_id) FROM payment WHERE payment_id > $1 GROUP BY payment_id / $2;
INSERT INTO dirty (tenant_id, kind, fact_ids)
SELECT 1, 'line', array_agg(line_id) FROM statement_line WHERE line_id > $1 GROUP BY line_id / $2;
"""
_TWO_LEGS: Final = """
SELECT coalesce(p.tenant_id, l.tenant_id) AS tenant_id, p.payment_id, l.line_id, p.amount
FROM payment AS p
FULL JOIN statement_line AS l ON p.tenant_id = l.tenant_id AND p.account_id = l.account_id
    AND p.reference_key = l.reference_key AND p.amount = l.amount
"""
_THREE_LEGS: Final = """
SELECT coalesce(p.tenant_id, l.tenant_id) AS tenant_id, p.payment_id, l.line_id, p.amount, r.due,
       p.amount - r.due AS over
FROM payment AS p
FULL JOIN statement_line AS l ON p.tenant_id = l.tenant_id AND p.account_id = l.account_id
    AND p.reference_key = l.reference_key AND p.amount = l.amount
LEFT JOIN procedure_record AS r ON r.tenant_id = p.tenant_id AND r.dossier_code = p.dossier_code
"""


_CONSTRAINTS: Final = """
ALTER TABLE by_hand ADD UNIQUE (tenant_id, payment_id), ADD UNIQUE (tenant_id, line_id),
    ADD CHECK (payment_id IS NOT NULL OR line_id IS NOT NULL)
"""


@dataclass(frozen=True, slots=True)
class Ground:
    """A database to measure in."""

    url: str
    connection: "asyncpg.Connection[asyncpg.Record]"

    async def lay(self, first: int, last: int) -> None:
        """Lay payments, records and bank lines number `first` to `last` (both included), all dirty."""
        await self.connection.execute(_numbers(_LAY_FACTS, first, last))
        await self.connection.execute(_numbers(_MARK, first - 1, BATCH))

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

    async def match(self) -> float:
        """Return the seconds one turn of the matcher takes."""
        async with open_database(self.url, size=2) as database:
            begun = time.perf_counter()
            await match_dirty(database, 1, Policy())
            return time.perf_counter() - begun


def _numbers(script: str, first: int, second: int) -> str:
    """Write whole numbers into a script of several statements, which takes no parameters."""
    return script.replace("$1", str(int(first))).replace("$2", str(int(second)))


async def bench_reconcile(url: str, scale: float = 1.0, say: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Measure the matcher in the empty database at `url`, at a fraction of the full size.

    Returns the figures of `paygate bench --json`: rates in facts (payments and bank lines) a second.
    """
    count = int(PAYMENTS * scale)
    async with connect(url) as connection:
        ground = Ground(url, connection)
        await connection.execute(_LAY_PARTIES)
        await ground.lay(1, count)
        await ground.settle()
        two, three = await ground.by_hand(_TWO_LEGS), await ground.by_hand(_THREE_LEGS, _CONSTRAINTS)
        say(f"by hand: two legs {two:.2f} s; three legs, all constraints on {three:.2f} s")
        ours = await ground.match()
        say(f"the matcher: {ours:.2f} s")
        await ground.settle()
        small, large = await _increments(ground, count, scale, say)
    return {
        "name": "reconcile",
        "ours": round(2 * count / ours),
        "limit": round(2 * count / three),
        "ratio": round(ours / three, 2),
        "peer": round(2 * count / two),
        "peer_ratio": round(ours / two, 2),
        "p99_ours_ms": None,
        "p99_limit_ms": None,
        "new_on_small_s": round(small, 3),
        "new_on_large_s": round(large, 3),
        "growth": round(large / small, 2),
        "peak_memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "machine": f"{psutil.cpu_count()} cores, {psutil.virtual_memory().total >> 30} GiB,"
        f" Python {platform.python_version()}",
    }


async def _increments(ground: Ground, stored: int, scale: float, say: Callable[[str], None]) -> tuple[float, float]:
    """Return the seconds new lines take on the smaller store and on the larger, each the median of several rounds."""
    taken = []
    for size in STORED:
        wanted = int(size * scale)
        while stored < wanted:
            step = min(wanted, stored + int(PAYMENTS * scale))
            await ground.lay(stored + 1, step)
            stored = step
            await ground.match()
            say(f"{stored:,} payments and as many lines are stored and matched")
        await ground.settle()
        rounds = []
        for _ in range(ROUNDS):
            new = max(1, int(NEW_LINES * scale))
            await ground.lay(stored + 1, stored + new)
            stored += new
            rounds.append(await ground.match())
        taken.append(statistics.median(rounds))
        say(f"{NEW_LINES * scale:,.0f} new on {size * scale:,.0f}: {taken[-1]:.2f} s")
    return taken[0], taken[1]
