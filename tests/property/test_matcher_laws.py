"""Laws of the matcher, whatever the world: a fact is used once, nothing is lost, looking again changes nothing."""

import itertools
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import HealthCheck, event, given, settings

from paygate.database import Connection, Database
from reconciliation.engine import hold_tenant, match_changes
from reconciliation.oracle.facts import LineFact, PaymentFact, World
from reconciliation.policy import Policy
from tests.property.test_matcher_equals_oracle import expected, stored
from tests.worlds import DAY, WORLDS, lay_world, mark_dirty, worlds

_codes = itertools.count(1)
LATER = DAY + timedelta(days=30)
LAWS = settings(
    max_examples=10 * WORLDS,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


async def judge_once(database: Database, tenant_id: int, as_of: date = LATER) -> None:
    async with hold_tenant(database, tenant_id) as connection:
        await match_changes(connection, tenant_id, Policy(), as_of)


async def judged(database: Database, world: World) -> int:
    tenant_id = await lay_world(database, f"law{next(_codes)}", world)
    await judge_once(database, tenant_id)
    return tenant_id


PLACES = """
SELECT l.line_id, l.amount,
       (SELECT count(DISTINCT m.match_id) FROM match AS m
        WHERE m.tenant_id = $1 AND m.leg = 'bank' AND m.fact_id = l.line_id) AS matches,
       (SELECT count(DISTINCT (b.kind, b.line_id)) FROM money_back AS b
        WHERE b.tenant_id = $1 AND l.line_id IN (b.line_id, b.credit_line_id)) AS backs,
       (SELECT count(*) FROM discrepancy AS d
        WHERE d.tenant_id = $1 AND d.subject = 'line:' || l.line_id AND d.state <> 'resolved') AS discrepancies,
       (SELECT count(*) FROM discrepancy AS d
        WHERE d.tenant_id = $1 AND d.subject = 'line:' || l.line_id AND d.resolved_by IS NOT NULL) AS closed
FROM statement_line AS l WHERE l.tenant_id = $1 AND l.leg = 'bank'
"""


@LAWS
@given(world=worlds())
async def test_every_bank_line_is_matched_or_went_back_or_is_or_was_someones_work_and_never_two_of_them(
    database: Database, world: World
) -> None:
    tenant_id = await judged(database, world)
    async with database.connection() as connection:
        lines = await connection.fetch(PLACES, tenant_id)
    places = ("matches", "backs", "discrepancies", "closed")
    sums = {name: sum(row["amount"] for row in lines if row[name]) for name in places}
    assert all(sum(row[name] for name in places) == 1 for row in lines)
    assert sum(sums.values()) == sum(line.amount for line in world.lines if line.leg == "bank")
    event(f"went back: {any(row['backs'] for row in lines)}")


TABLES = (
    "SELECT match_id, leg, payment_id, batch_id, fact_id, rule FROM match WHERE tenant_id = $1 ORDER BY 1, 2, 3, 4, 5",
    "SELECT line_id, payment_id, credit_line_id, amount FROM money_back WHERE tenant_id = $1 ORDER BY 1, 2, 3",
    "SELECT payment_id, refunded, reversed_on, kept FROM returned WHERE tenant_id = $1 ORDER BY 1",
    "SELECT leg, fact_id, standing, contenders FROM loose_fact WHERE tenant_id = $1 ORDER BY 1, 2",
    "SELECT discrepancy_id, state, amount, since FROM discrepancy WHERE tenant_id = $1 ORDER BY 1",
    "SELECT count(*) FROM discrepancy_event WHERE tenant_id = $1",
    "SELECT count(*) FROM match_history WHERE tenant_id = $1",
)


async def everything(connection: Connection, tenant_id: int) -> list[list[tuple[object, ...]]]:
    return [[tuple(row) for row in await connection.fetch(text, tenant_id)] for text in TABLES]


@LAWS
@given(world=worlds())
async def test_looking_at_all_facts_again_changes_nothing(database: Database, world: World) -> None:
    tenant_id = await judged(database, world)
    async with database.connection() as connection:
        before = await everything(connection, tenant_id)
        await mark_dirty(connection, tenant_id, "payment", [one.payment_id for one in world.payments])
        await mark_dirty(connection, tenant_id, "line", [one.line_id for one in world.lines])
    await judge_once(database, tenant_id)
    async with database.connection() as connection:
        assert await everything(connection, tenant_id) == before


STRANGER = "H99.99-240508-9999"


def with_strangers(world: World) -> World:
    """Add facts of another reference, dossier and amount: a pair that agrees, and a line of nothing."""
    number = len(world.payments) + 1
    line = max((one.line_id for one in world.lines), default=0) + 1
    payment = PaymentFact(number, "XYZ0000001", STRANGER, 77_777, "VND", DAY, 1, 1, transaction_id=f"T{number}")
    booked = LineFact(line, 1, 77_777, "VND", DAY, "XYZ0000001", "")
    other = LineFact(line + 1, 1, 88_888, "VND", DAY, "XYZ0000002", "")
    return replace(world, payments=[*world.payments, payment], lines=[*world.lines, booked, other])


@LAWS
@given(world=worlds())
async def test_facts_that_have_nothing_to_do_with_a_case_do_not_change_its_verdict(
    database: Database, world: World
) -> None:
    tenant_id = await judged(database, with_strangers(world))
    async with database.connection() as connection:
        found = await stored(connection, tenant_id)
    own = expected(world, LATER)
    batches = any(line.batch for line in world.lines)  # a lone line near a batch is no stranger to it
    event(f"with batches: {batches}")
    if not batches:
        assert own.matches <= found.matches
        assert own.discrepancies <= found.discrepancies
        assert own.back == found.back
