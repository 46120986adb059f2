"""Formats of fields that several sources share. A reason names the field and never quotes it: it may be personal."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from paygate.domain.errors import UnreadableNoticeError
from paygate.domain.money import MAX_AMOUNT

HANOI: Final = timezone(timedelta(hours=7))
"""Vietnamese sources write local time without its offset; Vietnam has kept UTC+7 without summer time since 1975."""

MAX_NAME: Final = 255
"""Characters of a reference or transaction id (MaThamChieu; no source allows more)."""

YEARS: Final = range(2000, 2200)
"""Years in which a payment can be. Anything else is a broken clock, and near the calendar's ends UTC cannot hold it."""

_TIME_LENGTH: Final = len("yyyyMMddHHmmss")
_SPACED_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\Z")
_MILLISECONDS_LENGTH: Final = 14
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SEPARATORS: Final = str.maketrans("", "", "-: ")
_AMOUNT_LENGTH: Final = len(str(MAX_AMOUNT))


def literal(field: str, value: object) -> str:
    """Return the text of a value read from JSON: a text as it is, an integer in digits."""
    # bool is an int to Python, and a number with decimals is not to be taken for a whole one.
    if type(value) is int:
        return str(value)
    if not isinstance(value, str):
        raise UnreadableNoticeError(f"{field} is missing or neither text nor an integer")
    return value


def digits(field: str, text: str, most: int) -> int:
    """Read a whole number written in at most that many ASCII digits."""
    if not (0 < len(text) <= most and text.isascii() and text.isdigit()):
        raise UnreadableNoticeError(f"{field} is not a number of 1 to {most} digits")
    return int(text)


def whole_amount(field: str, text: str) -> int:
    """Read an amount of 0 to `MAX_AMOUNT` without decimals."""
    amount = digits(field, text, _AMOUNT_LENGTH)
    if amount > MAX_AMOUNT:
        raise UnreadableNoticeError(f"{field} is larger than any amount that is kept")
    return amount


def local_time(field: str, text: str) -> datetime:
    """Read `yyyyMMddHHmmss` of Vietnam as an aware time."""
    if not (len(text) == _TIME_LENGTH and text.isascii() and text.isdigit()):
        raise UnreadableNoticeError(f"{field} is not a time written yyyyMMddHHmmss")
    day, clock = divmod(int(text), 10**6)
    try:
        moment = datetime(
            day // 10**4, day // 100 % 100, day % 100, clock // 10**4, clock // 100 % 100, clock % 100, 0, HANOI
        )
    except ValueError:
        raise UnreadableNoticeError(f"{field} is a time that never was") from None
    return plausible(field, moment)


def spaced_local_time(field: str, text: str) -> datetime:
    """Read `yyyy-MM-dd HH:mm:ss` of Vietnam as an aware time."""
    if not _SPACED_TIME.match(text):
        raise UnreadableNoticeError(f"{field} is not a time written yyyy-MM-dd HH:mm:ss")
    return local_time(field, text.translate(_SEPARATORS))


def milliseconds(field: str, text: str) -> datetime:
    """Read Unix time in milliseconds."""
    return plausible(field, _EPOCH + timedelta(milliseconds=digits(field, text, _MILLISECONDS_LENGTH)))


def milliseconds_of(moment: datetime) -> int:
    """Write an aware time as Unix time in milliseconds."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def plausible(field: str, moment: datetime) -> datetime:
    """Return the time, unless no payment can have been then."""
    if moment.year not in YEARS:
        raise UnreadableNoticeError(f"{field} lies outside the years {YEARS[0]} to {YEARS[-1]}")
    return moment


def name(field: str, text: str, *, least: int = 1, most: int = MAX_NAME) -> str:
    """Return a reference or id: one line of printable characters, as long as allowed."""
    if not (least <= len(text) <= most and text.isprintable()):
        raise UnreadableNoticeError(f"{field} is not {least} to {most} printable characters")
    return text


def currency_code(field: str, text: str) -> str:
    """Return an ISO 4217 code."""
    if not (len(text) == len("VND") and text.isascii() and text.isalpha() and text.isupper()):
        raise UnreadableNoticeError(f"{field} is not a currency code of three capital letters")
    return text
