"""The notices that wait or failed, for the people who look after them: counted, shown, and put to work again."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import asyncpg

from paygate.database import Connection, load_queries
from paygate.domain.deeds import Deed
from paygate.domain.errors import ConflictError, NotAPaymentError, NotFoundError, UnreadableNoticeError
from paygate.domain.lifecycle import NoticeState
from paygate.domain.notice import NO_HEADERS, NoticeFacts, RawNotice, Relation, Told, dedupe_key, relation, twin_key
from paygate.domain.shown_bytes import readable
from paygate.telemetry import Event, log

QUERIES: Final = load_queries("paygate.sql", "queries/notices.sql")

PAGE: Final = 100
REPLAY_LIMIT: Final = 10_000
"""Notices in one replay, which is one transaction."""

REPLAYABLE: Final = (NoticeState.PARKED, NoticeState.QUARANTINED, NoticeState.DEAD)

REPEAT: Final = "a repeat of a notice that is stored"

Translate = Callable[[int, RawNotice, bytes], NoticeFacts]
"""Reads and translates again a notice that was verified when it was stored, by its source's number and the hash of the
words that tell of its payment; raises UnreadableNoticeError or NotAPaymentError."""


class AppendAudit(Protocol):
    """Writes down who did what, in the caller's transaction."""

    async def __call__(  # noqa: PLR0913, PLR0917 -- an entry is exactly these
        self, connection: Connection, tenant_id: int, actor: str, act: Deed, subject: str, detail: Mapping[str, Any], /
    ) -> object: ...


@dataclass(frozen=True, slots=True)
class Selection:
    """Which notices to replay: by number, state, source, reason; what is left open selects all, up to the limit."""

    notice_ids: tuple[int, ...] | None = None
    states: tuple[NoticeState, ...] = REPLAYABLE
    source_id: int | None = None
    reason: str | None = None
    limit: int = REPLAY_LIMIT


@dataclass(frozen=True, slots=True)
class ReplayCounts:
    """What a replay did: `untranslatable` notices stay where they are, and so do `applied` ones."""

    selected: int
    due: int
    applied: int
    untranslatable: int


@dataclass(slots=True)
class Plan:
    """What is to become of each selected notice; `settled` ones need nothing any more."""

    again: list[int] = field(default_factory=list)
    translated: list[tuple[object, ...]] = field(default_factory=list)
    settled_now: list[tuple[int, str]] = field(default_factory=list)
    unreadable: list[tuple[int, str]] = field(default_factory=list)
    settled: int = 0

    @property
    def due(self) -> list[int]:
        """Return the notices that are to be applied."""
        return [*self.again, *(int(str(row[0])) for row in self.translated)]

    @property
    def numbers(self) -> list[int]:
        """Return the notices that will not stay as they are."""
        return [*self.due, *(number for number, _ in self.settled_now)]

    @property
    def counts(self) -> ReplayCounts:
        due, applied = len(self.due), len(self.settled_now) + self.settled
        return ReplayCounts(due + applied + len(self.unreadable), due, applied, len(self.unreadable))


async def list_notices(
    connection: Connection, tenant_id: int, state: NoticeState, *, after: int = 0, limit: int = PAGE
) -> list[dict[str, Any]]:
    """Return a page of the notices in a state, by number; the last one's number gives the next page."""
    rows = await connection.fetch(QUERIES["list_notices"], tenant_id, state, after, limit)
    return [dict(row) for row in rows]


async def count_notices(connection: Connection, tenant_id: int) -> list[dict[str, Any]]:
    """Return state, reason, count and the oldest arrival of all that is not applied."""
    return [dict(row) for row in await connection.fetch(QUERIES["count_notices"], tenant_id)]


async def show_notice(connection: Connection, tenant_id: int, notice_id: int) -> dict[str, Any]:
    """Return everything known of a notice; its body as text that is safe on a terminal, None once it was trimmed.

    Raises:
        NotFoundError: the tenant has no such notice.
    """
    shown = await read_notice(connection, tenant_id, notice_id)
    return shown | {"body": None if shown["body"] is None else readable(shown["body"])}


async def read_notice(connection: Connection, tenant_id: int, notice_id: int) -> dict[str, Any]:
    """Return everything known of a notice, its body and headers as they came; None once they were trimmed.

    Raises:
        NotFoundError: the tenant has no such notice.
    """
    row = await connection.fetchrow(QUERIES["show_notice"], tenant_id, notice_id)
    if row is None:
        raise NotFoundError("there is no notice %(number)s", number=notice_id)
    return dict(row) | {"headers": dict(json.loads(row["headers"])) if row["headers"] else {}}


async def replay(  # noqa: PLR0913 -- who, what, and the two things the root hands in
    connection: Connection,
    tenant_id: int,
    selection: Selection,
    actor: str,
    *,
    translate: Translate,
    append_audit: AppendAudit,
) -> ReplayCounts:
    """Put notices to work again, and write down who did. To be called inside a transaction.

    Dead and parked ones become due; quarantined ones are translated again from their bytes. One that says what another
    notice said already is settled as its repeat and not applied twice.

    Raises:
        ConflictError: a notice of the same identity came in at this very moment; another replay will know it.
    """
    plan = await lay_plan(connection, tenant_id, selection, translate)
    await connection.execute(QUERIES["note_replay"], tenant_id, plan.numbers, actor)
    await carry_out(connection, tenant_id, plan)
    counts = plan.counts
    detail = {"selected": counts.selected, "due": counts.due, "applied": counts.applied, "notices": plan.numbers}
    await append_audit(connection, tenant_id, actor, Deed.NOTICES_REPLAYED, "notices", detail)
    log.info(Event.NOTICES_REPLAYED, tenant_id=tenant_id, actor=actor, due=counts.due, applied=counts.applied)
    return counts


async def lay_plan(connection: Connection, tenant_id: int, selection: Selection, translate: Translate) -> Plan:
    """Take the selected notices for this transaction and say what is to become of each."""
    plan = Plan()
    states = [state for state in selection.states if state in REPLAYABLE]
    numbers = None if selection.notice_ids is None else list(selection.notice_ids)
    rows = await connection.fetch(
        QUERIES["select_notices"], tenant_id, numbers, states, selection.source_id, selection.limit, selection.reason
    )
    if numbers is not None:
        plan.settled = await connection.fetchval(QUERIES["count_settled"], tenant_id, numbers)
    plan.again = [row["notice_id"] for row in rows if row["state"] != NoticeState.QUARANTINED]
    quarantined = [row for row in rows if row["state"] == NoticeState.QUARANTINED]
    understood = _translate_again(quarantined, translate, plan)
    known = await _known_identities(connection, tenant_id, understood)
    for row, facts in understood:
        _place(row, facts, known, plan)
    return plan


def _translate_again(
    rows: Sequence[asyncpg.Record], translate: Translate, plan: Plan
) -> list[tuple[asyncpg.Record, NoticeFacts]]:
    understood = []
    for row in rows:
        headers = json.loads(row["headers"]) if row["headers"] else NO_HEADERS
        try:
            facts = translate(row["source_id"], RawNotice(row["method"], row["body"], headers), row["body_hash"])
        except NotAPaymentError as error:
            plan.settled_now.append((row["notice_id"], _storable(str(error))))
        except UnreadableNoticeError as error:
            plan.unreadable.append((row["notice_id"], _storable(str(error))))
        except Exception as error:  # noqa: BLE001 -- a mistake in a translation must not hold up the other notices
            plan.unreadable.append((row["notice_id"], f"{type(error).__name__} while translating"))
        else:
            understood.append((row, facts))
    return understood


def _storable(reason: str) -> str:
    # A reason may quote a field, and a field may hold what PostgreSQL's text cannot.
    return reason.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")


Known = dict[tuple[int, bytes], tuple[int, Told]]
"""By source and identity, the number of the notice stored under it and what it tells."""


async def _known_identities(
    connection: Connection, tenant_id: int, understood: Sequence[tuple[asyncpg.Record, NoticeFacts]]
) -> Known:
    firsts = [(dedupe_key(facts), _told(row, facts)) for row, facts in understood]
    keys = [key for first, told in firsts for key in (first, twin_key(first, told))]
    rows = await connection.fetch(QUERIES["find_identities"], tenant_id, keys)
    return {
        (row["source_id"], row["dedupe_key"]): (
            row["notice_id"],
            Told(row["method"], row["body_hash"], row["amount"], row["currency"]),
        )
        for row in rows
    }


def _told(row: asyncpg.Record, facts: NoticeFacts) -> Told:
    return Told(row["method"], row["body_hash"], facts.amount, facts.currency)


def _place(row: asyncpg.Record, facts: NoticeFacts, known: Known, plan: Plan) -> None:
    """Decide, as the inbox does, whether a notice understood at last is news, a repeat, or contradicts the first."""
    notice_id, source_id, told = row["notice_id"], row["source_id"], _told(row, facts)
    identity = dedupe_key(facts)
    first = known.get((source_id, identity))
    compared = relation(first[1], told) if first else None
    conflicting = compared is Relation.CONTRADICTS
    key = twin_key(identity, told) if compared in {Relation.AGREES, Relation.CONTRADICTS} else identity
    holder = known.setdefault((source_id, key), (notice_id, told))
    if holder[0] != notice_id:
        plan.settled_now.append((notice_id, REPEAT))
        return
    plan.translated.append(
        (
            notice_id,
            key,
            conflicting,
            *facts,
        )
    )


async def carry_out(connection: Connection, tenant_id: int, plan: Plan) -> None:
    """Do what was planned, in the same transaction.

    Raises:
        ConflictError: a notice of the same identity came in at this very moment; another replay will know it.
    """
    try:
        await _write(connection, tenant_id, plan)
    except asyncpg.UniqueViolationError:
        raise ConflictError("one of these notices has just come in again; replay once more") from None


async def _write(connection: Connection, tenant_id: int, plan: Plan) -> None:
    if plan.again:
        await connection.execute(QUERIES["retry_notices"], tenant_id, plan.again)
    if plan.translated:
        await connection.execute(QUERIES["retry_translated"], tenant_id, *_columns(plan.translated))
    if plan.settled_now:
        await connection.execute(QUERIES["settle_notices"], tenant_id, *_columns(plan.settled_now))
    if plan.unreadable:
        await connection.execute(QUERIES["explain_untranslatable"], tenant_id, *_columns(plan.unreadable))


def _columns(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
