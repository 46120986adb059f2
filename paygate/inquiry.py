"""Asks sources what became of payments that no notice has settled, until they say so or the time for it is over.

A question is leased in one transaction, put without any, and its answer stored in another that checks the lease's fence
first: who stood still so long that another took over finds the fence raised, and what it heard is dropped. The answer
lies in the inbox then, as a notice does, and goes on as one.
"""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from typing import Final

import asyncpg

from paygate.database import Connection, Database, load_queries
from paygate.domain.adapter import Inquirer
from paygate.domain.calendar import MIDNIGHT, business_date
from paygate.domain.errors import (
    DatabaseUnavailableError,
    EgressRefusedError,
    InvalidInputError,
    NotAPaymentError,
    NotAuthenticError,
    PaygateError,
    TemporaryError,
    UnansweredError,
    UnreadableNoticeError,
)
from paygate.domain.inquiry import (
    GRACE_SECONDS,
    Asked,
    InquiryState,
    Learned,
    Pace,
    Standing,
    learned_from,
    rest_after,
    weigh,
)
from paygate.domain.lifecycle import NoticeState
from paygate.domain.notice import QUERY, NoticeFacts, ReceivedNotice, Stored, Verified, dedupe_key
from paygate.domain.parties import Source
from paygate.egress import Answer
from paygate.telemetry import QUERIES_PUT, Event, log

QUERIES: Final = load_queries("paygate.sql", "queries/inquiry.sql")

ROUND_SECONDS: Final = 1.0
ENROL_ROUNDS: Final = 10
"""In every so many rounds it is looked for what has to be asked about at all."""
MOST_AT_ONCE: Final = 16
"""Questions to one source that are under way at a time."""
LEASE_SECONDS: Final = 120
"""Longer than a question with its answer can take by far."""
LEAST_SECONDS: Final = 3_600
"""Whatever is enrolled late is asked about for at least so long."""
LAST_WORD_SECONDS: Final = 3_600
"""How long after its expiry an inquiry that could not be asked waits for its last question."""
SWEEP_DAYS: Final = 7
"""A sweep that was missed is made up for, as far back as this."""

Send = Callable[[str, str, Mapping[str, str], bytes], Awaitable[Answer]]
"""Sends method, URL, headers and body; raises EgressRefusedError or UnreachableError."""
Store = Callable[[Connection, ReceivedNotice], Awaitable[Stored]]
"""Stores a notice in the caller's transaction."""

_COUNTED_AS: Final = {Stored.NEW: "stored", Stored.REPEAT: "repeated", Stored.CONFLICT: "conflicting"}
_FAILURES: Final = frozenset({"unanswered", "unreachable", "unauthentic"})
_jitter: Final = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Questioned:
    """A source that may be asked: where, how often in a second, and for how long about one payment."""

    source: Source
    inquirer: Inquirer
    url: str
    rate: float
    expiry_hours: int

    @property
    def key(self) -> tuple[int, int]:
        return self.source.tenant.tenant_id, self.source.source_id


@dataclass(frozen=True, slots=True)
class Heard:
    """What a question brought. Without `facts` or `reason` to keep, nothing is stored."""

    outcome: str
    body: bytes = b""
    verified: Verified | None = None
    facts: NoticeFacts | None = None
    reason: str | None = None


class Poller:
    """Asks what is due. `changed` is called when an answer was stored; `draw` returns a number from 0 to 1."""

    def __init__(  # noqa: PLR0913 -- whom to ask, and the four things the root hands in
        self,
        database: Database,
        questioned: Sequence[Questioned],
        *,
        send: Send,
        store: Store,
        changed: Callable[[], None],
        draw: Callable[[], float] = _jitter.random,
    ) -> None:
        self._database = database
        self._questioned = questioned
        self._send = send
        self._store = store
        self._changed = changed
        self._draw = draw

    async def run(self, stop: asyncio.Event) -> None:
        """Ask until told to stop; what is under way is finished."""
        await asyncio.gather(*[self._run(one, stop) for one in self._questioned])

    async def _run(self, one: Questioned, stop: asyncio.Event) -> None:
        number = 0
        while not stop.is_set():
            try:
                if number % ENROL_ROUNDS == 0:
                    await self.enrol(one)
                await self.ask(one)
            except DatabaseUnavailableError as error:
                log.warning(Event.DATABASE_AWAY, reason=type(error.__cause__).__name__)
            except Exception:  # noqa: BLE001 -- one round that fails must not be the last
                log.exception(Event.UNHANDLED)
            number += 1
            with suppress(TimeoutError):
                async with asyncio.timeout(ROUND_SECONDS):
                    await stop.wait()

    async def enrol(self, one: Questioned) -> None:
        """Take up what has to be asked about, sweep the days that are over, and give up what could not be asked."""
        async with self._database.transaction() as connection:
            pace = await _lock_pace(connection, one)
            terms = (*one.key, one.expiry_hours, GRACE_SECONDS, LEAST_SECONDS)
            await connection.execute(QUERIES["enrol_payments"], *terms)
            await connection.execute(QUERIES["enrol_requests"], *terms)
            await self._sweep(connection, one, pace)
            today = _business_day(one.source, pace["now"])
            given_up = await connection.fetch(QUERIES["give_up_unasked"], *one.key, LAST_WORD_SECONDS, today)
            await _name_given_up(connection, one, [row["reference"] for row in given_up])

    async def _sweep(self, connection: Connection, one: Questioned, pace: asyncpg.Record) -> None:
        last = _business_day(one.source, pace["now"]) - timedelta(days=1)
        day = max(pace["swept_to"] or last - timedelta(days=1), last - timedelta(days=SWEEP_DAYS)) + timedelta(days=1)
        while day <= last:
            bounds = _bounds(one.source, day)
            await connection.execute(QUERIES["sweep_day"], *one.key, day, *bounds)
            await connection.execute(QUERIES["note_sweep"], *one.key, day)
            log.info(Event.SWEPT, source=one.source.code, day=day.isoformat())
            day += timedelta(days=1)

    async def ask(self, one: Questioned) -> int:
        """Put the questions that are due, as many as the source may be asked now; return how many."""
        leased = await self._lease(one)
        await asyncio.gather(*[self._ask(one, row) for row in leased])
        return len(leased)

    async def _lease(self, one: Questioned) -> Sequence[asyncpg.Record]:
        async with self._database.transaction() as connection:
            row = await _lock_pace(connection, one)
            await connection.execute(QUERIES["settle_inquiries"], *one.key)
            due = await connection.fetchval(QUERIES["count_due"], *one.key, MOST_AT_ONCE)
            pace = Pace(row["free_at"], row["failures"], row["rests_until"])
            granted, pace = pace.grant(row["now"], one.rate, due)
            if not granted:
                return []
            await connection.execute(QUERIES["store_pace"], *one.key, pace.free_at, pace.rests_until)
            return await connection.fetch(QUERIES["lease_inquiries"], *one.key, granted, LEASE_SECONDS)

    async def _ask(self, one: Questioned, leased: asyncpg.Record) -> None:
        asked = Asked(leased["reference"], leased["begun_at"], f"{_jitter.getrandbits(96):024x}")
        heard = await self._hear(one, asked)
        async with self._database.transaction() as connection:
            outcome = await self._record(connection, one, asked, leased["fence"], heard)
        QUERIES_PUT.labels(one.source.code, outcome).inc()
        if outcome in {"stored", "conflicting", "quarantined"}:
            self._changed()

    async def _hear(self, one: Questioned, asked: Asked) -> Heard:
        try:
            query = one.inquirer.question(asked, datetime.now(UTC))
            answer = await self._send(query.method, one.url, query.headers, query.body)
            return _understand(one.inquirer, asked, answer)
        except NotAPaymentError:
            return Heard("unknown")
        except InvalidInputError as error:
            return _failed(one, "unaskable", error)
        except NotAuthenticError as error:
            return _failed(one, "unauthentic", error)
        except UnansweredError as error:
            return _failed(one, "unanswered", error)
        except (TemporaryError, EgressRefusedError) as error:
            return _failed(one, "unreachable", error)

    async def _record(self, connection: Connection, one: Questioned, asked: Asked, fence: int, heard: Heard) -> str:
        """Store what was heard, if the question is still ours; return what is counted."""
        row = await connection.fetchrow(QUERIES["hold_fence"], *one.key, asked.reference, fence)
        if row is None:
            log.warning(Event.QUERY_OUTDATED, source=one.source.code)
            return "outdated"
        outcome, learned = heard.outcome, Learned.NOTHING
        if heard.verified is not None:
            outcome, learned = await self._keep(connection, one, asked, heard, row)
        standing = Standing(InquiryState(row["state"]), row["attempts"], row["expires_at"])
        after = standing.after(learned, row["now"], self._draw())
        given_up = after.state is InquiryState.EXPIRED is not standing.state
        expired_on = _business_day(one.source, row["now"]) if given_up else row["expired_on"]
        where = (*one.key, asked.reference, after.state, after.attempts, after.next_ask_at, outcome, expired_on)
        await connection.execute(QUERIES["store_outcome"], *where)
        await _name_given_up(connection, one, [asked.reference] if given_up else [])
        await _pace(connection, one, failed=heard.outcome in _FAILURES)
        return outcome

    async def _keep(
        self, connection: Connection, one: Questioned, asked: Asked, heard: Heard, row: asyncpg.Record
    ) -> tuple[str, Learned]:
        if heard.facts is None:
            await self._store(connection, _unreadable(one, asked, heard, row["now"]))
            return "quarantined", Learned.NOTHING
        facts = heard.facts
        amounts = row["amounts"] or []
        facts, conflicting = weigh(facts, row["requested"] or (amounts[0] if len(amounts) == 1 else None))
        transactions = row["transactions"] or []
        if not facts.transaction_id and len(transactions) == 1:  # it speaks of the only attempt there is
            facts = facts._replace(transaction_id=transactions[0])
        stored = await self._store(connection, _readable(one, asked, heard, facts, row["now"], conflicting=conflicting))
        return _COUNTED_AS[stored], learned_from(facts)


def _understand(inquirer: Inquirer, asked: Asked, answer: Answer) -> Heard:
    if answer.status != HTTPStatus.OK or answer.headers.get("content-encoding", "identity") != "identity":
        raise UnansweredError(f"it answers with status {answer.status}")
    body = answer.body
    verified = inquirer.verify(asked, body)
    try:
        return Heard("", body, verified, inquirer.translate(asked, verified.payload))
    except UnreadableNoticeError as error:
        return Heard("quarantined", body, verified, reason=str(error))


def _failed(one: Questioned, outcome: str, error: PaygateError) -> Heard:
    log.warning(Event.QUERY_FAILED, source=one.source.code, outcome=outcome, reason=str(error))
    return Heard(outcome)


async def _lock_pace(connection: Connection, one: Questioned) -> asyncpg.Record:
    await connection.execute(QUERIES["hold_pace"], *one.key)
    (row,) = await connection.fetch(QUERIES["lock_pace"], *one.key)
    return row


async def _pace(connection: Connection, one: Questioned, *, failed: bool) -> None:
    if not failed:
        if await connection.fetchval(QUERIES["note_success"], *one.key) is not None:
            log.info(Event.QUERY_RESUMED, source=one.source.code)
        return
    failures = await connection.fetchval(QUERIES["note_failure"], *one.key)
    if seconds := rest_after(failures):
        await connection.execute(QUERIES["let_rest"], *one.key, seconds)
        log.warning(Event.QUERY_RESTS, source=one.source.code, failures=failures, seconds=seconds)


async def _name_given_up(connection: Connection, one: Questioned, references: Sequence[str]) -> None:
    if references:
        await connection.execute(QUERIES["mark_unconfirmed"], *one.key, list(references))
        QUERIES_PUT.labels(one.source.code, "expired").inc(len(references))
        log.warning(Event.INQUIRY_EXPIRED, source=one.source.code, count=len(references))


def _readable(  # noqa: PLR0913 -- a row of the inbox is all of these
    one: Questioned, asked: Asked, heard: Heard, facts: NoticeFacts, now: datetime, *, conflicting: bool
) -> ReceivedNotice:
    row = _row(one, asked, heard, now)._replace(dedupe_key=dedupe_key(facts), conflicting=conflicting)
    return row.telling(facts)


def _unreadable(one: Questioned, asked: Asked, heard: Heard, now: datetime) -> ReceivedNotice:
    # One row for a reference and a reason, however often it is answered so in other words.
    key = sha256(f"{QUERY}{heard.reason}|{asked.reference}".encode()).digest()
    reason = (heard.reason or "").encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
    return _row(one, asked, heard, now)._replace(dedupe_key=key, state=NoticeState.QUARANTINED, reason=reason)


def _row(one: Questioned, asked: Asked, heard: Heard, now: datetime) -> ReceivedNotice:
    body_hash = sha256(heard.body).digest()
    return ReceivedNotice(
        *one.key,
        dedupe_key=body_hash,
        body_hash=body_hash,
        conflicting=False,
        method=QUERY,
        body=heard.body,
        headers=json.dumps(dict(asked.as_headers()), ensure_ascii=False),
        key_id=heard.verified.key_id if heard.verified else 0,
        request_id=asked.question_id,
        received_at=now,
        state=NoticeState.RECEIVED,
        reason=None,
    )


def _business_day(source: Source, now: datetime) -> date:
    return business_date(now, source.tenant.zone, source.cut_off)


def _bounds(source: Source, day: date) -> tuple[datetime, datetime]:
    """Return when a business day of the source begins and ends: with the cut-off of the day before, or at midnight."""
    first = day if source.cut_off == MIDNIGHT else day - timedelta(days=1)
    begins = datetime.combine(first, source.cut_off, source.tenant.zone)
    return begins, datetime.combine(first + timedelta(days=1), source.cut_off, source.tenant.zone)
