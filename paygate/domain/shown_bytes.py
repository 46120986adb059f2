"""Bytes from outside as people can look at them: nothing is left out, and nothing in them acts on a screen."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_plus

LONGEST_SHOWN: Final = 64 * 1024
"""Bytes."""
INDENT: Final = "  "
DEEPEST_INDENT: Final = 40
"""Levels; what is nested deeper stands no further to the right."""


def readable(body: bytes) -> str:
    """Write bytes in one line: what does not print stands as an escape."""
    text = body[:LONGEST_SHOWN].decode("utf-8", "backslashreplace")
    return _printing(text) + (" …" if len(body) > LONGEST_SHOWN else "")


def pretty(body: bytes) -> str:
    """Write a body so that it can be read: JSON indented, a form field by field, all else as `readable`.

    JSON is not parsed: only space is put between its signs, so that what stands twice is seen twice.
    """
    text = body[:LONGEST_SHOWN].decode("utf-8", "backslashreplace")
    rest = "\n…" if len(body) > LONGEST_SHOWN else ""
    if text.lstrip().startswith(("{", "[")):
        lines = "".join(_indented(text)).split("\n")
    elif "=" in text and not text.lstrip().startswith("<"):
        lines = [" = ".join(map(unquote_plus, field.partition("=")[::2])) for field in text.split("&")]
    else:
        lines = text.splitlines()
    return "\n".join(map(_printing, lines)) + rest


def _printing(text: str) -> str:
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def _indented(text: str) -> Iterator[str]:
    depth, quoted, escaped = 0, False, False
    for sign in text:
        if quoted:
            quoted, escaped = escaped or sign != '"', sign == "\\" and not escaped
            yield sign
        elif sign == '"':
            quoted = True
            yield sign
        elif sign in "{[":
            depth += 1
            yield sign + _new_line(depth)
        elif sign in "}]":
            depth -= 1
            yield _new_line(depth) + sign
        elif sign == ",":
            yield sign + _new_line(depth)
        elif sign == ":":
            yield ": "
        elif not sign.isspace():
            yield sign


def _new_line(depth: int) -> str:
    return "\n" + INDENT * max(0, min(depth, DEEPEST_INDENT))
