"""What an XML file says before its root element: looked at before any of it is parsed.

A bank's statement needs no DOCTYPE, and one could name other files, define entities that explode, or hide behind an
encoding in which its characters are spelt otherwise.
"""

import re
from typing import BinaryIO, Final

from paygate.domain.errors import UnreadableStatementError

MAX_PROLOG_BYTES: Final = 65_536
"""A declaration and a few comments; the root element must begin within it."""

ENCODINGS: Final = frozenset(
    {"utf-8", "utf8", "us-ascii", "ascii"}
    | {f"iso-8859-{part}" for part in range(1, 17)}
    | {f"windows-{page}" for page in range(1250, 1259)}
)
"""Encodings in which ASCII stands for itself, unlike UTF-7 or EBCDIC."""

UTF_16: Final = frozenset({"utf-16", "utf-16le", "utf-16be"})

_WIDE_STARTS: Final = (
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
_MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
_UTF_8_MARK: Final = b"\xef\xbb\xbf"
_DECLARED = re.compile(r"""\s*<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']""")
_MISCELLANY = re.compile(r"(?:\s|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
_ROOT = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)")


def looks_like_xml(head: bytes) -> bool:
    """Tell whether a file that begins so is XML of any kind."""
    return _decode(head).lstrip().startswith("<")


def check_prolog(file: BinaryIO, root_name: str) -> None:
    """Look at the beginning of a file, which is left where it was.

    Raises:
        UnreadableStatementError: it has a DOCTYPE, an encoding that is not allowed, or another root element.
    """
    start = file.tell()
    head = file.read(MAX_PROLOG_BYTES)
    file.seek(start)
    text = _decode(head)
    _check_encoding(text, wide=_wide_encoding(head) is not None)
    miscellany = _MISCELLANY.match(text)
    rest = text[miscellany.end() :] if miscellany else text
    if rest.startswith("<!"):
        raise UnreadableStatementError("it has a DOCTYPE, which no bank statement needs")
    root = _ROOT.match(rest)
    if root is None:
        raise UnreadableStatementError("it does not begin as an XML document does" if head else "it is empty")
    if root.group(1) != root_name:
        raise UnreadableStatementError(f"its root element is {root.group(1)[:40]!r}, not {root_name!r}")


def _wide_encoding(head: bytes) -> str | None:
    return next((encoding for start, encoding in _WIDE_STARTS if head.startswith(start)), None)


def _decode(head: bytes) -> str:
    if wide := _wide_encoding(head):
        return head.decode(wide, errors="ignore").removeprefix(_MARK)
    # Latin-1 reads any byte; only the ASCII of the prolog matters, and in every encoding allowed it is itself.
    return head.removeprefix(_UTF_8_MARK).decode("latin-1")


def _check_encoding(text: str, *, wide: bool) -> None:
    declared = _DECLARED.match(text)
    if declared and declared.group(1).lower() not in (UTF_16 if wide else ENCODINGS):
        raise UnreadableStatementError(f"its encoding {declared.group(1)[:40]!r} is none that statements are read in")
