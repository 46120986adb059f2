"""Every source keeps sending while the service is killed and started again: the check at the end agrees."""

import asyncio
import random
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from paygate.settings import load_settings
from paygate.simulation.check import Verdict
from paygate.simulation.plan import Mix
from paygate.simulation.run import Simulation, name_run, simulate
from paygate.simulation.sending import Pace
from paygate.simulation.sources import simulated_sources
from tests.simulated_house import House, furnish, serving

AWAY_SECONDS = 0.5


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> House:
    return furnish(tmp_path, database_url)


async def kill_twice(house: House, up: AsyncExitStack, chance: random.Random) -> None:
    """Kill the service under load and start it again, two times over."""
    for _ in range(2):
        await asyncio.sleep(chance.uniform(1, 3))
        await up.aclose()
        await asyncio.sleep(AWAY_SECONDS)
        await up.enter_async_context(serving(house))


async def simulated_while_killed(house: House, *, rate: float, seconds: float, seed: int) -> Verdict:
    settings = load_settings(house.configuration)
    sources = simulated_sources(settings, (), {"hd-vietinbank": house.bank_key})
    mix = Mix(duplicates=30, shuffled=30, wrong_amount=5)
    simulation = Simulation(house.url, sources, mix, seed, house.folder / "answers.jsonl", name_run())
    async with AsyncExitStack() as up:
        await up.enter_async_context(serving(house))
        killing = asyncio.create_task(kill_twice(house, up, random.Random(seed)))
        verdict = await simulate(simulation, Pace(rate, seconds, asyncio.Event()), lambda _: None, settings)
        await killing
    return verdict


async def test_killed_twice_the_service_holds_what_it_acknowledged_to_every_source(house: House) -> None:
    verdict = await simulated_while_killed(house, rate=100, seconds=12, seed=3)
    assert verdict.differences == []
    assert sum(tally.acknowledged for tally in verdict.tallies.values()) > 300
    assert sum(tally.tried_again for tally in verdict.tallies.values()) > 10
    assert len(verdict.tallies) == len(load_settings(house.configuration).sources)
