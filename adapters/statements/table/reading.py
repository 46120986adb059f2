"""A table becomes one statement."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import BinaryIO, Final

from adapters.statements.table.balances import RunningBalance
from adapters.statements.table.cells import Cell, is_blank
from adapters.statements.table.handed import book_handed
from adapters.statements.table.header import Header, find_header
from adapters.statements.table.mapping import TableMapping
from adapters.statements.table.movement import book_movement
from adapters.statements.table.notes import Noted
from adapters.statements.table.rows import Book, Booked, RowReader
from adapters.statements.table.sameness import Sameness
from adapters.statements.table.settled import book_settled
from adapters.statements.table.source import Source, open_source
from adapters.statements.table.stated import StatedBalances, Sums, holds
from paygate.domain.errors import InvalidInputError
from paygate.domain.legs import Leg
from paygate.domain.statement import RefusedRow, StatementEnd, StatementHead, StatementLine, StatementPart, Warned

SHEETS_NAMED: Final = 10

BOOKS: Final[Mapping[str, Book]] = {
    Leg.BANK: book_movement,
    Leg.SETTLEMENT: book_settled,
    Leg.TREASURY: book_handed,
    Leg.RECEIPT: book_handed,
}
"""What makes a line of a row, by the leg it is evidence of."""


def read_table(file: BinaryIO, mapping: TableMapping) -> Iterator[StatementPart]:
    """Read a table from its present position as one statement; a row is one of the sheet, or a line of the text.

    With a balance column, opening and closing are taken from it and each step is checked, whether the oldest row
    stands first or last.

    Raises:
        UnreadableStatementError: it is no table, or one beyond the limits; the encoding is another; the header is not
            there; a quotation never ends; all its lines name the same. What was yielded before is then worth nothing.
    """
    source = open_source(file, mapping)
    header = find_header(source.rows, mapping)
    yield from _Table(source, mapping, header).read()


class _Table:
    """A table below its header, while it is read."""

    def __init__(self, source: Source, mapping: TableMapping, header: Header) -> None:
        self._source = source
        self._mapping = mapping
        self._header = header
        self._rows = RowReader(mapping, header, shifts=source.shifts)
        self._book_row = BOOKS[mapping.leg]
        self._sameness = Sameness(header)
        self._running = RunningBalance()
        self._stated = StatedBalances(mapping, self._rows)
        self._sums = Sums(header, self._rows)
        self._skipped = Noted(
            "it would be a line, but skip_containing passes over it", "{} more rows that would be lines are passed over"
        )
        self._days = (date.max, date.min)

    def read(self) -> Iterator[StatementPart]:
        layout = f"{self._source.described}\n{self._header.described()}"
        mapping = self._mapping
        leg = None if mapping.leg == Leg.BANK else Leg(mapping.leg)  # of a bank's table the account decides
        source = mapping.source or "" if leg is Leg.SETTLEMENT else None
        yield StatementHead(mapping.account, "", mapping.currency, leg=leg, layout=layout, source=source)
        for row, cells in self._header.above:
            self._stated.take(row, cells)
        for found in self._source.rows:
            part = found if isinstance(found, RefusedRow) else self._read_row(*found)
            if part is not None:
                yield part
        yield from self._close()

    def _read_row(self, row: int, cells: Sequence[Cell]) -> StatementLine | RefusedRow | None:
        if all(map(is_blank, cells)) or self._header.stands_in(cells) or self._stated.take(row, cells):
            return None
        skipped = holds(cells, self._mapping.skip_containing)
        try:
            booked = self._rows.read(row, cells, self._book_row)
        except InvalidInputError as error:
            if skipped:
                self._sums.check(row, cells)
            return None if skipped or self._is_rest_of_header(row, cells) else RefusedRow(row, str(error))
        if skipped:
            self._skipped.note(row)
            return None
        return self._book(booked)

    def _book(self, booked: Booked) -> StatementLine:
        line = booked.line
        first, last = self._days
        self._days = (min(first, line.booked_on), max(last, line.booked_on))
        self._running.step(line.row, line.amount, booked.balance)
        self._sums.add(booked.summed)
        self._sameness.add(line)
        return line

    def _is_rest_of_header(self, row: int, cells: Sequence[Cell]) -> bool:
        """Tell whether a row without any digit belongs to a tall header whose upper rows had all the names."""
        within = row < self._header.first_row + self._mapping.header_rows
        return within and not any(letter.isdigit() for cell in cells for letter in str(cell))

    def _close(self) -> Iterator[StatementPart]:
        self._sameness.check()
        opening, closing = self._stated.merged(*self._running.ends())
        notes = (self._running, self._stated, self._sums, self._skipped, self._rows.lost_digits)
        yield from (Warned(text) for note in notes for text in note.warnings())
        if others := self._source.unread_sheets:
            named = ", ".join(map(repr, others[:SHEETS_NAMED]))
            yield Warned(f"{len(others)} other sheets were not read: {named[:500]}; the mapping's `sheet` can name one")
        first, last = self._days
        some = first <= last
        yield StatementEnd(
            opening, closing, first if some else None, last if some else None, trailer_agrees=self._sums.agree
        )
