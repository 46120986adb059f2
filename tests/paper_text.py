"""What a PDF says when its text is copied: read back from what it draws, by the table of letters each font carries."""

import re
import zlib
from collections.abc import Iterator
from typing import Final

_OBJECT: Final = re.compile(rb"\n(\d+) 0 obj\n")
_SHOWN: Final = re.compile(rb"/(f\d+) [\d.]+ Tf|\((?:\\.|[^\\)])*\)|(ET)\b", re.DOTALL)
_ESCAPED: Final = re.compile(rb"\\(?:([0-7]{3})|(.))", re.DOTALL)
_NAMED: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def text_of(document: bytes) -> str:
    """Return the text of all pages in the order it is drawn; between runs of it stands a new line."""
    places = {int(found[1]): found.end() for found in _OBJECT.finditer(document)}
    return "".join(
        said
        for page in re.finditer(rb"/Type/Page/Resources (\d+) 0 R.*?/Contents (\d+) 0 R", document)
        for said in _page(document, places, int(page[1]), int(page[2]))
    )


def _page(document: bytes, places: dict[int, int], resources: int, contents: int) -> Iterator[str]:
    named = _head(document, places[resources])
    fonts = {found[1]: _letters(document, places, int(found[2])) for found in re.finditer(rb"/(f\d+) (\d+) 0 R", named)}
    letters: dict[int, str] = {}
    for shown in _SHOWN.finditer(_stream(document, places[contents])):
        if shown[1]:
            letters = fonts[shown[1]]
        elif shown[2]:
            yield "\n"
        else:
            drawn = _ESCAPED.sub(_plain, shown[0][1:-1])
            yield "".join(letters[int.from_bytes(drawn[at : at + 2])] for at in range(0, len(drawn), 2))


def _plain(escaped: "re.Match[bytes]") -> bytes:
    return bytes([int(escaped[1], 8)]) if escaped[1] else _NAMED.get(escaped[2], escaped[2])


def _letters(document: bytes, places: dict[int, int], font: int) -> dict[int, str]:
    """Return what each glyph of a font stands for."""
    (number,) = re.findall(rb"/ToUnicode (\d+) 0 R", _head(document, places[font]))
    table = _stream(document, places[int(number)]).decode()
    return {
        int(glyph, 16): bytes.fromhex(said).decode("utf-16-be")
        for glyph, said in re.findall(r"<(\w{4})> <(\w+)>\n", table)
    }


def _head(document: bytes, place: int) -> bytes:
    return document[place : document.index(b"endobj", place)].partition(b"stream\n")[0]


def _stream(document: bytes, place: int) -> bytes:
    (length,) = re.findall(rb"/Length (\d+)", _head(document, place))
    begin = document.index(b"stream\n", place) + len(b"stream\n")
    return zlib.decompress(document[begin : begin + int(length)])
