"""Who did what: a chain in which each entry carries the digest of the one before, so that no change goes unseen."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from paygate.database import Connection, load_queries

QUERIES: Final = load_queries("paygate.sql", "queries/audit.sql")

GENESIS: Final = bytes(32)
"""What the first entry of a tenant carries as the digest before it."""


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

    def digest(self, previous: bytes) -> bytes:
        """Return sha256 over the previous digest and the entry as JSON with sorted keys and no spaces."""
        content = {
            "tenant_id": self.tenant_id,
            "number": self.number,
            "actor": self.actor,
            "act": self.act,
            "subject": self.subject,
            "detail": json.loads(self.detail),
            "recorded_at": self.recorded_at.isoformat(),
        }
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return sha256(previous + canonical.encode("ascii")).digest()


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain first fails to hold."""

    number: int
    reason: str


async def append(  # noqa: PLR0913, PLR0917 -- an entry is exactly these
    connection: Connection, tenant_id: int, actor: str, act: str, subject: str, detail: Mapping[str, Any]
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


async def verify(connection: Connection, tenant_id: int) -> Break | None:
    """Return the first break of a tenant's chain, None when it holds. To be called outside a transaction.

    Finds an edit of one bit, a deletion, a reorder and a cut tail. Who can rewrite the whole chain and its head cannot
    be found out from within: keep the head's digest elsewhere too.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        head = await connection.fetchrow(QUERIES["read_head"], tenant_id)
        number, previous = 0, GENESIS
        async for row in connection.cursor(QUERIES["read_entries"], tenant_id):
            number += 1
            if reason := _fault(tenant_id, number, previous, row):
                return Break(number, reason)
            previous = row["digest"]
    known = (head["number"], head["digest"]) if head else (0, GENESIS)
    if known != (number, previous):
        return Break(number + 1, f"the chain ends at entry {number}, its head says {known[0]}")
    return None


def _fault(tenant_id: int, number: int, previous: bytes, row: Any) -> str | None:
    if row["number"] != number:
        return f"entry {number} is gone"
    if row["previous"] != previous:
        return f"entry {number} does not follow the one before it"
    entry = Entry(tenant_id, number, row["actor"], row["act"], row["subject"], row["detail"], row["recorded_at"])
    if entry.digest(previous) != row["digest"]:
        return f"entry {number} was changed"
    return None
