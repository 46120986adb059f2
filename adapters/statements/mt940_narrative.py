"""What a SWIFT statement says of an entry in words, and the references and names that stand among them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

WHOLE_CHUNK: Final = 27
"""Characters of a subfield that is full, so that the next one goes on in the middle of a word."""

_STRUCTURED = re.compile(r"\d{3}([?><|^~+*#%&@!])\d\d")
_KEYWORD = re.compile(r"[A-Z]{4}[+:]")
_NEXT_KEYWORD = re.compile(r"\s*(?:KREF|MREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|PURP|IBAN|BIC)[+:].*", re.DOTALL)
_SLASHED = r"/{}/(.*?)(?=/[A-Z]{{2,5}}/|$)"
_SLASHED_END_TO_END = re.compile(_SLASHED.format("EREF"), re.DOTALL)
_SLASHED_NAME = re.compile(_SLASHED.format("NAME"), re.DOTALL)

_POSTING: Final = "00"
_PURPOSE: Final = frozenset({*(f"{code}" for code in range(20, 30)), *(f"{code}" for code in range(60, 64))})
_NAME: Final = frozenset({"32", "33"})

Chunk = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Narrative:
    """`text` holds every word; the references and the other side's name are empty where none is marked."""

    text: str
    end_to_end: str = ""
    customer_reference: str = ""
    counterparty: str = ""


def read_narrative(value: str, details: str = "") -> Narrative:
    """Read the narrative of an entry (:86:) and the supplementary details that stand with the entry itself.

    A narrative in numbered subfields, cut wherever a subfield was full, is put together again; any other keeps its
    lines.
    """
    if structured := _STRUCTURED.match(value):
        told = _read_chunks(_chunks(value.replace("\n", ""), structured.group(1)))
    else:
        flat = value.replace("\n", "")
        end_to_end, name = _first(_SLASHED_END_TO_END, flat), _first(_SLASHED_NAME, flat)
        told = Narrative(_lines(value), end_to_end=end_to_end, counterparty=name)
    return replace(told, text="\n".join(part for part in (told.text, _lines(details)) if part))


def _lines(value: str) -> str:
    return "\n".join(line for line in map(str.strip, value.split("\n")) if line)


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found.group(1).strip() if found else ""


def _chunks(flat: str, mark: str) -> list[Chunk]:
    parts = re.split(rf"{re.escape(mark)}(\d\d)", flat)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def _read_chunks(chunks: Sequence[Chunk]) -> Narrative:
    purpose = [(code, text) for code, text in chunks if code in _PURPOSE]
    name = "".join(text for code, text in chunks if code in _NAME).strip()
    posting = [text for code, text in chunks if code == _POSTING]
    rest = [text for code, text in chunks if code not in _PURPOSE | _NAME and code != _POSTING]
    words = (part.strip() for part in (*posting, "".join(text for _, text in purpose), name, *rest))
    text = " ".join(word for word in words if word)
    return Narrative(text, _marked(purpose, "EREF"), _marked(purpose, "KREF"), name)


def _marked(purpose: Sequence[Chunk], keyword: str) -> str:
    """Return what stands behind a keyword, which begins a subfield; only what fills it goes on in the next."""
    for place, (code, text) in enumerate(purpose):
        if text.startswith((f"{keyword}+", f"{keyword}:")):
            value, last, whole = text[len(keyword) + 1 :], int(code), len(text) == WHOLE_CHUNK
            for next_code, following in purpose[place + 1 :]:
                if not whole or int(next_code) != last + 1 or _KEYWORD.match(following):
                    break
                value, last, whole = value + following, last + 1, len(following) == WHOLE_CHUNK
            return _NEXT_KEYWORD.sub("", value).strip()
    return ""
