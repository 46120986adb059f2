"""A row below the header becomes a line, or is refused with its reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from adapters.statements.table.cells import Cell, Covered, is_blank, text_of, uncovered
from adapters.statements.table.header import Header
from adapters.statements.table.mapping import TableMapping
from adapters.statements.table.notes import Noted
from adapters.statements.table.wording import bare
from paygate.domain.errors import InvalidInputError
from paygate.domain.statement import StatementLine
from paygate.domain.table_columns import MONEY_COLUMNS

DEBIT_SIGNS: Final = frozenset({"-", "\N{MINUS SIGN}", "d", "dr", "dbit", "debit", "no", "ghino"})
CREDIT_SIGNS: Final = frozenset({"", "+", "c", "cr", "crdt", "credit", "co", "ghico"})
"""What stands in a sign column, without accents and spaces and in lower case."""

MAX_CELL_CHARACTERS: Final = 32_767
"""What a cell of a spreadsheet holds."""

WHOLE_NUMBERS: Final = 10**15
"""From here on a spreadsheet has lost digits of a number."""


@dataclass(frozen=True, slots=True)
class Booked:
    """A line, and what its row says the balance was after it."""

    line: StatementLine
    balance: int | None


class RowReader:
    """Reads the rows below a header. `shifts`: a cell too many or too few means that the others stand elsewhere."""

    def __init__(self, mapping: TableMapping, header: Header, *, shifts: bool) -> None:
        self._mapping = mapping
        self._header = header
        self._shifts = shifts
        self._last_column = max(header.columns.values())
        self._amounts = mapping.amounts()
        self._days = mapping.days()
        self.lost_digits = Noted(
            "a number in it is longer than the 15 digits a spreadsheet keeps; its end is lost",
            "{} more rows have numbers whose ends are lost",
        )

    def read(self, row: int, cells: Sequence[Cell]) -> Booked:
        """Return what a row books.

        Raises:
            InvalidInputError: it cannot be read, or could mean two things.
        """
        said = self._cells(cells)
        currency = self._text(said, "currency")
        if currency and currency.upper() != self._mapping.currency:
            raise InvalidInputError(
                f"its currency is {currency[:20]!r} where the mapping says {self._mapping.currency}"
            )
        value_on = uncovered(said.get("value_on", ""))
        line = StatementLine(
            row=row,
            booked_on=self._days.read(uncovered(said["booked_on"])),
            value_on=self._days.read(value_on) if value_on != "" else None,
            amount=self._movement(said),
            currency=self._mapping.currency,
            bank_reference=self._text(said, "bank_reference"),
            reference=self._text(said, "reference"),
            narrative=self._text(said, "narrative"),
            counterparty=self._text(said, "counterparty"),
        )
        if any(_lost_digits(cell) for name, cell in said.items() if name not in MONEY_COLUMNS):
            self.lost_digits.note(row)
        return Booked(line, self.amount_of(said.get("balance", "")))

    def amount_of(self, cell: Cell) -> int | None:
        """Read an amount; None where nothing stands. An amount does not reach down from above: it is counted once.

        Raises:
            InvalidInputError: it is none.
        """
        if is_blank(cell) or isinstance(cell, Covered):
            return None
        return self._amounts.read_cell(cell)

    def _cells(self, cells: Sequence[Cell]) -> Mapping[str, Cell]:
        width = self._header.width
        if self._shifts and (len(cells) <= self._last_column or not all(map(is_blank, cells[width:]))):
            raise InvalidInputError(f"it has {len(cells)} cells where the header has {width}")
        found = {name: cells[column] if column < len(cells) else "" for name, column in self._header.columns.items()}
        said = {name: cell.strip() if isinstance(cell, str) else cell for name, cell in found.items()}
        texts = [(name, text) for name, cell in said.items() if isinstance(text := uncovered(cell), str)]
        if any("\0" in text for _, text in texts):
            raise InvalidInputError("it holds a NUL")
        if too_long := [name for name, text in texts if len(text) > MAX_CELL_CHARACTERS]:
            raise InvalidInputError(f"its {too_long[0]} is longer than {MAX_CELL_CHARACTERS} characters")
        return said

    def _text(self, said: Mapping[str, Cell], name: str) -> str:
        return text_of(said[name], self._days.written) if name in said else ""

    def _movement(self, said: Mapping[str, Cell]) -> int:
        if "amount" in said:
            if (amount := self.amount_of(said["amount"])) is None:
                raise InvalidInputError("it has no amount")
            return _signed(amount, self._text(said, "sign")) if "sign" in said else amount
        credit = self._side(said, "credit", 1)
        debit = self._side(said, "debit", -1 if self._mapping.debits_negative else 1)
        if credit is None and debit is None:
            raise InvalidInputError("it has neither a credit nor a debit")
        if credit and debit:
            raise InvalidInputError("it has both a credit and a debit")
        return (credit or 0) - (debit or 0)

    def _side(self, said: Mapping[str, Cell], name: str, sign: int) -> int | None:
        amount = self.amount_of(said.get(name, ""))
        if amount is not None and amount * sign < 0:
            means = "a positive" if sign < 0 else "a negative"
            raise InvalidInputError(f"{means} {name} could mean either direction")
        return None if amount is None else abs(amount)


def _signed(amount: int, sign: str) -> int:
    plain = bare(sign)
    if amount < 0 or plain not in DEBIT_SIGNS | CREDIT_SIGNS:
        raise InvalidInputError(f"sign {sign[:20]!r} of {amount} says neither credit nor debit")
    return -amount if plain in DEBIT_SIGNS else amount


def _lost_digits(cell: Cell) -> bool:
    value = uncovered(cell)
    return isinstance(value, int | float) and abs(value) >= WHOLE_NUMBERS
