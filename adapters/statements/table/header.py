"""Where the header of a table stands, and which of its columns are meant."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from adapters.statements.table.cells import Cell, Row, Rows, label
from adapters.statements.table.mapping import TableMapping
from adapters.statements.table.wording import bare, column_letter, folded
from paygate.domain.errors import UnreadableStatementError
from paygate.domain.statement import RefusedRow

HEADER_WITHIN: Final = 50
"""Rows among which the header must be."""

LONGEST_SHOWN: Final = 60
"""Characters of a header in a message."""

MOST_SHOWN: Final = 500
"""Characters of all headers in a message."""

Names: TypeAlias = Sequence[frozenset[str]]
"""For each column, what it can be called."""


@dataclass(frozen=True, slots=True)
class Header:
    """The header as it was found: `columns` gives our field = place of its column, from 0.

    `texts` heads each of its columns, `labels` are its rows as they may stand again, `above` what stood over it.
    """

    first_row: int
    last_row: int
    columns: Mapping[str, int]
    texts: Sequence[str]
    labels: Collection[Sequence[str]]
    above: Sequence[Row]

    @property
    def width(self) -> int:
        return len(self.texts)

    def described(self) -> str:
        """Say what was found, a line each, to somebody who is writing the mapping."""
        rows = (
            f"row {self.last_row}" if self.first_row == self.last_row else f"rows {self.first_row} to {self.last_row}"
        )
        found = [f"  {name}: {self._column(column)}" for name, column in self.columns.items()]
        others = [
            self._column(column)
            for column, text in enumerate(self.texts)
            if text and column not in self.columns.values()
        ]
        not_read = [f"  not read: {', '.join(others)[:MOST_SHOWN]}"] if others else []
        return "\n".join([f"header in {rows}", *found, *not_read])

    def _column(self, column: int) -> str:
        return f"column {column_letter(column)} {self.texts[column][:LONGEST_SHOWN]!r}"

    def stands_in(self, cells: Sequence[Cell]) -> bool:
        """Tell whether a row is one of the header's again, as at the top of each page."""
        first = bare(label(cells[0])) if cells else ""  # that alone tells it from almost every row
        return any(labels[0] == first for labels in self.labels) and _labels(cells) in self.labels


def find_header(rows: Iterator[Rows], mapping: TableMapping) -> Header:
    """Take rows up to and with the header.

    Raises:
        UnreadableStatementError: it is not there; the message says what is missing from what is most like it.
    """
    seen: list[Row] = []
    for row in rows:
        seen.append((row.row, ()) if isinstance(row, RefusedRow) else row)
        if len(seen) >= mapping.header_rows and (found := _header_at_end(seen, mapping)):
            return found
        if len(seen) >= HEADER_WITHIN:
            break
    raise UnreadableStatementError(_missing(seen, mapping))


def _header_at_end(seen: Sequence[Row], mapping: TableMapping) -> Header | None:
    """Look for the names in one of the last rows, then spread over them, as in a tall header."""
    last = seen[-mapping.header_rows :]
    for candidate in (*([row] for row in last), last):
        rows = [cells for _, cells in candidate]
        if (columns := _match(_names(rows), mapping.columns)) is not None:
            above = [row for row in seen if row[0] < candidate[0][0]]
            labels = {_labels(cells) for cells in rows} - {()}
            return Header(candidate[0][0], last[-1][0], columns, _texts(rows), labels, above)
    return None


def _match(names: Names, wanted: Mapping[str, str]) -> dict[str, int] | None:
    """Find each header by its very letters first, then without its accents among the columns left over."""
    exact = {name: _columns_called(folded(header), names) for name, header in wanted.items()}
    taken = {column for columns in exact.values() for column in columns}
    found = {
        name: exact[name] or [column for column in _columns_called(bare(header), names) if column not in taken]
        for name, header in wanted.items()
    }
    if not all(found.values()):
        return None
    if twice := [name for name, columns in found.items() if len(columns) > 1]:
        where = ", ".join(column_letter(column) for column in found[twice[0]])
        raise UnreadableStatementError(f"more than one of its columns is headed {wanted[twice[0]]!r}: {where}")
    return {name: columns[0] for name, columns in found.items()}


def _columns_called(name: str, names: Names) -> list[int]:
    return [column for column, called in enumerate(names) if name in called]


def _names(rows: Sequence[Sequence[Cell]]) -> Names:
    """Name each column by its cells, and by them read from top to bottom: `Phát sinh` over `Nợ` is `Phát sinh Nợ`."""
    return [
        frozenset(name for text in (*cells, _joined(cells), under) if text for name in (folded(text), bare(text)))
        for cells, under in zip(zip(*_squared(rows), strict=True), headings(rows), strict=True)
    ]


def _squared(rows: Sequence[Sequence[Cell]]) -> list[list[str]]:
    width = max((len(cells) for cells in rows), default=0)
    return [[*map(label, cells), *[""] * (width - len(cells))] for cells in rows]


def headings(rows: Sequence[Sequence[Cell]]) -> list[str]:
    """Head each column with all that stands over it."""
    *upper, lowest = _squared(rows)
    return [" ".join(_joined(column).split()) for column in zip(*map(_spread, upper), lowest, strict=True)]


def _spread(texts: Iterable[str]) -> list[str]:
    """Let the heading of a group reach over the columns to its right that have none of their own."""
    current, spread = "", []
    for text in texts:
        current = text or current
        spread.append(current)
    return spread


def _joined(texts: Iterable[str]) -> str:
    return " ".join(text for text in texts if text)


def _labels(cells: Sequence[Cell]) -> tuple[str, ...]:
    labels = [bare(label(cell)) for cell in cells]
    while labels and not labels[-1]:
        labels.pop()
    return tuple(labels)


def _texts(rows: Sequence[Sequence[Cell]]) -> list[str]:
    width = max(len(_labels(cells)) for cells in rows)
    return headings(rows)[:width]


def _missing(seen: Sequence[Row], mapping: TableMapping) -> str:
    def lacking(row: Row) -> list[str]:
        there = {bare(label(cell)) for cell in row[1]}
        return [header for header in mapping.columns.values() if bare(header) not in there]

    nearest = min(seen, key=lambda row: len(lacking(row)), default=(0, ()))
    absent = lacking(nearest) or list(mapping.columns.values())
    there = ", ".join(repr(text[:LONGEST_SHOWN]) for text in map(label, nearest[1]) if text) or "nothing"
    most_like = f"row {nearest[0]} is most like a header and has {there[:MOST_SHOWN]}" if nearest[0] else "it is empty"
    return f"it has no column headed {', '.join(map(repr, absent))}; {most_like}"
