"""Whatever the world, a closed day proves itself: nothing unexplained, no gap between runs, nothing new twice."""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, event, given, settings

from paygate.database import Database
from reconciliation.closing import ClosedDay, close_day
from reconciliation.model import COUNTED
from reconciliation.oracle.facts import World
from reconciliation.policy import Policy
from reconciliation.sealing import PARTS, digest
from tests.worlds import DAY, WORLDS, lay_world, settled_worlds, worlds

_codes = itertools.count(1)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = [DAY + timedelta(days=days) for days in range(-5, 19)]
"""Every day on which a world has a payment or a line."""


async def close(database: Database, tenant_id: int, day: date) -> ClosedDay:
    return await close_day(database, tenant_id, day, Policy(), NOW)


async def lay(database: Database, world: World) -> int:
    return await lay_world(database, f"c{next(_codes)}", world)


@settings(
    max_examples=6 * WORLDS,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(world=worlds() | settled_worlds())
async def test_every_closed_day_proves_itself(database: Database, world: World) -> None:
    tenant_id = await lay(database, world)
    closing, counted = 0, 0
    for day in DAYS:
        closed = await close(database, tenant_id, day)
        proof = closed.report["proof"]
        assert proof["residual"] == 0
        assert proof["opening"] == closing
        assert proof["opening"] + proof["opened"] - proof["closed"] == proof["closing"]
        assert closed.report["digest"] == digest(closed.report)
        assert all(sums_of(closed.report[part]) == sums_of([closed.report]) for part in PARTS)
        closing = proof["closing"]
        counted += sum(closed.report["classes"][name]["count"] for name in COUNTED)
        if any(closed.report["classes"][name]["count"] for name in COUNTED):
            again = await close(database, tenant_id, day)
            assert (again.run_id, again.new, again.report) == (closed.run_id, False, closed.report)
    assert counted == await count_cases(database, tenant_id, world)
    event(f"cases {min(counted, 5)}")


def sums_of(parts: Sequence[Mapping[str, Any]]) -> Counter[tuple[str, str, str]]:
    """Add up parts of a day: agencies, sources, procedures, or the day itself."""
    sums: Counter[tuple[str, str, str]] = Counter()
    for one in parts:
        for section in ("classes", "reasons"):
            for name, said in one[section].items():
                sums.update({(section, name, key): value for key, value in said.items()})
    return sums


async def count_cases(database: Database, tenant_id: int, world: World) -> int:
    """A dossier with a payment, a payment without a dossier, a line of no payment: each is one case.

    A payment that failed is none: no money came of it, and none is awaited. Nor is what a file says did not come about.
    """
    async with database.connection() as connection:
        rows = await connection.fetch(
            "SELECT fact_id FROM match WHERE tenant_id = $1"
            " UNION SELECT line_id FROM money_back WHERE tenant_id = $1"
            " UNION SELECT credit_line_id FROM money_back WHERE tenant_id = $1",
            tenant_id,
        )
    settled = {row["fact_id"] for row in rows}
    counted = [one for one in world.payments if one.came or one.hangs]
    dossiers = {one.dossier_code for one in counted if one.dossier_code}
    alone = sum(one.dossier_code is None for one in counted)
    lines = [one for one in world.lines if one.evidence]
    return len(dossiers) + alone + sum(one.line_id not in settled for one in lines)
