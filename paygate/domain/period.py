"""The spans of days that reports are made of: a day, a month, a quarter."""

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from paygate.domain.errors import InvalidInputError

MONTHS_OF_A_QUARTER: Final = 3

_FORM = re.compile(r"(?P<year>\d{4})-(?:Q(?P<quarter>[1-4])|(?P<month>\d\d)(?:-(?P<day>\d\d))?)", re.ASCII)


class PeriodKind(StrEnum):
    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"


@dataclass(frozen=True, slots=True)
class Period:
    """A span of days, both ends included."""

    kind: PeriodKind
    first: date
    last: date

    @property
    def name(self) -> str:
        """Return `2024-05-08`, `2024-05` or `2024-Q2`."""
        if self.kind is PeriodKind.DAY:
            return self.first.isoformat()
        return f"{self.first:%Y-%m}" if self.kind is PeriodKind.MONTH else f"{self.first:%Y}-Q{self.quarter}"

    @property
    def quarter(self) -> int:
        """Return which quarter of its year it begins in."""
        return (self.first.month - 1) // MONTHS_OF_A_QUARTER + 1

    def days(self) -> list[date]:
        return [self.first + timedelta(days=place) for place in range((self.last - self.first).days + 1)]


def day_period(day: date) -> Period:
    return Period(PeriodKind.DAY, day, day)


def month_of(day: date) -> Period:
    return Period(PeriodKind.MONTH, day.replace(day=1), _end_of_month(day.year, day.month))


def quarter_of(day: date) -> Period:
    first = (day.month - 1) // MONTHS_OF_A_QUARTER * MONTHS_OF_A_QUARTER + 1
    last = _end_of_month(day.year, first + MONTHS_OF_A_QUARTER - 1)
    return Period(PeriodKind.QUARTER, date(day.year, first, 1), last)


def read_period(text: str) -> Period:
    """Read what `Period.name` writes.

    Raises:
        InvalidInputError: it is none of the three.
    """
    if not (found := _FORM.fullmatch(text)):
        raise InvalidInputError("%(text)r is no period; write 2024-05-08, 2024-05 or 2024-Q2", text=text[:40])
    year = int(found["year"])
    try:
        if found["quarter"]:
            return quarter_of(date(year, MONTHS_OF_A_QUARTER * int(found["quarter"]), 1))
        first = date(year, int(found["month"]), int(found["day"] or 1))
    except ValueError:
        raise InvalidInputError("%(text)r is no period there ever was", text=text) from None
    return day_period(first) if found["day"] else month_of(first)


def _end_of_month(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])
