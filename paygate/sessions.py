"""Sessions of people at the desk: kept here, not in the browser, which holds a secret of which we keep the hash.

A session ends when it was not used for a while, when it has lasted its time, when it is signed out of, and at once when
its person is disabled. Signing in always begins another: one that was known before is worth nothing.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from paygate.access import Caller, Grant, grants_of
from paygate.database import Connection, load_queries

QUERIES: Final = load_queries("paygate.sql", "queries/sessions.sql")

SECRET_BYTES: Final = 32
LONGEST_SECRET: Final = 100
NOTED_SECONDS: Final = 30
"""How long a use goes without being written down: not every page is worth a write."""


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long a session may last without being used, and in all."""

    idle: timedelta = timedelta(minutes=30)
    whole: timedelta = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Session:
    """A session that holds. `told` is what the next page is to say."""

    key: bytes
    person_id: int
    person: str
    full_name: str
    csrf_token: str
    begun_at: datetime
    told: str | None
    grants: Mapping[str, Grant]

    @property
    def caller(self) -> Caller:
        return Caller(self.person, self.grants)


async def begin(connection: Connection, person_id: int, now: datetime) -> str:
    """Begin a session of a person's and return its secret, which is kept nowhere."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    csrf_token = secrets.token_urlsafe(SECRET_BYTES)
    await connection.execute(QUERIES["begin_session"], _hash(secret), person_id, csrf_token, now)
    return secret


async def find(connection: Connection, secret: str, now: datetime, lasting: Lasting) -> Session | None:
    """Find the session of a secret and note that it is used; None where it never was, or is over."""
    if len(secret) > LONGEST_SECRET:
        return None
    key = _hash(secret)
    row = await connection.fetchrow(QUERIES["find_session"], key, now - lasting.idle, now - lasting.whole)
    if row is None:
        return None
    if now - row["used_at"] > timedelta(seconds=NOTED_SECONDS):
        await connection.execute(QUERIES["use_session"], key, now)
    fields = ("person_id", "person", "full_name", "csrf_token", "begun_at", "told")
    grants = await grants_of(connection, row["person_id"])
    return Session(key, **{name: row[name] for name in fields}, grants=grants)


async def tell(connection: Connection, key: bytes, text: str | None) -> None:
    """Let the next page of a session say something, or nothing any more."""
    await connection.execute(QUERIES["tell_session"], key, text)


async def end(connection: Connection, secret: str) -> None:
    await connection.execute(QUERIES["end_session"], _hash(secret))


async def end_all(connection: Connection, person_id: int) -> None:
    """End every session of a person's."""
    await connection.execute(QUERIES["end_sessions"], person_id)


async def forget_ended(connection: Connection, now: datetime, lasting: Lasting) -> None:
    """Drop sessions that are over."""
    await connection.execute(QUERIES["forget_sessions"], now - lasting.idle, now - lasting.whole)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
