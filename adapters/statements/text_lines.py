"""The lines of a text file, one at a time and none longer than memory should hold."""

import io
from collections.abc import Iterator
from typing import BinaryIO, Final

from paygate.domain.errors import UnreadableStatementError

LONGEST_LINE: Final = 65_536
"""Characters, its end included; no format here writes a twentieth of it."""


def read_text_lines(file: BinaryIO) -> Iterator[tuple[int, str]]:
    """Yield number, from 1, and text of each line, without its end of whatever kind.

    A character stands for a byte (Latin-1 reads any): fields that are so many bytes wide, or signed, are so many
    characters; `readable` makes words of them.

    Raises:
        UnreadableStatementError: a line is too long.
    """
    text = io.TextIOWrapper(file, encoding="latin-1", newline=None)
    try:
        number = 0
        while line := text.readline(LONGEST_LINE):
            number += 1
            if len(line) == LONGEST_LINE:
                raise UnreadableStatementError(f"line {number} is longer than {LONGEST_LINE} characters")
            yield number, line.removesuffix("\n")
    finally:
        if not file.closed:
            text.detach()


def readable(text: str) -> str:
    """Read what was taken byte by byte as UTF-8 or, where it is not, as Latin-1."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return text
