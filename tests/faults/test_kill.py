"""`kill -9` of the service under load: whatever it has acknowledged is found after its restart, once."""

import asyncio
import random
import signal

import pytest

from tests.faults.load import CONNECTIONS, Ledger, a_process, endless, send_once, send_until_killed, stored_hashes
from tests.served import signed

LOAD_SECONDS = (0.1, 0.6)
"""How long the load lasts before the kill, drawn anew each time."""


async def kill_under_load(database_url: str, ledger: Ledger, chance: random.Random, *how: str) -> None:
    async with a_process(database_url, *how) as (url, process):
        # What was in doubt is sent again first, as a source does.
        await send_once(url, [], ledger)
        bodies = endless()
        senders = [asyncio.create_task(send_until_killed(url, bodies, ledger)) for _ in range(CONNECTIONS)]
        await asyncio.sleep(chance.uniform(*LOAD_SECONDS))
        process.send_signal(signal.SIGKILL)
        await asyncio.gather(*senders)


async def lost_after(database_url: str, *how: str, cycles: int, seed: int) -> tuple[int, int]:
    """Kill so many times and return how many were acknowledged and how many of these are gone."""
    ledger, chance = Ledger(), random.Random(seed)
    for _ in range(cycles):
        await kill_under_load(database_url, ledger, chance, *how)
    async with a_process(database_url) as (url, _):
        await send_once(url, [signed()], ledger)
    kept = await stored_hashes(database_url)
    assert len(kept) == len(set(kept)), "a notice was stored twice"
    return len(ledger.acknowledged), len(ledger.acknowledged - set(kept))


async def test_what_was_acknowledged_survives_being_killed(database_url: str) -> None:
    acknowledged, lost = await lost_after(database_url, cycles=3, seed=1)
    assert acknowledged > 100
    assert lost == 0


async def test_a_service_that_acknowledges_before_the_commit_is_caught(database_url: str) -> None:
    acknowledged, lost = await lost_after(database_url, "early", cycles=2, seed=2)
    assert acknowledged > 100
    assert lost > 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 20))
async def test_what_was_acknowledged_survives_being_killed_many_times(database_url: str, seed: int) -> None:
    acknowledged, lost = await lost_after(database_url, cycles=10, seed=seed)
    assert acknowledged > 1000
    assert lost == 0


async def test_told_to_stop_under_load_the_service_keeps_what_it_acknowledged(database_url: str) -> None:
    ledger, bodies = Ledger(), endless()
    async with a_process(database_url) as (url, process):
        senders = [asyncio.create_task(send_until_killed(url, bodies, ledger)) for _ in range(CONNECTIONS)]
        await asyncio.sleep(0.4)
        process.terminate()
        await asyncio.gather(*senders)
        assert await asyncio.wait_for(process.wait(), 20) == 0
    assert ledger.acknowledged
    assert ledger.acknowledged <= set(await stored_hashes(database_url))
