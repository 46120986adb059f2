"""Rows of which the same is to be said, the first of them by number, the rest counted."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

NAMED: Final = 20


@dataclass(slots=True)
class Noted:
    """What is said of each such row, and of how many more it is true."""

    said: str
    more: str
    count: int = 0
    rows: list[int] = field(default_factory=list)

    def note(self, row: int) -> None:
        self.count += 1
        if self.count <= NAMED:
            self.rows.append(row)

    def warnings(self) -> Iterator[str]:
        for row in self.rows:
            yield f"row {row}: {self.said}"
        if more := self.count - len(self.rows):
            yield self.more.format(more)
