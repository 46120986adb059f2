"""The container a table comes in, told by its first bytes: text, XLSX or XLS."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final, Protocol

from adapters.statements.foreign import name_foreign
from adapters.statements.table.cells import Rows
from adapters.statements.table.delimited import read_delimited
from adapters.statements.table.workbook import OpenedSheet, open_xls, open_xlsx
from paygate.domain.errors import UnreadableStatementError

ARCHIVE_START: Final = b"PK\x03\x04"
COMPOUND_START: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_HEAD_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Source:
    """Rows, and what is to be said of where they came from.

    `shifts`: cells can stand in the wrong column, as behind a separator that should have been quoted. `sheet` is the
    name of the one that is read, empty for a text.
    """

    rows: Iterator[Rows]
    described: str
    shifts: bool
    sheet: str = ""
    unread_sheets: Sequence[str] = ()


def looks_like_a_sheet(head: bytes) -> bool:
    """Tell whether a file that begins so is a spreadsheet. A CSV has no sign of its own."""
    return head.startswith((ARCHIVE_START, COMPOUND_START))


class Container(Protocol):
    """What must be known of a file before its rows can be told apart."""

    @property
    def delimiter(self) -> str: ...
    @property
    def encoding(self) -> str: ...
    @property
    def sheet(self) -> str | int | None: ...


def open_source(file: BinaryIO, mapping: Container) -> Source:
    """Open a table from the file's present position.

    Raises:
        UnreadableStatementError: it is something else, or cannot be read within the limits.
    """
    start = file.tell()
    head = file.read(_HEAD_BYTES)
    file.seek(start)
    if head.startswith(ARCHIVE_START):
        return _sheet("XLSX", open_xlsx(file, mapping.sheet))
    if head.startswith(COMPOUND_START):
        return _sheet("XLS", open_xls(file, mapping.sheet))
    if foreign := name_foreign(head):
        raise UnreadableStatementError(f"it is {foreign}")
    rows = read_delimited(file, mapping.delimiter, mapping.encoding)
    return Source(rows, f"text in {mapping.encoding}, columns between {mapping.delimiter!r}", shifts=True)


def _sheet(container: str, sheet: OpenedSheet) -> Source:
    described = f"{container}, sheet {sheet.name!r}"
    return Source(sheet.rows, described, shifts=False, sheet=sheet.name, unread_sheets=sheet.others)
