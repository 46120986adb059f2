"""PostgreSQL itself is killed under load: the service goes on by itself, and nothing acknowledged is lost."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from paygate.embedded import embedded_database
from tests.faults.load import CONNECTIONS, Ledger, a_process, endless, send_once, send_until_killed, stored_hashes
from tests.served import signed

LOAD_SECONDS = 0.3
LOOKS = 200
LOOK_AGAIN_SECONDS = 0.1


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="paygate-killed-") as name:
        yield Path(name)


def server_in(folder: Path) -> psutil.Process:
    note = folder.resolve() / "postgres" / "postmaster.pid"
    return psutil.Process(int(note.read_text(encoding="utf-8").splitlines()[0]))


def kill_a_backend(folder: Path) -> None:
    """Kill one process that serves a connection: the server takes all others down with it, and recovers."""
    serving = [one for one in server_in(folder).children() if one.cmdline()[0].startswith("postgres: postgres ")]
    serving[0].kill()


def kill_the_server(folder: Path) -> None:
    server = server_in(folder)
    family = [server, *server.children()]
    for one in family:
        one.kill()
    psutil.wait_procs(family, timeout=10)


@asynccontextmanager
async def under_load(url: str, ledger: Ledger) -> AsyncIterator[None]:
    """Send before and after what is done meanwhile."""
    stop = asyncio.Event()
    bodies = endless(stop)
    senders = [asyncio.create_task(send_until_killed(url, bodies, ledger)) for _ in range(CONNECTIONS)]
    await asyncio.sleep(LOAD_SECONDS)
    yield
    await asyncio.sleep(LOAD_SECONDS)
    stop.set()
    await asyncio.gather(*senders)


async def acknowledged_again(url: str, ledger: Ledger) -> bool:
    """Send what is in doubt, as a source does, until something is acknowledged."""
    before = len(ledger.acknowledged)
    for _ in range(LOOKS):
        await send_once(url, [signed()], ledger)
        if len(ledger.acknowledged) > before:
            return True
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
    return False


async def lost(url: str, ledger: Ledger) -> set[bytes]:
    kept = await stored_hashes(url)
    assert len(kept) == len(set(kept)), "a notice was stored twice"
    return ledger.acknowledged - set(kept)


async def test_when_a_backend_is_killed_the_service_goes_on_and_loses_nothing(folder: Path) -> None:
    ledger = Ledger()
    with embedded_database(folder) as url:
        async with a_process(url) as (service, process):
            async with under_load(service, ledger):
                kill_a_backend(folder)
            assert await acknowledged_again(service, ledger)
            assert process.returncode is None
        assert len(ledger.acknowledged) > 100
        assert await lost(url, ledger) == set()


async def test_when_the_server_is_killed_and_started_again_the_service_goes_on_and_loses_nothing(folder: Path) -> None:
    ledger = Ledger()
    with embedded_database(folder) as url:
        async with a_process(url) as (service, process):
            async with under_load(service, ledger):
                kill_the_server(folder)
            with embedded_database(folder):
                assert await acknowledged_again(service, ledger)
                assert process.returncode is None
                assert len(ledger.acknowledged) > 100
                assert await lost(url, ledger) == set()
