"""What the status of a hand-over or a receipt says of it: whether it came about.

Closed lists: what is not on them is taken for evidence, whatever else it may say.
"""

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from paygate.domain.text import reference_key


class Standing(StrEnum):
    """How a hand-over or receipt stands."""

    CAME_ABOUT = "came_about"
    NOT_COME_ABOUT = "not_come_about"
    TAKEN_BACK = "taken_back"


NOT_COME_ABOUT: Final = (
    *("NOT SENT", "UNSENT", "NOT ISSUED", "UNISSUED", "NOT PAID", "UNPAID", "NOT HANDED OVER", "PENDING", "DRAFT"),
    *("FAIL", "FAILED", "FAILURE", "ERROR", "REJECTED", "DENIED", "UNSUCCESSFUL", "NOT SUCCESSFUL"),
    *("CHUA", "CHO GUI", "CHO NOP", "CHO PHAT HANH", "CHO KY", "CHO DUYET", "CHO XU LY", "BAN NHAP"),
    *("THAT BAI", "KHONG THANH CONG", "KHONG GUI", "KHONG NOP", "KHONG PHAT HANH", "LOI", "TU CHOI", "TRA LAI"),
    "KHONG HOP LE",
)
TAKEN_BACK: Final = ("CANCEL", "CANCELLED", "CANCELED", "VOID", "VOIDED", "REVOKED", "HUY", "THU HOI")
"""Words that stand one after the other in such a status, in upper case without accents; so in the lists around."""

DENIALS: Final = ("NO ERROR", "KHONG LOI", "KHONG CO LOI", "KHONG HUY", "CHUA HUY", "NOT CANCELLED", "NOT CANCELED")
"""What says the contrary though it holds one of those; read over first."""

_WORD = re.compile(r"[^\W_]+")


def standing_of(status: str) -> Standing:
    """Tell how what has this status stands; nothing said is no doubt."""
    words = _WORD.findall(unicodedata.normalize("NFC", status))
    said = f" {' '.join(map(reference_key, words))} "
    for denial in DENIALS:
        said = said.replace(f" {denial} ", " ")
    if _says(said, NOT_COME_ABOUT):
        return Standing.NOT_COME_ABOUT
    return Standing.TAKEN_BACK if _says(said, TAKEN_BACK) else Standing.CAME_ABOUT


def _says(said: str, phrases: Iterable[str]) -> bool:
    """Tell whether one of the phrases stands there, or all is one of them written as one word."""
    whole = said.replace(" ", "")
    return any(f" {phrase} " in said or phrase.replace(" ", "") == whole for phrase in phrases)
