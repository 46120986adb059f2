"""Sending what is planned at a rate, as sources do: refused for now or unanswered, a notice is sent again."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import aiohttp

from paygate.domain.errors import UnreachableError
from paygate.parcels import Parcel, open_session, send
from paygate.simulation.book import Book, Entry
from paygate.simulation.plan import Letter, Treatment

CONNECTIONS: Final = 64
MOST_TRIES: Final = 60
"""Tries of one notice, a second or what the service asks for apart."""
PATIENCE_SECONDS: Final = 60.0
"""How long after the last notice those without an answer are still tried."""
STOPPED_SECONDS: Final = 3.0
"""The same once somebody has asked to stop."""


@dataclass(frozen=True, slots=True)
class Pace:
    """`rate` is in notices a second. Beyond `seconds` nothing new is sent; `stop` ends it earlier."""

    rate: float
    seconds: float
    stop: asyncio.Event


async def send_letters(
    url: str, letters: Sequence[Letter], pace: Pace, book: Book, sent: Callable[[int], None]
) -> None:
    """Send at the pace what fits into its time, and put down every answer. `sent` is told how many are on their way."""
    free = asyncio.Semaphore(CONNECTIONS)
    under_way: set[asyncio.Task[None]] = set()
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with open_session(CONNECTIONS) as session:
        for number, letter in enumerate(letters):
            await _wait_for_turn(pace, began + number / pace.rate, free)
            if pace.stop.is_set() or loop.time() - began > pace.seconds:
                break
            task = asyncio.create_task(_deliver(session, url, letter, book, free))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            sent(number + 1)
        await _finish(under_way, pace.stop)


async def _wait_for_turn(pace: Pace, turn: float, free: asyncio.Semaphore) -> None:
    """Wait until it is time and a connection is free; the semaphore is released by the delivery."""
    loop = asyncio.get_running_loop()
    with suppress(TimeoutError):
        async with asyncio.timeout_at(max(turn, loop.time())):
            await pace.stop.wait()
    await free.acquire()


async def _finish(under_way: set[asyncio.Task[None]], stop: asyncio.Event) -> None:
    """Give those without an answer their time, then leave them in doubt; a failure of our own is raised."""
    stopped = asyncio.create_task(stop.wait())
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    remaining = set(under_way)
    while remaining and not stopped.done() and (left := deadline - asyncio.get_running_loop().time()) > 0:
        done, _ = await asyncio.wait({*remaining, stopped}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        remaining -= done
    if remaining and stopped.done():
        _, remaining = await asyncio.wait(remaining, timeout=STOPPED_SECONDS)
    stopped.cancel()
    for task in remaining:
        task.cancel()
    await asyncio.gather(stopped, *remaining, return_exceptions=True)


async def _deliver(
    session: aiohttp.ClientSession, url: str, letter: Letter, book: Book, free: asyncio.Semaphore
) -> None:
    entry: Entry | None = None

    def written() -> Parcel:
        nonlocal entry
        parcel = _written(letter, datetime.now(UTC))
        entry = entry or book.send(letter, parcel.content)
        return parcel

    def unanswered() -> None:
        if entry is not None:
            entry.unanswered += 1

    try:
        status = await send(session, url, written, tries=MOST_TRIES, unanswered=unanswered)
    except UnreachableError:
        return  # it stays in doubt
    finally:
        free.release()
    if entry is not None:
        await book.answered(entry, status)


def _written(letter: Letter, now: datetime) -> Parcel:
    if letter.treatment is Treatment.TAMPERED:
        return letter.source.tampered(letter.facts, now)
    return letter.source.written(letter.facts, now)
