"""How codes and references look after a bank has had them: upper case, no accents, no punctuation."""

import re
import unicodedata
from typing import Final

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
    decomposed = unicodedata.normalize("NFD", text.translate(_STROKE))
    return _NOT_ALPHANUMERIC.sub("", decomposed).upper()


def dossier_code_in(text: str) -> str | None:
    """Return the one dossier code that stands in free text; None when there is none or more than one."""
    found = set(DOSSIER_CODE.findall(text))
    return found.pop() if len(found) == 1 else None
