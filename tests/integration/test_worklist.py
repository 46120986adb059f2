"""Lists of discrepancies: what they hold, in which order, and that indexes find it among twenty thousand."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import pytest

from paygate.database import connect
from paygate.domain.worklist import MOST_AT_ONCE, MOST_COUNTED, Order, Place, Summed, Wanted
from reconciliation.desk.worklist import (
    count_before,
    count_tabs,
    count_worklist,
    find_choices,
    list_worklist,
    neighbours,
    show_worklist,
    weigh_worklist,
)
from tests.plans import Watching
from tests.worklists import DAY, MANY, lay_many

PART: Final = 50
MIDDLE: Final = Place(5_000_000, DAY - timedelta(200), DAY - timedelta(200), 0, 5_000)


@pytest.fixture(scope="module")
def filled_url(server_url: str, template: str) -> Iterator[str]:
    """The URL of a database of these tests' own, which they only read."""
    parts = urlsplit(server_url)
    name = f"paygate_many_{os.getpid()}"
    url = urlunsplit(parts._replace(path=f"/{name}"))
    asyncio.run(run(server_url, f"CREATE DATABASE {name} TEMPLATE {template}"))
    asyncio.run(fill_database(url))
    yield url
    asyncio.run(run(server_url, f"DROP DATABASE {name} WITH (FORCE)"))


async def run(url: str, statement: str) -> None:
    async with connect(url) as connection:
        await connection.execute(statement)


async def fill_database(url: str) -> None:
    async with connect(url) as connection:
        await lay_many(connection)


@pytest.fixture
async def many(filled_url: str) -> AsyncIterator[tuple[Any, int]]:
    async with connect(filled_url) as connection:
        transaction = connection.transaction()
        await transaction.start()
        yield Watching(connection), 1
        await transaction.rollback()


async def all_of(connection: Any, tenant_id: int, wanted: Wanted) -> list[int]:
    """Walk a whole list, part by part."""
    found: list[int] = []
    beyond = None
    while True:
        part = await list_worklist(connection, tenant_id, wanted, beyond=beyond, back=False, limit=PART)
        found += part.numbers
        if not part.more:
            return found
        beyond = part.places[-1]


SELECTIVE: Final = {
    "reason": Wanted(reasons=("currency_differs",)),
    "agency": Wanted(agencies=("A07",)),
    "source": Wanted(source="haiduong-2"),
    "assignee": Wanted(assignee="anh-7"),
    "age": Wanted(held_before=DAY - timedelta(days=398)),
    "overdue": Wanted(due_before=DAY - timedelta(days=395)),
    "due on a day": Wanted(due_on=DAY - timedelta(days=100)),
    "amount": Wanted(least=19_995_000),
    "amounts": Wanted(least=1_000_000, most=1_010_000),
    "state": Wanted(state="proposed"),
    "waiting for approval": Wanted(awaits_other_than="anh-7"),
    "waiting for another's approval": Wanted(awaits_after="anh-7"),
    "a dossier's end": Wanted(text="240508-00777"),
    "a reference": Wanted(text="ref 777"),
    "two at once": Wanted(agencies=("A07",), reasons=("flag_not_synced",)),
}


FEW: Final = 20
"""Rows that may be read besides those that are wanted."""


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("name", SELECTIVE)
async def test_of_a_list_that_is_short_little_more_is_read(many: tuple[Any, int], name: str, order: Order) -> None:
    watching, tenant_id = many
    wanted = replace(SELECTIVE[name], order=order)
    part = await list_worklist(watching, tenant_id, wanted, beyond=None, back=False, limit=PART)
    count = (await count_worklist(watching, tenant_id, wanted)).count
    assert len(part.numbers) == min(count, PART) > 0
    assert "" not in watching.indexes_of("discrepancy")
    assert watching.rows_of("discrepancy") <= 2 * count + FEW


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("order", [Order.AGE, Order.DUE, Order.AMOUNT])
async def test_a_part_of_all_is_read_in_the_order_of_an_index(
    many: tuple[Any, int], *, order: Order, turned: bool, back: bool
) -> None:
    watching, tenant_id = many
    part = await list_worklist(
        watching, tenant_id, Wanted(order=order, reversed=turned), beyond=MIDDLE, back=back, limit=PART
    )
    assert len(part.numbers) == PART
    assert watching.indexes_of("discrepancy") == {f"discrepancy_by_{order}"}
    assert watching.rows_of("discrepancy") <= PART + 1


@pytest.mark.parametrize("turned", [False, True])
async def test_what_is_open_is_ordered_by_severity_without_what_is_over(many: tuple[Any, int], *, turned: bool) -> None:
    watching, tenant_id = many
    wanted = Wanted(order=Order.SEVERITY, reversed=turned)
    part = await list_worklist(watching, tenant_id, wanted, beyond=MIDDLE, back=False, limit=PART)
    assert len(part.numbers) == PART
    assert "" not in watching.indexes_of("discrepancy")
    assert watching.rows_of("discrepancy") <= MANY


async def test_what_is_over_is_read_in_its_order(many: tuple[Any, int]) -> None:
    watching, tenant_id = many
    part = await list_worklist(watching, tenant_id, Wanted(resolved=True), beyond=None, back=False, limit=PART)
    assert len(part.numbers) == PART
    assert watching.indexes_of("discrepancy") == {"discrepancy_by_state"}
    assert watching.rows_of("discrepancy") <= PART + 1


@pytest.mark.parametrize("agencies", [None, ["A07", "A08"]])
async def test_tabs_sums_and_choices_are_read_without_what_is_over(
    many: tuple[Any, int], agencies: list[str] | None
) -> None:
    watching, tenant_id = many
    await count_tabs(watching, tenant_id, "anh-9", agencies, DAY - timedelta(days=395))
    await count_worklist(watching, tenant_id, Wanted(agencies=agencies and tuple(agencies)))
    await find_choices(watching, tenant_id, agencies, ["officer"])
    assert "" not in watching.indexes_of("discrepancy")
    assert watching.rows_of("discrepancy") <= (2_500 if agencies else 3 * (MOST_COUNTED + 1) + MANY + 1_000)


async def test_rows_are_read_by_indexes(many: tuple[Any, int]) -> None:
    watching, tenant_id = many
    await show_worklist(watching, tenant_id, list(range(1, PART + 1)))
    for table in ("discrepancy", "payment", "procedure_record"):
        assert "" not in watching.indexes_of(table)
        assert watching.rows_of(table) == PART


async def test_of_all_that_is_chosen_only_what_decides_is_read(many: tuple[Any, int]) -> None:
    watching, tenant_id = many
    numbers = list(range(MOST_AT_ONCE, 0, -1))
    weighed = await weigh_worklist(watching, tenant_id, numbers)
    assert [one.number for one in weighed] == numbers
    assert {one.currency for one in weighed} == {"VND"}
    assert {one.table for one in watching.read} == {"discrepancy", "discrepancy_event"}
    assert watching.rows_of("discrepancy_event") == MOST_AT_ONCE


async def test_lists_are_counted_up_to_where_it_tells_no_more(many: tuple[Any, int]) -> None:
    connection, tenant_id = many[0].connection, many[1]
    assert await count_worklist(connection, tenant_id, Wanted()) == Summed(MOST_COUNTED + 1, None, {})
    few = Wanted(least=19_995_000)
    assert await count_worklist(connection, tenant_id, few) == Summed(6, sum(range(19_995_000, 20_000_001, 1_000)), {})
    tabs = await count_tabs(connection, tenant_id, "anh-9", None, DAY - timedelta(days=395))
    assert dict(tabs) == {"mine": 331, "unassigned": 10_001, "approval": 218, "sent": 4, "overdue": 50, "all": 10_001}


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("order", Order)
async def test_every_order_is_total_and_the_same_in_both_directions(
    many: tuple[Any, int], *, order: Order, turned: bool
) -> None:
    connection, tenant_id = many[0].connection, many[1]
    wanted = Wanted(agencies=("A07",), order=order, reversed=turned)
    forth = await all_of(connection, tenant_id, wanted)
    assert len(forth) == len(set(forth)) == 198
    assert forth[::-1] == await all_of(connection, tenant_id, replace(wanted, reversed=not turned))
    shown = {one.number: one for one in await show_worklist(connection, tenant_id, forth)}
    keys = {
        Order.AGE: lambda number: (shown[number].since, number),
        Order.DUE: lambda number: (shown[number].due, number),
        Order.AMOUNT: lambda number: (-shown[number].amount, -number),
        Order.SEVERITY: lambda number: (shown[number].reason != "currency_differs", shown[number].since, number),
    }
    assert order is Order.SEVERITY or forth == sorted(forth, key=keys[order], reverse=turned)


async def test_one_pages_back_to_where_one_came_from(many: tuple[Any, int]) -> None:
    connection, tenant_id = many[0].connection, many[1]
    wanted = Wanted(agencies=("A07",))
    first = await list_worklist(connection, tenant_id, wanted, beyond=None, back=False, limit=PART)
    second = await list_worklist(connection, tenant_id, wanted, beyond=first.places[-1], back=False, limit=PART)
    again = await list_worklist(connection, tenant_id, wanted, beyond=second.places[0], back=True, limit=PART)
    assert again == replace(first, more=False)
    assert await count_before(connection, tenant_id, wanted, second.places[0]) == PART


async def test_a_list_stays_where_it_is_when_what_stood_there_is_gone(many: tuple[Any, int]) -> None:
    connection, tenant_id = many[0].connection, many[1]
    wanted = Wanted(agencies=("A07",))
    first = await list_worklist(connection, tenant_id, wanted, beyond=None, back=False, limit=PART)
    await connection.execute(
        "UPDATE discrepancy SET state = 'resolved' WHERE discrepancy_id = ANY ($1)", first.numbers[10:]
    )
    second = await list_worklist(connection, tenant_id, wanted, beyond=first.places[-1], back=False, limit=PART)
    assert not {*first.numbers} & {*second.numbers}
    before, after = await neighbours(connection, tenant_id, wanted, first.numbers[-1])
    assert (before, after) == (first.numbers[9], second.numbers[0])


async def test_others_tenants_and_agencies_have_lists_of_their_own(many: tuple[Any, int]) -> None:
    connection, tenant_id = many[0].connection, many[1]
    assert await count_worklist(connection, tenant_id + 1, Wanted()) == Summed(0, 0, {})
    assert await count_worklist(connection, tenant_id, Wanted(agencies=())) == Summed(0, 0, {})
    choices = await find_choices(connection, tenant_id, ["A07"], ["officer"])
    assert choices.agencies == [("A07", "Agency 7")]
    assert not (await find_choices(connection, tenant_id + 1, None, ["officer"])).agencies


@pytest.mark.parametrize("text", ["", "%", "_", "---", "\\", "' OR 1=1 --", "ư" * 200])
async def test_what_names_nothing_finds_nothing(many: tuple[Any, int], text: str) -> None:
    assert await all_of(many[0].connection, many[1], Wanted(text=text)) == []


async def test_what_touches_several_sources_stands_in_the_list_of_each(many: tuple[Any, int]) -> None:
    connection, tenant_id = many[0].connection, many[1]
    assert (await count_worklist(connection, tenant_id, Wanted(source="haiduong-1", agencies=("A07",)))).count == 198
    agency = ("A08", "A09")
    counted = [
        (await count_worklist(connection, tenant_id, Wanted(source=source, agencies=agency))).count
        for source in (None, "haiduong-1", "haiduong-2")
    ]
    several = await connection.fetchval(
        "SELECT count(*) FROM discrepancy WHERE cardinality(source_ids) = 2 AND state <> 'resolved'"
    )
    assert several > 0
    assert counted[1] + counted[2] == counted[0] + several
    assert await count_worklist(connection, tenant_id, Wanted(source="no such")) == Summed(0, 0, {})
