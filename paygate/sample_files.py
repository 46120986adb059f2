"""Samples of tables, read in a child process, for who says what their columns mean."""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, NamedTuple

from adapters.statements.table.mapping import TableMapping
from adapters.statements.table.sampling import Container, sample_file
from paygate.domain.errors import ConfigurationError, InvalidInputError
from paygate.isolation import read_apart
from paygate.statement_files import limits_for


class Opening(NamedTuple):
    """How a sample is opened, and where its header stands: the first of its rows, 0 to have it guessed."""

    delimiter: str
    encoding: str
    sheet: str | int | None
    header_row: int
    header_rows: int


def try_sample(file: BinaryIO, opening: Opening, content: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what is found in a sample, by name, and what a mapping makes of it; None: none is made yet.

    Blocks, for a second or so: where an event loop runs, it belongs in a thread.

    Raises:
        UnreadableStatementError: it is no table, or one beyond the limits.
        InvalidInputError: it cannot be opened so.
    """
    try:
        "x".encode(opening.encoding)
        mapping = None if content is None else TableMapping(**content)
    except (LookupError, ConfigurationError) as error:
        raise InvalidInputError(error) from error
    return dict(read_apart(produce_findings, file, opening, mapping, limits=limits_for(file)))


def produce_findings(file: BinaryIO, opening: Opening, mapping: TableMapping | None) -> Iterator[tuple[str, Any]]:
    """Be what the child runs."""
    container = Container(opening.delimiter, opening.encoding, opening.sheet)
    yield from sample_file(file, container, (opening.header_row, opening.header_rows), mapping)
