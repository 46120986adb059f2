"""Codes and narratives as they are compared."""

import re
import unicodedata
from collections.abc import Collection

from reconciliation.model import NAMED_LENGTH


def _strip(text: str) -> str:
    text = text.replace("đ", "d").replace("Đ", "D")
    return "".join(one for one in unicodedata.normalize("NFD", text) if not "\u0300" <= one <= "\u036f")


def key_of(text: str) -> str:
    return "".join(one for one in _strip(text) if one.isascii() and one.isalnum()).upper()


def words_of(text: str) -> list[str]:
    joined = re.sub(r"[.\-_/]", "", _strip(text))
    return [word.upper() for word in re.split(r"[^A-Za-z0-9]+", joined) if word]


def stands_in(key: str, texts: Collection[str]) -> bool:
    pattern = re.compile(rf"(?<![0-9]){key}(?![0-9])")
    return len(key) >= NAMED_LENGTH and any(pattern.search(text) for text in texts)
