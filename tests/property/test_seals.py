"""A day's seal is that of its facts, to the đồng: not of their numbers, nor of the order in which they came."""

import itertools
import random
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from paygate.database import Connection, Database
from reconciliation.closing import close_day
from reconciliation.engine import match_dirty
from reconciliation.oracle.facts import World
from reconciliation.policy import Policy
from reconciliation.sealing import digest
from tests.case_facts import a_payment
from tests.worlds import DAY, WORLDS, lay_lines, lay_payments, lay_records, lay_sources, lay_tenant, worlds

_codes = itertools.count(1)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
CODE = "sealed"
EXAMPLES = settings(
    max_examples=12 * WORLDS,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


async def retire(connection: Connection) -> None:
    """Give the name of the tenant before, and those of its sources and accounts, free for the next."""
    number = next(_codes)
    await connection.execute("UPDATE account SET number = number || $1 WHERE number LIKE $2", f"-{number}", f"{CODE}%")
    await connection.execute("UPDATE source SET code = code || $1 WHERE code LIKE $2", f"-{number}", f"{CODE}%")
    await connection.execute("UPDATE tenant SET code = code || $1 WHERE code = $2", f"-{number}", CODE)


def renumbered(world: World, chance: random.Random) -> tuple[World, dict[int, int], dict[int, int]]:
    """Return the world in another order and with other numbers, and what each number was."""
    payments, lines = list(world.payments), list(world.lines)
    chance.shuffle(payments)
    chance.shuffle(lines)
    other = World(
        [replace(one, payment_id=100 + place) for place, one in enumerate(payments)],
        [replace(one, line_id=200 + place) for place, one in enumerate(lines)],
        world.records[::-1],
        world.sources,
    )
    was = {100 + place: one.payment_id for place, one in enumerate(payments)}
    return other, was, {200 + place: one.line_id for place, one in enumerate(lines)}


async def seal(
    database: Database, world: World, payment_was: dict[int, int], line_was: dict[int, int], *, at_once: bool
) -> tuple[int, dict[str, object]]:
    """Lay a world, whole or one fact after the other, close its day and return the tenant and the report."""
    async with database.connection() as connection:
        await retire(connection)
        tenant_id = await lay_tenant(connection, CODE)
        await lay_sources(connection, tenant_id, world.sources)
        if not at_once:
            await lay_records(connection, tenant_id, world.records)
    step = len(world.payments) + len(world.lines) + 1 if at_once else 2
    for start in range(0, max(len(world.payments), len(world.lines)), step):
        async with database.connection() as connection:
            await lay_lines(connection, tenant_id, world.lines[start : start + step])
            await lay_payments(connection, tenant_id, world.payments[start : start + step])
            await connection.executemany(
                "UPDATE payment SET transaction_id = $3 WHERE tenant_id = $1 AND payment_id = $2",
                [(tenant_id, one, f"T{was}") for one, was in payment_was.items()],
            )
            await connection.executemany(
                "UPDATE statement_line SET identity = int8send($3) WHERE tenant_id = $1 AND line_id = $2",
                [(tenant_id, one, was) for one, was in line_was.items()],
            )
        if not at_once:
            await match_dirty(database, tenant_id, Policy())
    if at_once:
        async with database.connection() as connection:
            await lay_records(connection, tenant_id, world.records)
    closed = await close_day(database, tenant_id, DAY, Policy(), NOW)
    return tenant_id, closed.report


@EXAMPLES
@given(world=worlds(), seed=st.integers(0, 2**16))
async def test_the_same_facts_have_the_same_seal_however_they_came(database: Database, world: World, seed: int) -> None:
    own = {one.payment_id: one.payment_id for one in world.payments}, {one.line_id: one.line_id for one in world.lines}
    _, report = await seal(database, world, *own, at_once=True)
    _, again = await seal(database, *renumbered(world, random.Random(seed)), at_once=False)
    assert again["facts"] == report["facts"]
    assert again["digest"] == report["digest"] == digest(report)
    event(f"cases {min(report['facts']['cases'], 5)}")  # type: ignore[index]


@EXAMPLES
@given(world=worlds())
async def test_one_dong_of_a_day_changes_its_seal(database: Database, world: World) -> None:
    world = replace(world, payments=[*world.payments, a_payment(99, dossier_code=None)])
    own = {one.payment_id: one.payment_id for one in world.payments}, {one.line_id: one.line_id for one in world.lines}
    tenant_id, report = await seal(database, world, *own, at_once=True)
    async with database.connection() as connection:
        await connection.execute(
            "UPDATE payment SET amount = amount + 1 WHERE tenant_id = $1 AND payment_id = 99", tenant_id
        )
    again = await close_day(database, tenant_id, DAY, Policy(), NOW)
    assert again.report["facts"] != report["facts"]
    assert again.report["digest"] != report["digest"]
