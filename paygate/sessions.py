"""Sessions of people at the desk: kept here, not in the browser, which holds a secret of which we keep the hash.

A session ends when it was not used for a while, when it has lasted its time, when it is signed out of, and at once when
its person is disabled or given another password. Signing in always begins another: one that was known before is worth
nothing. The secret of one that goes on is changed each hour.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from paygate.access import Caller, Grant, grants_of
from paygate.database import Connection, load_queries

QUERIES: Final = load_queries("paygate.sql", "queries/sessions.sql")

SECRET_BYTES: Final = 32
LONGEST_SECRET: Final = 100
NOTED_SECONDS: Final = 30
"""How long a use goes without being written down: not every page is worth a write."""
RENEWED: Final = timedelta(hours=1)
"""How long one secret serves a session."""
FORMER_HOLDS: Final = timedelta(minutes=1)
"""How long the secret before it does, for requests that were under way."""
SECOND_STEP: Final = timedelta(minutes=5)
"""How long a right password waits for its code."""
LISTED: Final = 50
"""Sessions of a person that are shown."""
LONGEST_BROWSER: Final = 200
"""Characters that are kept of what a browser calls itself."""


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long a session may last without being used, and in all."""

    idle: timedelta = timedelta(minutes=30)
    whole: timedelta = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Origin:
    """From where a session is begun, and by which browser, as far as that is known."""

    address: str = ""
    browser: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """A session that holds.

    `told` is what the next page is to say. `current` is False where the request still came with the secret before this
    one. `must_change`: the person has to give themselves another password before anything else.
    """

    number: int
    person_id: int
    person: str
    full_name: str
    csrf_token: str
    begun_at: datetime
    used_at: datetime
    secret_made_at: datetime
    current: bool
    must_change: bool
    told: str | None
    ends_at: datetime
    grants: Mapping[str, Grant]

    @property
    def caller(self) -> Caller:
        return Caller(self.person, self.grants)


@dataclass(frozen=True, slots=True)
class SecondStep:
    """A sign-in whose password was right and whose code is still to come."""

    key: bytes
    person_id: int
    person: str
    following: str
    totp_secret: bytes | None


async def begin(connection: Connection, person_id: int, now: datetime, origin: Origin = Origin()) -> str:
    """Begin a session of a person's and return its secret, which is kept nowhere."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    csrf_token = secrets.token_urlsafe(SECRET_BYTES)
    place = origin.address, origin.browser[:LONGEST_BROWSER]
    await connection.execute(QUERIES["begin_session"], hashed(secret), person_id, csrf_token, now, *place)
    return secret


async def find(connection: Connection, secret: str, now: datetime, lasting: Lasting) -> Session | None:
    """Find the session of a secret and note that it is used; None where it never was, or is over."""
    if len(secret) > LONGEST_SECRET:
        return None
    row = await connection.fetchrow(
        QUERIES["find_session"], hashed(secret), now - lasting.idle, now - lasting.whole, now
    )
    if row is None:
        return None
    found: dict[str, Any] = dict(row)
    if now - row["used_at"] > timedelta(seconds=NOTED_SECONDS):
        await connection.execute(QUERIES["use_session"], row["session_id"], now)
        found["used_at"] = now
    number = found.pop("session_id")
    ends_at = min(found["used_at"] + lasting.idle, found["begun_at"] + lasting.whole)
    return Session(number, **found, ends_at=ends_at, grants=await grants_of(connection, row["person_id"]))


async def renew(connection: Connection, session: Session, secret: str, now: datetime) -> str | None:
    """Give a session another secret once its present one is old, and return that; None: it goes on with the same."""
    if not session.current or now - session.secret_made_at < RENEWED:
        return None
    fresh = secrets.token_urlsafe(SECRET_BYTES)
    changed = await connection.fetchval(
        QUERIES["renew_session"], session.number, hashed(secret), hashed(fresh), now, now + FORMER_HOLDS
    )
    return fresh if changed else None


async def tell(connection: Connection, number: int, text: str | None) -> None:
    """Let the next page of a session say something, or nothing any more."""
    await connection.execute(QUERIES["tell_session"], number, text)


async def sessions_of(connection: Connection, person_id: int, now: datetime, lasting: Lasting) -> list[dict[str, Any]]:
    """Return the sessions of a person's that hold, the last used first.

    Each has session_id, begun_at, used_at, address and browser.
    """
    rows = await connection.fetch(QUERIES["list_sessions"], person_id, now - lasting.idle, now - lasting.whole, LISTED)
    return [dict(row) for row in rows]


async def end(connection: Connection, secret: str) -> None:
    await connection.execute(QUERIES["end_session"], hashed(secret))


async def end_all(connection: Connection, person_id: int, *, but: int | None = None) -> int:
    """End every session of a person's, and what they began to sign in with, and return how many; `but` one is kept."""
    return int(await connection.fetchval(QUERIES["end_sessions"], person_id, but))


async def forget_ended(connection: Connection, now: datetime, lasting: Lasting) -> None:
    """Drop sessions that are over."""
    await connection.execute(QUERIES["forget_sessions"], now - lasting.idle, now - lasting.whole)


async def begin_second_step(connection: Connection, person_id: int, following: str, now: datetime) -> str:
    """Remember that someone's password was right, and return the secret under which their code is awaited."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    await connection.execute(QUERIES["begin_second_step"], hashed(secret), person_id, following, now)
    return secret


async def find_second_step(connection: Connection, secret: str, now: datetime) -> SecondStep | None:
    """Find the sign-in that awaits a code; None where there is none, or it is too long ago."""
    if len(secret) > LONGEST_SECRET:
        return None
    key = hashed(secret)
    row = await connection.fetchrow(QUERIES["find_second_step"], key, now - SECOND_STEP)
    return SecondStep(key, **row) if row else None


async def end_second_step(connection: Connection, step: SecondStep) -> bool:
    """Take a sign-in that awaited a code; False: it is gone, another request was first."""
    return bool(await connection.fetchval(QUERIES["end_second_step"], step.key))


def hashed(secret: str) -> bytes:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
