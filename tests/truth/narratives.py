"""What banks make of a narrative: accents kept or lost, punctuation squeezed out, lines wrapped, codes cut."""

import unicodedata
from random import Random
from typing import Final

from paygate.domain.text import reference_key

PAYERS: Final = ("NGUYEN VAN AN", "TRAN THI BICH", "Lê Văn Cường", "PHAM DUC DUNG", "Hoàng Thị Đào", "NGUYEN VAN AN")
_FRAMES: Final = (
    "NOP LE PHI HO SO {code}",
    "Nộp phí, lệ phí hồ sơ {code} - {payer}",
    "{payer} nop tien {code} qua CONG DVC",
    "CK {code} GD thanh cong",
    "TT dich vu cong: {code}; {payer}",
    "MBVCB.5532 {payer} chuyen {code} le phi",
    "Thanh toán {code}",
    "IBFT {code} nộp hộ",
)
_SAID_OF_NOTHING: Final = (
    "{payer} chuyen tien",
    "Nộp lệ phí",
    "NOP PHI THAM DINH {payer}",
    "IBFT {payer} CK",
    "",
)
_WRAP: Final = 35
"""Characters of a line in a bank's message; what is longer is broken anywhere."""


def about_nothing(random: Random) -> str:
    """Draw a narrative that names no code."""
    return random.choice(_SAID_OF_NOTHING).format(payer=random.choice(PAYERS))


def naming(random: Random, *codes: str, wrapped: bool = True) -> str:
    """Draw a narrative that names each code in full, as a bank may have written it: lines broken unless forbidden."""
    written = random.choice((" va ", " và ", " VA ")).join(_written(random, code) for code in codes)
    return _worn(random, random.choice(_FRAMES).format(code=written, payer=random.choice(PAYERS)), wrapped=wrapped)


def naming_cut(random: Random, code: str, length: int) -> str:
    """Draw a narrative that ends in the first characters of a code: a bank's field was too short for the rest."""
    start = random.choice(("CK ", "NOP PHI ", "LE PHI HS ", ""))
    return start + reference_key(code)[:length]


def echoed(random: Random, reference: str) -> str:
    """Return a reference as a bank gives it back in its column."""
    forms = (reference, reference.upper(), reference_key(reference), f" {reference} ")
    return random.choice(forms)


def _written(random: Random, code: str) -> str:
    forms = (code, code, code.lower(), reference_key(code), f"HS{reference_key(code)}NGAY", code.replace("-", " - "))
    return random.choice(forms)


def _worn(random: Random, text: str, *, wrapped: bool) -> str:
    kind = random.randrange(5)
    if kind == 0:
        return _unaccented(text).upper()
    if kind == 1:
        return unicodedata.normalize("NFD", text)
    if kind == 2 and wrapped and len(text) > _WRAP:
        return "\n".join(text[place : place + _WRAP] for place in range(0, len(text), _WRAP))
    return text


def _unaccented(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(one for one in plain if not unicodedata.combining(one))
