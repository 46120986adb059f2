"""Statements that were taken in, for people who look after them: what came, whether it balances and joins."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from paygate.database import Connection, load_queries
from paygate.domain.errors import NotFoundError

QUERIES: Final = load_queries("paygate.sql", "queries/statement_lists.sql")

PAGE: Final = 50
NEWEST: Final = 2**63 - 1


class Joint(StrEnum):
    """How a statement joins the one before it."""

    JOINS = "joins"
    DIFFERS = "differs"
    FIRST = "first"
    UNTOLD = "untold"


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement, and the one whose days end where its own begin, if there is one."""

    facts: Mapping[str, Any]
    before: Mapping[str, Any] | None

    @property
    def joint(self) -> Joint:
        """Compare what it opens with to what the one before closed with."""
        if self.before is None:
            return Joint.FIRST
        if self.facts["opening"] is None or self.before["closing"] is None:
            return Joint.UNTOLD
        return Joint.JOINS if self.facts["opening"] == self.before["closing"] else Joint.DIFFERS


async def list_statements(
    connection: Connection, tenant_id: int, account_id: int | None = None, before: int = NEWEST, *, limit: int = PAGE
) -> tuple[Sequence[Mapping[str, Any]], int | None]:
    """Return a page of statements, the newest first, and the number before which the next page begins."""
    rows = await connection.fetch(QUERIES["list_statements"], tenant_id, before, account_id, limit + 1)
    return [dict(row) for row in rows[:limit]], rows[limit - 1]["statement_id"] if len(rows) > limit else None


async def read_statement(connection: Connection, tenant_id: int, statement_id: int) -> Statement:
    """Return what is known of a statement, its refused rows and warnings included.

    Raises:
        NotFoundError: the tenant has none of that number.
    """
    row = await connection.fetchrow(QUERIES["read_statement"], tenant_id, statement_id)
    if row is None:
        raise NotFoundError("there is no such statement")
    facts = dict(row) | {name: json.loads(row[name]) for name in ("refused", "warnings")}
    if row["period_from"] is None or row["leg"] != "bank":
        return Statement(facts, None)
    place = row["account_id"], statement_id, row["period_from"], row["currency"]
    before = await connection.fetchrow(QUERIES["statement_before"], tenant_id, *place)
    return Statement(facts, None if before is None else dict(before))


async def statements_of(connection: Connection, tenant_id: int, file_hash: bytes) -> list[Statement]:
    """Return the statements that stand in a file that was taken in."""
    rows = await connection.fetch(QUERIES["statements_of_hash"], tenant_id, file_hash)
    return [await read_statement(connection, tenant_id, row["statement_id"]) for row in rows[:PAGE]]
