"""Lists of discrepancies: what they hold, in which order, and that indexes find it among twenty thousand."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from paygate.database import Connection, connect
from paygate.domain.worklist import MOST_COUNTED, Order, Place, Summed, Wanted
from reconciliation.desk.worklist import (
    count_before,
    count_tabs,
    count_worklist,
    find_choices,
    list_worklist,
    neighbours,
    show_worklist,
)
from tests.worklists import DAY, lay_many

PART: Final = 50


NEVER_RUN = re.compile(r"(?<=One-Time Filter: false)\n +->  [^\n]*(?:\n +(?:Filter|Index Cond): [^\n]*)*")
"""What stands below a condition that is false: older servers show it, and no server reads it."""


class Explaining:
    """A connection that notes the plan of every query it runs."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.plans: list[str] = []

    async def fetch(self, query: str, *values: object) -> list[asyncpg.Record]:
        await self._note(query, values)
        return await self.connection.fetch(query, *values)

    async def fetchrow(self, query: str, *values: object) -> asyncpg.Record | None:
        await self._note(query, values)
        return await self.connection.fetchrow(query, *values)

    async def execute(self, query: str, *values: object) -> str:
        return await self.connection.execute(query, *values)

    async def _note(self, query: str, values: Sequence[object]) -> None:
        rows = await self.connection.fetch(f"EXPLAIN {query}", *values)
        self.plans.append(NEVER_RUN.sub("", "\n".join(row[0] for row in rows)))

    @property
    def plan(self) -> str:
        return "\n\n".join(self.plans)


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
        yield Explaining(connection), 1
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
    "a dossier's end": Wanted(text="240508-00777"),
    "a reference": Wanted(text="ref 777"),
    "resolved": Wanted(resolved=True),
    "two at once": Wanted(agencies=("A07",), reasons=("flag_not_synced",)),
}


@pytest.mark.parametrize("name", SELECTIVE)
async def test_what_leaves_little_is_found_by_an_index(many: tuple[Any, int], name: str) -> None:
    explaining, tenant_id = many
    for order in Order:
        wanted = replace(SELECTIVE[name], order=order)
        part = await list_worklist(explaining, tenant_id, wanted, beyond=None, back=False, limit=PART)
        assert part.numbers
        await count_worklist(explaining, tenant_id, wanted)
    assert "Seq Scan on discrepancy" not in explaining.plan, explaining.plan


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("order", [Order.AGE, Order.DUE, Order.AMOUNT])
async def test_a_part_of_all_is_read_in_the_order_of_an_index(
    many: tuple[Any, int], *, order: Order, turned: bool, back: bool
) -> None:
    explaining, tenant_id = many
    wanted, place = (
        Wanted(order=order, reversed=turned),
        Place(5_000_000, DAY - timedelta(200), DAY - timedelta(200), 0, 5_000),
    )
    part = await list_worklist(explaining, tenant_id, wanted, beyond=place, back=back, limit=PART)
    assert len(part.numbers) == PART
    assert f"using discrepancy_by_{order}" in explaining.plan
    assert not re.search(r"Sort|Seq Scan on discrepancy", explaining.plan), explaining.plan


async def test_counts_and_rows_are_read_by_indexes(many: tuple[Any, int]) -> None:
    explaining, tenant_id = many
    await show_worklist(explaining, tenant_id, list(range(1, PART + 1)))
    assert "Seq Scan on discrepancy" not in explaining.plan
    assert not re.search(r"Seq Scan on (payment|statement_line|procedure_record)\b", explaining.plan), explaining.plan


async def test_lists_are_counted_up_to_where_it_tells_no_more(many: tuple[Any, int]) -> None:
    connection, tenant_id = many[0].connection, many[1]
    assert await count_worklist(connection, tenant_id, Wanted()) == Summed(MOST_COUNTED + 1, None, {})
    few = Wanted(least=19_995_000)
    assert await count_worklist(connection, tenant_id, few) == Summed(6, sum(range(19_995_000, 20_000_001, 1_000)), {})
    tabs = await count_tabs(connection, tenant_id, "anh-9", None, DAY - timedelta(days=395))
    assert dict(tabs) == {"mine": 331, "unassigned": 10_001, "approval": 218, "overdue": 50, "all": 10_001}


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
