"""Statements: files become lines, each once, however often and in whatever overlap they come.

A line is known by what it says, not by where it stands. Two lines that say the same within one file are twins, told
apart by an occurrence number; the same twins in another file are the same lines again.

Where a bank tells a movement in several kinds of statement (a notification, then the day's statement), it may do so in
other words: there the name that the bank gives its entry decides, with day and sum. What was told first stays.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final, NamedTuple

import asyncpg

from paygate.database import Connection, TenantLock, load_queries
from paygate.domain.errors import InvalidInputError
from paygate.domain.legs import Leg
from paygate.domain.statement import (
    TABLE_FORMAT,
    HandoverLine,
    RefusedRow,
    SettlementLine,
    StatementHead,
    StatementKind,
    StatementLine,
    StatementPart,
    StatementSummary,
)
from paygate.domain.statement_import import StatementImport
from paygate.domain.statement_owner import HANDED_OVER, KIND_OF_LEG, Accounts, KnownSource, Owner
from paygate.domain.statement_reading import Reading, read_lines
from paygate.domain.text import reference_key

QUERIES: Final = load_queries("paygate.sql", "queries/statements.sql")

BATCH_LINES: Final = 5_000
"""Lines copied to the database at a time, and named by one dirty mark."""

STORE_SECONDS: Final = 900.0
"""For the one statement that moves a whole file's lines to where they stay."""

_STAGE_COLUMNS: Final = (
    "sequence",
    "ordinal",
    "row_number",
    "identity",
    "booked_on",
    "value_on",
    "amount",
    "currency",
    "bank_reference",
    "reference",
    "reference_key",
    "narrative",
    "counterparty",
    "reversal",
    "entry_reference",
    "fee",
    "net",
    "batch",
    "dossier_code",
    "document",
    "evidence",
)


class Origin(NamedTuple):
    """Where a file came from: what it was called, who handed it in, and by which mapping it was read."""

    file_name: str = ""
    person: str = ""
    mapping: str = ""


UNTOLD: Final = Origin()

_PLAIN: Final = (None, None, None, None, None, True)
"""The last of those columns, of a line that a bank told."""


async def import_statements(  # noqa: PLR0913 -- what, whose, where from and where to are each a fact of their own
    connection: Connection,
    tenant_id: int,
    parts: Iterable[StatementPart],
    *,
    file_hash: bytes,
    format: str,  # noqa: A002 -- the command's word for it
    account: str | None = None,
    origin: Origin = UNTOLD,
    progress: Callable[[int], None] | None = None,
) -> StatementImport:
    """Store the lines of a file that are not stored yet, all or none, and mark them for the matcher.

    `file_hash` is the file's SHA-256; `account` is where its lines belong when the file does not say so in words
    that are known; `progress` is told the lines read so far.

    Raises:
        UnreadableStatementError: the file is refused as a whole.
        InvalidInputError: the account is unknown, another tenant's, or not the one the file names.
    """
    accounts = await _read_accounts(connection, tenant_id, account)
    leg, parts = await asyncio.to_thread(_leg_of_file, iter(parts), format, accounts)
    if earlier := await _imported_before(connection, tenant_id, file_hash, leg, format):
        return earlier
    async with connection.transaction():
        readings = await _stage(connection, parts, accounts, progress)
        await connection.execute(QUERIES["lock_imports"], TenantLock.IMPORTS, tenant_id, timeout=STORE_SECONDS)
        if earlier := await _imported_before(connection, tenant_id, file_hash, leg, format):
            return earlier
        statements = [reading.finish() for reading in readings]
        owners = [await _settle(connection, tenant_id, accounts.owner(statement)) for statement in statements]
        for statement, owner in zip(statements, owners, strict=True):
            statement.leg = statement.leg or owner.leg
        legs = [statement.leg or Leg.BANK for statement in statements]
        file = _File(file_hash, format, owners, legs, [statement.kind for statement in statements], origin)
        numbers = [
            await _store_statement(connection, tenant_id, file, ordinal, reading)
            for ordinal, reading in enumerate(readings)
        ]
        await connection.execute(QUERIES["store_days"], tenant_id, list(range(len(numbers))), numbers)
        await connection.execute(QUERIES["complete_periods"], tenant_id, numbers)
        await _drop_what_was_told(connection, tenant_id, file)
        new = await _store_lines(connection, tenant_id, file, numbers)
    for statement, number in zip(statements, numbers, strict=True):
        statement.known = statement.lines - new[number]
    known = sum(statement.known for statement in statements)
    return StatementImport(format, file.account, statements, new.total(), known)


async def _read_accounts(connection: Connection, tenant_id: int, chosen: str | None) -> Accounts:
    accounts = await connection.fetch(QUERIES["accounts_of_tenant"], tenant_id)
    sources = await connection.fetch(QUERIES["sources_of_tenant"], tenant_id)
    return Accounts(map(tuple, accounts), chosen, [KnownSource(*row) for row in sources])


def _leg_of_file(
    parts: Iterator[StatementPart], format_name: str, accounts: Accounts
) -> tuple[Leg | None, Iterator[StatementPart]]:
    """Return what a table is read for, and all its parts; None for a file that can be read in one way alone."""
    head = next(parts, None)
    if head is None:
        return None, parts
    leg = accounts.owner(head).leg if format_name == TABLE_FORMAT and isinstance(head, StatementHead) else None
    return leg, chain([head], parts)


async def _settle(connection: Connection, tenant_id: int, owner: Owner) -> Owner:
    """Make the account of a leg's lines at its first need."""
    if owner.account_id is not None:
        return owner
    kind = KIND_OF_LEG[owner.leg]
    account_id: int | None = await connection.fetchval(QUERIES["make_account"], tenant_id, owner.number, kind)
    if account_id is None:
        raise InvalidInputError(
            "there is another account of the number %(number)r, which is of no %(kind)s", number=owner.number, kind=kind
        )
    return owner._replace(account_id=account_id)


@dataclass(frozen=True, slots=True)
class _File:
    """The file that is imported; of each of its statements the account, what it is evidence of, and its kind."""

    file_hash: bytes
    format: str
    owners: Sequence[Owner]
    legs: Sequence[Leg]
    kinds: Sequence[StatementKind]
    origin: Origin

    @property
    def account_ids(self) -> list[int]:
        return [owner.account_id for owner in self.owners if owner.account_id is not None]

    @property
    def source_ids(self) -> list[int | None]:
        return [owner.source_id for owner in self.owners]

    @property
    def account(self) -> str | None:
        """The one account of all its statements, if it is one."""
        owned = {owner.number for owner in self.owners}
        return owned.pop() if len(owned) == 1 else None


async def _stage(
    connection: Connection,
    parts: Iterable[StatementPart],
    accounts: Accounts,
    progress: Callable[[int], None] | None,
) -> list[Reading]:
    """Copy every line into a table of this session's own, a batch at a time, so that memory does not grow."""
    await connection.execute(QUERIES["create_staged_line"])
    readings: list[Reading] = []
    rows = enumerate(read_lines(parts, readings))
    staged = 0
    while batch := await asyncio.to_thread(_next_batch, rows):  # a reader may wait, for a disk or another process
        if (said := readings[-1].summary).account is not None or said.leg is not None:
            accounts.owner(said)  # rather now than after a million lines
        await connection.copy_records_to_table("staged_line", records=batch, columns=_STAGE_COLUMNS)
        staged += len(batch)
        if progress:
            progress(staged)
    return readings


def _next_batch(rows: Iterator[tuple[int, tuple[int, StatementLine, bytes]]]) -> list[tuple[object, ...]]:
    return [_staged_row(sequence, *found) for sequence, found in islice(rows, BATCH_LINES)]


def _staged_row(sequence: int, ordinal: int, line: StatementLine, identity: bytes) -> tuple[object, ...]:
    more = _PLAIN if type(line) is StatementLine else _more_of(line)
    return (
        sequence,
        ordinal,
        line.row,
        identity,
        line.booked_on,
        line.value_on,
        line.amount,
        line.currency,
        line.bank_reference,
        line.reference,
        reference_key(line.reference),
        line.narrative,
        line.counterparty,
        line.reversal,
        line.entry_reference,
        *more,
    )


def _more_of(line: StatementLine) -> tuple[object, ...]:
    if isinstance(line, SettlementLine):
        return line.fee, line.net, line.batch, None, None, True
    if isinstance(line, HandoverLine):
        return None, None, None, line.dossier_code, line.document, line.evidence
    raise TypeError(f"a {type(line).__name__} is not stored")


async def _store_statement(connection: Connection, tenant_id: int, file: _File, ordinal: int, reading: Reading) -> int:
    summary = reading.summary
    number: int = await connection.fetchval(
        QUERIES["store_statement"],
        tenant_id,
        file.owners[ordinal].account_id,
        file.file_hash,
        ordinal,
        file.format,
        summary.identification,
        summary.currency,
        reading.period_from,
        reading.period_to,
        summary.opening,
        summary.closing,
        summary.total,
        summary.balanced,
        summary.lines,
        json.dumps([{"row": row.row, "reason": row.reason} for row in summary.refused]),
        json.dumps(summary.warnings),
        summary.sequence,
        summary.page,
        file.legs[ordinal],
        summary.kind,
        *file.origin,
    )
    return number


async def _drop_what_was_told(connection: Connection, tenant_id: int, file: _File) -> None:
    """Take out of the staged lines what the account's statements of another kind told already, or will tell better."""
    kinds = list(file.kinds)
    if await connection.fetchval(QUERIES["told_in_another_kind"], tenant_id, file.account_ids, kinds):
        whose = (list(range(len(kinds))), file.account_ids, kinds)
        await connection.execute(QUERIES["drop_told_entries"], tenant_id, *whose, timeout=STORE_SECONDS)
        await connection.execute(QUERIES["drop_nameless_entries"], tenant_id, *whose, timeout=STORE_SECONDS)


async def _store_lines(
    connection: Connection, tenant_id: int, file: _File, statement_ids: Sequence[int]
) -> Counter[int]:
    """Move the staged lines to where they stay, mark what is new for the matcher, and count that by statement."""
    new: Counter[int] = Counter(dict.fromkeys(statement_ids, 0))
    booked = {number for number, leg in zip(statement_ids, file.legs, strict=True) if leg is Leg.BANK}
    whose = (list(range(len(statement_ids))), file.account_ids, list(statement_ids))
    if HANDED_OVER & set(file.legs):
        taken_back = await connection.fetch(QUERIES["take_back_lines"], tenant_id, *whose, timeout=STORE_SECONDS)
        await _mark(connection, tenant_id, taken_back, booked, new)
    # Through a cursor: the numbers of a million new lines are not held all at once either.
    cursor = await connection.cursor(
        QUERIES["store_lines"], tenant_id, *whose, list(file.legs), file.source_ids, timeout=STORE_SECONDS
    )
    while stored := await cursor.fetch(BATCH_LINES, timeout=STORE_SECONDS):
        await _mark(connection, tenant_id, stored, booked, new)
    await connection.execute(QUERIES["drop_staged_line"])
    return new


async def _mark(
    connection: Connection, tenant_id: int, stored: Sequence[asyncpg.Record], booked: Collection[int], new: Counter[int]
) -> None:
    """Mark lines for the matcher, and those of the `booked` statements for the payments that money confirms."""
    if not stored:
        return
    new.update(row["statement_id"] for row in stored)
    await connection.execute(QUERIES["mark_lines_dirty"], tenant_id, [row["line_id"] for row in stored])
    if lines := [row["line_id"] for row in stored if row["statement_id"] in booked]:
        await connection.execute(QUERIES["mark_lines_unweighed"], tenant_id, lines)


async def _imported_before(
    connection: Connection, tenant_id: int, file_hash: bytes, leg: Leg | None, format_name: str
) -> StatementImport | None:
    rows = await connection.fetch(QUERIES["statements_of_file"], tenant_id, file_hash, leg)
    if not rows:
        return None
    statements = [_stored_summary(row) for row in rows]
    owned = {row["number"] for row in rows}
    known = sum(statement.lines for statement in statements)
    account = owned.pop() if len(owned) == 1 else None
    return StatementImport(format_name, account, statements, new=0, known=known, already_imported=True)


def _stored_summary(row: asyncpg.Record) -> StatementSummary:
    refused = [RefusedRow(said["row"], said["reason"]) for said in json.loads(row["refused"])]
    return StatementSummary(
        account=row["number"],
        identification=row["identification"],
        currency=row["currency"],
        entries=row["lines"] + len(refused),
        lines=row["lines"],
        known=row["lines"],
        total=row["total"],
        opening=row["opening"],
        closing=row["closing"],
        refused=refused,
        warnings=json.loads(row["warnings"]),
        sequence=row["sequence"],
        page=row["page"],
        leg=Leg(row["leg"]),
        kind=StatementKind(row["kind"]),
        trailer_agrees=False if row["balanced"] is False else None,
    )
