"""Senders that write down what was acknowledged, and a service in a process of its own, for tests that kill."""

import asyncio
import hashlib
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from paygate.database import connect
from tests.served import NOTICES, signed

ROOT = Path(__file__).parents[2]
SERVER = Path(__file__).with_name("serve_for_a_fault.py")
CONNECTIONS = 32
PAUSE_SECONDS = 0.05
"""What a sender that was refused waits before it sends the next."""


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
        else:
            await asyncio.sleep(PAUSE_SECONDS)
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        await reader.readexactly(length)
    writer.close()


async def send_once(url: str, bodies: list[bytes], ledger: Ledger) -> None:
    doubtful, ledger.in_doubt = ledger.in_doubt, []
    await send_until_killed(url, iter([*doubtful, *bodies]), ledger)


async def stored_hashes(database_url: str) -> list[bytes]:
    async with connect(database_url) as connection:
        return [row["body_hash"] for row in await connection.fetch("SELECT body_hash FROM notice")]


def endless(stop: asyncio.Event | None = None) -> Iterator[bytes]:
    while stop is None or not stop.is_set():
        yield signed()
