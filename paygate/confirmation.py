"""Lets booked money confirm payments whose source cannot: "paid" is then the bank's word.

What it finds lies in the inbox as a notice does, and goes on as one. Only what has changed is looked at: whoever stores
a payment or a line of such a tenant leaves a mark in the same transaction, and a mark is taken in the transaction that
stores what came of it. So nothing is missed in whatever order they come, and nothing is told twice.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final

import asyncpg

from paygate.database import Connection, Database, load_queries
from paygate.domain.confirmation import Booking, Claim, Place, confirmed, translate
from paygate.domain.lifecycle import NoticeState, PaymentState
from paygate.domain.notice import STATEMENT, UNSIGNED, RawNotice, ReceivedNotice, Stored, dedupe_key
from paygate.domain.parties import Source
from paygate.telemetry import Event, log

QUERIES: Final = load_queries("paygate.sql", "queries/confirmation.sql")

MARKS_AT_ONCE: Final = 20
"""Marks in one transaction: an import leaves one for each 5,000 lines."""

Store = Callable[[Connection, ReceivedNotice], Awaitable[Stored]]
"""Stores a notice in the caller's transaction."""


async def declare(connection: Connection, sources: Mapping[Source, bool]) -> None:
    """Write down of which sources money confirms the payments, as their adapters say."""
    by_tenant: dict[int, dict[int, bool]] = {}
    for source, money_confirms in sources.items():
        by_tenant.setdefault(source.tenant.tenant_id, {})[source.source_id] = money_confirms
    for tenant_id, told in sorted(by_tenant.items()):
        async with connection.transaction():
            changed = await connection.fetch(
                QUERIES["declare_money_confirms"], tenant_id, list(told), list(told.values())
            )
            waiting = [row["source_id"] for row in changed if row["money_confirms"]]
            await connection.execute(QUERIES["mark_waiting_payments"], tenant_id, waiting)


async def confirm(database: Database, store: Store, tenant_id: int) -> int:
    """Look at all that has changed of a tenant; return how many notices of booked money are new in the inbox.

    Raises:
        DatabaseUnavailableError: with the marks under way to be taken again.
    """
    count = 0
    while True:
        async with database.transaction() as connection:
            marks = await connection.fetch(QUERIES["take_unweighed"], tenant_id, MARKS_AT_ONCE)
            new = await _weigh(connection, store, tenant_id, marks) if marks else 0
        if not marks:
            return count
        count += new
        if new:
            log.info(Event.MONEY_CONFIRMED, tenant_id=tenant_id, count=new)


async def _weigh(connection: Connection, store: Store, tenant_id: int, marks: Sequence[asyncpg.Record]) -> int:
    changed = [_numbers(marks, kind) for kind in ("payment", "line")]
    rows = await connection.fetch(QUERIES["find_waiting_references"], tenant_id, *changed)
    if not rows:
        return 0
    keys = [row["reference_key"] for row in rows]
    # The payments first: a line that comes between the two has a mark of its own.
    claims = [_claim(row) for row in await connection.fetch(QUERIES["read_payments"], tenant_id, keys)]
    bookings = [_booking(row) for row in await connection.fetch(QUERIES["read_lines"], tenant_id, keys)]
    found = confirmed(claims, bookings)
    if not found:
        return 0
    now = await connection.fetchval(QUERIES["tell_time"])
    stored = [await store(connection, _notice(tenant_id, claim, booking, now)) for claim, booking in found]
    return stored.count(Stored.NEW)


def _numbers(marks: Sequence[asyncpg.Record], kind: str) -> list[int]:
    return [number for mark in marks if mark["kind"] == kind for number in mark["fact_ids"]]


def _place(row: asyncpg.Record) -> Place:
    return Place(row["reference_key"], row["account_id"], row["currency"])


def _claim(row: asyncpg.Record) -> Claim:
    return Claim(
        payment_id=row["payment_id"],
        source_id=row["source_id"],
        place=_place(row),
        reference=row["reference"],
        transaction_id=row["transaction_id"],
        state=PaymentState(row["state"]),
        amount=row["amount"],
        occurred_at=row["occurred_at"],
        money_confirms=row["money_confirms"],
    )


def _booking(row: asyncpg.Record) -> Booking:
    return Booking(
        line_id=row["line_id"],
        place=_place(row),
        account=row["account"],
        statement={
            "file": row["file_hash"].hex(),
            "format": row["format"],
            "identification": row["identification"],
        },
        row=row["row_number"],
        reference=row["reference"],
        bank_reference=row["bank_reference"],
        entry_reference=row["entry_reference"],
        booked_on=row["booked_on"],
        value_on=row["value_on"],
        amount=row["amount"],
        reversal=row["reversal"],
    )


def _notice(tenant_id: int, claim: Claim, booking: Booking, now: datetime) -> ReceivedNotice:
    raw = RawNotice(STATEMENT, booking.as_body(), claim.as_headers())
    facts = translate(raw)
    return ReceivedNotice(
        tenant_id,
        claim.source_id,
        dedupe_key=dedupe_key(facts),
        body_hash=sha256(raw.body).digest(),
        conflicting=False,
        method=raw.method,
        body=raw.body,
        headers=json.dumps(dict(raw.headers), ensure_ascii=False),
        key_id=UNSIGNED,
        request_id=f"line {booking.line_id}",
        received_at=now,
        state=NoticeState.RECEIVED,
        reason=None,
    ).telling(facts)
