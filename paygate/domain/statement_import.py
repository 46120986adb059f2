"""What a statement file came to, stored or only looked at."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from paygate.domain.statement import RefusedRow, StatementLine, StatementPart, StatementSummary
from paygate.domain.statement_reading import Reading, read_lines

FIRST_LINES: Final = 3
"""That a preview shows as they would be stored."""


@dataclass(frozen=True, slots=True)
class StatementImport:
    """What a file came to. `new` and `known` lines are None where nothing was stored: then `first_lines` are shown."""

    format: str
    account: str | None
    statements: Sequence[StatementSummary]
    new: int | None = None
    known: int | None = None
    already_imported: bool = False
    first_lines: Sequence[StatementLine] = ()

    @property
    def lines(self) -> int:
        return sum(statement.lines for statement in self.statements)

    @property
    def balanced(self) -> bool | None:
        """Whether all statements balance; None where none fails but some cannot tell."""
        each = {statement.balanced for statement in self.statements}
        return False if False in each else None if None in each or not each else True

    @property
    def warnings(self) -> list[str]:
        """Every statement's warnings, under its identification where there are several."""
        if len(self.statements) == 1:
            return list(self.statements[0].warnings)
        return [f"{said.identification}: {warning}" for said in self.statements for warning in said.warnings]

    @property
    def refused(self) -> list[RefusedRow]:
        return [row for statement in self.statements for row in statement.refused]

    @property
    def legs(self) -> dict[str, int]:
        """Lines by what they are evidence of, as far as their accounts are known."""
        counted: Counter[str] = Counter()
        for statement in self.statements:
            if statement.leg is not None:
                counted[statement.leg] += statement.lines
        return dict(counted)

    def as_json(self) -> dict[str, Any]:
        """Return the shape of `paygate statements import --json`; balances stand only where there is one statement."""
        only = self.statements[0] if len(self.statements) == 1 else None
        shape = {
            "format": self.format,
            "account": self.account,
            "statements": len(self.statements),
            "entries": sum(statement.entries for statement in self.statements),
            "lines": self.lines,
            "opening": only.opening if only else None,
            "closing": only.closing if only else None,
            "balanced": self.balanced,
            "warnings": self.warnings,
            "refused": [{"row": row.row, "reason": row.reason} for row in self.refused],
        }
        if self.new is None:
            return shape
        return {
            **shape,
            "legs": self.legs,
            "new": self.new,
            "known": self.known,
            "already_imported": self.already_imported,
        }


def preview(
    parts: Iterable[StatementPart],
    *,
    format: str,  # noqa: A002 -- the command's word for it
    account: str | None = None,
) -> StatementImport:
    """Read a file to its end and say what an import would read, storing nothing.

    Raises:
        UnreadableStatementError: the file is refused as a whole.
    """
    readings: list[Reading] = []
    lines = (line for _, line, _ in read_lines(parts, readings))
    first = list(islice(lines, FIRST_LINES))
    for _ in lines:
        pass
    statements = [reading.finish() for reading in readings]
    named = {statement.account for statement in statements}
    only = account or (named.pop() if len(named) == 1 else None)
    return StatementImport(format, only, statements, first_lines=first)
