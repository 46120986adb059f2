"""Rules that change have what is open judged anew, and a tolerance means one thing to the matcher and the oracle."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from paygate.database import Database
from reconciliation.oracle.facts import LineFact, PaymentFact, World
from reconciliation.rule_sets import mark_open
from reconciliation.rules.model import RuleSet
from tests.property.test_matcher_equals_oracle import AS_OF, EXAMPLES, expected, stored, turn
from tests.rule_sets import changed, rule_sets
from tests.worlds import DAY, WORLDS, echoes, lay_world, payment_facts, worlds

_codes = itertools.count(1)


@st.composite
def spoken_worlds(draw: st.DrawFn) -> World:
    """Payments that came, and lines that all have something to do with one of them."""
    payments = [replace(draw(payment_facts(number, {})), came=True, hangs=False) for number in range(1, 5)]
    lines = [draw(echoes(number, draw(st.sampled_from(payments)))) for number in range(1, 4)]
    return World(payments, [*lines, *(draw(named_lines(number, payments)) for number in range(4, 8))], [])


@st.composite
def named_lines(draw: st.DrawFn, number: int, payments: Sequence[PaymentFact]) -> LineFact:
    """A line whose narrative alone says which payment it is of."""
    paid = draw(st.sampled_from(payments))
    spoken = draw(st.sampled_from((paid.reference, paid.dossier_code or "", f"MBVCB.17.{paid.dossier_code}")))
    booked_on = paid.business_date + timedelta(days=draw(st.sampled_from((-2, 0, 1, 1, 5, 11))))
    return LineFact(number, paid.account_id or 1, paid.amount, paid.currency, booked_on, "", spoken)


@settings(EXAMPLES, max_examples=15 * WORLDS)
@given(
    world=st.one_of(spoken_worlds(), spoken_worlds(), worlds()),
    before=rule_sets(tolerant=False),
    after=rule_sets(),
    as_of=AS_OF,
)
async def test_new_rules_judge_what_is_open_as_if_they_had_always_held(
    database: Database, world: World, before: RuleSet, after: RuleSet, as_of: date
) -> None:
    """But for what a tolerance has let pass: that is settled."""
    tenant_id = await lay_world(database, f"n{next(_codes)}", world)
    await turn(database, tenant_id, as_of, before)
    async with database.connection() as connection:
        await mark_open(connection, tenant_id)
    await turn(database, tenant_id, as_of, after)
    judgement = expected(world, as_of, after)
    event(f"otherwise {judgement != expected(world, as_of, before)}")
    async with database.connection() as connection:
        assert await stored(connection, tenant_id) == judgement


@settings(EXAMPLES, max_examples=25 * WORLDS)
@given(
    amount=st.sampled_from((20_000, 199_980, 200_000, 1_000_000)),
    apart=st.one_of(st.integers(-10_001, 10_001), st.sampled_from((1, 100, 1_000, 5_000, 10_000, 10_001))),
    dong=st.sampled_from((None, 1, 1_000, 10_000)),
    percent=st.sampled_from((None, Decimal("0.5"), Decimal(5))),
)
async def test_a_tolerance_ends_at_the_same_amount(
    database: Database, amount: int, apart: int, dong: int | None, percent: Decimal | None
) -> None:
    assume(dong is not None or percent is not None)
    rules = changed(tolerance={"enabled": True, "dong": dong, "percent": percent})
    world = World(
        [PaymentFact(1, "REF-1", None, amount, "VND", DAY, 1, 1)],
        [LineFact(1, 1, amount - apart, "VND", DAY, "REF-1", "")],
        [],
    )
    tenant_id = await lay_world(database, f"t{next(_codes)}", world)
    await turn(database, tenant_id, DAY, rules)
    judgement = expected(world, DAY, rules)
    for match in judgement.matches:
        event(match.rule)
    async with database.connection() as connection:
        assert await stored(connection, tenant_id) == judgement
