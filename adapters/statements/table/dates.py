"""Days as tables write them."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

from adapters.statements.table.cells import Plain
from adapters.statements.table.wording import bare
from paygate.domain.errors import ConfigurationError, InvalidInputError

SERIAL_DAYS: Final = {"excel": date(1899, 12, 30), "excel-1904": date(1904, 1, 1)}
"""Formats of days that stand there as bare numbers, and the day that is 0."""

FIRST_YEAR: Final = 1990
LAST_YEAR: Final = 2199
"""Years a booking can have; any other is a number that was taken for a day."""

LONGEST: Final = 64
"""Characters of a day and time, with room."""

_TIME: Final = r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:\s?[AaPp][Mm])?"
_OF_VIETNAM: Final = r"(?:\s?\+07(?::?00)?)?"
"""A zone that may stand behind a time; in any other the day could be another."""

_TIME_BEHIND = re.compile(rf"(.*\d)[\s,T]+{_TIME}{_OF_VIETNAM}\Z")
_TIME_BEFORE = re.compile(rf"{_TIME}[\s,]+(.*\d)\Z")
_IN_WORDS = re.compile(r"(?:ngay)?(\d{1,2})thang(\d{1,2})nam(\d{4})\Z", re.ASCII)
_WITHOUT_SEPARATORS = re.compile(r"(?:%[dmyY])+\Z")
_SERIAL = re.compile(r"\d{1,6}(?:\.\d{1,15})?\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class DayFormat:
    """How a table writes days: as `strptime` says, or `excel` (`excel-1904`) for bare serial numbers.

    A time of day before or behind is passed over, and `Ngày 08 tháng 05 năm 2024` is read in any case, for it can
    mean nothing else.

    Raises:
        ConfigurationError: a format that does not give a day.
    """

    pattern: str
    read_text: Callable[[str], date] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        sample = date(2024, 12, 28)
        try:
            given = self.pattern in SERIAL_DAYS or self._parse(sample.strftime(self.pattern)) == sample
        except ValueError:
            given = False
        if not given:
            raise ConfigurationError(f"date_format {self.pattern!r} does not give day, month and year")
        object.__setattr__(self, "read_text", lru_cache(maxsize=1024)(self._read_text))

    @property
    def written(self) -> str:
        """The `strftime` format of a day in a text: that of the table, if it has one."""
        return "%d/%m/%Y" if self.pattern in SERIAL_DAYS else self.pattern

    def read(self, value: Plain) -> date:
        """Return the day in a cell.

        Raises:
            InvalidInputError: it is none, or could be another.
        """
        if isinstance(value, datetime):
            return _plausible(value.date(), f"{value}")
        if isinstance(value, date):
            return _plausible(value, f"{value}")
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise InvalidInputError(f"{value!s:.40} is not a day")
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return self.read_text(str(value).strip())

    def _read_text(self, text: str) -> date:
        if len(text) > LONGEST:
            raise InvalidInputError(f"{text[:40]!r} is not a date like {self.pattern}")
        try:
            if self.pattern in SERIAL_DAYS:
                return _plausible(_day_of_serial(text, SERIAL_DAYS[self.pattern]), text)
            return _plausible(_day_in_words(text) or self._parse(_without_time(text, self.pattern)), text)
        except (ValueError, OverflowError) as error:
            raise InvalidInputError(f"{text[:40]!r} is not a date like {self.pattern}") from error

    def _parse(self, text: str) -> date:
        # Without separators a zero lost at the front would move the digits from the month to the day.
        if _WITHOUT_SEPARATORS.match(self.pattern) and len(text) != len(date(2024, 12, 28).strftime(self.pattern)):
            raise ValueError
        return datetime.strptime(text, self.pattern).date()  # noqa: DTZ007 -- the bank's own day


def _plausible(day: date, text: str) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise InvalidInputError(f"{text[:40]!r} is no day between {FIRST_YEAR} and {LAST_YEAR}")
    return day


def _day_of_serial(text: str, zero: date) -> date:
    if not _SERIAL.match(text):
        raise ValueError
    return zero + timedelta(days=int(text.partition(".")[0]))


def _day_in_words(text: str) -> date | None:
    said = _IN_WORDS.match(bare(text)) if "n" in text else None
    return date(int(said[3]), int(said[2]), int(said[1])) if said else None


def _without_time(text: str, pattern: str) -> str:
    if "%H" in pattern or "%I" in pattern:
        return text
    found = _TIME_BEHIND.match(text) or _TIME_BEFORE.match(text)
    return found.group(1).strip() if found else text
