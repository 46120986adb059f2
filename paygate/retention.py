"""What is over its time and settled is dropped, a bounded piece at a time; what is unresolved stays, however old.

Unresolved is what a live discrepancy names, with its payments, lines, notices and events; what is loose, hangs, is not
due or has not been judged; what a notice or a question still waits for; dead letters, and what an endpoint has yet to
be told. Each piece is one transaction between two turns of the matcher, so that none of this changes while it is looked
up; intake and the ledger go on meanwhile.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from itertools import takewhile
from operator import itemgetter
from typing import Any, Final, NamedTuple, Protocol, TypeVar

import asyncpg

from paygate.database import Connection, Database, TenantLock, load_queries
from paygate.domain.deeds import Deed
from paygate.domain.errors import DatabaseUnavailableError
from paygate.domain.retention import Kept, cut_off, months_after
from paygate.telemetry import Event, log

QUERIES: Final = load_queries("paygate.sql", "queries/retention.sql")

ResultT = TypeVar("ResultT")

PIECE: Final = 10_000
"""Rows in one transaction."""
MATCHER_WAIT: Final = "20s"
"""For a turn of the matcher to end."""
MONTH_WAIT: Final = "1s"
"""For a month to be dropped: who writes into the table would wait for us as long."""
LONGEST_SECONDS: Final = 600.0
"""For one statement over what is old."""
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
NOBODY: Final = "paygate"
"""The actor of what is done every night."""


class AppendAudit(Protocol):
    """Writes down who did what, in the caller's transaction."""

    async def __call__(  # noqa: PLR0913, PLR0917 -- an entry is exactly these
        self, connection: Connection, tenant_id: int, actor: str, act: Deed, subject: str, detail: Mapping[str, Any], /
    ) -> object: ...


class Tally(NamedTuple):
    """Of one kind of thing: how much was over its time and has gone or would go, and how much stays as unresolved."""

    gone: int = 0
    kept: int = 0


Tallies = dict[tuple[str, Kept], Tally]
"""By the tenant's code and the kind of thing."""


class Trimming:
    """Drops what `months` says is over its time at `now`; a kind that it does not name, or names with 0, stays.

    It is done by `actor`, for the tenant `only` or for all. Where it is a `rehearsal`, everything is counted and
    nothing done. Of all tenants, months are dropped as tables; a single tenant's rows are deleted.
    """

    def __init__(  # noqa: PLR0913 -- what, for whom, by whom, and when
        self,
        database: Database,
        months: Mapping[Kept, int],
        now: datetime,
        *,
        append_audit: AppendAudit,
        actor: str = NOBODY,
        only: int | None = None,
        rehearsal: bool = False,
    ) -> None:
        self._database = database
        self._cut_offs = {kind: cut_off(now, count) for kind, count in months.items() if count}
        self._append_audit = append_audit
        self._actor = actor
        self._only = only
        self._rehearsal = rehearsal
        self._tenants: dict[int, str] = {}
        self._tallies: Tallies = {}

    async def run(self) -> Tallies:
        """Go through everything.

        Raises:
            DatabaseUnavailableError: also where the matcher, or a writer, was in the way for too long; what was done
                till then is done.
        """
        async with self._database.connection() as connection:
            rows = await connection.fetch(QUERIES["list_tenants"])
        self._tenants = {row["tenant_id"]: row["code"] for row in rows if self._only in {None, row["tenant_id"]}}
        for kind, before in self._cut_offs.items():
            for code in self._tenants.values():
                self._tallies[code, kind] = Tally()
            if kind is Kept.NOTICE_BODIES:
                for tenant_id in self._tenants:
                    await self._trim_bodies(tenant_id, before)
            else:
                await self._trim_parted(kind, _PARTED[kind], before)
            await self._write_down(kind)
        return self._tallies

    def _add(self, tenant_id: int, kind: Kept, gone: int, kept: int = 0) -> None:
        key = self._tenants[tenant_id], kind
        self._tallies[key] = Tally(self._tallies[key].gone + gone, self._tallies[key].kept + kept)

    async def _write_down(self, kind: Kept) -> None:
        for tenant_id, code in self._tenants.items():
            tally = self._tallies[code, kind]
            if tally.gone and not self._rehearsal:
                detail = {"gone": tally.gone, "kept": tally.kept, "before": self._cut_offs[kind].isoformat()}
                async with self._database.transaction() as connection:
                    await self._append_audit(connection, tenant_id, self._actor, Deed.TRIMMED, kind, detail)
                log.info(Event.TRIMMED, tenant=code, kind=kind, gone=tally.gone, kept=tally.kept)

    async def _piece(self, tenant_ids: Sequence[int], work: Callable[[Connection], Awaitable[ResultT]]) -> ResultT:
        """Do a piece of work in a transaction that knows what is unresolved of some tenants; return what it returns."""
        async with self._database.connection() as connection:
            try:
                async with connection.transaction():
                    await _gather_unresolved(connection, tenant_ids)
                    return await work(connection)
            except asyncpg.LockNotAvailableError as error:
                raise DatabaseUnavailableError("what was to be trimmed was in use; try again later") from error

    async def _trim_bodies(self, tenant_id: int, before: datetime) -> None:
        """Look again at what was passed over, then go on from where the last trimming ended."""
        last = 0
        while passed := await self._numbers("next_held_notices", tenant_id, before, last):
            await self._piece([tenant_id], partial(self._drop_bodies, tenant_id, passed, None))
            last = passed[-1]
        async with self._database.connection() as connection:
            last = await connection.fetchval(QUERIES["read_mark"], tenant_id) or 0
        while fresh := await self._numbers("next_notices", tenant_id, before, last):
            last = fresh[-1]
            await self._piece([tenant_id], partial(self._drop_bodies, tenant_id, fresh, last))

    async def _numbers(self, name: str, tenant_id: int, before: datetime, last: int) -> list[int]:
        async with self._database.connection() as connection:
            rows = await connection.fetch(QUERIES[name], tenant_id, before, last, PIECE)
        return [row["notice_id"] for row in takewhile(itemgetter("old"), rows)]

    async def _drop_bodies(
        self, tenant_id: int, notice_ids: list[int], mark: int | None, connection: Connection
    ) -> None:
        await connection.execute(QUERIES["find_settled_notices"], tenant_id, notice_ids)
        settled = await connection.fetchval(QUERIES["count_settled_notices"])
        if not self._rehearsal:
            await connection.execute(QUERIES["drop_bodies"], tenant_id)
            await connection.execute(QUERIES["hold_notices"], tenant_id, notice_ids)
            await connection.execute(QUERIES["release_notices"], tenant_id)
            if mark is not None:
                await connection.execute(QUERIES["move_mark"], tenant_id, mark)
        self._add(tenant_id, Kept.NOTICE_BODIES, settled, len(notice_ids) - settled)

    async def _trim_parted(self, kind: Kept, parted: "_Parted", before: datetime) -> None:
        """Drop the months that are over, then what is old and lies among what is kept of months dropped before."""
        if self._rehearsal:
            for tenant_id in self._tenants:
                self._add(tenant_id, kind, *await self._piece([tenant_id], partial(_count, parted, tenant_id, before)))
            return
        if self._only is None:
            for month in await self._months_over(parted, before):
                dropped = await self._piece(list(self._tenants), partial(self._drop_month, parted, month))
                for tenant_id, gone in dropped.items():
                    self._add(tenant_id, kind, gone)
        for tenant_id in self._tenants:
            gone = PIECE
            while gone >= PIECE:
                gone, kept = await self._piece([tenant_id], partial(_clear, parted, tenant_id, before))
                self._add(tenant_id, kind, gone, 0 if gone >= PIECE else kept)

    async def _months_over(self, parted: "_Parted", before: datetime) -> list[date]:
        async with self._database.connection() as connection:
            rows = await connection.fetch(QUERIES["list_months"], parted.table)
        return [row["month"] for row in rows if months_after(row["month"], 1) <= before.date()]

    async def _drop_month(self, parted: "_Parted", month: date, connection: Connection) -> dict[int, int]:
        """Drop a month less what must stay, which goes to the table's rest; return how much is gone of each tenant."""
        await connection.execute(QUERIES["hold_month"], parted.table, month)
        span = _moment(month), _moment(months_after(month, 1))
        gone = {}
        for tenant_id in self._tenants:
            stored = await connection.fetchval(QUERIES[parted.count], tenant_id, *span, timeout=LONGEST_SECONDS)
            gone[tenant_id] = stored - await _keep(connection, parted, tenant_id, *span)
        await connection.execute(QUERIES["bound_wait"], MONTH_WAIT)
        await connection.execute(QUERIES["drop_month"], parted.table, month)
        await connection.execute(QUERIES[parted.put_back])
        return gone


@dataclass(frozen=True, slots=True)
class _Parted:
    """A table kept in months, and the statements that know what of it must stay."""

    table: str
    count: str
    keep: str
    clear: str
    put_back: str
    note: str | None = None


_PARTED: Final = {
    Kept.PAYMENT_EVENTS: _Parted(
        "payment_event",
        "count_payment_events",
        "keep_payment_events",
        "clear_payment_events",
        "put_back_payment_events",
    ),
    Kept.MATCH_HISTORY: _Parted(
        "match_history", "count_match_history", "keep_match_history", "clear_match_history", "put_back_match_history"
    ),
    Kept.FEED: _Parted(
        "event", "count_events", "keep_events", "clear_events", "put_back_events", "note_trimmed_events"
    ),
}


async def _gather_unresolved(connection: Connection, tenant_ids: Sequence[int]) -> None:
    """Hold the matcher off some tenants and write down what is unresolved of them, until the transaction ends."""
    await connection.execute(QUERIES["bound_wait"], MATCHER_WAIT)
    for tenant_id in sorted(tenant_ids):
        await connection.execute(QUERIES["await_matcher"], tenant_id, TenantLock.MATCHING)
    await connection.execute(QUERIES["create_trimming_tables"])
    for tenant_id in tenant_ids:
        await connection.execute(QUERIES["gather_unresolved_lines"], tenant_id)
        await connection.execute(QUERIES["gather_unresolved_payments"], tenant_id)
    await connection.execute("ANALYZE unresolved_line, unresolved_payment")


async def _count(parted: _Parted, tenant_id: int, before: datetime, connection: Connection) -> tuple[int, int]:
    span = BEGINNING, before
    stored: int = await connection.fetchval(QUERIES[parted.count], tenant_id, *span)
    kept = _rows(await connection.execute(QUERIES[parted.keep], tenant_id, *span, timeout=LONGEST_SECONDS))
    return stored - kept, kept


async def _keep(connection: Connection, parted: _Parted, tenant_id: int, begin: datetime, end: datetime) -> int:
    """Set aside what must stay of a span, note what will not, and return how much stays."""
    kept = _rows(await connection.execute(QUERIES[parted.keep], tenant_id, begin, end, timeout=LONGEST_SECONDS))
    if parted.note:
        await connection.execute(QUERIES[parted.note], tenant_id, begin, end)
    return kept


async def _clear(parted: _Parted, tenant_id: int, before: datetime, connection: Connection) -> tuple[int, int]:
    kept = await _keep(connection, parted, tenant_id, BEGINNING, before)
    return _rows(await connection.execute(QUERIES[parted.clear], tenant_id, BEGINNING, before, PIECE)), kept


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _rows(status: str) -> int:
    """Read how many rows a statement touched from what the server said of it."""
    return int(status.rsplit(" ", 1)[-1])
