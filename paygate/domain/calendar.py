"""Business days: which day a payment belongs to, and when the next leg is due."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

MIDNIGHT = time(0, 0)


def business_date(moment: datetime, zone: ZoneInfo, cut_off: time = MIDNIGHT) -> date:
    """Return the business date of an aware moment.

    What happens at or after `cut_off` belongs to the next calendar day; a cut-off of midnight means none.
    """
    local = moment.astimezone(zone)
    if cut_off != MIDNIGHT and local.time() >= cut_off:
        return local.date() + timedelta(days=1)
    return local.date()


@lru_cache(maxsize=64)
def _vietnam(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("VN", years=year))


def is_vietnamese_business_day(day: date) -> bool:
    """Tell whether banks and offices work: not at weekends, not on the public holidays of Vietnam (Tết included)."""
    saturday = 5
    return day.weekday() < saturday and day not in _vietnam(day.year)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Counts business days."""

    is_business_day: Callable[[date], bool] = is_vietnamese_business_day

    def add(self, day: date, business_days: int) -> date:
        """Return the day that many business days after `day`; 0 is the day itself."""
        for _ in range(business_days):
            day += timedelta(days=1)
            while not self.is_business_day(day):
                day += timedelta(days=1)
        return day
