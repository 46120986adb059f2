"""JSON as RFC 8259 has it and a database can keep it, within bounds; whatever else comes is refused in one way.

The standard library's C scanner does the work, because a notice has some forty microseconds in all. What it lets
pass is refused here: NaN and Infinity, a key given twice, integers beyond 64 bits, deep nesting, U+0000 and lone
surrogates.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final, NoReturn

from paygate.domain.errors import InvalidInputError

MAX_DEPTH: Final = 32
"""Arrays and objects that may lie in one another."""

MAX_INTEGER_LENGTH: Final = 20
"""Characters of an integer: the 19 digits of a 64-bit one and its sign."""

_WHITE_SPACE: Final = " \t\n\r"
_NOT_BRACKETS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[^"\[\]{}]++', re.DOTALL)
"""Strings, closed or not, and whatever else is no bracket. Possessive, so that no input makes it slow."""

_ROUND: Final = str.maketrans("[]{}", "()()")


def parse(body: bytes) -> object:
    """Read one JSON value.

    Messages carry positions, counted after any white space, never content, and no cause is chained: its text would
    hold the payer's data.

    Raises:
        InvalidInputError: not JSON in UTF-8, or beyond the bounds.
    """
    try:
        text = body.decode().strip(_WHITE_SPACE)
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"not UTF-8 at byte {error.start}") from None
    # With no more opening brackets than levels allowed, nothing can lie too deep: so it is with every honest notice.
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH:
        _refuse_depth(text)
    try:
        value, end = _DECODER.raw_decode(text)
    except json.JSONDecodeError as error:
        raise InvalidInputError(f"not JSON: {error.msg} at character {error.pos}") from None
    if end != len(text):
        raise InvalidInputError(f"not JSON: more than one value at character {end}")
    # Only an escape can bring in what UTF-8 and the scanner have not refused already.
    if "\\" in text:
        _refuse_unstorable(value)
    return value


def literal_fields(message: object, fields: Callable[[Any], tuple[object, ...]]) -> list[str]:
    """Read the fields of one JSON object as the literal text that its sender signed.

    `fields` is an itemgetter of their names.

    Raises:
        InvalidInputError: it is no object, or a field is missing or neither text nor an integer.
    """
    if not isinstance(message, dict):
        raise InvalidInputError("not a JSON object")
    try:
        values = fields(message)
    except KeyError as error:
        raise InvalidInputError(f"{error.args[0]} is missing") from None
    return [value if type(value) is str else signed_text(value) for value in values]


def signed_text(value: object) -> str:
    """Return the literal text that is signed of a field's value.

    Raises:
        InvalidInputError: it is neither text nor an integer.
    """
    if type(value) is str:
        return value
    # bool is an int to Python, and null, numbers with decimals and objects have no one text that could be signed.
    if type(value) is not int:
        raise InvalidInputError("a signed field is neither text nor an integer")
    return str(value)


def _refuse_depth(text: str) -> None:
    # Taken before the scanner recurses. Each pass takes away the innermost pair of every nest, no more.
    brackets = _NOT_BRACKETS.sub("", text).translate(_ROUND)
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace("()", "")
    if brackets:
        raise InvalidInputError(f"nested deeper than {MAX_DEPTH}, or a bracket without its other half")


def _refuse_unstorable(value: object) -> None:
    for text in _texts(value):
        if "\0" in text:
            raise InvalidInputError("a text holds U+0000")
        try:
            text.encode()
        except UnicodeEncodeError:
            raise InvalidInputError("a text holds a lone surrogate") from None


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidInputError("a key stands twice in one object")
    return found


def _integer(text: str) -> int:
    # The length first: Python reads long digit strings in quadratic time, and refuses very long ones its own way.
    if len(text) > MAX_INTEGER_LENGTH or not -(2**63) <= (number := int(text)) < 2**63:
        raise InvalidInputError("an integer beyond 64 bits")
    return number


def _number(text: str) -> float:
    number = float(text)
    if number in _INFINITIES:
        raise InvalidInputError("a number beyond double precision")
    return number


def _constant(name: str) -> NoReturn:
    raise InvalidInputError(f"{name} is no JSON")


_INFINITIES: Final = frozenset({float("inf"), float("-inf")})

_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_number, parse_constant=_constant
)
