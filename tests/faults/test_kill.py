"""`kill -9` of the service under load: whatever it has acknowledged is found after its restart, once."""

import asyncio
import hashlib
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from paygate.database import connect
from tests.served import NOTICES, signed

ROOT = Path(__file__).parents[2]
SERVER = Path(__file__).with_name("serve_for_a_fault.py")
CONNECTIONS = 32
LOAD_SECONDS = (0.1, 0.6)
"""How long the load lasts before the kill, drawn anew each time."""


@dataclass
class Ledger:
    """What the senders know, kept outside of what is killed: what was answered with success, and what was only sent."""

    acknowledged: set[bytes] = field(default_factory=set)
    in_doubt: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def a_process(database_url: str, *how: str) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(SERVER), database_url, *how, stdout=asyncio.subprocess.PIPE, env=environment
    )
    try:
        assert process.stdout is not None
        url = (await asyncio.wait_for(process.stdout.readline(), 30)).decode().strip()
        assert url, "the service did not start"
        yield url, process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def send_until_killed(url: str, bodies: Iterator[bytes], ledger: Ledger) -> None:
    """Send one notice after another over one connection, and write down each answer as it comes."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    for body in bodies:
        ledger.in_doubt.append(body)
        try:
            writer.write(f"POST {NOTICES} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            head = await reader.readuntil(b"\r\n\r\n")
        except (ConnectionError, asyncio.IncompleteReadError):
            break
        if head.startswith(b"HTTP/1.1 200 "):
            ledger.acknowledged.add(hashlib.sha256(body).digest())
            ledger.in_doubt.remove(body)
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        await reader.readexactly(length)
    writer.close()


async def send_once(url: str, bodies: list[bytes], ledger: Ledger) -> None:
    doubtful, ledger.in_doubt = ledger.in_doubt, []
    await send_until_killed(url, iter([*doubtful, *bodies]), ledger)


async def stored_hashes(database_url: str) -> list[bytes]:
    async with connect(database_url) as connection:
        return [row["body_hash"] for row in await connection.fetch("SELECT body_hash FROM notice")]


def endless() -> Iterator[bytes]:
    while True:
        yield signed()


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
