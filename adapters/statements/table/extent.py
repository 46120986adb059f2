"""A sheet's XML while it goes by: how far its cells reach, and errors made visible.

The library that reads sheets makes room for every cell of the rectangle that the cells span, so two of them in
opposite corners would take all memory; and it gives an error as if nothing stood there, though a formula that failed
is no empty cell.
"""

import re
from typing import Final

from paygate.domain.errors import UnreadableStatementError

MAX_CELLS: Final = 5_000_000
"""Of the rectangle; each takes 32 bytes."""

MAX_COLUMNS: Final = 1_024
MAX_TAG_BYTES: Final = 1_048_576
"""Between the ends of two tags; the text of a cell comes to a tenth of it."""

_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]+)([0-9]+)["']""")
_CELL = re.compile(rb"<(?:\w+:)?c(?=[\s/>])")
_ROW = re.compile(rb"<(?:\w+:)?row(?=[\s/>])")
_ERROR = re.compile(rb"""(<(?:\w+:)?c\s(?:[^>]*\s)?t\s*=\s*["'])e(?=["'])""")


class Extent:
    """What was seen of a sheet so far."""

    def __init__(self) -> None:
        self.rows = self.columns = 0
        self._unfinished = b""
        self._unplaced = 0

    def pass_on(self, chunk: bytes) -> bytes:
        """Take in the next bytes and return what may be passed on: whole tags, each error as a text.

        Raises:
            UnreadableStatementError: it reaches further than memory should hold.
        """
        seen = self._unfinished + chunk
        whole = seen.rfind(b">") + 1
        seen, self._unfinished = seen[:whole], seen[whole:]
        if len(self._unfinished) > MAX_TAG_BYTES:
            raise UnreadableStatementError(f"its sheet has more than {MAX_TAG_BYTES} bytes without the end of a tag")
        self._measure(seen)
        return _ERROR.sub(rb"\1str", seen)

    def rest(self) -> bytes:
        """Return what stood behind the last tag."""
        return self._unfinished

    def _measure(self, seen: bytes) -> None:
        places = _PLACE.findall(seen)
        self.rows = max(self.rows, max((int(row[:9]) for row in {row for _, row in places}), default=0))
        self.columns = max(self.columns, max(map(_number, {letters for letters, _ in places}), default=0))
        if len(_CELL.findall(seen)) > len(places):
            self._measure_unplaced(seen)
        if self.columns > MAX_COLUMNS:
            raise UnreadableStatementError(f"its sheet has {self.columns} columns; a table has at most {MAX_COLUMNS}")
        if self.rows * self.columns > MAX_CELLS:
            raise UnreadableStatementError(
                f"its sheet spans {self.rows} rows of {self.columns} columns, more than {MAX_CELLS} cells"
            )

    def _measure_unplaced(self, seen: bytes) -> None:
        """Cells need not say where they stand; then they follow one another, in rows that follow one another."""
        widths = [len(_CELL.findall(row)) for row in _ROW.split(seen)]
        widths[0] += self._unplaced
        self._unplaced = widths[-1]
        self.rows += len(widths) - 1
        self.columns = max(self.columns, *widths)


def _number(letters: bytes) -> int:
    """Return the number of a column, from 1; of the first letters alone, where no sheet has so many."""
    number = 0
    for letter in letters[:7].upper():
        number = number * 26 + letter - ord("A") + 1
    return number
