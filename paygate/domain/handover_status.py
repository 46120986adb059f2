"""What the status of a hand-over or a receipt says of it: whether it came about.

Closed lists: what is not on them is taken for evidence, whatever else it may say.
"""

import re
import unicodedata
from typing import Final

from paygate.domain.text import reference_key

NOT_COME_ABOUT: Final = (
    *("NOT SENT", "UNSENT", "NOT ISSUED", "UNISSUED", "NOT PAID", "UNPAID", "NOT HANDED OVER", "PENDING", "DRAFT"),
    *("FAIL", "FAILED", "FAILURE", "ERROR", "REJECTED", "DENIED", "UNSUCCESSFUL", "NOT SUCCESSFUL"),
    *("CANCEL", "CANCELLED", "CANCELED", "VOID", "VOIDED", "REVOKED"),
    *("CHUA", "CHO GUI", "CHO NOP", "CHO PHAT HANH", "CHO KY", "CHO DUYET", "CHO XU LY", "BAN NHAP"),
    *("THAT BAI", "KHONG THANH CONG", "KHONG GUI", "KHONG NOP", "KHONG PHAT HANH", "LOI", "TU CHOI", "TRA LAI"),
    *("HUY", "THU HOI", "KHONG HOP LE"),
)
"""Words that stand one after the other in such a status, in upper case without accents."""

DENIALS: Final = ("NO ERROR", "KHONG LOI", "KHONG CO LOI", "KHONG HUY", "CHUA HUY", "NOT CANCELLED", "NOT CANCELED")
"""What says the contrary though it holds one of those; read over first."""

_WORD = re.compile(r"[^\W_]+")
_WHOLE: Final = frozenset(reference_key(phrase) for phrase in NOT_COME_ABOUT)


def came_about(status: str) -> bool:
    """Tell whether what has this status was sent, or issued; nothing said is no doubt."""
    if reference_key(status) in _WHOLE:
        return False
    words = _WORD.findall(unicodedata.normalize("NFC", status))
    said = f" {' '.join(map(reference_key, words))} "
    for denial in DENIALS:
        said = said.replace(f" {denial} ", " ")
    return not any(f" {phrase} " in said for phrase in NOT_COME_ABOUT)
