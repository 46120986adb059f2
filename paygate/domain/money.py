"""Money is an integer of minor units; a currency knows how many of them make one unit (ISO 4217 exponent)."""

import re
from typing import Final

from paygate.domain.errors import InvalidInputError

DONG: Final = "VND"
EXPONENTS: Final = {"VND": 0, "JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "BHD": 3, "KWD": 3, "OMR": 3, "TND": 3}
"""Currencies whose exponent is not 2."""

MAX_AMOUNT: Final = 10**15
"""The largest amount of one payment or line, in minor units: half of what the whole state takes in a year.

The sums of a day stand in `bigint`. Nine thousand of these add up there, so that no notice and no row keeps a day from
being closed.
"""
MAX_TOTAL: Final = 10**17
"""The largest sum of one statement, in minor units; of these, ninety add up."""

_DECIMAL = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)\Z", re.ASCII)
_NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"


def exponent(currency: str) -> int:
    """Return the number of decimals of one unit of `currency`."""
    return EXPONENTS.get(currency, 2)


def minor_units(text: str, currency: str) -> int:
    """Read a plain decimal such as `150000`, `150000.00` or `-12.5` as minor units.

    Raises:
        InvalidInputError: not a number, more precise than the currency, or larger than `MAX_AMOUNT`.
    """
    if not _DECIMAL.match(text):
        raise InvalidInputError(f"{text[:40]!r} is not an amount")
    sign = -1 if text[0] == "-" else 1
    whole, _, fraction = text.lstrip("+-").partition(".")
    decimals = exponent(currency)
    kept, dropped = fraction[:decimals], fraction[decimals:]
    if dropped.strip("0"):
        raise InvalidInputError(f"{text[:40]!r} has more decimals than {currency} has")
    digits = (whole + kept.ljust(decimals, "0")).lstrip("0") or "0"
    if len(digits) > len(str(MAX_AMOUNT)) or int(digits) > MAX_AMOUNT:
        raise InvalidInputError(f"{text[:40]!r} is larger than any amount that is kept")
    return sign * int(digits)


def plain(amount: int, currency: str = DONG) -> str:
    """Write minor units as a plain decimal, the inverse of `minor_units`."""
    decimals = exponent(currency)
    if not decimals:
        return str(amount)
    sign = "-" if amount < 0 else ""
    whole, fraction = divmod(abs(amount), 10**decimals)
    return f"{sign}{whole}.{fraction:0{decimals}d}"


def dong(amount: int) -> str:
    """Write an amount as an officer reads it: `1.234.567 ₫`, with a true minus sign."""
    sign = "\N{MINUS SIGN}" if amount < 0 else ""
    return f"{sign}{abs(amount):,}".replace(",", ".") + f"{_NO_BREAK_SPACE}₫"


def written(amount: int, currency: str = DONG) -> str:
    """Write an amount of any currency as an officer reads it: dong as `dong` does, others as `1.500,00 USD`."""
    if currency == DONG:
        return dong(amount)
    whole, _, fraction = plain(abs(amount), currency).partition(".")
    sign = "\N{MINUS SIGN}" if amount < 0 else ""
    decimals = f",{fraction}" if fraction else ""
    return f"{sign}{int(whole):,}".replace(",", ".") + f"{decimals}{_NO_BREAK_SPACE}{currency}"
