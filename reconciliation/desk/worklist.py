"""Lists of discrepancies: a part of one, what its rows say, how many there are, and what it can be narrowed to."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import asyncpg

from paygate.database import Connection, load_queries
from paygate.domain.text import reference_key
from paygate.domain.worklist import (
    MOST_COUNTED,
    Choices,
    Listed,
    Meaning,
    Order,
    Place,
    Said,
    Shown,
    Summed,
    Wanted,
    Weighed,
)
from reconciliation.desk.facts import Facts, label_of
from reconciliation.desk.sentences import say_what_is_wrong
from reconciliation.model import REASONS, Reason

QUERIES: Final = load_queries("reconciliation.sql", "desk_worklist.sql")

MOST_FOUND: Final = 1_000
"""Discrepancies that one search leads to."""
MOST_AGENCIES: Final = 200
MOST_PEOPLE: Final = 200

CATALOGUE: Final = {
    str(reason): Meaning(rule.verdict, rule.severity, rule.responsible, Said(rule.vi, rule.en))
    for reason in Reason
    if (rule := REASONS[reason])
}
"""The closed list, the weightiest first."""

_FALLING: Final = frozenset({Order.AMOUNT})
"""What stands from the largest down, unless it is reversed."""


async def list_worklist(  # noqa: PLR0913 -- a list, and where in it
    connection: Connection, tenant_id: int, wanted: Wanted, *, beyond: Place | None, back: bool, limit: int
) -> Listed:
    """Return a part of a list: its first, or what stands beyond a place of it, after it or (`back`) before it.

    Belongs into a transaction of its own: it makes the connection plan each query by its values.
    """
    finder = await _finder(connection, tenant_id, wanted)
    rows = await finder.rows(beyond, back=back, limit=limit + 1)
    places = [_place(row) for row in rows[:limit]]
    if back:
        places.reverse()
    return Listed([one.number for one in places], places, more=len(rows) > limit)


async def count_worklist(connection: Connection, tenant_id: int, wanted: Wanted) -> Summed:
    """Return how many a whole list holds and what they add up to."""
    finder = await _finder(connection, tenant_id, wanted)
    return await finder.count(None)


async def count_before(connection: Connection, tenant_id: int, wanted: Wanted, place: Place) -> int:
    """Return how many of a list stand before a place; counting stops behind MOST_COUNTED."""
    finder = await _finder(connection, tenant_id, wanted)
    return (await finder.count(place)).count


async def neighbours(
    connection: Connection, tenant_id: int, wanted: Wanted, number: int
) -> tuple[int | None, int | None]:
    """Return which discrepancies of a list stand before and after one, also where it is itself no more in it."""
    finder = await _finder(connection, tenant_id, wanted)
    place = await finder.place_of(number)
    if place is None:
        return None, None
    before, after = [await finder.rows(place, back=back, limit=1) for back in (True, False)]
    return (before[0]["id"] if before else None), (after[0]["id"] if after else None)


async def show_worklist(connection: Connection, tenant_id: int, numbers: Sequence[int]) -> list[Shown]:
    """Return what the rows of these discrepancies say, in their order."""
    return [_shown(row) for row in await connection.fetch(QUERIES["show_worklist"], tenant_id, list(numbers))]


async def weigh_worklist(connection: Connection, tenant_id: int, numbers: Sequence[int]) -> list[Weighed]:
    """Return what decides about an act on these discrepancies, in their order."""
    rows = await connection.fetch(QUERIES["weigh_worklist"], tenant_id, list(numbers))
    return [Weighed(**row) for row in rows]


async def count_tabs(
    connection: Connection, tenant_id: int, person: str, agencies: Sequence[str] | None, today: date
) -> Mapping[str, int]:
    """Return how many are mine, unassigned, waiting for my approval, for another's, overdue, and all."""
    limited = None if agencies is None else list(agencies)
    row = await connection.fetchrow(QUERIES["count_tabs"], tenant_id, person, limited, today, MOST_COUNTED + 1)
    return dict(row) if row else {}


async def find_choices(
    connection: Connection, tenant_id: int, agencies: Sequence[str] | None, roles: Sequence[str]
) -> Choices:
    """Return what a list can be narrowed to; people are those who have one of the roles."""
    limited = None if agencies is None else list(agencies)
    named = await connection.fetch(QUERIES["agencies_with_discrepancies"], tenant_id, limited, MOST_AGENCIES)
    sources = await connection.fetch(QUERIES["sources_of_tenant"], tenant_id)
    people = await connection.fetch(QUERIES["people_of_worklist"], tenant_id, list(roles), MOST_PEOPLE)
    return Choices(
        [(row["agency_code"], row["agency_name"]) for row in named],
        [row["code"] for row in sources],
        [(row["name"], row["full_name"] or row["name"]) for row in people],
    )


class _Finder:
    """The one query of lists, with the values of one of them."""

    def __init__(self, connection: Connection, tenant_id: int, wanted: Wanted, values: Sequence[Any]) -> None:
        self._connection = connection
        self._tenant_id = tenant_id
        self._wanted = wanted
        self._values = values

    async def rows(self, beyond: Place | None, *, back: bool, limit: int, count: int = 0) -> list[asyncpg.Record]:
        order = self._wanted.order
        falling = (order in _FALLING) != self._wanted.reversed
        number, day, last = _keys(order, beyond)
        severities = [[str(one) for one in Reason if REASONS[one].severity == level] for level in ("high", "medium")]
        found = await self._connection.fetch(
            QUERIES["find_worklist"],
            self._tenant_id,
            *self._values,
            order,
            falling != back,
            number,
            day,
            last,
            *severities,
            count,
            limit,
            self._wanted.due_on,
            self._wanted.awaits_after,
        )
        return [row for row in found if count or row["id"] is not None]

    async def count(self, before: Place | None) -> Summed:
        (row,) = await self.rows(before, back=True, limit=0, count=MOST_COUNTED + 1)
        count = row["count"] or 0
        if count > MOST_COUNTED:
            return Summed(count, None, {})
        return Summed(count, int(row["total"] or 0), json.loads(row["others"] or "{}"))

    async def place_of(self, number: int) -> Place | None:
        shown = await show_worklist(self._connection, self._tenant_id, [number])
        if not shown:
            return None
        one = shown[0]
        rank = ("high", "medium", "low").index(REASONS[Reason(one.reason)].severity)
        return Place(one.amount, one.since, one.due, rank, number)


async def _finder(connection: Connection, tenant_id: int, wanted: Wanted) -> _Finder:
    await connection.execute(QUERIES["plan_for_values"])
    numbers = await _found(connection, tenant_id, wanted.text) if wanted.text is not None else None
    source_id = await _source(connection, tenant_id, wanted.source) if wanted.source is not None else None
    values = (
        wanted.resolved,
        wanted.state,
        _several(wanted.reasons),
        _several(wanted.agencies),
        wanted.no_agency,
        wanted.held_before,
        wanted.due_before,
        wanted.least,
        wanted.most,
        wanted.assignee,
        wanted.unassigned,
        numbers,
        wanted.awaits_other_than,
        source_id,
    )
    return _Finder(connection, tenant_id, wanted, values)


def _several(values: Sequence[str] | None) -> list[str] | None:
    return None if values is None else list(values)


def _keys(order: Order, place: Place | None) -> tuple[int | None, date | None, int | None]:
    if place is None:
        return None, None, None
    number = place.amount if order is Order.AMOUNT else place.rank
    return number, place.due if order is Order.DUE else place.since, place.number


def _place(row: asyncpg.Record) -> Place:
    return Place(row["amount"], row["since"], row["due"], row["rank"], row["id"])


async def _found(connection: Connection, tenant_id: int, text: str) -> list[int]:
    if not reference_key(text):
        return []
    found = [
        row["discrepancy_id"]
        for query in ("find_by_dossier_end", "find_by_reference")
        for row in await connection.fetch(QUERIES[query], tenant_id, text, MOST_FOUND)
    ]
    return sorted(set(found))


async def _source(connection: Connection, tenant_id: int, code: str) -> int:
    rows = await connection.fetch(QUERIES["sources_of_tenant"], tenant_id)
    return next((row["source_id"] for row in rows if row["code"] == code), 0)


def _shown(row: asyncpg.Record) -> Shown:
    facts = Facts.of(dict(row))
    return Shown(
        row["discrepancy_id"],
        label_of(facts),
        say_what_is_wrong(facts),
        row["reason"],
        row["amount"],
        row["since"],
        row["due"],
        row["state"],
        row["dossier_code"],
        row["agency_code"],
        row["assignee"],
        row["assignee_name"],
        row["proposed_by"],
        row["currency"],
    )
