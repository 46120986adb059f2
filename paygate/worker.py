"""Takes due notices into the ledger: batch by batch, tenant by tenant, with what fails set aside.

A batch is one transaction over rows claimed with SKIP LOCKED. That is the lease: a worker that crashes frees its rows
as its connection ends, and one that freezes is cut off by the server (`STATEMENT_SECONDS`, `IDLE_SECONDS`), so that
another takes them and nothing was done twice.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import asyncpg

from paygate.database import Connection, Database, load_queries
from paygate.domain.errors import DatabaseUnavailableError, UnreadableNoticeError
from paygate.domain.lifecycle import NoticeState, Outcome, PaymentState
from paygate.domain.notice import QUERY, STATEMENT
from paygate.domain.payment import Applied, DueNotice, PaymentIdentity, Said, dossier_said
from paygate.telemetry import NOTICE_TO_LEDGER_SECONDS, PAYMENTS, RETRIES, Event, log

QUERIES: Final = load_queries("paygate.sql", "queries/worker.sql")

BATCH_LIMIT: Final = 1000
"""Notices in one transaction."""
STATEMENT_SECONDS: Final = 20
IDLE_SECONDS: Final = 5
"""A worker frozen at the worst moment frees its rows after the sum of the two."""
SETTLE_ROUNDS: Final = 3
"""Waits for other workers: for notices, for what booked money confirms of them, and for what that leaves alone with its
line. What comes meanwhile is not waited for, else a close would have no end while notices flow."""
POLL_SECONDS: Final = 1.0
"""Between two looks for notices that are due again; new ones are told by `wake`."""
MATCH_SECONDS: Final = 0.5
"""How long changes gather before the matcher is asked to look at them."""
NEVER: Final = datetime.fromtimestamp(0, UTC)
NEWS: Final = timedelta(seconds=10)
"""How exactly it is known when a source was last heard of."""
REASON_LIMIT: Final = 500
"""Characters kept of why a notice failed."""

RETRY_SECONDS: Final = (1, 2, 4, 8, 15, 30, 60, 300, 900, 3_600, 14_400, 43_200)
"""Upper bound of the pause after each failed attempt; the pause is drawn evenly from 0 to it (full jitter).
A notice that fails once more than the table is long is a dead letter: after 17 hours at most."""
AWAY_SECONDS: Final = (0.5, 1, 2, 5, 10)
"""The same for the database being away, which is no notice's fault; the last one repeats."""

WAITS_FOR_RECORD: Final = "the record of its dossier has not come"

_POISON: Final = (
    ValueError,
    OverflowError,
    UnreadableNoticeError,
    asyncpg.DataError,  # 22*
    asyncpg.IntegrityConstraintViolationError,  # 23*
    asyncpg.ProgramLimitExceededError,  # 54*: too long for an index
)
"""What will fail however often it is tried."""

_AWAY: Final = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InsufficientResourcesError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)
"""What is the fault of no notice: the whole batch waits."""

_jitter: Final = random.SystemRandom()


class ApplyBatch(Protocol):
    """Folds notices into the ledger, inside the caller's transaction."""

    async def __call__(self, connection: Connection, tenant_id: int, notices: Sequence[DueNotice], /) -> Applied: ...


@dataclass(slots=True)
class _Batch:
    """What became of one batch; told to the log and the metrics once it is committed."""

    taken: Sequence[asyncpg.Record]
    applied: Applied = field(default_factory=Applied)
    failed: list[tuple[Event, int, str]] = field(default_factory=list)


class Worker:
    """Applies what is due.

    `confirm` looks whether booked money confirms payments of a tenant and returns how many notices it has stored.
    `match` is called with a tenant whose facts have changed, at most every `MATCH_SECONDS`.
    `draw` returns a pause between 0 and the given number of seconds.
    """

    def __init__(
        self,
        database: Database,
        apply: ApplyBatch,
        confirm: Callable[[int], Awaitable[int]],
        match: Callable[[int], Awaitable[object]],
        *,
        draw: Callable[[float], float] = lambda most: _jitter.uniform(0, most),
    ) -> None:
        self._database = database
        self._apply = apply
        self._confirm = confirm
        self._match = match
        self._draw = draw
        self._woken = asyncio.Event()
        self._asked = asyncio.Event()
        self._to_match: set[int] = set()
        self._noted: dict[int, datetime] = {}

    def wake(self) -> None:
        """Say that there may be something due."""
        self._woken.set()

    def ask_match(self, tenant_id: int) -> None:
        """Say that facts of a tenant have changed."""
        self._to_match.add(tenant_id)
        self._asked.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Apply what becomes due, of every tenant, until told to stop; a batch that has begun is finished."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._notice(stop))
            tasks.create_task(self._match_until(stop))
            await self._sweep_until(stop)

    async def sweep(self) -> int:
        """Apply everything due now, of every tenant, and ask for a match where facts have changed.

        Returns the number of notices taken. Facts that another process changed (an import) are seen here too.
        """
        async with self._database.connection() as connection:
            tenants = await connection.fetch(QUERIES["list_tenants"])
        taken = sum([await self._apply_due(row["tenant_id"]) for row in tenants])
        async with self._database.connection() as connection:
            unweighed = await connection.fetch(QUERIES["list_unweighed_tenants"])
        taken += sum([await self._confirm_one(row["tenant_id"]) for row in unweighed])
        async with self._database.connection() as connection:
            for row in await connection.fetch(QUERIES["list_dirty_tenants"]):
                self.ask_match(row["tenant_id"])
        return taken

    async def drain(self, tenant_id: int) -> int:
        """Apply everything of a tenant that is due now, and what its booked money confirms; return the number taken.

        Raises:
            DatabaseUnavailableError: with the batch under way rolled back and due again.
        """
        return await self._apply_due(tenant_id) + await self._apply_confirmed(tenant_id)

    async def settle(self, tenant_id: int) -> None:
        """Drain, and wait for what other workers have under way of the tenant: a day is closed on what has come.

        Raises:
            DatabaseUnavailableError: as `drain`, or another worker stands still.
        """
        for _ in range(SETTLE_ROUNDS):
            await self.drain(tenant_id)
            async with self._database.transaction() as connection:
                if not await connection.fetchval(QUERIES["is_anything_left"], tenant_id):
                    return
            async with self._database.transaction() as connection:
                await connection.execute(QUERIES["wait_for_claimed"], tenant_id)
        await self.drain(tenant_id)

    async def _confirm_one(self, tenant_id: int) -> int:
        try:
            return await self._apply_confirmed(tenant_id)
        except DatabaseUnavailableError:
            raise
        except Exception:  # noqa: BLE001 -- its marks stay; the other tenants, and this one's matches, must not wait
            log.exception(Event.UNHANDLED)
            return 0

    async def _apply_confirmed(self, tenant_id: int) -> int:
        # Until nothing is left: a payment that has its money may leave another alone with its line.
        # Applied in any case: another worker may have stored what it has yet to apply.
        count, more = 0, True
        while more:
            more = await self._confirm(tenant_id) > 0
            count += await self._apply_due(tenant_id)
        return count

    async def _apply_due(self, tenant_id: int) -> int:
        count, last = 0, (datetime.fromtimestamp(0, UTC), 0)
        while True:
            async with self._database.transaction() as connection:
                batch = await self._take_batch(connection, tenant_id, last)
            if not batch.taken:
                return count
            self._tell(tenant_id, batch)
            count += len(batch.taken)
            last = (batch.taken[-1]["next_attempt_at"], batch.taken[-1]["notice_id"])

    async def _take_batch(self, connection: Connection, tenant_id: int, last: tuple[datetime, int]) -> _Batch:
        await connection.execute(QUERIES["bound_batch"], f"{STATEMENT_SECONDS}s", f"{IDLE_SECONDS}s")
        batch = _Batch(await connection.fetch(QUERIES["claim_notices"], tenant_id, BATCH_LIMIT, *last))
        if batch.taken:
            await self._apply_or_halve(connection, tenant_id, batch.taken, batch)
            await self._note_news(connection, tenant_id, batch.taken)
        return batch

    async def _note_news(self, connection: Connection, tenant_id: int, rows: Sequence[asyncpg.Record]) -> None:
        """Write down when each source was last heard of, unless that was done moments ago. A bank is not the source."""
        latest: dict[int, datetime] = {}
        for row in (one for one in rows if one["method"] != STATEMENT):
            latest[row["source_id"]] = max(row["received_at"], latest.get(row["source_id"], row["received_at"]))
        news = {
            source_id: heard for source_id, heard in latest.items() if heard - self._noted.get(source_id, NEVER) >= NEWS
        }
        if news:
            await connection.execute(QUERIES["note_news"], tenant_id, list(news), list(news.values()))
            self._noted |= news

    async def _apply_or_halve(
        self, connection: Connection, tenant_id: int, rows: Sequence[asyncpg.Record], batch: _Batch
    ) -> None:
        """Apply rows under a savepoint; when that fails, halve them until the one at fault stands alone."""
        try:
            async with connection.transaction():
                applied = await self._apply(connection, tenant_id, [due_notice(row) for row in rows])
                await _mark(connection, tenant_id, applied)
        except Exception as error:  # whatever a notice does, its neighbours must not suffer
            if _is_away(connection, error):
                raise
            if len(rows) == 1:
                await self._set_aside(connection, tenant_id, rows[0], error, batch)
                return
        else:
            batch.applied.add(applied)
            return
        middle = len(rows) // 2
        await self._apply_or_halve(connection, tenant_id, rows[:middle], batch)
        await self._apply_or_halve(connection, tenant_id, rows[middle:], batch)

    async def _set_aside(
        self, connection: Connection, tenant_id: int, row: asyncpg.Record, error: Exception, batch: _Batch
    ) -> None:
        attempts = row["attempts"] + 1
        state = state_after(error, attempts)
        pause = self._draw(RETRY_SECONDS[attempts - 1]) if state is NoticeState.RETRYING else 0.0
        reason = _reason(error)
        await connection.execute(QUERIES["set_aside"], tenant_id, row["notice_id"], state, reason, attempts, pause)
        batch.failed.append((_EVENTS[state], row["notice_id"], reason))

    def _tell(self, tenant_id: int, batch: _Batch) -> None:
        applied, now = batch.applied, datetime.now(UTC)
        for labels, count in Counter(applied.reached).items():
            PAYMENTS.labels(*labels).inc(count)
        for arrived in applied.entered:
            NOTICE_TO_LEDGER_SECONDS.observe(max(0.0, (now - arrived).total_seconds()))
        for event, notice_id, reason in batch.failed:
            log.warning(event, tenant_id=tenant_id, notice_id=notice_id, reason=reason)
            if event is Event.NOTICE_RETRIED:
                RETRIES.labels("notice").inc()
        settled = len(applied.settled) + len(applied.unnamed)
        log.info(Event.NOTICES_APPLIED, tenant_id=tenant_id, applied=settled, parked=len(applied.parked))

    async def _sweep_until(self, stop: asyncio.Event) -> None:
        away = 0
        while not stop.is_set():
            self._woken.clear()
            try:
                await self.sweep()
            except DatabaseUnavailableError as error:
                log.warning(Event.DATABASE_AWAY, reason=_reason(error))
                await _wait(stop, self._draw(AWAY_SECONDS[min(away, len(AWAY_SECONDS) - 1)]))
                away += 1
            except Exception:  # noqa: BLE001 -- a sweep that fails for any other reason must not be the last one
                log.exception(Event.UNHANDLED)
                await _wait(stop, POLL_SECONDS)
            else:
                away = 0
                await _wait(self._woken, POLL_SECONDS)

    async def _match_until(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self._asked.wait()
            await _wait(stop, MATCH_SECONDS)
            self._asked.clear()
            tenants, self._to_match = self._to_match, set()
            for tenant_id in sorted(tenants):
                await self._match_one(tenant_id)

    async def _match_one(self, tenant_id: int) -> None:
        try:
            await self._match(tenant_id)
        except DatabaseUnavailableError as error:
            log.warning(Event.DATABASE_AWAY, reason=_reason(error))
            self.ask_match(tenant_id)
        except Exception:  # noqa: BLE001 -- what is dirty stays dirty, and the next change asks again
            log.exception(Event.UNHANDLED)

    async def _notice(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._woken.set()
        self._asked.set()


_EVENTS: Final = {
    NoticeState.RETRYING: Event.NOTICE_RETRIED,
    NoticeState.QUARANTINED: Event.NOTICE_QUARANTINED,
    NoticeState.DEAD: Event.NOTICE_DEAD,
}


def due_notice(row: asyncpg.Record) -> DueNotice:
    """Read a claimed row.

    Raises:
        ValueError: the row does not hold a translation.
    """
    identity = PaymentIdentity(row["source_id"], row["reference"], row["transaction_id"])
    said = Said(
        state=PaymentState(row["said_state"]),
        outcome=Outcome(row["outcome"]),
        amount=row["amount"],
        currency=row["currency"],
        occurred_at=row["occurred_at"] or row["received_at"],
        dossier=dossier_said(row["dossier_code"], (row["description"] or "", identity.reference)),
        conflicting=row["conflicting"],
        asked_at=row["received_at"] if row["method"] == QUERY else None,
    )
    return DueNotice(row["notice_id"], identity, row["received_at"], said)


def state_after(error: Exception, attempts: int) -> NoticeState:
    """Say what becomes of a notice that failed for the `attempts`-th time."""
    if isinstance(error, _POISON):
        return NoticeState.QUARANTINED
    return NoticeState.RETRYING if attempts <= len(RETRY_SECONDS) else NoticeState.DEAD


def _is_away(connection: Connection, error: Exception) -> bool:
    # asyncpg's complaint about an argument is an InterfaceError and a ValueError; that one is the notice's fault.
    return connection.is_closed() or (isinstance(error, _AWAY) and not isinstance(error, ValueError))


def _reason(error: Exception) -> str:
    # The first line alone: the server's further lines quote the row, and with it the payer.
    text = str(error).partition("\n")[0].replace("\0", "")
    return f"{type(error).__name__}: {text}"[:REASON_LIMIT]


async def _mark(connection: Connection, tenant_id: int, applied: Applied) -> None:
    if settled := applied.settled:
        await connection.execute(QUERIES["settle_notices"], tenant_id, settled, min(settled), max(settled))
    if applied.placed:
        await connection.execute(QUERIES["wake_parked"], tenant_id, applied.placed)
    await _hold(connection, tenant_id, NoticeState.PARKED, WAITS_FOR_RECORD, applied.parked)
    await _hold(connection, tenant_id, NoticeState.APPLIED, None, applied.unnamed)


async def _hold(
    connection: Connection, tenant_id: int, state: NoticeState, reason: str | None, held: Mapping[int, Sequence[str]]
) -> None:
    if held:
        # A key holds letters and digits alone, so that an array of them needs no escapes.
        keys = ['{"' + '","'.join(keys) + '"}' for keys in held.values()]
        span = min(held), max(held)
        await connection.execute(QUERIES["hold_notices"], tenant_id, state, reason, list(held), keys, *span)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
