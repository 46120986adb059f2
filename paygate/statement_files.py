"""Statement files, read in a child process whatever their format.

What a reader finds travels as rows of plain values and becomes facts again on this side.
"""

import dataclasses
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, BinaryIO, Final, NamedTuple, TypeAlias, get_args, get_type_hints

from adapters.statements.registry import open_statement
from adapters.statements.table.mapping import TableMapping
from paygate.domain.errors import UnreadableFileError, UnreadableStatementError
from paygate.domain.statement import (
    HandoverLine,
    RefusedRow,
    SettlementLine,
    StatementEnd,
    StatementHead,
    StatementLine,
    StatementPart,
    Warned,
)
from paygate.isolation import Limits, read_apart

MEMORY_BYTES: Final = 1024 * 2**20
"""Of addresses, of which the interpreter and its libraries take some hundred MiB. Spreadsheets are read whole."""

CPU_SECONDS: Final = 60
CPU_SECONDS_PER_MIB: Final = 1
"""Some thirty times what a MiB of camt takes."""

STALL_SECONDS: Final = 120.0

MAX_PART_CHARACTERS: Final = 262_144
"""What one line may say; no bank writes a hundredth of it."""

Row: TypeAlias = list[Any]


class _Kind(NamedTuple):
    """How a kind of part travels: what makes it, the names of its fields in order, and where days and choices stand."""

    make: Callable[..., StatementPart]
    names: Sequence[str]
    days: Sequence[int]
    choices: Sequence[tuple[int, type[StrEnum]]]


def read_isolated(
    file: BinaryIO,
    format: str | None = None,  # noqa: A002 -- the command's word for it
    mapping: TableMapping | None = None,
    key: bytes | None = None,
) -> tuple[str, Iterator[StatementPart]]:
    """Return the format of a file, guessed from its bytes unless it is given, and its parts, read in a child process.

    The file must be a real one and stay open, and untouched, while the parts are read. This call and taking a part
    may block: where an event loop runs, both belong in a thread.

    Raises:
        InvalidInputError: an unknown format, one that cannot be guessed, or a table without a mapping.
        UnreadableStatementError: from here or from the iterator, when the file is refused as a whole.
    """
    rows = _refusing(read_apart(produce_rows, file, format, mapping, key, limits=limits_for(file)))
    return next(rows), _parts(rows)


def limits_for(file: BinaryIO) -> Limits:
    """Return what the reading of a file may take, by its size."""
    size = os.fstat(file.fileno()).st_size
    return Limits(CPU_SECONDS + CPU_SECONDS_PER_MIB * (size // 2**20), MEMORY_BYTES, STALL_SECONDS)


def produce_rows(
    file: BinaryIO, format_name: str | None, mapping: TableMapping | None, key: bytes | None
) -> Iterator[Row | str]:
    """Be what the child runs: yield the format's name, then a row for each part."""
    known, parts = open_statement(file, format_name, mapping, key)
    yield known
    for part in parts:
        yield _row(part)


def _refusing(rows: Iterator[Any]) -> Iterator[Any]:
    try:
        yield from rows
    except UnreadableFileError as error:
        raise UnreadableStatementError(error.message, **error.values) from error


def _parts(rows: Iterator[Row]) -> Iterator[StatementPart]:
    for number, *fields in rows:
        kind = _KINDS[number]
        for place in kind.days:
            if fields[place] is not None:
                fields[place] = date.fromordinal(fields[place])
        for place, choice in kind.choices:
            if fields[place] is not None:
                fields[place] = choice(fields[place])
        yield kind.make(*fields)


def _row(part: StatementPart) -> Row:
    number = _NUMBERS[type(part)]
    kind = _KINDS[number]
    fields = [getattr(part, name) for name in kind.names]
    if sum(len(value) for value in fields if type(value) is str) > MAX_PART_CHARACTERS:
        return _row(_refuse(part))
    for place in kind.days:
        if fields[place] is not None:
            fields[place] = fields[place].toordinal()
    return [number, *fields]


def _refuse(part: StatementPart) -> RefusedRow:
    if isinstance(part, StatementLine):
        return RefusedRow(part.row, f"it says more than {MAX_PART_CHARACTERS} characters")
    raise UnreadableStatementError(
        "what says more than %(most)s characters is no part of a statement", most=MAX_PART_CHARACTERS
    )


def _kind(part: type[StatementPart]) -> _Kind:
    hints = get_type_hints(part)
    names = [field.name for field in dataclasses.fields(part)]
    types = [{*(get_args(hints[name]) or (hints[name],))} for name in names]
    choices = [(place, one) for place, among in enumerate(types) for one in among if issubclass(one, StrEnum)]
    if not set().union(*types) - {one for _, one in choices} <= {date, int, str, bool, type(None)}:
        raise TypeError(f"{part.__name__} has a field of a type that does not travel")
    return _Kind(part, names, [place for place, among in enumerate(types) if date in among], choices)


_PARTS: Final = (StatementLine, SettlementLine, HandoverLine, StatementHead, RefusedRow, Warned, StatementEnd)
_KINDS: Final = [_kind(part) for part in _PARTS]
_NUMBERS: Final = {part: number for number, part in enumerate(_PARTS)}
