"""Bytes from outside as people can look at them: nothing in them acts on a screen, and no payer's ID is given away.

Nothing is parsed into values and written anew: every token stands as it came, twice where it came twice.
"""

import json
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qsl

LONGEST_SHOWN: Final = 64 * 1024
"""Bytes in one line."""
LONGEST_TEXT: Final = 20_000
"""Characters of a body that is laid out; the whole of it is to be had as a file."""
MOST_FIELDS: Final = 500
KEPT_OF_ID: Final = 3
"""Characters of a payer's ID that stay readable."""
INDENT: Final = "  "
DEEPEST_INDENT: Final = 40
"""Levels; what is nested deeper stands no further to the right."""
_ID = r"cmnd|cccd|so_?giay_?to|dinh_?danh|ho_?chieu|passport|identity|national_?id|(?:id|card)_?(?:card|number|no)"
_ID_FIELD = re.compile(_ID, re.IGNORECASE)
_ID_IN_TEXT = re.compile(rf"((?:{_ID})\w{{0,40}}\W{{1,8}})(\w{{6,}})", re.IGNORECASE)
"""Where the form is none we know."""
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def readable(body: bytes) -> str:
    """Write bytes in one line, whole: what does not print stands as an escape, and an ID as it came."""
    text = body[:LONGEST_SHOWN].decode("utf-8", "backslashreplace")
    return _printing(text) + (" …" if len(body) > LONGEST_SHOWN else "")


def legible(body: bytes) -> str:
    """Lay a body out to be read: JSON indented, the fields of a form one in a line, payers' IDs masked."""
    text = body.decode("utf-8", "backslashreplace")
    laid = _as_json(text) or _as_form(text) or _ID_IN_TEXT.sub(lambda found: found[1] + _masked(found[2]), text)
    shown = "\n".join(map(_printing, laid[:LONGEST_TEXT].split("\n")))
    return shown[:LONGEST_TEXT] + ("\n…" if len(laid) > LONGEST_TEXT or len(shown) > LONGEST_TEXT else "")


def _printing(text: str) -> str:
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def _masked(value: str) -> str:
    """Hide an ID but for how it ends; a short one whole."""
    kept = value[-KEPT_OF_ID:] if len(value) > 2 * KEPT_OF_ID else ""
    return "•" * (len(value) - len(kept)) + kept


def _as_json(text: str) -> str | None:
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return None
    return "".join(_indented(text))


def _indented(text: str) -> Iterator[str]:
    """Yield the tokens of a JSON text, one member a line; strings as they read, so that nobody must read escapes."""
    depth, key, before = 0, "", ""
    for piece in _TOKEN.findall(text):
        if piece in "}]":
            depth -= 1
            yield "" if before in {"{", "["} else _new_line(depth)
        elif before in {"{", "[", ","}:
            yield _new_line(depth)
        if piece == ":":
            yield ": "
        elif piece in "{}[],":
            depth += piece in "{["
            yield piece
        else:
            value, quote = _read(piece), '"' if piece.startswith('"') else ""
            hidden = before == ":" and _ID_FIELD.search(key)
            yield quote + (_masked(value) if hidden else value) + quote
            key = value if before in {"{", ","} else key
        before = piece


def _new_line(depth: int) -> str:
    return "\n" + INDENT * min(depth, DEEPEST_INDENT)


def _read(piece: str) -> str:
    # A line's end within a string would read as another field.
    return str(json.loads(piece)).replace("\n", "\\n") if piece.startswith('"') else piece


def _as_form(text: str) -> str | None:
    """Lay out the fields of a form, or of an address's query."""
    fields = text.partition("?")[2] or text
    if "=" not in fields or fields.startswith("<") or any(sign in fields for sign in " {\n"):
        return None
    try:
        pairs = parse_qsl(fields, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return None
    return "\n".join(
        f"{name} = {_masked(value) if _ID_FIELD.search(name) else value}".replace("\n", "\\n") for name, value in pairs
    )
