"""Procedure records as stored: versions that only grow, and the notices that wait for them."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final

import asyncpg

from paygate.database import Connection, TenantLock, load_queries
from paygate.domain.errors import ConflictError
from paygate.domain.record import ProcedureRecord
from paygate.domain.text import reference_key
from paygate.feed import tell_payments
from paygate.telemetry import Event, log

QUERIES: Final = load_queries("paygate.sql", "queries/records.sql")

FIRST_VERSION: Final = 1


class Result(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RecordResult:
    """What became of one record."""

    dossier_code: str
    result: Result
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """What is stored of a dossier: its version and the hash of its content."""

    number: int
    content: bytes


def content_hash(record: ProcedureRecord) -> bytes:
    """Hash everything a record says but its version; the order of its obligations says nothing."""
    obligations = sorted((line.code, line.kind, line.name, line.amount) for line in record.obligations)
    content = (
        record.procedure_code,
        record.procedure_name,
        record.agency_code,
        record.agency_name,
        record.status,
        str(record.received_on),
        str(record.processing_started_on),
        str(record.expires_on),
        record.exempt,
        record.online_payment_flag,
        obligations,
    )
    return sha256(json.dumps(content).encode()).digest()


def compare(stored: Version | None, record: ProcedureRecord, content: bytes) -> tuple[Version | None, RecordResult]:
    """Decide on a record from what is stored of its dossier: return the version to store, if any, and the result."""
    code, given = record.dossier_code, record.version
    if stored is None:
        return Version(FIRST_VERSION if given is None else given, content), RecordResult(code, Result.CREATED)
    if given is not None and given < stored.number:
        reason = f"version {given} is older than the stored version {stored.number}"
        return None, RecordResult(code, Result.REFUSED, reason)
    if content == stored.content and given in {None, stored.number}:
        return None, RecordResult(code, Result.UNCHANGED)
    if given == stored.number:
        reason = f"version {given} is stored with another content"
        return None, RecordResult(code, Result.REFUSED, reason)
    return Version(stored.number + 1 if given is None else given, content), RecordResult(code, Result.UPDATED)


async def upsert(connection: Connection, tenant_id: int, records: Sequence[ProcedureRecord]) -> list[RecordResult]:
    """Store records and say of each, in their order, what became of it. To be called inside a transaction.

    Whoever waits for one of these dossiers becomes due again.
    """
    await connection.execute(QUERIES["take_turn"], tenant_id, TenantLock.RECORDS)
    stored = await _find_versions(connection, tenant_id, {record.dossier_code for record in records})
    known = set(stored)
    results, final = [], {}
    for record in records:
        version, result = compare(stored.get(record.dossier_code), record, content_hash(record))
        results.append(result)
        if version is not None:
            stored[record.dossier_code] = version
            final[record.dossier_code] = record
    if final:
        await _store(connection, tenant_id, [(final[code], stored[code]) for code in sorted(final)])
        await _store_obligations(connection, tenant_id, final, known)
        await connection.execute(QUERIES["mark_dossiers_dirty"], tenant_id, sorted(final))
        await _wake(connection, tenant_id, {record.dossier_key: code for code, record in final.items()})
    counts = Counter(str(result.result) for result in results)
    log.info(Event.RECORDS_STORED, tenant_id=tenant_id, **counts)
    return results


async def _find_versions(connection: Connection, tenant_id: int, codes: Iterable[str]) -> dict[str, Version]:
    rows = await connection.fetch(QUERIES["find_versions"], tenant_id, list(codes))
    return {row["dossier_code"]: Version(row["version"], row["content_hash"]) for row in rows}


async def _store(connection: Connection, tenant_id: int, records: Sequence[tuple[ProcedureRecord, Version]]) -> None:
    rows = [
        (
            record.dossier_code,
            record.dossier_key,
            version.number,
            record.procedure_code,
            record.procedure_name,
            record.agency_code,
            record.agency_name,
            record.status,
            record.received_on,
            record.processing_started_on,
            record.expires_on,
            record.exempt,
            record.online_payment_flag,
            record.due,
            version.content,
        )
        for record, version in records
    ]
    await connection.execute(QUERIES["store_records"], tenant_id, *_columns(rows))


async def _store_obligations(
    connection: Connection, tenant_id: int, records: Mapping[str, ProcedureRecord], known: set[str]
) -> None:
    if replaced := sorted(known & records.keys()):
        await connection.execute(QUERIES["drop_obligations"], tenant_id, replaced)
    rows = [
        (code, line.code, line.kind, line.name, line.amount)
        for code, record in records.items()
        for line in record.obligations
    ]
    if rows:
        await connection.execute(QUERIES["store_obligations"], tenant_id, *_columns(rows))


def _columns(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]


async def _wake(connection: Connection, tenant_id: int, codes: Mapping[str, str]) -> None:
    """Let go on what waits for dossiers, given by key and code."""
    await connection.execute(QUERIES["take_turn"], tenant_id, TenantLock.WAITING)
    await connection.execute(QUERIES["wake_notices"], tenant_id, list(codes))
    linked = await connection.fetch(QUERIES["link_unnamed"], tenant_id, list(codes), list(codes.values()))
    await _mark_payments(connection, tenant_id, linked)


async def _mark_payments(connection: Connection, tenant_id: int, rows: Sequence[asyncpg.Record]) -> None:
    """Have payments matched again, and told of where their dossier is another than before."""
    if rows:
        await connection.execute(QUERIES["mark_payments_dirty"], tenant_id, [row["payment_id"] for row in rows])
    await tell_payments(connection, tenant_id, [row["payment_id"] for row in rows if row["moved"]])


async def request_payment(  # noqa: PLR0913 -- a request is exactly these
    connection: Connection,
    tenant_id: int,
    *,
    reference: str,
    dossier_code: str,
    amount: int,
    source_id: int,
    requested_at: datetime | None = None,
) -> bool:
    """Register the reference under which a dossier will be paid; return whether it was new.

    `requested_at` is when the payment was begun at its source; None: now. Of a reference registered again, the first
    counts.

    Payments that came first are linked, and who waited for the reference becomes due again. To be called inside a
    transaction.

    Raises:
        ConflictError: the reference is registered with another content.
    """
    # Taken first, before any row, since a batch of notices holds it while it waits for payments.
    await connection.execute(QUERIES["take_turn"], tenant_id, TenantLock.WAITING)
    content = (dossier_code, amount, source_id)
    if not await connection.fetchval(QUERIES["store_request"], tenant_id, reference, *content, requested_at):
        if tuple(await connection.fetchrow(QUERIES["read_request"], tenant_id, reference) or ()) != content:
            raise ConflictError(f"the reference {reference!r} is registered with another dossier, amount or source")
        return False
    key = reference_key(reference)
    code = await _code_of_record(connection, tenant_id, dossier_code)
    linked = await connection.fetch(QUERIES["link_payments"], tenant_id, key, reference, code)
    await _mark_payments(connection, tenant_id, linked)
    await connection.execute(QUERIES["wake_notices"], tenant_id, [key])
    return True


async def _code_of_record(connection: Connection, tenant_id: int, dossier_code: str) -> str:
    """Name a dossier as its record does, where one record alone has its key."""
    rows = await connection.fetch(QUERIES["find_codes"], tenant_id, reference_key(dossier_code))
    codes = {row["dossier_code"] for row in rows}
    return codes.pop() if len(codes) == 1 else dossier_code
