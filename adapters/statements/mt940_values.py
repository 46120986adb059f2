"""Amounts, days, balances and sums as SWIFT statements write them."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import Final

from paygate.domain.errors import InvalidInputError
from paygate.domain.money import exponent, minor_units

_CENTURY_TURNS: Final = 80
"""Years of two digits from here on belong to the last century."""

_BALANCE = re.compile(r"([CD])(\d{6})([A-Z]{3})?([\d.,]+)")
_SUM = re.compile(r"(\d{1,9})([A-Z]{3})([\d.,]+)")
_NUMBER = re.compile(r"(\d{1,18})(?:/(\d{1,9}))?")
_FEBRUARY: Final = 2


@dataclass(frozen=True, slots=True)
class Balance:
    """A balance on a day, in signed minor units."""

    amount: int
    currency: str
    day: date


@dataclass(frozen=True, slots=True)
class Sum:
    """What a trailer says of the entries of one side."""

    count: int
    amount: int


def read_amount(text: str, currency: str) -> int:
    """Read an amount such as `150000,`, `150000,00` or `000000150000.00`.

    Raises:
        InvalidInputError: it is none, or its last three digits could be thousands.
    """
    fraction = re.split("[.,]", text, maxsplit=1)[1:]
    if fraction and len(fraction[0]) == len("000") and exponent(currency) < len("000"):
        raise InvalidInputError(f"{text[:40]!r} could be read in two ways")
    return minor_units(text.replace(",", ".", 1), currency)


def read_day(text: str) -> date:
    """Read YYMMDD. The 30th of February, a day of interest, is the last of that month.

    Raises:
        InvalidInputError: there is no such day.
    """
    year, month, day = (int(text[place : place + 2]) for place in (0, 2, 4))
    year += 1900 if year >= _CENTURY_TURNS else 2000
    if month == _FEBRUARY and day in {29, 30}:
        day = min(day, monthrange(year, month)[1])
    try:
        return date(year, month, day)
    except ValueError as error:
        raise InvalidInputError(f"{text!r} is not a day written YYMMDD") from error


def read_day_near(text: str, day: date) -> date:
    """Read MMDD in the year that brings it nearest to a day.

    Raises:
        InvalidInputError: there is no such day.
    """
    near = [found for year in (day.year - 1, day.year, day.year + 1) if (found := _try_day(year, text)) is not None]
    if not near:
        raise InvalidInputError(f"{text!r} is not a day written MMDD")
    return min(near, key=lambda found: abs(found - day))


def _try_day(year: int, text: str) -> date | None:
    try:
        return date(year, int(text[:2]), int(text[2:]))
    except ValueError:
        return None


def read_balance(text: str, currency: str | None) -> Balance:
    """Read a balance; `currency` is that of the statement, which some banks leave out of its later balances.

    Raises:
        InvalidInputError: it is none.
    """
    found = _BALANCE.fullmatch("".join(text.split()))
    if found is None or not (named := found.group(3) or currency):
        raise InvalidInputError(f"{text[:40]!r} is not a balance")
    amount = read_amount(found.group(4), named)
    return Balance(-amount if found.group(1) == "D" else amount, named, read_day(found.group(2)))


def read_sum(text: str) -> Sum:
    """Read what a trailer says: a count, a currency, an amount.

    Raises:
        InvalidInputError: it says something else.
    """
    found = _SUM.fullmatch("".join(text.split()))
    if found is None:
        raise InvalidInputError(f"{text[:40]!r} is not a count and a sum")
    return Sum(int(found.group(1)), read_amount(found.group(3), found.group(2)))


def read_number(text: str) -> tuple[int | None, int | None]:
    """Read a statement's number and the page of it; zero stands for none."""
    found = _NUMBER.match("".join(text.split()))
    if found is None:
        return None, None
    return int(found.group(1)) or None, int(found.group(2) or 0) or None
