"""A row below the header, cell by cell; what a leg makes of it is told by the module of that leg."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias

from adapters.statements.table.cells import Cell, Covered, is_blank, text_of, uncovered
from adapters.statements.table.header import Header
from adapters.statements.table.mapping import TableMapping
from adapters.statements.table.notes import Noted
from paygate.domain.errors import InvalidInputError
from paygate.domain.statement import StatementLine
from paygate.domain.table_columns import MONEY_COLUMNS

MAX_CELL_CHARACTERS: Final = 32_767
"""What a cell of a spreadsheet holds."""

WHOLE_NUMBERS: Final = 10**15
"""From here on a spreadsheet has lost digits of a number."""

Said: TypeAlias = Mapping[str, Cell]
"""The cells of a row by our names."""


@dataclass(frozen=True, slots=True)
class Booked:
    """A line, and what its row says the balance was after it.

    `summed` is what the row adds to the sums of its columns, of those that a row at the foot may state.
    """

    line: StatementLine
    summed: Mapping[str, int]
    balance: int | None = None


class RowReader:
    """Reads the rows below a header.

    `shifts`: it is text, where a cell too many or too few means that the others stand elsewhere.
    """

    def __init__(self, mapping: TableMapping, header: Header, *, shifts: bool) -> None:
        self.mapping = mapping
        self._header = header
        self._shifts = shifts
        self._last_column = max(header.columns.values())
        self._amounts = mapping.amounts()
        self._days = mapping.days()
        self.lost_digits = Noted(
            "a number in it is longer than the 15 digits a spreadsheet keeps; its end is lost",
            "{} more rows have numbers whose ends are lost",
        )

    def read(self, row: int, cells: Sequence[Cell], book: "Book") -> Booked:
        """Return what a row books.

        Raises:
            InvalidInputError: it cannot be read, or could mean two things.
        """
        said = self.named(cells)
        currency = self.text(said, "currency")
        if currency and currency.upper() != self.mapping.currency:
            raise InvalidInputError(f"its currency is {currency[:20]!r} where the mapping says {self.mapping.currency}")
        booked = book(self, row, said)
        if not self._shifts and any(_lost_digits(cell) for name, cell in said.items() if name not in MONEY_COLUMNS):
            self.lost_digits.note(row)
        return booked

    def text(self, said: Said, name: str) -> str:
        """Return what a cell says in words, "" where there is no such column."""
        return text_of(said[name], self._days.written) if name in said else ""

    def day(self, said: Said, name: str) -> date | None:
        """Read a day; None where nothing stands, or there is no such column.

        Raises:
            InvalidInputError: it is none.
        """
        value = uncovered(said.get(name, ""))
        return self._days.read(value) if value != "" else None

    def needed_day(self, said: Said, name: str) -> date:
        """Read a day that must be there.

        Raises:
            InvalidInputError: it is none.
        """
        return self._days.read(uncovered(said[name]))

    def amount(self, said: Said, name: str) -> int | None:
        """Read an amount; None where nothing stands, or there is no such column.

        Raises:
            InvalidInputError: it is none.
        """
        return self.amount_of(said.get(name, ""))

    def amount_of(self, cell: Cell) -> int | None:
        """Read an amount; None where nothing stands. An amount does not reach down from above: it is counted once.

        Raises:
            InvalidInputError: it is none.
        """
        if is_blank(cell) or isinstance(cell, Covered):
            return None
        return self._amounts.read_cell(cell)

    def named(self, cells: Sequence[Cell]) -> Said:
        """Return the cells of a row by our names.

        Raises:
            InvalidInputError: they do not stand as the header says, or one cannot be held.
        """
        width = self._header.width
        if self._shifts and (len(cells) <= self._last_column or not all(map(is_blank, cells[width:]))):
            raise InvalidInputError(f"it has {len(cells)} cells where the header has {width}")
        said: dict[str, Cell] = {}
        for name, column in self._header.columns.items():
            cell = cells[column] if column < len(cells) else ""
            text = cell if isinstance(cell, str) else uncovered(cell)
            if isinstance(text, str):
                _check_text(name, text)
            said[name] = cell.strip() if isinstance(cell, str) else cell
        return said


Book: TypeAlias = Callable[[RowReader, int, Said], Booked]
"""Makes of the cells of a numbered row what they book.

Raises:
    InvalidInputError: it cannot be read, or could mean two things.
"""


def _check_text(name: str, text: str) -> None:
    if "\0" in text:
        raise InvalidInputError("it holds a NUL")
    if len(text) > MAX_CELL_CHARACTERS:
        raise InvalidInputError(f"its {name} is longer than {MAX_CELL_CHARACTERS} characters")


def _lost_digits(cell: Cell) -> bool:
    value = uncovered(cell)
    return isinstance(value, int | float) and abs(value) >= WHOLE_NUMBERS
