"""Delivers the feed to its endpoints: signed, in order, at least once, for as long as it takes within days.

Each endpoint has a cursor on its tenant's feed and takes one event at a time. Whoever sends holds the endpoint's lease,
whose number stands in every statement: a sender that crashes is replaced when its lease ends, one that was only slow
changes nothing any more. Between sending and marking it may crash too; the event is then sent again, under the same id.
"""

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import asyncpg

from paygate.database import Connection, Database, load_queries
from paygate.domain.delivery import Draw, Fate, LetterState, Verdict, judge_answer, judge_failure, judge_refusal
from paygate.domain.errors import DatabaseUnavailableError, EgressRefusedError, UnreachableError
from paygate.domain.news import EventKind, FeedEvent
from paygate.egress import TOTAL_SECONDS, Egress
from paygate.feed import feed_event, head_of, number_news
from paygate.telemetry import DELIVERIES, RETRIES, Event, log

QUERIES: Final = load_queries("paygate.sql", "queries/deliveries.sql")

LEASE_SECONDS: Final = 3 * TOTAL_SECONDS
"""Longer than an attempt and its marking take; what a crashed sender held is sent by another after this."""
POLL_SECONDS: Final = 1.0
AWAY_SECONDS: Final = 5.0
"""The longest pause after the database was away."""
STOP_SECONDS: Final = 5.0
"""What an attempt under way may still take when we are to stop; it is made again, under the same id."""
REASON_LIMIT: Final = 300
"""Characters kept of why an attempt failed."""

_jitter: Final = random.SystemRandom()

Sign = Callable[[str, str, bytes], Mapping[str, str]]
"""Returns the headers that sign a message of that id, sent at that Unix time, with that body."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a tenant's events of some kinds are delivered to."""

    tenant_id: int
    name: str
    url: str
    kinds: frozenset[EventKind]
    sign: Sign


@dataclass(slots=True)
class _Turn:
    """A lease on an endpoint: its number, how far the feed goes, and until when it surely holds by our clock."""

    lease: int
    head: int
    holds_until: float


@dataclass(frozen=True, slots=True)
class _Parcel:
    """An event to be sent, how often it has failed, and whether it was a dead letter."""

    event: FeedEvent
    failed: int
    replayed: bool


class Deliveries:
    """Delivers what is due, to each endpoint beside the others."""

    def __init__(
        self,
        database: Database,
        egress: Egress,
        endpoints: Sequence[Endpoint],
        *,
        draw: Draw = lambda most: _jitter.uniform(0, most),
    ) -> None:
        self._database = database
        self._egress = egress
        self._endpoints = endpoints
        self._draw = draw

    async def begin(self) -> None:
        """Set the cursors of endpoints that are new to the feed's end."""
        async with self._database.connection() as connection:
            for endpoint in self._endpoints:
                await number_news(connection, endpoint.tenant_id)
                await connection.execute(QUERIES["store_endpoint"], endpoint.tenant_id, endpoint.name)

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until told to stop."""
        async with asyncio.TaskGroup() as tasks:
            for endpoint in self._endpoints:
                tasks.create_task(self._tend(endpoint, stop), name=f"deliveries to {endpoint.name}")
            await stop.wait()

    async def _tend(self, endpoint: Endpoint, stop: asyncio.Event) -> None:
        while not stop.is_set():
            pause = POLL_SECONDS
            try:
                if await self.deliver_due(endpoint, stop):
                    continue
            except DatabaseUnavailableError:
                log.warning(Event.DATABASE_AWAY, endpoint=endpoint.name)
                pause = self._draw(AWAY_SECONDS)
            except Exception:  # noqa: BLE001 -- one event that fails for any other reason must not be the last one
                log.exception(Event.UNHANDLED, endpoint=endpoint.name)
            await _wait(stop, pause)

    async def deliver_due(self, endpoint: Endpoint, stop: asyncio.Event) -> int:
        """Deliver what is due to an endpoint now, and return how many attempts that took.

        Raises:
            DatabaseUnavailableError: what was under way is sent again when its lease has ended.
        """
        turn = await self._take_turn(endpoint)
        attempts = 0
        while turn and not stop.is_set() and time.monotonic() < turn.holds_until:
            parcel = await self._next(endpoint, turn)
            if parcel is None:
                break
            verdict = await self._attempt(endpoint, parcel, stop)
            if verdict is None:
                break
            attempts += 1
            if not await self._settle(endpoint, turn, parcel, verdict):
                log.warning(Event.DELIVERY_LEASE_LOST, endpoint=endpoint.name, sequence=parcel.event.sequence)
                return attempts
            self._tell(endpoint, parcel, verdict)
        if turn:
            async with self._database.connection() as connection:
                await connection.execute(QUERIES["end_turn"], endpoint.tenant_id, endpoint.name, turn.lease)
        return attempts

    async def _take_turn(self, endpoint: Endpoint) -> _Turn | None:
        until = _lease_end()
        async with self._database.connection() as connection:
            await number_news(connection, endpoint.tenant_id)
            head = await head_of(connection, endpoint.tenant_id)
            lease = await connection.fetchval(
                QUERIES["take_turn"], endpoint.tenant_id, endpoint.name, head, LEASE_SECONDS
            )
        return None if lease is None else _Turn(lease, head, until)

    async def _next(self, endpoint: Endpoint, turn: _Turn) -> _Parcel | None:
        """Return what is to be sent now: a dead letter that was raised, else the event after the cursor."""
        whose = endpoint.tenant_id, endpoint.name
        async with self._database.connection() as connection:
            if row := await connection.fetchrow(QUERIES["next_replay"], *whose, turn.lease):
                return _Parcel(feed_event(row), row["attempts"], replayed=True)
            reach = turn.lease, turn.head, [str(kind) for kind in endpoint.kinds]
            if row := await connection.fetchrow(QUERIES["next_event"], *whose, *reach):
                return _Parcel(feed_event(row), row["attempts"], replayed=False)
            await connection.execute(QUERIES["pass_over"], *whose, *reach)
        return None

    async def _attempt(self, endpoint: Endpoint, parcel: _Parcel, stop: asyncio.Event) -> Verdict | None:
        """Send an event and judge the answer; None where we are to stop and have none yet."""
        sending = asyncio.create_task(self._send(endpoint, parcel))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({sending, stopping}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({sending}, timeout=STOP_SECONDS)
            return sending.result() if sending.done() else None
        finally:
            for task in (sending, stopping):
                task.cancel()
            await asyncio.gather(sending, stopping, return_exceptions=True)

    async def _send(self, endpoint: Endpoint, parcel: _Parcel) -> Verdict:
        event, now = parcel.event, datetime.now(UTC)
        body = event.body()
        signed = endpoint.sign(event.event_id, str(int(now.timestamp())), body)
        headers = {"Content-Type": "application/json", **signed}
        try:
            answer = await self._egress.send("POST", endpoint.url, headers, body, read_body=False)
        except EgressRefusedError as error:
            return judge_refusal(str(error)[:REASON_LIMIT], parcel.failed)
        except UnreachableError as error:
            return judge_failure(str(error)[:REASON_LIMIT], parcel.failed, self._draw)
        return judge_answer(answer.status, answer.headers.get("retry-after"), parcel.failed, now, self._draw)

    async def _settle(self, endpoint: Endpoint, turn: _Turn, parcel: _Parcel, verdict: Verdict) -> bool:
        """Write down what became of an attempt; return whether the lease still held."""
        until = _lease_end()
        whose = endpoint.tenant_id, endpoint.name, turn.lease
        async with self._database.connection() as connection:
            settle = _settle_replay if parcel.replayed else _settle_head
            held = await settle(connection, whose, parcel, verdict)
        turn.holds_until = until
        return held

    def _tell(self, endpoint: Endpoint, parcel: _Parcel, verdict: Verdict) -> None:
        DELIVERIES.labels(verdict.fate).inc()
        if verdict.fate is Fate.FAILED:
            RETRIES.labels("delivery").inc()
        tell = log.info if verdict.fate is Fate.DELIVERED else log.warning
        tell(
            _EVENTS[verdict.fate],
            endpoint=endpoint.name,
            sequence=parcel.event.sequence,
            kind=parcel.event.kind,
            attempt=parcel.failed + 1,
            reason=verdict.reason,
        )


_EVENTS: Final = {
    Fate.DELIVERED: Event.DELIVERED,
    Fate.FAILED: Event.DELIVERY_FAILED,
    Fate.DEAD: Event.DELIVERY_DEAD,
    Fate.GONE: Event.ENDPOINT_PAUSED,
    Fate.REFUSED: Event.DELIVERY_REFUSED,
}

_LETTERS: Final = {
    Fate.DELIVERED: LetterState.DELIVERED,
    Fate.FAILED: LetterState.DUE,
    Fate.DEAD: LetterState.DEAD,
    Fate.REFUSED: LetterState.DUE,
}

_Lease = tuple[int, str, int]
"""Tenant, endpoint and the number of the lease."""


async def _settle_head(connection: Connection, lease: _Lease, parcel: _Parcel, verdict: Verdict) -> bool:
    number = parcel.event.sequence
    match verdict.fate:
        case Fate.DELIVERED:
            row = await connection.fetchrow(QUERIES["mark_delivered"], *lease, number, LEASE_SECONDS)
        case Fate.DEAD:
            grave = number, verdict.reason, verdict.failed, LEASE_SECONDS
            row = await connection.fetchrow(QUERIES["bury"], *lease, *grave)
        case Fate.GONE:
            row = await _pause(connection, lease, verdict)
        case _:
            wait = verdict.failed, verdict.reason, verdict.pause, LEASE_SECONDS
            row = await connection.fetchrow(QUERIES["postpone"], *lease, *wait)
    return row is not None


async def _settle_replay(connection: Connection, lease: _Lease, parcel: _Parcel, verdict: Verdict) -> bool:
    if verdict.fate is Fate.GONE:
        return await _pause(connection, lease, verdict) is not None
    left = _LETTERS[verdict.fate], verdict.failed, verdict.reason, verdict.pause, LEASE_SECONDS
    return await connection.fetchrow(QUERIES["settle_replay"], *lease, parcel.event.sequence, *left) is not None


async def _pause(connection: Connection, lease: _Lease, verdict: Verdict) -> asyncpg.Record | None:
    return await connection.fetchrow(QUERIES["pause_endpoint"], *lease, verdict.reason)


def _lease_end() -> float:
    # Reckoned before the database is asked, and less one attempt: what we begin to send, we may still mark.
    return time.monotonic() + LEASE_SECONDS - TOTAL_SECONDS


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
