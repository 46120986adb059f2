"""Of what gateways settle and pay out, the set-based matcher and the oracle say the same, however facts arrive."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paygate.database import Database
from reconciliation.oracle.facts import World
from tests.property.test_matcher_equals_oracle import AS_OF, EXAMPLES, check_at_once, check_in_batches, count, expected
from tests.worlds import settled_worlds


@EXAMPLES
@given(world=settled_worlds(), as_of=AS_OF)
async def test_settlements_and_payouts_equal_the_oracle(database: Database, world: World, as_of: date) -> None:
    count(world, expected(world, as_of))
    await check_at_once(database, world, as_of)


@EXAMPLES
@given(world=settled_worlds(), as_of=AS_OF, seed=st.integers(0, 2**16))
async def test_settlements_may_arrive_in_any_order(database: Database, world: World, as_of: date, seed: int) -> None:
    await check_in_batches(database, world, as_of, seed)


@pytest.mark.slow
@settings(EXAMPLES, max_examples=600)
@given(world=settled_worlds(most=12), as_of=AS_OF, seed=st.integers(0, 2**16))
async def test_many_large_worlds_of_settlements_equal_the_oracle(
    database: Database, world: World, as_of: date, seed: int
) -> None:
    await check_at_once(database, world, as_of)
    await check_in_batches(database, world, as_of, seed)
