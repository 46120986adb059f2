"""The durable inbox: notices that wait together are stored by one statement and acknowledged after its commit.

One lane on a connection of its own was the fastest of what was tried: while a commit is under way the next batch
gathers, so that the batch grows with the load. A statement here is a transaction; a notice's answer is set only
after the one that stored it has committed.
"""

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from operator import attrgetter
from typing import Any, Final

import asyncpg

from paygate.database import Connection, check_durability, connect, load_queries
from paygate.domain.errors import DatabaseUnavailableError, InboxFullError, PaygateError
from paygate.domain.lifecycle import NoticeState
from paygate.domain.notice import ReceivedNotice, Stored, Told, twin_key
from paygate.telemetry import Event, log

QUERIES: Final = load_queries("paygate.sql", "queries/inbox.sql")

BATCH_LIMIT: Final = 1000
"""Notices in one statement."""
STATEMENT_SECONDS: Final = 2.0
"""A server that does not answer by then counts as away: a sender is to hear a quick 503, not to wait."""
RECONNECT_SECONDS: Final = (0.1, 0.2, 0.5, 1.0, 2.0)
"""Upper bounds of the pause before each attempt to reconnect; the last one repeats."""
FLUSH_SECONDS: Final = 10.0

_ROW_AT_FAULT: Final = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)

_NO_TRANSLATION: Final[dict[str, Any]] = dict.fromkeys(ReceivedNotice._field_defaults)

Identity = tuple[int, bytes]


_Waiting = tuple[ReceivedNotice, asyncio.Future[Stored]]


class Lane:
    """Stores notices over one connection."""

    def __init__(self, connection: Connection, insert: Any, find_repeats: Any) -> None:
        self._connection = connection
        self._insert_notices = insert
        self._find_repeats = find_repeats

    @classmethod
    async def prepare(cls, connection: Connection) -> "Lane":
        """Make sure that a commit on this connection is one, and prepare what will be asked of it.

        Raises:
            UnsafeDatabaseError: a commit could be taken back by a power cut.
        """
        await connection.execute(QUERIES["pin_synchronous_commit"])
        await check_durability(connection)
        return cls(
            connection,
            await connection.prepare(QUERIES["insert_notices"]),
            await connection.prepare(QUERIES["find_repeats"]),
        )

    @property
    def lost(self) -> bool:
        return self._connection.is_closed()

    async def store(self, notices: Sequence[ReceivedNotice]) -> list[Stored | None]:
        """Commit the notices and say of each, in their order, what it was; None of one that nothing could store."""
        firsts: dict[Identity, int] = {}
        for index, identity in enumerate(map(_identity, notices)):
            firsts.setdefault(identity, index)
        lost: set[Identity] = set()
        new = await self._insert([notices[index] for index in firsts.values()], lost)
        if len(new) == len(notices):
            return [Stored.NEW] * len(notices)
        outcomes: list[Stored | None] = [Stored.REPEAT] * len(notices)
        for identity, index in firsts.items():
            if identity in new:
                outcomes[index] = Stored.NEW
        await self._store_twins(notices, outcomes, lost)
        return [None if _identity(notice) in lost else one for notice, one in zip(notices, outcomes, strict=True)]

    async def _store_twins(
        self, notices: Sequence[ReceivedNotice], outcomes: list[Stored | None], lost: set[Identity]
    ) -> None:
        """Keep beside the first what came under its identity in other words, and correct its outcome."""
        known = [index for index, outcome in enumerate(outcomes) if outcome is Stored.REPEAT]
        columns = list(zip(*(_compared(notices[index]) for index in known), strict=True))
        agreeing = {known[row["position"] - 1]: row["repeated"] for row in await self._find_repeats.fetch(*columns)}
        twins = {
            index: _twin(notices[index], conflicting=index not in agreeing)
            for index in known
            if not agreeing.get(index, False) and _identity(notices[index]) not in lost
        }
        if not twins:
            return
        new = await self._insert(list({_identity(twin): twin for twin in twins.values()}.values()), lost)
        for index, twin in twins.items():
            if _identity(twin) in new:
                new.discard(_identity(twin))
                outcomes[index] = Stored.CONFLICT if twin.conflicting else Stored.NEW

    async def _insert(self, notices: Sequence[ReceivedNotice], lost: set[Identity]) -> set[Identity]:
        """Insert and return what was new; a row the database cannot hold is found by halving and kept raw."""
        try:
            return set(map(tuple, await self._insert_notices.fetch(notices)))
        except _ROW_AT_FAULT as error:
            if len(notices) == 1:
                return await self._insert_raw(notices[0], error, lost)
        middle = len(notices) // 2
        return await self._insert(notices[:middle], lost) | await self._insert(notices[middle:], lost)

    async def _insert_raw(
        self, notice: ReceivedNotice, error: asyncpg.PostgresError, lost: set[Identity]
    ) -> set[Identity]:
        # Neither the message nor the value: either may hold payer data, or what made the row impossible.
        reason = f"a field of it cannot be stored (SQLSTATE {error.sqlstate})"
        if notice.state is NoticeState.QUARANTINED:
            log.error(Event.UNHANDLED, source_id=notice.source_id, request_id=notice.request_id, error=reason)
            lost.add(_identity(notice))
            return set()
        log.warning(Event.NOTICE_QUARANTINED, source_id=notice.source_id, request_id=notice.request_id, reason=reason)
        return await self._insert([_raw(notice, reason)], lost)


_identity: Final[Callable[[ReceivedNotice], Identity]] = attrgetter("source_id", "dedupe_key")


def _compared(notice: ReceivedNotice) -> tuple[object, ...]:
    # As text, and nothing in it that PostgreSQL's text cannot hold: a row that cannot be stored is compared too.
    money = f"{notice.amount} {notice.currency}".replace("\0", "").encode("utf-8", "replace").decode()
    return (*notice[:4], notice.method, money)


def _told(notice: ReceivedNotice) -> Told:
    return Told(notice.method, notice.body_hash, notice.amount, notice.currency)


def _twin(notice: ReceivedNotice, *, conflicting: bool) -> ReceivedNotice:
    return notice._replace(dedupe_key=twin_key(notice.dedupe_key, _told(notice)), conflicting=conflicting)


def _raw(notice: ReceivedNotice, reason: str) -> ReceivedNotice:
    return notice._replace(state=NoticeState.QUARANTINED, reason=reason, **_NO_TRANSLATION)


class _Savepoint:
    """A statement that leaves the transaction it runs in usable when it fails."""

    def __init__(self, connection: Connection, statement: Any) -> None:
        self._connection = connection
        self._statement = statement

    async def fetch(self, *arguments: object) -> Any:
        async with self._connection.transaction():
            return await self._statement.fetch(*arguments)


async def store_within(connection: Connection, notice: ReceivedNotice) -> Stored:
    """Store one notice in the caller's transaction, and say what it was.

    Raises:
        PaygateError: nothing could store it.
    """
    insert = _Savepoint(connection, await connection.prepare(QUERIES["insert_notices"]))
    (stored,) = await Lane(connection, insert, await connection.prepare(QUERIES["find_repeats"])).store([notice])
    if stored is None:
        raise PaygateError("the notice cannot be stored")
    return stored


class GroupCommitInbox:
    """Takes notices from many handlers and hands each its answer once its row is committed."""

    def __init__(self, *, limit: int, committed: Callable[[], None]) -> None:
        self._limit = limit
        self._committed = committed
        self._waiting: deque[_Waiting] = deque()
        self._arrived = asyncio.Event()
        self._connected = asyncio.Event()
        self._closing = False
        self._failures = 0

    @property
    def full(self) -> bool:
        return len(self._waiting) >= self._limit

    @property
    def connected(self) -> bool:
        return self._connected.is_set()

    def put(self, notice: ReceivedNotice, answer: asyncio.Future[Stored]) -> None:
        """Queue a notice; `answer` tells after its commit what it was, or why it could not be stored.

        Raises:
            DatabaseUnavailableError: at once while there is no connection; in `answer` when the commit fails or is
                in doubt.
            InboxFullError: as many wait as may.
        """
        if not self._connected.is_set():
            raise DatabaseUnavailableError("the inbox has no connection to the database")
        if len(self._waiting) >= self._limit:
            raise InboxFullError("too many notices wait for the database")
        self._waiting.append((notice, answer))
        self._arrived.set()

    async def run(self, url: str) -> None:
        """Store what comes, over one connection after another, until `close` and the queue is empty."""
        while not (self._closing and not self._waiting):
            try:
                async with connect(url, command_seconds=STATEMENT_SECONDS) as connection:
                    await self._work(connection)
            except Exception as error:  # noqa: BLE001 -- the lane must outlive whatever one connection met
                self._lose(error)
            else:
                return
            pause = RECONNECT_SECONDS[min(self._failures, len(RECONNECT_SECONDS)) - 1]
            await asyncio.sleep(pause * random.random())  # noqa: S311 -- jitter, not a secret

    def close(self) -> None:
        """Let `run` return once everything queued is stored."""
        self._closing = True
        self._arrived.set()

    async def ready(self) -> None:
        await self._connected.wait()

    async def _work(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        lane = await Lane.prepare(connection)
        connection.add_termination_listener(lambda _: self._arrived.set())
        self._failures = 0
        self._connected.set()
        try:
            while not lane.lost:
                if self._waiting:
                    await self._commit(lane)
                elif self._closing:
                    return
                else:
                    self._arrived.clear()
                    await self._arrived.wait()
        except BaseException:
            self._connected.clear()
            connection.terminate()  # a frozen server would make a polite close wait
            raise
        raise DatabaseUnavailableError("the inbox lost its connection")

    async def _commit(self, lane: Lane) -> None:
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_LIMIT))]
        try:
            outcomes = await lane.store([notice for notice, _ in batch])
        except BaseException:
            _fail(batch)
            raise
        for (_, answer), outcome in zip(batch, outcomes, strict=True):
            if answer.done():
                continue
            if outcome is None:
                answer.set_exception(PaygateError("the notice cannot be stored"))
            else:
                answer.set_result(outcome)
        self._committed()

    def _lose(self, error: Exception) -> None:
        self._failures += 1
        self._connected.clear()
        waiting = list(self._waiting)
        self._waiting.clear()
        _fail(waiting)
        if self._failures == 1:
            reason = str(error) if isinstance(error, PaygateError) else type(error).__name__
            log.error(Event.DATABASE_AWAY, reason=reason)


def _fail(batch: Iterable[_Waiting]) -> None:
    # Whether a commit under way was made is not known: the sender's retry will find out.
    for _, answer in batch:
        if not answer.done():
            answer.set_exception(DatabaseUnavailableError("the database went away before the notice was stored"))


@asynccontextmanager
async def open_inbox(url: str, *, limit: int, committed: Callable[[], None]) -> AsyncIterator[GroupCommitInbox]:
    """Run an inbox that holds at most `limit` waiting notices; on leaving, store what is queued.

    `committed` is called after each commit.
    """
    inbox = GroupCommitInbox(limit=limit, committed=committed)
    lane = asyncio.create_task(inbox.run(url), name="inbox")
    ready = asyncio.create_task(inbox.ready())
    await asyncio.wait({ready, lane}, timeout=STATEMENT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    ready.cancel()
    try:
        yield inbox
    finally:
        inbox.close()
        await asyncio.wait({lane}, timeout=FLUSH_SECONDS)
        lane.cancel()
        await asyncio.wait({lane})
