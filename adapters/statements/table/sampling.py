"""What a mapping makes of a file, shown to who writes the mapping: raw cells beside what is read in them.

All that is yielded is what JSON holds, so that it can come out of a process of its own.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO, Final

from adapters.statements.table.cells import Cell, Row, is_blank, label, text_of, uncovered
from adapters.statements.table.header import Header, find_header, headings
from adapters.statements.table.mapping import TableMapping
from adapters.statements.table.reading import BOOKS, read_table
from adapters.statements.table.rows import RowReader
from adapters.statements.table.source import open_source
from adapters.statements.table.stated import StatedBalances, holds
from adapters.statements.table.wording import bare
from paygate.domain.errors import InvalidInputError, PaygateError
from paygate.domain.statement import RefusedRow, StatementEnd, StatementLine, Warned
from paygate.domain.table_columns import DAY_COLUMNS, MONEY_COLUMNS

RAW_ROWS: Final = 15
"""Rows shown as they stand in the file."""
READ_ROWS: Final = 20
"""Rows shown as they are read."""
COLUMNS_SHOWN: Final = 60
CELL_SHOWN: Final = 120
"""Characters."""
NAMED: Final = 20
"""Refused rows and warnings told one by one."""
DAYS_WRITTEN: Final = "%d/%m/%Y"

_DAY: Final = frozenset({"ngay", "date", "day", "gio", "time"})
_MONEY: Final = frozenset({"tien", "amount", "gia", "du", "balance", "phi", "fee", "so tien"})
_IN: Final = frozenset({"co", "credit", "cr", "thu", "deposit"})
_OUT: Final = frozenset({"no", "debit", "dr", "chi", "withdrawal", "rut"})


@dataclass(frozen=True, slots=True)
class Container:
    """How a file is opened, before anybody says what its columns mean."""

    delimiter: str = ","
    encoding: str = "utf-8-sig"
    sheet: str | int | None = None


def sample_file(
    file: BinaryIO, container: Container, header: tuple[int, int], mapping: TableMapping | None
) -> Iterator[tuple[str, Any]]:
    """Yield named findings: the rows as they stand, the headings of the columns, and what the mapping makes of them.

    `header` is the row in which the header begins, 0 to have it guessed, and of how many rows it is.

    Raises:
        UnreadableStatementError: it is no table. What is wrong with the mapping is a finding, `error`.
    """
    source = open_source(file, container)
    rows = [row for row in islice(source.rows, RAW_ROWS * 2) if not isinstance(row, RefusedRow)]
    yield "container", {"sheet": source.sheet, "others": list(source.unread_sheets[:NAMED])}
    yield "raw", [{"row": number, "cells": _texts(cells)} for number, cells in rows[:RAW_ROWS]]
    begins = header[0] or _likely_header(rows)
    yield "header", {"row": begins, "headings": _headings(rows, begins, header[1])}
    if mapping is not None:
        yield from _try(file, mapping)


def _try(file: BinaryIO, mapping: TableMapping) -> Iterator[tuple[str, Any]]:
    yield "doubts", list(doubts(mapping.columns))
    try:
        file.seek(0)
        yield from _read_first(file, mapping)
        file.seek(0)
        yield "whole", _read_whole(file, mapping)
    except PaygateError as error:
        yield "error", str(error)


def doubts(columns: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Name the columns whose heading speaks of something else than what they are read as.

    Each is our field, the heading, and what that speaks of: `day`, `money`, `in` or `out`.
    """
    for name, heading in columns.items():
        said = {bare(word) for word in re.findall(r"\w+", heading)}
        if name in DAY_COLUMNS and said & _MONEY and not said & _DAY:
            yield name, heading, "money"
        elif name in MONEY_COLUMNS and said & _DAY and not said & (_MONEY | _IN | _OUT):
            yield name, heading, "day"
        elif name == "credit" and said & _OUT and not said & _IN:
            yield name, heading, "out"
        elif name == "debit" and said & _IN and not said & _OUT:
            yield name, heading, "in"


def _texts(cells: Sequence[Cell]) -> list[str]:
    return [text_of(cell, DAYS_WRITTEN)[:CELL_SHOWN] for cell in cells[:COLUMNS_SHOWN]]


def _likely_header(rows: Sequence[Row]) -> int:
    """Guess the row of the header: the first of those in which most words stand."""
    counted = [(sum(bool(label(cell)) for cell in cells), -number) for number, cells in rows]
    return -max(counted, default=(0, -1))[1]


def _headings(rows: Sequence[Row], begins: int, height: int) -> list[str]:
    within = [cells for number, cells in rows if begins <= number < begins + height]
    return [text[:CELL_SHOWN] for text in headings(within)[:COLUMNS_SHOWN]] if within else []


def _read_first(file: BinaryIO, mapping: TableMapping) -> Iterator[tuple[str, Any]]:
    source = open_source(file, mapping)
    header = find_header(source.rows, mapping)
    yield "found", {"row": header.first_row, "to": header.last_row}
    reader = RowReader(mapping, header, shifts=source.shifts)
    stated = StatedBalances(mapping, reader)
    shown = []
    for found in source.rows:
        one = _refused(found) if isinstance(found, RefusedRow) else _row(mapping, header, reader, stated, *found)
        if one is not None:
            shown.append(one)
        if len(shown) == READ_ROWS:
            break
    yield "read", shown


def _refused(found: RefusedRow) -> dict[str, Any]:
    return {"row": found.row, "cells": {}, "amount": None, "fault": found.reason, "passed": None}


def _row(  # noqa: PLR0913, PLR0917 -- a row and what reads it
    mapping: TableMapping,
    header: Header,
    reader: RowReader,
    stated: StatedBalances,
    number: int,
    cells: Sequence[Cell],
) -> dict[str, Any] | None:
    if all(map(is_blank, cells)) or header.stands_in(cells):
        return None
    passed = "balance" if stated.take(number, cells) else "skipped" if holds(cells, mapping.skip_containing) else None
    try:
        said = reader.named(cells)
    except InvalidInputError as error:
        return {"row": number, "cells": {}, "amount": None, "fault": str(error), "passed": passed}
    read = {name: _cell(mapping, reader, said, name) for name in said}
    booked = {"amount": None, "fault": None} if passed else _booked(mapping, reader, number, cells)
    return {"row": number, "cells": read, "passed": passed, **booked}


def _booked(mapping: TableMapping, reader: RowReader, number: int, cells: Sequence[Cell]) -> dict[str, Any]:
    try:
        line = reader.read(number, cells, BOOKS[mapping.leg]).line
    except InvalidInputError as error:
        return {"amount": None, "fault": str(error)}
    return {"amount": line.amount, "fault": None}


def _cell(mapping: TableMapping, reader: RowReader, said: Mapping[str, Cell], name: str) -> dict[str, Any]:
    kind = "day" if name in DAY_COLUMNS else "money" if name in MONEY_COLUMNS else "text"
    raw = text_of(said[name], mapping.days().written)[:CELL_SHOWN]
    read: str | int | None = raw
    fault = None
    try:
        if kind == "day":
            day = reader.day(said, name)
            read = day.isoformat() if day else None
        elif kind == "money":
            read = reader.amount(said, name)
    except InvalidInputError as error:
        read, fault = None, str(error)
    held = uncovered(said[name])
    return {"kind": kind, "raw": raw, "read": read, "fault": fault, "number": isinstance(held, int | float)}


@dataclass(slots=True)
class _Whole:
    """What the whole file comes to."""

    lines: int = 0
    refused: int = 0
    taken_in: int = 0
    paid_out: int = 0
    end: StatementEnd = field(default_factory=StatementEnd)
    reasons: list[tuple[int, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    references: set[str] = field(default_factory=set)

    def add(self, line: StatementLine) -> None:
        self.lines += 1
        self.taken_in += max(line.amount, 0)
        self.paid_out += min(line.amount, 0)
        if len(self.references) < NAMED:
            self.references.add(line.reference)

    def told(self) -> dict[str, Any]:
        opening, closing = self.end.opening, self.end.closing
        reckoned = None if opening is None else opening + self.taken_in + self.paid_out
        return {
            "lines": self.lines,
            "refused": self.refused,
            "in": self.taken_in,
            "out": self.paid_out,
            "opening": opening,
            "closing": closing,
            "reckoned": reckoned,
            "balanced": None if reckoned is None or closing is None else reckoned == closing,
            "reasons": self.reasons,
            "warnings": self.warnings,
            "same": self.lines > 1 and len(self.references) == 1 and self.references != {""},
        }


def _read_whole(file: BinaryIO, mapping: TableMapping) -> dict[str, Any]:
    whole = _Whole()
    for part in read_table(file, mapping):
        if isinstance(part, StatementLine):
            whole.add(part)
        elif isinstance(part, RefusedRow):
            whole.refused += 1
            if len(whole.reasons) < NAMED:
                whole.reasons.append((part.row, part.reason))
        elif isinstance(part, Warned) and len(whole.warnings) < NAMED:
            whole.warnings.append(part.text)
        elif isinstance(part, StatementEnd):
            whole.end = part
    return whole.told()
