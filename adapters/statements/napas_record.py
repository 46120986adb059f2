"""One record of a NAPAS file: tagged fields of fixed width, one behind the other."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from adapters.statements.text_lines import readable
from paygate.domain.errors import InvalidInputError
from paygate.domain.money import exponent
from paygate.domain.statement import StatementLine

_LAYOUT: Final = """
MTI:4 F2:19 F3:6 SVC:10 TCC:2 F4:12 RTA:12 F49:3 F5:12 F50:3 F9:8 F6:12 RCA:12 F51:3 F10:8 F11:6 F12:6 F13:4 F15:4
F18:4 F22:3 F25:2 F41:8 ACQ:8 ISS:8 MID:15 BNB:8 F102:28 F103:28 SVFISSNP:12 IRFISSACQ:12 IRFISSBNB:12 SVFACQNP:12
IRFACQISS:12 IRFACQBNB:12 SVFBNBNP:12 IRFBNBISS:12 IRFBNBACQ:12 F37:12 F38:6 TRN:16 RRC:4 RSV1:100 RSV2:100 RSV3:100
CSR:32 REV:8 DATE:8 NOT:9 CRE:20 TIME:6 CSF:32
"""
WIDTHS: Final[Mapping[str, int]] = {
    name: int(width) for name, _, width in (field.partition(":") for field in _LAYOUT.split())
}
"""Characters of each field, of a record (DR), the header (HR) and the trailer (TR)."""

NEEDED: Final = ("MTI", "F2", "F4", "RTA", "F49", "F11", "F12", "F13", "F15", "F37", "RRC")

CURRENCIES: Final[Mapping[str, str]] = {"704": "VND", "840": "USD", "978": "EUR", "392": "JPY", "410": "KRW"}
"""ISO 4217 by number, as far as NAPAS settles in it."""

IMPLIED_DECIMALS: Final = 2
"""Of every amount, those in đồng included."""

REVERSALS: Final = "04"
"""How the message type of a reversal begins."""

SHOWN_FIRST: Final = 6
SHOWN_LAST: Final = 4
SHORTEST_CARD: Final = 13

_CARD = re.compile(r"\d(?:[ -]?\d){12,18}")
_TAG = re.compile(r"\[([A-Z0-9]{2,9})\]")
_TO_AN_ACCOUNT: Final = re.compile(r"91\d\d20")
_REFUND: Final = "20"
_CHECKSUM = re.compile(r"[0-9A-Fa-f]{32}")
_POWERS: Final = (1, 10, 100, 1000)
_SUCCESS: Final = frozenset({"", "0", "00", "000", "0000"})


def read_fields(text: str) -> dict[str, str]:
    """Take a record apart. A field is as wide as its tag says, so that nothing inside of it is taken for a tag.

    Raises:
        InvalidInputError: it is not built so; the message names a tag, never what stands in the record.
    """
    fields: dict[str, str] = {}
    place = 0
    while place < len(text):
        tag = _TAG.match(text, place)
        if tag is None or tag.group(1) not in WIDTHS:
            raise InvalidInputError(f"at character {place + 1} no field begins")
        name = tag.group(1)
        if name in fields:
            raise InvalidInputError(f"it has the field {name} twice")
        value = text[tag.end() : tag.end() + WIDTHS[name]]
        if len(value) < WIDTHS[name]:
            raise InvalidInputError(f"its field {name} is cut short")
        fields[name] = readable(value).strip()
        place = tag.end() + WIDTHS[name]
    return fields


def read_day(text: str) -> date:
    """Read ddMMyyyy.

    Raises:
        InvalidInputError: there is no such day.
    """
    found = _day(text[4:], text[2:4] + text[:2]) if len(text) == len("ddMMyyyy") else None
    if found is None:
        raise InvalidInputError("its date is no day written ddMMyyyy")
    return found


def _day(year: str | int, month_and_day: str) -> date | None:
    if not (str(year).isdecimal() and month_and_day.isascii() and month_and_day.isdecimal()):
        return None
    try:
        return date(int(year), int(month_and_day[:2]), int(month_and_day[2:]))
    except ValueError:
        return None


def paid_on(text: str, written_on: date) -> date:
    """Read MMdd, a day that has been when the file was written.

    Raises:
        InvalidInputError: there was no such day in the year before.
    """
    for year in (written_on.year, written_on.year - 1):
        found = _day(year, text)
        if found is not None and found <= written_on:
            return found
    raise InvalidInputError("its date (F13) is no day of the year before the file's")


def settled_on(text: str, written_on: date) -> date:
    """Read MMdd, a day that may be to come: the one nearest to the file's.

    Raises:
        InvalidInputError: there is no such day.
    """
    years = (written_on.year - 1, written_on.year, written_on.year + 1)
    near = [found for year in years if (found := _day(year, text)) is not None]
    if not near:
        raise InvalidInputError("its settlement date (F15) is no day")
    return min(near, key=lambda found: abs(found - written_on))


def line_of(row: int, fields: Mapping[str, str], written_on: date) -> StatementLine:
    """Make the line of a record (DR): settled on F15, paid on F13, with the card shown by its ends only.

    The real amount (RTA) is what moved. Where the amount asked for (F4) is another and not zero, the record takes the
    difference back.

    Raises:
        InvalidInputError: it cannot be read, or not as money that moved; the message holds nothing of a card.
    """
    if lacking := [name for name in NEEDED if name not in fields]:
        raise InvalidInputError(f"it has no field {lacking[0]}")
    if fields["RRC"] not in _SUCCESS:
        raise InvalidInputError(f"its response code is {fields['RRC']}, so no money is known to have moved")
    currency = CURRENCIES.get(fields["F49"])
    if currency is None:
        raise InvalidInputError(f"its currency (F49) is {fields['F49']!r}, which is none of {', '.join(CURRENCIES)}")
    amount, reversal = _moved(fields, currency)
    bank_reference, reference = fields["F37"], fields.get("TRN", "")
    card = fields["F2"].lstrip("0")
    if len(card) >= SHORTEST_CARD and (card in bank_reference or card in reference):
        raise InvalidInputError("its reference holds the number of its card")
    return StatementLine(
        row=row,
        booked_on=settled_on(fields["F15"], written_on),
        value_on=paid_on(fields["F13"], written_on),
        amount=amount,
        currency=currency,
        bank_reference=bank_reference,
        reference=reference,
        narrative=_narrative(fields, card),
        counterparty=masked(card),
        reversal=reversal,
    )


def _moved(fields: Mapping[str, str], currency: str) -> tuple[int, bool]:
    asked, real = (_amount(name, fields[name], currency) for name in ("F4", "RTA"))
    if fields.get("F3", "").startswith(_REFUND):
        raise InvalidInputError(f"its processing code is {fields['F3']}, a refund, whose direction is not known")
    if asked in {real, 0}:
        if fields["MTI"].startswith(REVERSALS):
            raise InvalidInputError(f"its type is {fields['MTI']}, a reversal, but its amounts take nothing back")
        return real, False
    if real > asked:
        raise InvalidInputError("its real amount (RTA) is more than its amount (F4)")
    return real - asked, True


def _amount(name: str, text: str, currency: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise InvalidInputError(f"its field {name} is no amount")
    minor, dropped = divmod(int(text) * _POWERS[exponent(currency)], _POWERS[IMPLIED_DECIMALS])
    if dropped:
        raise InvalidInputError(f"its field {name} has decimals, which {currency} has not")
    return minor


def masked(card: str) -> str:
    """Show the first six and the last four digits of a card's number, and nothing of one too short for that."""
    if len(card) < SHORTEST_CARD or not card.isdecimal():
        return "*" * len(card)
    return f"{card[:SHOWN_FIRST]}{'*' * (len(card) - SHOWN_FIRST - SHOWN_LAST)}{card[-SHOWN_LAST:]}"


def _narrative(fields: Mapping[str, str], card: str) -> str:
    to = fields.get("F103", "")
    if not _TO_AN_ACCOUNT.fullmatch(fields.get("F3", "")):
        to = masked(to)
    told = {"trace": fields["F11"], "at": fields["F12"], "terminal": fields.get("F41"), "merchant": fields.get("MID")}
    words = [fields.get("SVC"), fields.get("F3"), *(f"{name} {value}" for name, value in told.items() if value)]
    words += [f"to {to}"] if to else []
    words += [fields.get(name) for name in ("RSV1", "RSV2", "RSV3")]
    text = _without_cards(" ".join(word for word in words if word), card)
    checksum = fields.get("CSR", "")
    if not _CHECKSUM.fullmatch(checksum) or (card and card in checksum):
        return text
    return f"{text} CSR {checksum}"


def _without_cards(text: str, card: str) -> str:
    """Mask the record's own card wherever it is told again, and all else that has the check digit of a card."""

    def shown(found: re.Match[str]) -> str:
        digits = re.sub(r"[ -]", "", found.group())
        return masked(digits) if _has_check_digit(digits) or (card and card in digits) else found.group()

    return _CARD.sub(shown, text.replace(card, masked(card)) if len(card) >= SHORTEST_CARD else text)


def _has_check_digit(digits: str) -> bool:
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(digit // 10 + digit % 10 for digit in doubled) % 10 == 0
