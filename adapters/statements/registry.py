"""The formats a bank statement comes in: one line each.

A format is a name, a look at the first bytes that tells it from the others, and a reader. Readers stream: they take
a seekable binary file and yield parts as they come to them.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO, Final, NamedTuple, TypeAlias

from adapters.statements.camt import read_camt
from adapters.statements.foreign import name_foreign
from adapters.statements.mt940 import read_mt940
from adapters.statements.mt940_fields import looks_like_swift
from adapters.statements.napas import looks_like_napas, read_napas
from adapters.statements.prolog import looks_like_xml
from adapters.statements.table.mapping import TableMapping
from adapters.statements.table.reading import read_table
from adapters.statements.table.source import looks_like_a_sheet
from adapters.statements.vietinbank import looks_like_vietinbank, read_vietinbank
from paygate.domain.errors import InvalidInputError, UnreadableStatementError
from paygate.domain.statement import TABLE_FORMAT, StatementPart

HEAD_BYTES: Final = 4096
"""How much of a file is looked at to guess its format."""

Read: TypeAlias = Callable[[BinaryIO, TableMapping | None, bytes | None], Iterator[StatementPart]]


class StatementFormat(NamedTuple):
    """One line of the table. `looks_like` is given the first HEAD_BYTES bytes, or all there are."""

    name: str
    looks_like: Callable[[bytes], bool]
    read: Read


def _plain(read: Callable[[BinaryIO], Iterator[StatementPart]]) -> Read:
    """Make a reader of one that needs no mapping: what its fields mean is the format's own affair."""
    return lambda file, _mapping, _key: read(file)


def _keyed(read: Callable[[BinaryIO, bytes | None], Iterator[StatementPart]]) -> Read:
    """Make a reader of one that verifies checksums, where it is given the key."""
    return lambda file, _mapping, key: read(file, key)


def _mapped(read: Callable[[BinaryIO, TableMapping], Iterator[StatementPart]]) -> Read:
    def read_mapped(file: BinaryIO, mapping: TableMapping | None, _key: bytes | None) -> Iterator[StatementPart]:
        if mapping is None:
            raise InvalidInputError("a table needs a mapping that says what its columns mean")
        return read(file, mapping)

    return read_mapped


TABLE: Final = StatementFormat(TABLE_FORMAT, looks_like_a_sheet, _mapped(read_table))

FORMATS: Final[Mapping[str, StatementFormat]] = {
    each.name: each
    for each in (
        StatementFormat("camt", looks_like_xml, _plain(read_camt)),
        StatementFormat("mt940", looks_like_swift, _plain(read_mt940)),
        StatementFormat("napas", looks_like_napas, _plain(read_napas)),
        StatementFormat("vietinbank", looks_like_vietinbank, _keyed(read_vietinbank)),
        TABLE,
    )
}
"""By name. A guess takes the first that says yes, so what is told by certain signs stands before what is not."""


def open_statement(
    file: BinaryIO,
    format: str | None = None,  # noqa: A002 -- the command's word for it
    mapping: TableMapping | None = None,
    key: bytes | None = None,
) -> tuple[str, Iterator[StatementPart]]:
    """Return the format of a file, guessed from its bytes unless it is given, and the parts as they are read.

    `key` is what its checksums are made with, in a format that has them.

    The file must be seekable and stay open while the parts are read.

    Raises:
        InvalidInputError: an unknown format, one that cannot be guessed, or a table without a mapping.
        UnreadableStatementError: from here or from the iterator, when the file is refused as a whole.
    """
    known = _named(format) if format else _guess(file, mapping)
    return known.name, known.read(file, mapping, key)


def _named(name: str) -> StatementFormat:
    if name not in FORMATS:
        raise InvalidInputError(f"there is no statement format {name!r}; there is {', '.join(FORMATS)}")
    return FORMATS[name]


def _guess(file: BinaryIO, mapping: TableMapping | None) -> StatementFormat:
    """Ask every format; text that none knows as its own is a table where a mapping says how to read it."""
    start = file.tell()
    head = file.read(HEAD_BYTES)
    file.seek(start)
    if foreign := name_foreign(head):
        raise UnreadableStatementError(f"it is {foreign}")
    for each in FORMATS.values():
        if each.looks_like(head):
            return each
    if mapping is not None:
        return TABLE
    raise InvalidInputError(
        f"it is none of {', '.join(FORMATS)} by its first bytes; to read it as a table, name a mapping"
    )
