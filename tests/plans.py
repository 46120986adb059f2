"""What a server really reads for a query: of which tables, how, and how many rows."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from paygate.database import Connection


@dataclass(frozen=True, slots=True)
class Reading:
    """Rows of a table that were read, whether they were wanted or not, and by which index; '': all of the table."""

    table: str
    index: str
    rows: int


class Watching:
    """A connection that notes what every query it runs has read: what no server runs, none has read."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.read: list[Reading] = []

    async def fetch(self, query: str, *values: object) -> list[asyncpg.Record]:
        await self._note(query, values)
        return await self.connection.fetch(query, *values)

    async def fetchrow(self, query: str, *values: object) -> asyncpg.Record | None:
        await self._note(query, values)
        return await self.connection.fetchrow(query, *values)

    async def fetchval(self, query: str, *values: object) -> Any:
        await self._note(query, values)
        return await self.connection.fetchval(query, *values)

    async def execute(self, query: str, *values: object) -> str:
        return await self.connection.execute(query, *values)

    async def _note(self, query: str, values: Sequence[object]) -> None:
        plan = await self.connection.fetchval(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {query}", *values)
        self.read += [one for node in _nodes(json.loads(plan)[0]["Plan"]) for one in _reading(node)]

    def rows_of(self, table: str) -> int:
        """Return how many rows of a table were read."""
        return sum(one.rows for one in self.read if one.table == table)

    def indexes_of(self, table: str) -> set[str]:
        """Return by which indexes a table was read; among them '' where it was read without."""
        return {one.index for one in self.read if one.table == table}


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below)


def _reading(node: Mapping[str, Any]) -> Iterator[Reading]:
    if "Relation Name" in node and node["Actual Loops"]:
        left = sum(node.get(name, 0) for name in ("Rows Removed by Filter", "Rows Removed by Index Recheck"))
        rows = round((node["Actual Rows"] + left) * node["Actual Loops"])
        yield Reading(node["Relation Name"], _index_of(node), rows)


def _index_of(node: Mapping[str, Any]) -> str:
    """Return the index a node goes by: its own, or that of the bitmap it is handed."""
    own = node.get("Index Name", "")
    return str(own or next((found for below in node.get("Plans", ()) if (found := _index_of(below))), ""))
