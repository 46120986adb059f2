"""The rows of a CSV or TSV file, streamed."""

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterator
from typing import BinaryIO, Final

from adapters.statements.table.cells import Rows
from paygate.domain.errors import UnreadableStatementError
from paygate.domain.statement import RefusedRow
from paygate.domain.text import bound_cells

MAX_ROW_CHARACTERS: Final = 1_000_000
MAX_COLUMNS: Final = 1_024

DECOMPOSING: Final = frozenset({"cp1258"})
"""Encodings that write a letter and its tone as two characters."""

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_delimited(file: BinaryIO, delimiter: str, encoding: str) -> Iterator[Rows]:
    """Yield each row with the number of its last line; a row that is no CSV is refused alone.

    Raises:
        UnreadableStatementError: the encoding is another, a line or row is too long to hold, or a quotation never
            ends.
    """
    mark = _mark(file)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        yield from _rows(_Lines(text, codecs.lookup(encoding).name in DECOMPOSING), delimiter)
    except UnicodeError as error:
        begins = f"; it begins as {mark} does" if mark else ""
        raise UnreadableStatementError(
            f"it is not text in {encoding}, the mapping's encoding: {error}{begins}"
        ) from error
    finally:
        if not file.closed:
            text.detach()


def _mark(file: BinaryIO) -> str | None:
    start = file.tell()
    head = file.read(4)
    file.seek(start)
    return next((name for mark, name in _MARKS if head.startswith(mark)), None)


def _rows(lines: "_Lines", delimiter: str) -> Iterator[Rows]:
    bound_cells()
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        begun = reader.line_num + 1
        lines.held = 0
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if lines.ended:
                raise UnreadableStatementError(f"it ends within a quotation that begins in line {begun}") from error
            yield RefusedRow(reader.line_num, str(error))
            continue
        if len(cells) > MAX_COLUMNS:
            yield RefusedRow(reader.line_num, f"it has {len(cells)} cells; a table has at most {MAX_COLUMNS}")
        else:
            yield reader.line_num, cells


class _Lines:
    """The lines of a text; neither a line nor the lines of a row are longer than memory should hold."""

    def __init__(self, text: io.TextIOWrapper, decomposed: bool) -> None:  # noqa: FBT001 -- told in one place
        self._text = text
        self._decomposed = decomposed
        self.ended = False
        self.held = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(MAX_ROW_CHARACTERS)
        if not line:
            self.ended = True
            raise StopIteration
        self.held += len(line)
        if self.held >= MAX_ROW_CHARACTERS:
            raise UnreadableStatementError(f"it has a row of more than {MAX_ROW_CHARACTERS} characters")
        return unicodedata.normalize("NFC", line) if self._decomposed else line
