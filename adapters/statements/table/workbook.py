"""The rows of a sheet of an XLSX or XLS workbook.

Formulas are never computed: beside each stands what the program that wrote it saw.
"""

import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Final

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from adapters.statements.table.archive import repack
from adapters.statements.table.cells import Cell, Covered, Plain, Row
from adapters.statements.table.wording import folded
from paygate.domain.errors import UnreadableStatementError

MAX_XLS_BYTES: Final = 32 * 2**20
"""The old format has 65 536 rows of 256 columns at most."""

MAX_MERGES: Final = 100_000

_FOREIGN: Final = {
    "EncryptedPackage": "encrypted; save it without a password",
    "WordDocument": "a Word document, not a spreadsheet",
    "PowerPoint Document": "a presentation, not a spreadsheet",
}
"""Streams of a compound file, and what it is then."""


@dataclass(frozen=True, slots=True)
class OpenedSheet:
    """A sheet's rows, its name, and the names of the other sheets that a person would see."""

    rows: Iterator[Row]
    name: str
    others: Sequence[str]


def open_xlsx(file: BinaryIO, wanted: str | int | None) -> OpenedSheet:
    """Open a sheet of an XLSX file by its name or number; the first that can be seen, where none is named.

    Raises:
        UnreadableStatementError: it is no workbook that can be read within the limits, or has no such sheet.
    """
    return _open(repack(file), wanted)


def open_xls(file: BinaryIO, wanted: str | int | None) -> OpenedSheet:
    """Open a sheet of an XLS file; as `open_xlsx`."""
    data = file.read(MAX_XLS_BYTES + 1)
    if len(data) > MAX_XLS_BYTES:
        raise UnreadableStatementError(f"it is larger than {MAX_XLS_BYTES // 2**20} MiB")
    for stream, what in _FOREIGN.items():
        if stream.encode("utf-16-le") in data:
            raise UnreadableStatementError(f"it is {what}")
    return _open(io.BytesIO(data), wanted)


def _open(file: BinaryIO, wanted: str | int | None) -> OpenedSheet:
    with _named_reasons():
        book = CalamineWorkbook.from_filelike(file)
        seen = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
        ]
        name = _choose(book.sheet_names, seen, wanted)
        sheet = book.get_sheet_by_name(name)
        merges = sheet.merged_cell_ranges or []
        if len(merges) > MAX_MERGES:
            raise UnreadableStatementError(f"its sheet {name!r} has more than {MAX_MERGES} merged cells")
    return OpenedSheet(_rows(sheet, merges), name, [other for other in seen if other != name])


def _choose(names: Sequence[str], seen: Sequence[str], wanted: str | int | None) -> str:
    if wanted is None:
        if not seen:
            raise UnreadableStatementError("it has no sheet that can be seen")
        return seen[0]
    if isinstance(wanted, int):
        if 1 <= wanted <= len(names):
            return names[wanted - 1]
    else:
        for name in names:
            if folded(name) == folded(wanted):
                return name
    raise UnreadableStatementError(f"it has no sheet {wanted!r}; it has {', '.join(map(repr, names))[:500]}")


@contextmanager
def _named_reasons() -> Iterator[None]:
    try:
        yield
    except PasswordError as error:
        raise UnreadableStatementError("it is encrypted; save it without a password") from error
    except (CalamineError, ValueError, OverflowError) as error:
        raise UnreadableStatementError(f"it is a broken workbook: {str(error)[:200]}") from error
    except BaseException as error:
        # The library's own faults come as an exception beside all others, which no module exports.
        if type(error).__name__ != "PanicException":
            raise
        raise UnreadableStatementError("it is a broken workbook, which its reader does not survive") from None


def _rows(sheet: CalamineSheet, merges: Iterable[tuple[tuple[int, int], tuple[int, int]]]) -> Iterator[Row]:
    """Yield the rows as numbered in the sheet, each cell in its column."""
    left = [""] * (sheet.start or (0, 0))[1]
    tall = _tall(merges)
    reaching: dict[int, tuple[Plain, int]] = {}
    with _named_reasons():
        for index, values in enumerate(sheet.iter_rows()):
            cells: list[Cell] = [*left, *values]
            if index in tall or reaching:
                _cover(cells, index, reaching)
                for column, last in tall.get(index, ()):
                    if column < len(cells) and not isinstance(cells[column], Covered):
                        reaching[column] = (values[column - len(left)] if column >= len(left) else "", last)
            yield index + 1, cells


def _tall(merges: Iterable[tuple[tuple[int, int], tuple[int, int]]]) -> dict[int, list[tuple[int, int]]]:
    """Return, by its first row, the column and last row of each merge over several rows."""
    tall = defaultdict(list)
    for (first, column), (last, _) in merges:
        if last > first:
            tall[first].append((column, last))
    return tall


def _cover(cells: list[Cell], index: int, reaching: dict[int, tuple[Plain, int]]) -> None:
    for column, (value, last) in list(reaching.items()):
        if index > last:
            del reaching[column]
        elif cells[column] == "":
            cells[column] = Covered(value)
