"""JSON of many rows, read a row at a time: no row is longer than allowed, and no more than one is held."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

MAX_ROW: Final = 1024 * 1024
"""Characters of one row."""
WINDOW: Final = 4096
"""Characters looked at together; a row that is longer is looked at again with twice as many."""

_ENDS: Final = frozenset(", ]\t\n\r")
_SPACE: Final = re.compile(r"[ \t\n\r]*")


class DoubledObject(dict[str, Any]):
    """A JSON object in which some key stood twice."""


def parse_row(text: str) -> Any:
    """Read one JSON value.

    Raises:
        ValueError: it is none, or is nested too deeply.
    """
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def rows_of(text: str) -> Iterator[Any]:
    """Yield the elements of a JSON array; the one value of any other document.

    Raises:
        ValueError: from where it stops being JSON. Whoever takes all or nothing has to read it twice.
    """
    start = _after_space(text, 0)
    if not text.startswith("[", start):
        row, start = _row_at(text, start)
        yield row
    else:
        start = _after_space(text, start + 1)
        last = text.startswith("]", start)
        while not last:
            row, start = _row_at(text, start)
            yield row
            last = text.startswith("]", start)
            if not last and not text.startswith(",", start):
                raise ValueError(f"a comma or the end of the array is missing at character {start}")
            start = start if last else _after_space(text, start + 1)
        start = _after_space(text, start + 1)
    if start != len(text):
        raise ValueError(f"more than one value, from character {start}")


def _after_space(text: str, start: int) -> int:
    found = _SPACE.match(text, start)
    return found.end() if found else start


def _row_at(text: str, start: int) -> tuple[Any, int]:
    """Return the value that begins there, and where what follows it begins."""
    size = WINDOW
    while True:
        window = text[start : start + size]
        whole = start + size >= len(text)
        try:
            row, end = _DECODER.raw_decode(window)
        except json.JSONDecodeError as error:
            if whole:
                raise ValueError(f"{error.msg} at character {start + error.pos}") from None
        except RecursionError:
            raise ValueError("nested too deeply") from None
        else:
            # A number that the window cuts reads as a shorter one, so what ends a value must be seen.
            if whole or window[end : end + 1] in _ENDS:
                return row, _after_space(text, start + end)
        if size >= MAX_ROW:
            raise ValueError(f"what begins at character {start} is no JSON, or longer than {MAX_ROW} characters")
        size *= 2


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    return read if len(read) == len(pairs) else DoubledObject(read)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse_constant)
