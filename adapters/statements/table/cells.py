"""What stands in a cell: text in a CSV; in a sheet also numbers, days and times, each as it is stored there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeAlias

from paygate.domain.statement import RefusedRow

Plain: TypeAlias = str | int | float | bool | date | time | timedelta


@dataclass(frozen=True, slots=True)
class Covered:
    """A cell of a merge that begins in a row above, and what the merge holds."""

    value: Plain


Cell: TypeAlias = Plain | Covered
Row: TypeAlias = tuple[int, Sequence[Cell]]
"""The number of a row, from 1, as a person sees it; and its cells."""

Rows: TypeAlias = Row | RefusedRow


def is_blank(cell: Cell) -> bool:
    """Tell whether nothing stands there. What merely reaches down from above stands above."""
    return isinstance(cell, Covered) or (isinstance(cell, str) and not cell.strip())


def uncovered(cell: Cell) -> Plain:
    """Return what is written there or reaches down from above."""
    return cell.value if isinstance(cell, Covered) else cell


def label(cell: Cell) -> str:
    """Return the text of a cell that may be a header or a label; numbers and days are none."""
    return cell.strip() if isinstance(cell, str) else ""


def text_of(cell: Cell, date_format: str) -> str:
    """Return what the cell says in words, a day written as the mapping's days are, a number without an exponent."""
    value = uncovered(cell)
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime) and value.time() != time():
        return f"{value.strftime(date_format)} {value:%H:%M:%S}"
    if isinstance(value, date):
        return value.strftime(date_format)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else f"{value:.15g}"
    return str(value)
