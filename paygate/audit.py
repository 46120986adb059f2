"""Who did what: a chain in which each entry carries the digest of the one before, so that no change goes unseen."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

import asyncpg

from paygate.database import Connection, load_queries
from paygate.domain.deeds import Deed
from paygate.domain.errors import NotFoundError

QUERIES: Final = load_queries("paygate.sql", "queries/audit.sql")

GENESIS: Final = bytes(32)
"""What the first entry of a tenant carries as the digest before it."""

AT_ONCE: Final = 200
"""Entries that are fetched together while the chain is gone through: others get their turn in between."""

BEYOND_ALL: Final = 2**63 - 1
"""A number no entry has."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One act. `detail` is JSON as the database holds it."""

    tenant_id: int
    number: int
    actor: str
    act: str
    subject: str
    detail: str
    recorded_at: datetime

    def content(self) -> dict[str, Any]:
        """Return what the digest covers."""
        return {
            "tenant_id": self.tenant_id,
            "number": self.number,
            "actor": self.actor,
            "act": self.act,
            "subject": self.subject,
            "detail": json.loads(self.detail),
            "recorded_at": self.recorded_at.isoformat(),
        }

    def digest(self, previous: bytes) -> bytes:
        """Return sha256 over the previous digest and the entry as JSON with sorted keys and no spaces."""
        canonical = json.dumps(self.content(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return sha256(previous + canonical.encode("ascii")).digest()


@dataclass(frozen=True, slots=True)
class Sealed:
    """An entry with the digest before it and its own."""

    entry: Entry
    previous: bytes
    digest: bytes

    def as_json(self) -> dict[str, Any]:
        """Return what a verifier elsewhere needs: the entry as its digest covers it, and both digests."""
        return {**self.entry.content(), "previous": self.previous.hex(), "digest": self.digest.hex()}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries: by who, what and about what, each exactly; None: any."""

    actor: str | None = None
    act: str | None = None
    subject: str | None = None

    @property
    def query(self) -> tuple[str, Sequence[str | None]]:
        """Name the query that goes through the fewest entries, and what it is given."""
        if self.subject is not None:
            return "list_entries_about", (self.subject, self.actor, self.act)
        if self.actor is not None:
            return "list_entries_by", (self.actor, self.act)
        if self.act is not None:
            return "list_entries_of", (self.act,)
        return "list_entries", ()


class Fault(StrEnum):
    """What is wrong with an entry that breaks the chain."""

    GONE = "it is gone"
    UNLINKED = "it does not follow the one before it"
    CHANGED = "it was changed"
    NOT_THE_END = "the chain ends elsewhere than its head says"


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain first fails to hold."""

    number: int
    fault: Fault


@dataclass(frozen=True, slots=True)
class Verified:
    """How far a chain was found to hold: the number of the last entry that does and its digest, and what breaks it."""

    number: int
    digest: bytes
    broken: Break | None = None


async def append(  # noqa: PLR0913, PLR0917 -- an entry is exactly these
    connection: Connection, tenant_id: int, actor: str, act: Deed, subject: str, detail: Mapping[str, Any]
) -> int:
    """Add an entry and return its number. To be called in the transaction of the act it tells of."""
    await connection.execute(QUERIES["begin_chain"], tenant_id, GENESIS)
    head = await connection.fetchrow(QUERIES["take_head"], tenant_id, json.dumps(detail, allow_nan=False))
    assert head is not None  # noqa: S101 -- begun in the line above and never deleted
    entry = Entry(tenant_id, head["number"] + 1, actor, act, subject, head["detail"], head["recorded_at"])
    digest = entry.digest(head["digest"])
    await connection.execute(
        QUERIES["add_entry"],
        tenant_id,
        entry.number,
        actor,
        act,
        subject,
        entry.detail,
        entry.recorded_at,
        head["digest"],
        digest,
    )
    await connection.execute(QUERIES["move_head"], tenant_id, entry.number, digest)
    return entry.number


async def verify(connection: Connection, tenant_id: int, advance: Callable[[int], object] | None = None) -> Verified:
    """Go through a tenant's chain from its first entry to its head. To be called outside a transaction.

    Finds an edit of one bit, a deletion, a reorder and a cut tail. Who can rewrite the whole chain and its head cannot
    be found out from within: keep the head's digest elsewhere too. `advance` is told how many entries hold.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        known = await head_of(connection, tenant_id)
        number, previous = 0, GENESIS
        async for row in connection.cursor(QUERIES["read_entries"], tenant_id, 0, prefetch=AT_ONCE):
            if fault := _fault(tenant_id, number + 1, previous, row):
                return Verified(number, previous, Break(number + 1, fault))
            number, previous = number + 1, row["digest"]
            if advance is not None and not number % AT_ONCE:
                advance(number)
    holds = known == (number, previous)
    return Verified(number, previous, None if holds else Break(number + 1, Fault.NOT_THE_END))


async def list_entries(
    connection: Connection, tenant_id: int, wanted: Wanted, *, before: int | None = None, limit: int
) -> list[Entry]:
    """Return entries, the latest first, from the one before `before` on."""
    query, given = wanted.query
    rows = await connection.fetch(QUERIES[query], tenant_id, before or BEYOND_ALL, limit, *given)
    return [_entry(tenant_id, row) for row in rows]


async def list_acts(connection: Connection, tenant_id: int) -> list[str]:
    """Return every kind of act that was written down."""
    return [row["act"] for row in await connection.fetch(QUERIES["list_acts"], tenant_id)]


async def find_entry(connection: Connection, tenant_id: int, number: int) -> Sealed:
    """Find an entry by its number.

    Raises:
        NotFoundError: the chain has none of that number.
    """
    row = await connection.fetchrow(QUERIES["find_entry"], tenant_id, number)
    if row is None:
        raise NotFoundError("there is no such entry")
    return _sealed(tenant_id, row)


async def head_of(connection: Connection, tenant_id: int) -> tuple[int, bytes]:
    """Return the number of the last entry and its digest; 0 and the genesis where there is none."""
    head = await connection.fetchrow(QUERIES["read_head"], tenant_id)
    return (head["number"], head["digest"]) if head else (0, GENESIS)


async def export(connection: Connection, tenant_id: int, write: Callable[[Sealed], object], *, after: int = 0) -> int:
    """Hand out every entry after `after`, in order, and return how many. To be called outside a transaction."""
    count = 0
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        async for row in connection.cursor(QUERIES["read_entries"], tenant_id, after):
            write(_sealed(tenant_id, row))
            count += 1
    return count


def _fault(tenant_id: int, number: int, previous: bytes, row: Any) -> Fault | None:
    if row["number"] != number:
        return Fault.GONE
    if row["previous"] != previous:
        return Fault.UNLINKED
    if _entry(tenant_id, row).digest(previous) != row["digest"]:
        return Fault.CHANGED
    return None


def _entry(tenant_id: int, row: asyncpg.Record) -> Entry:
    fields = ("number", "actor", "act", "subject", "detail", "recorded_at")
    return Entry(tenant_id, *(row[name] for name in fields))


def _sealed(tenant_id: int, row: asyncpg.Record) -> Sealed:
    return Sealed(_entry(tenant_id, row), row["previous"], row["digest"])
