"""The balance that stands beside each line, and whether each follows from the one before."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from adapters.statements.table.notes import Noted


def _breaks() -> Noted:
    return Noted(
        "its balance does not follow from that of the row before", "the balances of {} more rows do not follow either"
    )


@dataclass(slots=True)
class RunningBalance:
    """The running balance, tried in both orders: many banks print the newest row first."""

    first: tuple[int, int] | None = None  # amount and balance of the first row that gives one, and of the last
    last: tuple[int, int] | None = None
    oldest_first: Noted = field(default_factory=_breaks)
    newest_first: Noted = field(default_factory=_breaks)

    def step(self, row: int, amount: int, balance: int | None) -> None:
        if balance is None:
            return
        if self.last is None:
            self.first = (amount, balance)
        else:
            earlier_amount, earlier_balance = self.last
            if earlier_balance + amount != balance:
                self.oldest_first.note(row)
            if earlier_balance - earlier_amount != balance:
                self.newest_first.note(row)
        self.last = (amount, balance)

    def warnings(self) -> Iterator[str]:
        return (self.newest_first if self._is_newest_first() else self.oldest_first).warnings()

    def ends(self) -> tuple[int | None, int | None]:
        """Return what was there before the oldest row, and after the newest."""
        if self.first is None or self.last is None:
            return None, None
        oldest, newest = (self.last, self.first) if self._is_newest_first() else (self.first, self.last)
        return oldest[1] - oldest[0], newest[1]

    def _is_newest_first(self) -> bool:
        return self.newest_first.count < self.oldest_first.count
