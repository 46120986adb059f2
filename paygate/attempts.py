"""Tries to sign in: what failing costs, by name and by address, and how nobody is locked out by it for good.

The answer to a name nobody has is the same. A pause is bounded, tries within it are not looked at and do not prolong
it, and in a browser where a person has signed in before they are counted apart from what strangers try under their name
(OWASP: device cookies).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import Final

from paygate.database import Connection, load_queries
from paygate.domain.errors import PausedError
from paygate.sessions import hashed

QUERIES: Final = load_queries("paygate.sql", "queries/sign_in.sql")


class Kind(StrEnum):
    NAME = "name"
    BROWSER = "browser"
    ADDRESS = "address"


_OF_A_NAME: Final = (0, 0, 0, 0, 30, 60, 120, 300, 900)
PAUSES: Final = {
    Kind.NAME: _OF_A_NAME,
    Kind.BROWSER: _OF_A_NAME,
    Kind.ADDRESS: (*(0,) * 29, *(60,) * 30, *(300,) * 40, 900),  # a whole office may come from one address
}
"""Seconds after the first failure, the second and so on; after the last of a table it stays as it is."""
FORGOTTEN: Final = {Kind.NAME: timedelta(days=1), Kind.BROWSER: timedelta(days=1), Kind.ADDRESS: timedelta(hours=1)}
"""After so long without another failure, counting begins anew."""
BROWSERS_KNOWN: Final = 10
"""Of a person."""
BROWSER_KNOWN_FOR: Final = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try that was let through. `failures` are those in a row under the name, this one counted already."""

    keys: Sequence[tuple[Kind, bytes]]
    failures: int

    @property
    def begins_pause(self) -> bool:
        """Tell whether, should it fail, the name is paused."""
        return self.failures > _OF_A_NAME.count(0)


async def take_try(connection: Connection, name: str, browser: str, address: str | None, now: datetime) -> Attempt:
    """Take a try to sign in. To be called in a transaction of its own that ends before the try is looked at.

    `browser` is the secret of the browser, '' where it has none; `address` None where it is counted already.

    Raises:
        PausedError: there were too many; with the seconds to wait.
    """
    known = bool(browser) and await connection.fetchval(QUERIES["knows_browser"], name, hashed(browser))
    own = (Kind.BROWSER, hashed(f"{browser}\n{_folded(name)}")) if known else (Kind.NAME, hashed(_folded(name)))
    # Always in this order, so that no two wait for each other. An office's failures do not hold up whoever is known.
    keys = [own] if known or address is None else [(Kind.ADDRESS, hashed(address)), own]
    failures = [await _count(connection, *key, now) for key in keys]
    return Attempt(keys, failures[-1])


async def take_address(connection: Connection, address: str, now: datetime) -> Attempt:
    """Take a try that has no name yet.

    Raises:
        PausedError: there were too many from the address.
    """
    key = (Kind.ADDRESS, hashed(address))
    await _count(connection, *key, now)
    return Attempt([key], 0)


async def _count(connection: Connection, kind: Kind, whose: bytes, now: datetime) -> int:
    table = list(PAUSES[kind])
    failures = await connection.fetchval(QUERIES["take_try"], kind, whose, now, table, now - FORGOTTEN[kind])
    if failures is None:
        until = await connection.fetchval(QUERIES["read_pause"], kind, whose)
        raise PausedError(ceil((until - now).total_seconds()) if until else 1)
    return int(failures)


async def succeed(connection: Connection, attempt: Attempt, now: datetime) -> None:
    """Forget the failures of who has signed in."""
    for kind, whose in attempt.keys:
        if kind is Kind.ADDRESS:
            await connection.execute(QUERIES["give_try_back"], kind, whose, now)
        else:
            await connection.execute(QUERIES["forget_tries"], kind, whose)


async def forget_pause(connection: Connection, name: str) -> None:
    """Let the next try under a name be looked at."""
    await connection.execute(QUERIES["forget_tries"], Kind.NAME, hashed(_folded(name)))


async def know_browser(connection: Connection, person_id: int, browser: str, now: datetime) -> None:
    """Count what is tried in this browser apart from now on."""
    await connection.execute(QUERIES["know_browser"], person_id, hashed(browser), now)
    await connection.execute(QUERIES["forget_browsers"], person_id, BROWSERS_KNOWN)


async def forget_browsers(connection: Connection, person_id: int) -> None:
    """Know a person by no browser any more."""
    await connection.execute(QUERIES["forget_browsers"], person_id, 0)


async def forget_old(connection: Connection, now: datetime) -> None:
    """Drop what counts no more."""
    await connection.execute(QUERIES["forget_old_tries"], now - max(FORGOTTEN.values()), now - BROWSER_KNOWN_FOR)


def _folded(name: str) -> str:
    return name.strip().casefold()
