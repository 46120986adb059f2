"""The inbox as people look through it: by state and reason, a page at a time, and one notice with what it led to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import asyncpg

from paygate.database import Connection, load_queries
from paygate.domain.errors import InvalidInputError

QUERIES: Final = load_queries("paygate.sql", "queries/notice_lists.sql")

PAGE: Final = 50
COUNTED: Final = 10_001
"""At which a count stops: more than can be gone through by hand."""
REASONS_SHOWN: Final = 20
LOOKED_AT: Final = 5_000
"""Settled notices that are gone through for one page, whatever of them is asked for."""
NEWEST: Final = 2**63 - 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Shelf(StrEnum):
    """Where a notice stands, as far as people tell that apart: what is due was received or is tried again."""

    PARKED = "parked"
    RETRYING = "retrying"
    QUARANTINED = "quarantined"
    DEAD = "dead"
    APPLIED = "applied"


@dataclass(frozen=True, slots=True)
class Filter:
    """What of a shelf is asked for; '' is a reason, too."""

    shelf: Shelf
    source_id: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class NoticePage:
    """`following` leads to the next page, None: there is none."""

    rows: Sequence[Mapping[str, Any]]
    following: str | None


async def count_shelves(connection: Connection, tenant_id: int) -> dict[Shelf, int]:
    """Count what stands on each shelf but the last, up to `COUNTED`."""
    rows = await connection.fetch(QUERIES["count_states"], tenant_id, COUNTED)
    return {Shelf(row["state"]): row["count"] for row in rows}


async def count_reasons(connection: Connection, tenant_id: int, wanted: Filter) -> list[tuple[str, int]]:
    """Count why things stand on a shelf, the commonest first; of the settled nobody asks."""
    if wanted.shelf is Shelf.APPLIED:
        return []
    bounds = wanted.source_id, COUNTED, REASONS_SHOWN
    if wanted.shelf is Shelf.RETRYING:
        rows = await connection.fetch(QUERIES["count_due_reasons"], tenant_id, *bounds)
    else:
        rows = await connection.fetch(QUERIES["count_waiting_reasons"], tenant_id, wanted.shelf, *bounds)
    return [(row["reason"], row["count"]) for row in rows]


async def list_page(
    connection: Connection, tenant_id: int, wanted: Filter, after: str = "", *, limit: int = PAGE
) -> NoticePage:
    """Return a page of a shelf; `after` is what the page before gave as `following`.

    Raises:
        InvalidInputError: `after` is none of ours.
    """
    if wanted.shelf is Shelf.APPLIED:
        return await _applied(connection, tenant_id, wanted, _number(after) if after else NEWEST, limit)
    if wanted.shelf is Shelf.RETRYING:
        rows = await connection.fetch(
            QUERIES["list_due"], tenant_id, *_place(after), wanted.source_id, wanted.reason, limit + 1
        )
        return _page(rows, limit, [_place_of(row) for row in rows])
    rows = await connection.fetch(
        QUERIES["list_waiting"],
        tenant_id,
        wanted.shelf,
        _number(after) if after else 0,
        wanted.source_id,
        wanted.reason,
        limit + 1,
    )
    return _page(rows, limit, [str(row["notice_id"]) for row in rows])


def _page(rows: Sequence[asyncpg.Record], limit: int, places: Sequence[str]) -> NoticePage:
    return NoticePage([dict(row) for row in rows[:limit]], places[limit - 1] if len(rows) > limit else None)


async def _applied(connection: Connection, tenant_id: int, wanted: Filter, before: int, limit: int) -> NoticePage:
    given = (tenant_id, before, wanted.source_id, limit + 1, LOOKED_AT)
    rows = await connection.fetch(QUERIES["list_applied"], *given)
    edge, found = rows[0], [row for row in rows if row["notice_id"] is not None]
    if len(found) > limit:
        return NoticePage([dict(row) for row in found[:limit]], str(found[limit - 1]["notice_id"]))
    return NoticePage([dict(row) for row in found], str(edge["last"]) if edge["seen"] == LOOKED_AT else None)


async def replays_of(connection: Connection, tenant_id: int, notice_id: int) -> list[dict[str, Any]]:
    """Return when a notice was put to work again, by whom, and what had been the matter."""
    return [dict(row) for row in await connection.fetch(QUERIES["replays_of_notice"], tenant_id, notice_id)]


async def payment_of(
    connection: Connection, tenant_id: int, notice_id: int, received_at: datetime
) -> dict[str, Any] | None:
    """Return the payment a notice was folded into, None where it was into none."""
    row = await connection.fetchrow(QUERIES["payment_of_notice"], tenant_id, notice_id, received_at)
    return None if row is None else dict(row)


def _place_of(row: asyncpg.Record) -> str:
    return f"{(row['next_attempt_at'] - _EPOCH) // _MICROSECOND}-{row['notice_id']}"


def _place(after: str) -> tuple[datetime, int]:
    if not after:
        return _EPOCH, 0
    moment, _, number = after.partition("-")
    try:
        return _EPOCH + _number(moment) * _MICROSECOND, _number(number)
    except OverflowError:
        raise InvalidInputError("there is no such page of the list") from None


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text) > NEWEST:
        raise InvalidInputError("there is no such page of the list")
    return int(text)
