"""The formats a bank statement comes in: one line each."""

from collections.abc import Iterator
from typing import BinaryIO, Final

from adapters.statements.camt import read_camt
from adapters.statements.prolog import looks_like_xml
from adapters.statements.table import TableMapping, read_table
from paygate.domain.errors import InvalidInputError
from paygate.domain.statement import StatementPart

CAMT: Final = "camt"
TABLE: Final = "table"
FORMATS: Final = (CAMT, TABLE)

_HEAD_BYTES: Final = 4096


def open_statement(
    file: BinaryIO,
    format: str | None = None,  # noqa: A002 -- the command's word for it
    mapping: TableMapping | None = None,
) -> tuple[str, Iterator[StatementPart]]:
    """Return the format of a file, guessed from its bytes unless it is given, and the parts as they are read.

    The file must be seekable and stay open while the parts are read.

    Raises:
        InvalidInputError: an unknown format, one that cannot be guessed, or a table without a mapping.
        UnreadableStatementError: from the iterator, when the file is refused as a whole.
    """
    known = format or _guess(file, mapping)
    if known == CAMT:
        return known, read_camt(file)
    if known != TABLE:
        raise InvalidInputError(f"there is no statement format {known!r}; there is {', '.join(FORMATS)}")
    if mapping is None:
        raise InvalidInputError("a table needs a mapping that says what its columns mean")
    return known, read_table(file, mapping)


def _guess(file: BinaryIO, mapping: TableMapping | None) -> str:
    start = file.tell()
    head = file.read(_HEAD_BYTES)
    file.seek(start)
    if looks_like_xml(head):
        return CAMT
    if mapping is not None:
        return TABLE
    raise InvalidInputError("it is not camt (XML); to read it as a table, name a mapping")
