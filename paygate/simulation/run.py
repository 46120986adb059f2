"""One simulation from its plan to its verdict."""

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom
from string import ascii_uppercase
from typing import Final

from paygate.app import open_service
from paygate.domain.notice import NoticeFacts
from paygate.settings import Settings
from paygate.simulation.book import Entry, open_book
from paygate.simulation.check import (
    Verdict,
    compare_notices,
    compare_payments,
    payments_told,
    tally_answers,
)
from paygate.simulation.ledger import Ledger
from paygate.simulation.plan import MOST_NOTICES, Mix, Planner
from paygate.simulation.sending import Pace, send_letters
from paygate.simulation.sources import SimulatedSource

RUN_LENGTH: Final = 6


@dataclass(frozen=True, slots=True)
class Simulation:
    """What is to be simulated: against which service, of which sources, and what is written down where."""

    url: str
    sources: Mapping[str, SimulatedSource]
    mix: Mix
    seed: int
    book: Path
    run: str


def name_run() -> str:
    """Return letters that no run had before, as far as chance is concerned."""
    return "".join(SystemRandom().choices(ascii_uppercase, k=RUN_LENGTH))


async def simulate(
    simulation: Simulation, pace: Pace, sent: Callable[[int], None], checked_with: Settings | None
) -> Verdict:
    """Send, and check against the database of these settings; None: only the answers are looked at.

    Raises:
        PaygateError: the book cannot be written, or the database not be read.
    """
    began = datetime.now(UTC)
    planner = Planner(simulation.sources, simulation.mix, seed=simulation.seed, run=simulation.run, began=began)
    letters = planner.letters(min(MOST_NOTICES, max(1, round(pace.rate * pace.seconds))))
    async with AsyncExitStack() as stack:
        book = await stack.enter_async_context(open_book(simulation.book))
        ledger = None
        if checked_with is not None:
            service = await stack.enter_async_context(open_service(checked_with))
            ledger = Ledger(service.database, service.directory, simulation.sources)
            await ledger.remember_where_it_begins()
        await send_letters(simulation.url, letters, pace, book, sent)
        entries = list(book.entries.values())
        verdict = tally_answers(entries)
        if ledger is not None:
            await _check(ledger, entries, verdict)
        return verdict


async def _check(ledger: Ledger, entries: list[Entry], verdict: Verdict) -> None:
    await ledger.wait_until_settled()
    compare_notices(entries, await ledger.notices(), verdict)
    told = payments_told(entries, _believed)
    compare_payments(told, await ledger.payments(told), verdict)


def _believed(entry: Entry) -> NoticeFacts:
    letter = entry.letter
    return letter.source.understood(letter.facts, datetime.now(UTC))
