"""The days of a world: what falls on them, and where the last close stands."""

from datetime import date, timedelta
from functools import cache
from typing import Final

from paygate.domain.calendar import Calendar

CALENDAR: Final = Calendar()

FIRST: Final = date(2024, 5, 6)
LAST: Final = date(2024, 5, 31)
"""The last closed day: what falls due later is not due."""

PAYDAYS: Final = tuple(FIRST + timedelta(days=number) for number in range(19))
"""Days on which people pay, weekends too; early enough for every leg to be due by the last close."""

ALL: Final = tuple(FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1))


@cache
def after(day: date, business_days: int) -> date:
    """Return the day that many business days after `day`."""
    return CALENDAR.add(day, business_days)


@cache
def banks_work(day: date) -> bool:
    return CALENDAR.is_business_day(day)
