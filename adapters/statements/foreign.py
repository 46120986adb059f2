"""Files that people take for statements and that are not read here, named so that the refusal says what they are."""

from typing import Final

_SIGNS: Final = (
    (b"%pdf", "a PDF"),
    (b"<?ofx", "an OFX file"),
    (b"ofxheader", "an OFX file"),
    (b"<ofx", "an OFX file"),
    (b"!type:", "a QIF file"),
    (b"!account", "a QIF file"),
    (b"urn:schemas-microsoft-com:office:spreadsheet", "a spreadsheet as XML; save it as XLSX"),
    (b"<html", "a web page under another name; save it as XLSX"),
    (b"<table", "a web page under another name; save it as XLSX"),
)
"""What such files begin with, or hold in their beginning where that is a tag; in lower case."""

_BLANKS: Final = b"\xef\xbb\xbf\xff\xfe \t\r\n"
"""Byte-order marks and white space."""


def name_foreign(head: bytes) -> str | None:
    """Say what a file that begins so is, if it is one of those."""
    lowered = head.replace(b"\0", b"").lower().lstrip(_BLANKS)
    for sign, what in _SIGNS:
        if lowered.startswith(sign) or (lowered.startswith(b"<") and sign in lowered):
            return what
    return None
