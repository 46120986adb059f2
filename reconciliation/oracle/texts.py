"""Codes and narratives as they are compared."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import Final

CODES_KEPT: Final = 2**18
"""Keys that are not made again, each of a hundred bytes or so: a reference is looked at by every rule."""


def _strip(text: str) -> str:
    text = text.replace("đ", "d").replace("Đ", "D")
    return "".join(one for one in unicodedata.normalize("NFD", text) if not "\u0300" <= one <= "\u036f")


@lru_cache(maxsize=CODES_KEPT)
def key_of(text: str) -> str:
    return "".join(one for one in _strip(text) if one.isascii() and one.isalnum()).upper()


def words_of(text: str) -> list[str]:
    joined = re.sub(r"[.\-_/]", "", _strip(text))
    return [word.upper() for word in re.split(r"[^A-Za-z0-9]+", joined) if word]


def words_not_broken(text: str) -> list[str]:
    """Return the words that the next word does not go on from with a digit."""
    words = words_of(text)
    return [word for word, after in zip(words, [*words[1:], ""], strict=False) if not after[:1].isdigit()]


def stands_in(key: str, texts: Collection[str], least: int) -> bool:
    holding = [text for text in texts if key in text] if len(key) >= least else []
    return any(re.search(rf"(?<![0-9]){key}(?![0-9])", text) for text in holding)


def without_prefixes(text: str, prefixes: Sequence[str]) -> str | None:
    """Return a text without the longest beginning that is made of prefixes, None when it begins with none."""
    spaces = len(text) - len(text.lstrip(" "))
    ends: set[int] = set()
    fresh = set(range(spaces + 1))
    while fresh:
        fresh = {end for place in fresh for prefix in prefixes for end in _ends(text, place, prefix)} - ends
        ends |= fresh
    return text[max(ends) :] if ends else None


def _ends(text: str, place: int, prefix: str) -> Iterable[int]:
    """Return every place where a prefix may end that begins at one: `#` takes digits, a space takes spaces."""
    if not prefix:
        return {place}
    if prefix[0] not in "# ":
        same = text[place : place + 1].isascii() and text[place : place + 1].upper() == prefix[0].upper()
        return _ends(text, place + 1, prefix[1:]) if same else ()
    taken = "0123456789" if prefix[0] == "#" else " "
    after: set[int] = set()
    while text[place : place + 1] and text[place] in taken:
        place += 1
        after.update(_ends(text, place, prefix[1:]))
    return after
