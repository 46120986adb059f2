"""Business days: which day a payment belongs to, and when the next leg is due."""

from collections.abc import Callable, Iterable
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
def _vietnam(year: int) -> tuple[frozenset[date], frozenset[date]]:
    found = holidays.country_holidays("VN", years=year)
    return frozenset(found), frozenset(day for day in found.weekend_workdays if day.year == year)


def named_days_off(year: int, language: str) -> dict[date, str]:
    """Name the public holidays of a year, and the days given off in exchange. `language` is `vi` or `en_US`."""
    return dict(sorted(holidays.country_holidays("VN", years=year, language=language).items()))


def exchanged_days(year: int) -> frozenset[date]:
    """Return the Saturdays of a year that are worked in exchange for other days."""
    return _vietnam(year)[1]


def is_vietnamese_business_day(day: date) -> bool:
    """Tell whether banks and offices work.

    Not at weekends, nor on the public holidays of Vietnam (Tết included), nor on a day given off in exchange for a
    Saturday; on that Saturday they do. The year's exchanges are decided by the Prime Minister, late in the year before.
    """
    saturday = 5
    off, worked = _vietnam(day.year)
    return day in worked or (day.weekday() < saturday and day not in off)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Counts business days: the usual ones, and what was decided of single days after the calendar was made."""

    usual: Callable[[date], bool] = is_vietnamese_business_day
    days_off: frozenset[date] = frozenset()
    working_days: frozenset[date] = frozenset()

    def is_business_day(self, day: date) -> bool:
        return day in self.working_days or (day not in self.days_off and self.usual(day))

    def add(self, day: date, business_days: int) -> date:
        """Return the day that many business days after `day`; 0 is the day itself."""
        for _ in range(business_days):
            day += timedelta(days=1)
            while not self.is_business_day(day):
                day += timedelta(days=1)
        return day

    def latest(self, day: date) -> date:
        """Return `day` if it is a business day, else the last one before it."""
        while not self.is_business_day(day):
            day -= timedelta(days=1)
        return day

    def ages(self, days: Iterable[date], today: date) -> dict[date, int]:
        """Return of each day how many business days have come after it, up to `today`; none where it is not over."""
        found, day, count = {}, today, 0
        for since in sorted(set(days), reverse=True):
            while day > since:
                count += self.is_business_day(day)
                day -= timedelta(days=1)
            found[since] = count
        return found

    def day_of_age(self, business_days: int, today: date) -> date:
        """Return the first day on which what is older than so many business days does not begin any more."""
        count, day = 0, today
        while True:
            count += self.is_business_day(day)
            if count > business_days:
                return day
            day -= timedelta(days=1)
