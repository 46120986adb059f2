"""How codes and references look after a bank has had them: upper case, no accents, no punctuation."""

import csv
import re
import unicodedata
from typing import Final

MAX_CELL: Final = 1024 * 1024
"""Characters of one cell of a CSV, or one line of NDJSON."""

_PLAIN = re.compile(r"[A-Z0-9]*\Z")
_NOT_ALPHANUMERIC = re.compile(r"[^A-Za-z0-9]")
_STROKE: Final = str.maketrans({"đ": "d", "Đ": "D"})

DOSSIER_CODE: Final = re.compile(
    r"(?<![A-Za-z0-9.])(?:\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}|[A-Z]\d{2}(?:\.\d{1,3}){0,4})-(?:\d{6}|\d{8})-\d{4,7}(?![A-Za-z0-9])"
)
"""The observed forms of a dossier code (Decision 20/2020 and its amendment): a hint for finding one in free text,
never a reason to refuse one."""


def reference_key(text: str) -> str:
    """Return `text` in upper case with accents and everything but A-Z and 0-9 taken out.

    The SQL function `squeeze` computes the same; a test holds the two together.
    """
    if _PLAIN.match(text):
        return text
    if text.isascii():
        return _NOT_ALPHANUMERIC.sub("", text).upper()
    decomposed = unicodedata.normalize("NFD", text.translate(_STROKE))
    return _NOT_ALPHANUMERIC.sub("", decomposed).upper()


_DOSSIER_RUN = re.compile(r"(?=(?P<agency>\d{7}[A-Z]\d{2}|(?<!\d)[A-Z]\d{2})(?P<rest>\d{10,27}))")
_STAMP_DIGITS: Final = 14
_SHORTEST, _LONGEST_SUFFIX, _LONGEST = 10, 15, 27
"""Digits after the province's letter and number: date and serial; with the groups of the newer agency codes."""


def dossier_keys_in(key: str) -> list[str]:
    """Return what inside a reference's key could be a dossier's key, the likeliest first.

    A reference made as `dvc` + dossier + a time of 14 digits does not show where the dossier ends; which of the
    candidates is one, only the records can tell. One that leaves just such a time comes first, then the longest.
    """
    found: dict[str, int] = {}
    for run in _DOSSIER_RUN.finditer(key):
        agency, rest = run["agency"], run["rest"]
        longest = _LONGEST if agency[0].isalpha() else _LONGEST_SUFFIX
        for size in range(_SHORTEST, min(len(rest), longest) + 1):
            candidate = agency + rest[:size]
            found[candidate] = len(key) - run.start() - len(candidate)
    return sorted(found, key=lambda one: (found[one] != _STAMP_DIGITS, -len(one), one))


def dossier_code_in(text: str) -> str | None:
    """Return the one dossier code that stands in free text; None when there is none or more than one."""
    found = set(DOSSIER_CODE.findall(text))
    return found.pop() if len(found) == 1 else None


def bound_cells() -> None:
    """Let the csv module take cells of `MAX_CELL` characters.

    Its bound is the whole process's, so every reader sets the same: none is the stricter for another having come first.
    """
    csv.field_size_limit(MAX_CELL)
