"""A column that says the same in every row names nothing: the mapping means another."""

from dataclasses import dataclass
from typing import Final

from adapters.statements.table.header import Header
from adapters.statements.table.wording import column_letter
from paygate.domain.errors import UnreadableStatementError
from paygate.domain.statement import HandoverLine, StatementLine

ENOUGH_LINES: Final = 20
"""From so many on, lines that all name the same are no chance."""

LONGEST_SHOWN: Final = 60


@dataclass(slots=True)
class _Named:
    first: str
    same: bool = True


class Sameness:
    """What the lines of a table name, and whether that is ever another."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self._lines = 0
        self._named: dict[str, _Named] = {}

    def add(self, line: StatementLine) -> None:
        self._lines += 1
        self._note("reference", line.reference)
        if isinstance(line, HandoverLine):
            self._note("dossier_code", line.dossier_code or "")

    def _note(self, column: str, value: str) -> None:
        named = self._named.setdefault(column, _Named(value))
        named.same = named.same and value == named.first

    def check(self) -> None:
        """Refuse a table all of whose lines name the same.

        Raises:
            UnreadableStatementError: it names the column.
        """
        if self._lines < ENOUGH_LINES:
            return
        for column, named in self._named.items():
            if named.same and named.first:
                where = column_letter(self._header.columns[column])
                headed = self._header.texts[self._header.columns[column]]
                raise UnreadableStatementError(
                    f"all {self._lines} lines have the {column} {named.first[:LONGEST_SHOWN]!r}: column {where}"
                    f" {headed[:LONGEST_SHOWN]!r} names no single payment, the mapping should name another"
                )
