"""How long what grows is kept: whole months, as the calendar of UTC has them."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

NIGHT_HOURS: Final = range(1, 5)
"""Hours of the day in which few pay."""
_MONTHS: Final = 12


class Kept(StrEnum):
    """What is kept for a time.

    All else stays: the money itself, what is wrong with it with the files that show it, what people have joined, runs
    and the audit's chain.
    """

    NOTICE_BODIES = "notice_bodies"
    PAYMENT_EVENTS = "payment_events"
    MATCH_HISTORY = "match_history"
    FEED = "feed"


def month_of(moment: datetime) -> date:
    """Return the first day of a moment's month."""
    return moment.astimezone(UTC).date().replace(day=1)


def months_after(month: date, count: int) -> date:
    """Return the first day of the month so many months after another, or before it."""
    year, index = divmod(month.year * _MONTHS + month.month - 1 + count, _MONTHS)
    return date(year, index + 1, 1)


def cut_off(now: datetime, months: int) -> datetime:
    """Return the moment before which things are older than so many whole months: always the first of a month."""
    first = months_after(month_of(now), -months)
    return datetime(first.year, first.month, 1, tzinfo=UTC)


def is_night(now: datetime, zones: Iterable[str]) -> bool:
    """Say whether it is night where most of the zones are; without any it is always night."""
    counted = Counter(zones).most_common(1)
    return not counted or now.astimezone(ZoneInfo(counted[0][0])).hour in NIGHT_HOURS
