"""Payments and their events: a batch of notices becomes entries of the ledger in a handful of statements."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

import asyncpg

from paygate.database import Connection, TenantLock, load_queries
from paygate.domain.calendar import business_date
from paygate.domain.errors import NotFoundError
from paygate.domain.lifecycle import MONEY_CAME, Outcome, PaymentState
from paygate.domain.payment import (
    Applied,
    Dossier,
    DueNotice,
    Evidence,
    Payment,
    PaymentIdentity,
    Received,
    fold,
    surest,
)
from paygate.domain.text import dossier_keys_in, reference_key
from paygate.feed import tell_payments

QUERIES: Final = load_queries("paygate.sql", "queries/ledger.sql")


@dataclass(frozen=True, slots=True)
class _Origin:
    """What a payment takes from its source."""

    tenant: str
    code: str
    account_id: int | None
    cut_off: time
    zone: ZoneInfo
    money_confirms: bool


@dataclass(slots=True)
class _Entry:
    """One payment and the notices of it in this batch.

    `left` is where each of them left the payment; `dossier_keys` the key of its dossier, or those that might be it.
    """

    identity: PaymentIdentity
    notices: list[DueNotice]
    origin: _Origin
    payment_id: int | None
    before: Payment | None
    after: Payment
    left: list[PaymentState]
    reference_key: str
    dossier_keys: tuple[str, ...] = ()
    has_record: bool = False


async def apply_batch(connection: Connection, tenant_id: int, notices: Sequence[DueNotice]) -> Applied:
    """Fold notices into their payments and say of each whether it is settled or waits for a record.

    To be called inside a transaction. The notices' own rows are the caller's to mark.

    Raises:
        NotFoundError: a notice's source is not the tenant's.
    """
    await connection.execute(QUERIES["hold_waiting"], tenant_id, TenantLock.WAITING)
    origins = await _load_origins(connection, tenant_id)
    entries = await _fold_all(connection, tenant_id, notices, origins)
    await _find_dossiers(connection, tenant_id, entries)
    fresh = [entry for entry in entries if entry.before is None]
    moved = [entry for entry in entries if entry.before is not None and entry.after != entry.before]
    added = await _write(connection, tenant_id, "add_payments", fresh)
    changed = await _write(connection, tenant_id, "change_payments", moved)
    for entry in fresh:
        entry.payment_id = added.get(entry.identity)
    written = [entry for entry in entries if entry.payment_id is not None]
    applied = _say(written)
    applied.changed = [*added.values(), *changed.values()]
    applied.entered = await _add_events(connection, tenant_id, written)
    if applied.changed:
        await connection.execute(QUERIES["mark_payments_dirty"], tenant_id, applied.changed)
        if any(origin.money_confirms for origin in origins.values()):
            await connection.execute(QUERIES["mark_payments_unweighed"], tenant_id, applied.changed)
    news = [entry.payment_id for entry in written if entry.payment_id is not None and _is_news(entry)]
    await tell_payments(connection, tenant_id, news)
    if beaten := [notice for entry in entries if entry.payment_id is None for notice in entry.notices]:
        applied.add(await apply_batch(connection, tenant_id, beaten))
    return applied


async def load_received(
    connection: Connection,
    tenant_id: int,
    source_id: int,
    days: Iterable[date],
    named: Iterable[tuple[str, str]],
) -> list[Received]:
    """Return a source's payments that brought money: all of some business days and, of whatever day, the named.

    `named` are references with their transactions.
    """
    storable = [names for names in named if "\0" not in "".join(names)]
    references, transactions = _columns(storable) or ([], [])
    rows = await connection.fetch(
        QUERIES["received_of_source"],
        tenant_id,
        source_id,
        list(MONEY_CAME),
        list(days),
        references,
        transactions,
    )
    return [Received(*row) for row in rows]


async def count_untold(connection: Connection, tenant_id: int, source_id: int) -> int:
    """Count a source's notices that were acknowledged and told the ledger nothing: not yet, or never will."""
    count: int = await connection.fetchval(QUERIES["count_untold"], tenant_id, source_id)
    return count


async def _fold_all(
    connection: Connection, tenant_id: int, notices: Sequence[DueNotice], origins: Mapping[int, _Origin]
) -> list[_Entry]:
    groups: dict[PaymentIdentity, list[DueNotice]] = {}
    for notice in notices:
        groups.setdefault(notice.identity, []).append(notice)
    # Sorted, so that two workers that lock or add the same payments do it in one order.
    identities = sorted(groups)
    stored = await _lock_payments(connection, tenant_id, identities)
    entries = []
    for identity in identities:
        if identity.source_id not in origins:
            raise NotFoundError(f"the tenant has no source {identity.source_id}")
        payment_id, before = stored.get(identity, (None, None))
        entries.append(_fold_group(identity, groups[identity], origins[identity.source_id], payment_id, before))
    return entries


def _fold_group(
    identity: PaymentIdentity,
    notices: list[DueNotice],
    origin: _Origin,
    payment_id: int | None,
    before: Payment | None,
) -> _Entry:
    after, left = before, []
    for notice in notices:
        after = fold(after, notice.said)
        left.append(after.state)
    assert after is not None  # noqa: S101 -- a group holds at least the notice that made it
    return _Entry(identity, notices, origin, payment_id, before, after, left, reference_key(identity.reference))


async def _load_origins(connection: Connection, tenant_id: int) -> dict[int, _Origin]:
    rows = await connection.fetch(QUERIES["load_sources"], tenant_id)
    return {
        row["source_id"]: _Origin(
            row["tenant"],
            row["code"],
            row["account_id"],
            row["cut_off"],
            ZoneInfo(row["timezone"]),
            row["money_confirms"],
        )
        for row in rows
    }


async def _lock_payments(
    connection: Connection, tenant_id: int, identities: Iterable[PaymentIdentity]
) -> dict[PaymentIdentity, tuple[int, Payment]]:
    rows = await connection.fetch(QUERIES["lock_payments"], tenant_id, *map(list, zip(*identities, strict=True)))
    return {_identity(row): (row["payment_id"], _payment(row)) for row in rows}


def _identity(row: asyncpg.Record) -> PaymentIdentity:
    return PaymentIdentity(row["source_id"], row["reference"], row["transaction_id"])


def _payment(row: asyncpg.Record) -> Payment:
    code = row["dossier_code"]
    return Payment(
        state=PaymentState(row["state"]),
        outcome=Outcome(row["outcome"]),
        amount=row["amount"],
        currency=row["currency"],
        occurred_at=row["occurred_at"],
        dossier=None if code is None else Dossier(Evidence(row["dossier_evidence"]), code),
        conflicting=row["conflicting"],
        asked_at=row["asked_at"],
        denied_at=row["denied_at"],
    )


async def _find_dossiers(connection: Connection, tenant_id: int, entries: Sequence[_Entry]) -> None:
    requested = await _find_requests(connection, tenant_id, entries)
    for entry in entries:
        dossier = entry.after.dossier
        if code := requested.get(entry.identity.reference):
            dossier = surest(dossier, Dossier(Evidence.REQUESTED, code))
            entry.after = entry.after._replace(dossier=dossier)
        keys = dossier_keys_in(entry.reference_key) if dossier is None else [reference_key(dossier.code)]
        entry.dossier_keys = tuple(keys)
    records = await _find_records(connection, tenant_id, entries)
    for entry in entries:
        _link(entry, records)


async def _find_requests(connection: Connection, tenant_id: int, entries: Sequence[_Entry]) -> dict[str, str]:
    references = list({entry.identity.reference for entry in entries})
    rows = await connection.fetch(QUERIES["find_requests"], tenant_id, references)
    return {row["reference"]: row["dossier_code"] for row in rows}


async def _find_records(
    connection: Connection, tenant_id: int, entries: Sequence[_Entry]
) -> Mapping[str, Sequence[str]]:
    """Return the codes of the records that have a key of interest; more than one where keys coincide."""
    keys = {key for entry in entries for key in entry.dossier_keys}
    found: dict[str, list[str]] = {}
    for row in await connection.fetch(QUERIES["find_records"], tenant_id, list(keys)):
        found.setdefault(row["dossier_key"], []).append(row["dossier_code"])
    return found


def _link(entry: _Entry, records: Mapping[str, Sequence[str]]) -> None:
    dossier = entry.after.dossier
    for key in entry.dossier_keys:
        if code := _record_named(records.get(key, ()), dossier):
            evidence = dossier.evidence if dossier else Evidence.CONTAINED
            entry.after = entry.after._replace(dossier=Dossier(evidence, code))
            entry.has_record = True
            return


def _record_named(codes: Sequence[str], dossier: Dossier | None) -> str | None:
    """Choose among records of one key: the one named exactly, else the only one; of several as good, none."""
    if dossier and dossier.code in codes:
        return dossier.code
    return codes[0] if len(codes) == 1 else None


def _columns(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _row(entry: _Entry) -> tuple[object, ...]:
    """Write an entry as the columns of its payment, in the order both statements have them."""
    payment = entry.after
    code = payment.dossier.code if payment.dossier else None
    evidence = payment.dossier.evidence if payment.dossier else Evidence.CONTAINED
    return (
        *entry.identity,
        entry.reference_key,
        entry.origin.account_id,
        payment.state,
        payment.outcome,
        payment.amount,
        payment.currency,
        payment.occurred_at,
        business_date(payment.occurred_at, entry.origin.zone, entry.origin.cut_off),
        code,
        evidence,
        payment.conflicting,
        payment.asked_at,
        payment.denied_at,
        payment.contradicted,
    )


async def _write(
    connection: Connection, tenant_id: int, query: str, entries: Sequence[_Entry]
) -> dict[PaymentIdentity, int]:
    """Write payments and return the numbers of those that were written."""
    if not entries:
        return {}
    rows = await connection.fetch(QUERIES[query], tenant_id, *_columns([_row(entry) for entry in entries]))
    return {_identity(row): row["payment_id"] for row in rows}


async def _add_events(connection: Connection, tenant_id: int, entries: Sequence[_Entry]) -> list[datetime]:
    """Write down what each notice said; return the arrival times of those that are new in the ledger."""
    arrived = {notice.notice_id: notice.received_at for entry in entries for notice in entry.notices}
    if not arrived:
        return []
    rows = [
        (notice.notice_id, entry.payment_id, left)
        for entry in entries
        for notice, left in zip(entry.notices, entry.left, strict=True)
    ]
    added = await connection.fetch(QUERIES["add_events"], tenant_id, *_columns(rows))
    return [arrived[row["notice_id"]] for row in added]


def _is_news(entry: _Entry) -> bool:
    """Whether a one-stop system must hear of it: money came, or what was told of it is no longer so."""
    before, after = entry.before, entry.after
    return after.state in MONEY_CAME and (before is None or _told(before) != _told(after))


def _told(payment: Payment) -> tuple[object, ...]:
    return payment.state, payment.amount, payment.currency, payment.dossier and payment.dossier.code


def _say(entries: Iterable[_Entry]) -> Applied:
    applied = Applied()
    for entry in entries:
        for notice in entry.notices:
            if entry.has_record or not (notice.brings_money or entry.dossier_keys):
                applied.settled.append(notice.notice_id)
            elif notice.brings_money:
                applied.parked[notice.notice_id] = (entry.reference_key, *entry.dossier_keys)
            else:
                applied.unnamed[notice.notice_id] = entry.dossier_keys
        if entry.before is not None and entry.before.dossier != entry.after.dossier:
            applied.placed.append(entry.reference_key)
        if entry.before is None or entry.before.outcome is not entry.after.outcome:
            applied.reached.append((entry.origin.tenant, entry.origin.code, entry.after.outcome))
    return applied
