"""application/x-www-form-urlencoded as the URL standard writes it, within bounds; whatever else comes is refused.

A lenient reader takes the first of two values, another the last, and a stray `%` for itself or for nothing: where a
signature is over values, all of them must be the values its sender meant.
"""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from paygate.domain.errors import InvalidInputError

MAX_PAIRS: Final = 64
"""Pairs one form may have; sources send about a dozen."""

_STRAY = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def parse_form(body: bytes) -> dict[str, str]:
    """Read the values of a form by their names.

    Messages carry positions and never content, which may be the payer's data.

    Raises:
        InvalidInputError: not `name=value` pairs joined by `&`, too many of them, a name given twice, a `%` that
            escapes nothing, not UTF-8, or U+0000.
    """
    pairs = body.split(b"&")
    if len(pairs) > MAX_PAIRS:
        raise InvalidInputError(f"more than {MAX_PAIRS} pairs")
    found: dict[str, str] = {}
    for place, pair in enumerate(pairs, start=1):
        name, value = _pair(pair, place)
        if name in found:
            raise InvalidInputError(f"pair {place} repeats a name")
        found[name] = value
    return found


def _pair(pair: bytes, place: int) -> tuple[str, str]:
    name, equals, value = pair.partition(b"=")
    if not (name and equals):
        raise InvalidInputError(f"pair {place} is not name=value")
    return _text(name, place), _text(value, place)


def _text(escaped: bytes, place: int) -> str:
    if _STRAY.search(escaped):
        raise InvalidInputError(f"a % in pair {place} escapes nothing")
    try:
        text = unquote_to_bytes(escaped.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise InvalidInputError(f"pair {place} is not UTF-8") from None
    if "\0" in text:
        raise InvalidInputError(f"pair {place} holds U+0000")
    return text
