"""The set-based matcher and the plain-Python oracle agree on every generated world, however its facts arrive."""

import itertools
import random
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from paygate.database import Connection, Database
from paygate.domain.calendar import Calendar
from reconciliation.engine import hold_tenant, match_changes
from reconciliation.model import Reason
from reconciliation.oracle import judge
from reconciliation.oracle.facts import BackFact, DiscrepancyFact, Judgement, MatchFact, World
from reconciliation.oracle.lateness import judge_lateness
from reconciliation.passes.lateness import CAME_LATE
from reconciliation.policy import Policy
from reconciliation.rules.model import RuleSet
from reconciliation.rules.reading import shipped_rules
from tests.decided_cases import lay_decisions, lay_joined
from tests.rule_sets import rule_sets
from tests.touched_sources import check_sources
from tests.worlds import (
    DAY,
    WORLDS,
    lay_lines,
    lay_payments,
    lay_records,
    lay_sources,
    lay_tenant,
    lay_world,
    mark_dirty,
    mark_dossiers_dirty,
    worlds,
)

_codes = itertools.count(1)
AS_OF = st.sampled_from((date.min, DAY - timedelta(days=2), DAY, DAY + timedelta(days=1), DAY + timedelta(days=30)))
POLICY = Policy()
SHIPPED = shipped_rules()


async def stored(connection: Connection, tenant_id: int) -> Judgement:
    matches = await connection.fetch(
        "SELECT m.leg::text AS leg, m.rule, m.difference, m.seats, count(*) AS rows, b.source_id, b.code,"
        " array_remove(array_agg(m.payment_id ORDER BY m.payment_id), NULL) AS payment_ids,"
        " array_remove(array_agg(m.fact_id ORDER BY m.fact_id), NULL) AS fact_ids"
        " FROM match AS m LEFT JOIN settlement_batch AS b ON b.tenant_id = $1 AND b.batch_id = m.batch_id"
        " WHERE m.tenant_id = $1 GROUP BY m.match_id, m.leg, m.rule, m.difference, m.seats, b.source_id, b.code",
        tenant_id,
    )
    found = await connection.fetch(
        "SELECT coalesce('batch:' || b.source_id || ':' || b.code, d.subject) AS subject, d.reason, d.amount, d.since"
        " FROM discrepancy AS d"
        " LEFT JOIN settlement_batch AS b ON b.tenant_id = $1 AND d.subject = 'batch:' || b.batch_id"
        " WHERE d.tenant_id = $1 AND d.state <> 'resolved'",
        tenant_id,
    )
    back = await connection.fetch(
        "SELECT line_id, payment_id, credit_line_id, amount FROM money_back WHERE tenant_id = $1", tenant_id
    )
    assert all(row["rows"] == row["seats"] for row in matches)
    return Judgement(
        frozenset(
            MatchFact(
                row["rule"],
                tuple(row["payment_ids"]),
                tuple(row["fact_ids"]),
                row["difference"],
                row["leg"],
                (row["source_id"], row["code"]) if row["code"] is not None else None,
            )
            for row in matches
        ),
        frozenset(DiscrepancyFact(row["subject"], Reason(row["reason"]), row["amount"], row["since"]) for row in found),
        frozenset(BackFact(*row) for row in back),
    )


async def check(database: Database, tenant_id: int, world: World, as_of: date, rules: RuleSet) -> None:
    judgement = expected(world, as_of, rules)
    async with database.connection() as connection:
        assert await stored(connection, tenant_id) == judgement
        await check_sources(connection, tenant_id, world)
        late = await connection.fetch(
            "SELECT subject, amount, since FROM discrepancy"
            " WHERE tenant_id = $1 AND reason = 'late' AND resolution = $2",
            tenant_id,
            CAME_LATE,
        )
    found = {DiscrepancyFact(row["subject"], Reason.LATE, row["amount"], row["since"]) for row in late}
    assert found == set(judge_lateness(world, judgement.matches, Calendar().add))


def expected(world: World, as_of: date, rules: RuleSet = SHIPPED) -> Judgement:
    return judge(world, rules, as_of=as_of, record_wait_days=POLICY.record_wait_days, add=Calendar().add)


def count(world: World, judgement: Judgement) -> None:
    for match in judgement.matches:
        event(f"match {match.leg} {match.rule}")
    for one in judgement.discrepancies:
        event(f"reason {one.reason}")
    for back in judgement.back:
        event(f"back {'reversal' if back.credit_line_id else 'refund'}")
    for one in judge_lateness(world, judgement.matches, Calendar().add):
        event(f"reason {one.reason}")


EXAMPLES = settings(
    max_examples=30 * WORLDS,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


async def turn(database: Database, tenant_id: int, as_of: date, rules: RuleSet) -> None:
    async with hold_tenant(database, tenant_id) as connection:
        await match_changes(connection, tenant_id, replace(POLICY, rules=rules), as_of)


async def check_at_once(database: Database, world: World, as_of: date, rules: RuleSet = SHIPPED) -> None:
    tenant_id = await lay_world(database, f"w{next(_codes)}", world)
    await turn(database, tenant_id, as_of, rules)
    await check(database, tenant_id, world, as_of, rules)


async def check_in_batches(database: Database, world: World, as_of: date, seed: int, rules: RuleSet = SHIPPED) -> None:
    shuffle = random.Random(seed)
    facts = [("p", one) for one in world.payments] + [("l", one) for one in world.lines]
    facts += [("r", one) for one in world.records]
    shuffle.shuffle(facts)
    async with database.connection() as connection:
        tenant_id = await lay_tenant(connection, f"w{next(_codes)}")
        await lay_sources(connection, tenant_id, world.sources)
        await lay_decisions(connection, tenant_id, world)
    while facts:
        size = shuffle.randint(1, 8)
        batch, facts = facts[:size], facts[size:]
        async with database.connection() as connection:
            await lay_payments(connection, tenant_id, [one for kind, one in batch if kind == "p"])
            await lay_lines(connection, tenant_id, [one for kind, one in batch if kind == "l"])
            await lay_records(connection, tenant_id, [one for kind, one in batch if kind == "r"])
        await turn(database, tenant_id, date.min, rules)
    await turn(database, tenant_id, as_of, rules)
    await check(database, tenant_id, world, as_of, rules)


@EXAMPLES
@given(world=worlds(), as_of=AS_OF)
async def test_the_matcher_equals_the_oracle(database: Database, world: World, as_of: date) -> None:
    count(world, expected(world, as_of))
    await check_at_once(database, world, as_of)


@EXAMPLES
@given(world=worlds(), as_of=AS_OF, seed=st.integers(0, 2**16))
async def test_the_order_of_arrival_changes_nothing(database: Database, world: World, as_of: date, seed: int) -> None:
    await check_in_batches(database, world, as_of, seed)


@settings(EXAMPLES, max_examples=15 * WORLDS)
@given(world=worlds(), rules=rule_sets(), as_of=AS_OF, seed=st.integers(0, 2**16))
async def test_they_agree_whatever_the_rules(
    database: Database, world: World, rules: RuleSet, as_of: date, seed: int
) -> None:
    count(world, expected(world, as_of, rules))
    await check_at_once(database, world, as_of, rules)
    await check_in_batches(database, world, as_of, seed, rules)


async def change(database: Database, tenant_id: int, world: World) -> None:
    """Let what is stored say what a world's facts say of dossiers, evidence and flags, and part and join as it has."""
    async with database.connection() as connection:
        await connection.executemany(
            "UPDATE payment SET dossier_code = $3 WHERE tenant_id = $1 AND payment_id = $2",
            [(tenant_id, one.payment_id, one.dossier_code) for one in world.payments],
        )
        await connection.executemany(
            "UPDATE statement_line SET evidence = $3 WHERE tenant_id = $1 AND line_id = $2",
            [(tenant_id, one.line_id, one.evidence) for one in world.lines],
        )
        await connection.executemany(
            "UPDATE procedure_record SET online_payment_flag = $3 WHERE tenant_id = $1 AND dossier_code = $2",
            [(tenant_id, one.dossier_code, one.flag) for one in world.records],
        )
        await connection.executemany(
            "INSERT INTO parted (tenant_id, leg, payment_id, fact_id, parted_by, reason)"
            " VALUES ($1, $2, $3, $4, 'an officer', '') ON CONFLICT DO NOTHING",
            [(tenant_id, *pair) for pair in world.parted],
        )
        await lay_joined(connection, tenant_id, world.joined)
        await mark_dirty(connection, tenant_id, "payment", [one.payment_id for one in world.payments])
        await mark_dirty(connection, tenant_id, "line", [one.line_id for one in world.lines])
        await mark_dossiers_dirty(connection, tenant_id, [one.dossier_code for one in world.records])


@EXAMPLES
@given(world=worlds(), as_of=AS_OF, seed=st.integers(0, 2**16))
async def test_facts_that_change_are_judged_as_they_are_now(
    database: Database, world: World, as_of: date, seed: int
) -> None:
    chance = random.Random(seed)
    before = replace(
        world,
        payments=[replace(one, dossier_code=chance.choice((None, one.dossier_code))) for one in world.payments],
        lines=[replace(one, evidence=chance.choice((True, one.evidence))) for one in world.lines],
        records=[replace(one, flag=chance.choice((0, 1))) for one in world.records],
        joined=chance.choice((world.joined, frozenset())),
    )
    pairs = [
        (line.leg, payment.payment_id, line.line_id)
        for line in world.lines
        for payment in world.payments
        if line.leg in ("treasury", "receipt")
    ]
    world = replace(world, parted=world.parted | frozenset(chance.sample(pairs, min(2, len(pairs)))))
    tenant_id = await lay_world(database, f"w{next(_codes)}", before)
    await turn(database, tenant_id, as_of, SHIPPED)
    await change(database, tenant_id, world)
    await turn(database, tenant_id, as_of, SHIPPED)
    await check(database, tenant_id, world, as_of, SHIPPED)


@pytest.mark.slow
@settings(EXAMPLES, max_examples=150)
@given(world=worlds(most=14), as_of=AS_OF, seed=st.integers(0, 2**16))
async def test_the_matcher_equals_the_oracle_in_many_large_worlds(
    database: Database, world: World, as_of: date, seed: int
) -> None:
    await check_at_once(database, world, as_of)
    await check_in_batches(database, world, as_of, seed)
