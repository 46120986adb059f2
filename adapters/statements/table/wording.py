"""Words as tables write them, compared as people read them."""

import unicodedata
from typing import Final

_STROKE: Final = str.maketrans({"đ": "d", "Đ": "D"})


def folded(text: str) -> str:
    """Return `text` without differences of case, spaces and composition."""
    return "".join(unicodedata.normalize("NFC", text).split()).casefold()


def bare(text: str) -> str:
    """Return `text` folded, and without accents too."""
    if text.isascii():
        return folded(text)
    letters = unicodedata.normalize("NFD", folded(text).translate(_STROKE))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def column_letter(column: int) -> str:
    """Name a column, counted from 0, as spreadsheets do: A, Z, AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
