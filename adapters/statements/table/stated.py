"""What rows that are no movements say: the balances at both ends, and sums of what stands above them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from adapters.statements.table.cells import Cell
from adapters.statements.table.header import Header
from adapters.statements.table.mapping import TableMapping
from adapters.statements.table.rows import RowReader
from paygate.domain.errors import InvalidInputError

_UNSIGNED: Final = frozenset({"credit", "debit"})
"""Columns whose name gives the direction."""


def holds(cells: Sequence[Cell], texts: Sequence[str]) -> bool:
    """Tell whether a cell holds one of the texts."""
    return any(text in cell for text in texts for cell in cells if isinstance(cell, str))


class StatedBalances:
    """Opening and closing, as rows with the mapping's words for them state them."""

    def __init__(self, mapping: TableMapping, reader: RowReader) -> None:
        self._words = {"opening": mapping.opening_containing, "closing": mapping.closing_containing}
        self._reader = reader
        self._amounts: dict[str, int] = {}
        self._faults: list[str] = []

    def take(self, row: int, cells: Sequence[Cell]) -> bool:
        """Tell whether the row is one of them, and remember what it states."""
        for name, words in self._words.items():
            if holds(cells, words):
                self._remember(row, name, list(self._stated(cells, words)))
                return True
        return False

    def _remember(self, row: int, name: str, amounts: Sequence[int]) -> None:
        if len(set(amounts)) != 1:
            found = f"{len(set(amounts))} amounts" if amounts else "no amount"
            self._faults.append(f"row {row}: it should state the {name} balance, but {found} could be read in it")
        elif self._amounts.setdefault(name, amounts[0]) != amounts[0]:
            self._faults.append(f"row {row}: it states another {name} balance than a row above")

    def _stated(self, cells: Sequence[Cell], words: Sequence[str]) -> Iterator[int]:
        for cell in cells:
            if isinstance(cell, str) and any(word in cell for word in words):
                cell = cell.rpartition(":")[2] if ":" in cell else ""  # noqa: PLW2901 -- a label may hold its amount
            try:
                if (amount := self._reader.amount_of(cell)) is not None:
                    yield amount
            except InvalidInputError:
                continue

    def merged(self, opening: int | None, closing: int | None) -> tuple[int | None, int | None]:
        """Return both balances, those stated before those reckoned from a running balance."""
        for name, reckoned in (("opening", opening), ("closing", closing)):
            if reckoned is not None and self._amounts.setdefault(name, reckoned) != reckoned:
                self._faults.append(
                    f"the {name} balance is stated as {self._amounts[name]}, by its lines it is {reckoned}"
                )
        return self._amounts.get("opening"), self._amounts.get("closing")

    def warnings(self) -> Iterator[str]:
        return iter(self._faults)


class Sums:
    """Sums of the lines so far, held against the rows that state them.

    A row may state the sum of all lines above it, or, as at the foot of a page, of those since the last such row.
    """

    def __init__(self, header: Header, reader: RowReader) -> None:
        columns = header.columns
        names = () if "sign" in columns else ("credit", "debit", "amount", "gross", "fee", "net")
        self._columns: Mapping[str, int] = {name: columns[name] for name in names if name in columns}
        self._reader = reader
        self._all = dict.fromkeys(self._columns, 0)
        self._since = dict.fromkeys(self._columns, 0)
        self._faults: list[str] = []
        self.agree: bool | None = None
        """Whether what was stated is so; None where nothing was."""

    def add(self, summed: Mapping[str, int]) -> None:
        for name, amount in summed.items():
            if name in self._columns:
                self._all[name] += amount
                self._since[name] += amount

    def check(self, row: int, cells: Sequence[Cell]) -> None:
        """Hold the sums that a row states against the lines."""
        stated = {name: amount for name in self._columns if (amount := self._stated(name, cells)) is not None}
        for name, amount in stated.items():
            agrees = amount in (self._all[name], self._since[name])
            self.agree = agrees and self.agree is not False
            if not agrees:
                self._faults.append(
                    f"row {row}: it states {amount} as the sum of {name}, the lines have {self._all[name]}"
                )
        if stated:
            self._since = dict.fromkeys(self._columns, 0)

    def _stated(self, name: str, cells: Sequence[Cell]) -> int | None:
        column = self._columns[name]
        try:
            amount = self._reader.amount_of(cells[column]) if column < len(cells) else None
        except InvalidInputError:
            return None
        return abs(amount) if amount is not None and name in _UNSIGNED else amount

    def warnings(self) -> Iterator[str]:
        return iter(self._faults)
