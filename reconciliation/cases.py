"""A discrepancy in a person's hand: locked as long as they act on it, with their act as its next event."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from paygate.database import Connection, load_queries
from paygate.domain.casework import QUIET, Act, Done, Seen, state_after
from paygate.domain.errors import ConflictError, InvalidInputError, NotFoundError
from paygate.domain.lifecycle import DiscrepancyState
from paygate.domain.money import DONG
from reconciliation.parting import take_turn

QUERIES: Final = load_queries("reconciliation.sql", "casework.sql")


@dataclass(frozen=True, slots=True)
class Case:
    """A discrepancy in hand: nobody else changes it before the transaction ends."""

    connection: Connection
    seen: Seen
    row: asyncpg.Record

    @property
    def state(self) -> DiscrepancyState:
        return DiscrepancyState(self.row["state"])

    @property
    def key(self) -> tuple[int, int]:
        return self.seen.tenant_id, self.seen.discrepancy_id

    @property
    def agencies(self) -> list[str] | None:
        return None if self.seen.agencies is None else list(self.seen.agencies)

    async def check_sight(self) -> None:
        """Refuse who acts on what is no longer so."""
        if self.seen.version > self.row["version"]:
            raise InvalidInputError("the version is none that this discrepancy has had")
        if await self.connection.fetchval(QUERIES["has_it_moved"], *self.key, self.seen.version, sorted(QUIET)):
            raise ConflictError("the facts changed since")

    async def record(
        self, act: Act, detail: Mapping[str, Any], state: DiscrepancyState | None = None, change: int = 0
    ) -> Done:
        """Add the event of an act that has left the discrepancy in a state; None: in its own."""
        left = state or self.state
        content = json.dumps(detail, ensure_ascii=False)
        values = (change, left, act, self.seen.person, content)
        version = await self.connection.fetchval(QUERIES["add_event"], *self.key, *values)
        told = {"reason": self.row["reason"], "amount": self.row["amount"], "state": left, **detail}
        if self.row["currency"] != DONG:
            told["currency"] = self.row["currency"]
        return Done(left, version, detail.get("proposal"), told)

    async def move(
        self, act: Act, detail: Mapping[str, Any], assignee: str | None, before: DiscrepancyState | None = None
    ) -> Done:
        """Move the discrepancy by an act, from its own state where `before` names no other."""
        state = state_after(before or self.state, act)
        await self.connection.execute(QUERIES["move_discrepancy"], *self.key, state, assignee)
        return await self.record(act, detail, state)


async def take(connection: Connection, seen: Seen) -> Case:
    """Take a discrepancy for an act on what the person saw of it.

    Raises:
        NotFoundError, TemporaryError: as `lock`.
        ConflictError: the facts changed since.
    """
    case = await lock(connection, seen)
    await case.check_sight()
    return case


async def lock(connection: Connection, seen: Seen) -> Case:
    """Keep the matcher and everybody else from a discrepancy.

    Raises:
        NotFoundError: there is none, or it is another agency's.
        TemporaryError: the matcher is at work for the tenant.
    """
    await take_turn(connection, seen.tenant_id)
    agencies = None if seen.agencies is None else list(seen.agencies)
    row = await connection.fetchrow(QUERIES["take_discrepancy"], seen.tenant_id, seen.discrepancy_id, agencies)
    if row is None:
        raise NotFoundError("there is no such discrepancy")
    return Case(connection, seen, row)


async def have_judged(case: Case) -> None:
    """Have the matcher judge the case again, so that its day is reported again. Feeds are looked at every day."""
    kind, _, key = case.row["case_key"].partition(":")
    ids, codes = [], []
    if kind == "dossier":
        codes = [key]
    elif kind == "batch":
        kind, ids = "line", await case.connection.fetchval(QUERIES["lines_of_batch"], case.seen.tenant_id, int(key))
    elif kind in {"payment", "line"}:
        ids = [int(key)]
    if ids or codes:
        await case.connection.execute(QUERIES["have_judged"], case.seen.tenant_id, kind, ids, codes)
