"""One turn of the matcher: the statements of its passes, and how they are run and timed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from paygate.database import Connection, load_queries
from reconciliation.rules.model import RuleSet

FILES: Final = (
    "turn.sql",
    "gathering.sql",
    "returns.sql",
    "by_hand.sql",
    "reference.sql",
    "apart.sql",
    "sums.sql",
    "narrative.sql",
    "lateness.sql",
    "settlement.sql",
    "payouts.sql",
    "handover.sql",
    "storing.sql",
    "judging.sql",
    "corrections.sql",
)
TABLES: Final = (
    "create_gathering_tables",
    "create_returns_tables",
    "create_reference_tables",
    "create_narrative_tables",
    "create_sums_tables",
    "create_lateness_tables",
    "create_settlement_tables",
    "create_payout_tables",
    "create_handover_tables",
    "create_storing_tables",
    "create_judging_tables",
)
"""The statements that make the passes' working tables."""

QUERIES: Final = {name: text for file in FILES for name, text in load_queries("reconciliation.sql", file).items()}

PASS_SECONDS: Final = 3600.0
"""The longest a single statement of a pass may take."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A connection inside its transaction, the tenant it works for, and the rules it goes by.

    `judged_before` is False in a tenant's first turn: then everything stored is in hand, and nothing is looked up.
    `expected` are the legs that some source expects, `told` those that some file has told of.
    """

    connection: Connection
    tenant_id: int
    rules: RuleSet
    judged_before: bool
    expected: frozenset[str]
    told: frozenset[str]

    @classmethod
    async def begin(cls, connection: Connection, tenant_id: int, rules: RuleSet) -> "Turn":
        """Look up what the turn has to reckon with, and make the working tables of every pass."""
        judged_before = await connection.fetchval(QUERIES["was_anything_judged"], tenant_id)
        legs = await connection.fetch(QUERIES["legs_in_play"], tenant_id)
        expected, told = (frozenset(row["leg"] for row in legs if row[how]) for how in ("expected", "told"))
        turn = cls(connection, tenant_id, rules, judged_before, expected, told)
        await turn.create_tables()
        return turn

    async def do(self, name: str, *arguments: object) -> int:
        """Run a named statement and return how many rows it touched."""
        status: str = await self.connection.execute(QUERIES[name], *arguments, timeout=PASS_SECONDS)
        last = status.rsplit(" ", 1)[-1]
        return int(last) if last.isdigit() else 0

    async def fetch(self, name: str, *arguments: object) -> list[asyncpg.Record]:
        """Run a named statement and return its rows."""
        return await self.connection.fetch(QUERIES[name], *arguments, timeout=PASS_SECONDS)

    async def ask(self, name: str, *arguments: object) -> bool:
        """Run a named statement that answers yes or no."""
        return bool(await self.connection.fetchval(QUERIES[name], *arguments, timeout=PASS_SECONDS))

    async def analyze(self, *tables: str) -> None:
        """Tell the planner how large the working tables have become: a guess of a thousand rows ruins the joins."""
        for table in tables:
            await self.connection.execute(f"ANALYZE {table}", timeout=PASS_SECONDS)

    async def freshen_statistics(self) -> None:
        """Analyze the stored tables that have grown out of what the planner knows of them."""
        await self.analyze(*(row["relname"] for row in await self.fetch("tables_without_statistics")))

    async def create_tables(self) -> None:
        """Make the working tables of every pass."""
        for name in TABLES:
            await self.connection.execute(QUERIES[name])

    async def drop_tables(self) -> None:
        """Drop the working tables: another turn of the same transaction makes its own."""
        if tables := await self.connection.fetchval(QUERIES["working_tables"]):
            await self.connection.execute(f"DROP TABLE {tables}")


def columns(rows: Iterable[Sequence[object]], width: int) -> list[list[object]]:
    """Turn rows into as many columns, also when there are none."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]
