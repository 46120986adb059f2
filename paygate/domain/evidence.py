"""Files that people attach: taken under a name and a type that are safe to send back."""

import re
import unicodedata
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from paygate.domain.errors import InvalidInputError, TooLargeError

LARGEST: Final = 10 * 1024 * 1024
"""Bytes of one file."""
MOST: Final = 20
"""Files of one discrepancy."""
LONGEST_NAME: Final = 100
"""Characters; at most 300 bytes."""
ANYTHING: Final = "application/octet-stream"
MEDIA_TYPES: Final = frozenset(
    {
        "application/msword",
        "application/pdf",
        "application/vnd.ms-excel",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "image/jpeg",
        "image/png",
        "image/webp",
        "message/rfc822",
        "text/csv",
        "text/plain",
    }
)
"""What offices send each other, and no program of a browser's runs as a page of ours."""

_FORBIDDEN: Final = re.compile(r'[<>:"|?*%;\\/]')


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file that shows how it was."""

    name: str
    media_type: str
    body: bytes

    @property
    def digest(self) -> bytes:
        """SHA-256 of its bytes."""
        return sha256(self.body).digest()


def read_evidence(name: str, media_type: str, body: bytes) -> Evidence:
    """Take a file as it was sent.

    Raises:
        InvalidInputError: it is empty.
        TooLargeError: it has more than `LARGEST` bytes.
    """
    if not body:
        raise InvalidInputError("the file is empty")
    if len(body) > LARGEST:
        raise TooLargeError("a file may have %(most)s MiB", most=LARGEST // 1024**2)
    told = media_type.partition(";")[0].strip().lower()
    return Evidence(_safe(name), told if told in MEDIA_TYPES else ANYTHING, body)


def _safe(name: str) -> str:
    """Return the last part of a path as a plain name: nothing unseen in it, no separator, no leading dot."""
    last = re.split(r"[\\/]", unicodedata.normalize("NFC", name))[-1]
    seen = "".join(one if one.isprintable() else " " for one in last)
    plain = " ".join(_FORBIDDEN.sub("_", seen).split()).strip(". ")
    if len(plain) > LONGEST_NAME:
        stem, dot, ending = plain.rpartition(".")
        ending = f"{dot}{ending}" if stem and len(ending) <= 10 else ""  # noqa: PLR2004 -- longer is no file's ending
        plain = plain[: LONGEST_NAME - len(ending)].rstrip(". ") + ending
    return plain or "evidence"
