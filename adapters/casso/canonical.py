"""JSON as JavaScript writes it, with sorted names: what Casso signs is not the body but this writing of it.

Casso documents the recipe in JavaScript, so that ECMAScript says how each text and number is written (JSON.stringify,
Number::toString).
"""

import re
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Final

from paygate.domain.errors import InvalidInputError

MAX_SAFE_INTEGER: Final = 2**53 - 1
"""The largest integer JavaScript tells from its neighbours (Number.MAX_SAFE_INTEGER)."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
"""JavaScript puts names that are numbers before all others, and sorts what is not ASCII by halves of characters."""

_PLAIN_DIGITS: Final = 21
_LEAST_PLAIN_POINT: Final = -6


def write(value: object, *, arranged: bool = True) -> str:
    """Write a value of strict JSON as Casso signs it: names sorted in objects, but not in those inside an array.

    Raises:
        InvalidInputError: it has no one writing: an integer too large, or a name that is no plain one.
    """
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, dict):
        names = sorted(value) if arranged else list(value)
        members = [f'"{_plain(name)}":{write(value[name], arranged=arranged)}' for name in names]
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join([write(one, arranged=False) for one in value]) + "]"
    return _scalar(value)


def _scalar(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) > MAX_SAFE_INTEGER:
        raise InvalidInputError("an integer beyond 53 bits")
    return number_text(float(str(value)))


def _plain(name: str) -> str:
    if not _NAME.match(name):
        raise InvalidInputError("a name is not of plain letters and digits")
    return name


def number_text(value: float) -> str:
    """Write a finite number as JavaScript does: the shortest digits that mean it, with an exponent only far out."""
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    _, shortest, exponent = Decimal(repr(abs(value))).normalize().as_tuple()
    digits = "".join(map(str, shortest))
    point = len(digits) + int(exponent)
    if len(digits) <= point <= _PLAIN_DIGITS:
        return sign + digits.ljust(point, "0")
    if 0 < point <= _PLAIN_DIGITS:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if _LEAST_PLAIN_POINT < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{rest}e{point - 1:+d}"
