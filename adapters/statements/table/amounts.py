"""Amounts as tables write them. What could be read in two ways is refused, never guessed."""

import math
import re
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import Final

from adapters.statements.table.cells import Plain
from paygate.domain.errors import ConfigurationError, InvalidInputError
from paygate.domain.money import DONG, exponent, minor_units

SHEET_DIGITS: Final = 15
"""Digits of a number that a spreadsheet keeps and shows."""

MOST_ARTEFACT: Final = Decimal("0.000001")
"""Of a minor unit: what sums of binary fractions may leave behind. No bank books a millionth of a cent."""

SIGNS_OF_DONG: Final = ("₫", "đồng", "đ", "Đ")

_EXACT: Final = Context(prec=800)
"""Digits enough for any number of 64 bits."""

_SPACES: Final = str.maketrans(dict.fromkeys("\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}", " "))
_BRACKETED = re.compile(r"\((.*)\)\Z", re.DOTALL)
_MINUS: Final = "-\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class AmountFormat:
    """How a table writes amounts: the signs between thousands and before decimals, "" where none was named.

    Where no decimal sign was named, a point is one, unless exactly three digits follow it: they could be thousands.
    """

    currency: str
    thousands: str = ""
    decimal: str = ""
    _usual: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _unit: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name, sign in (("thousands", self.thousands), ("decimal", self.decimal)):
            if len(sign) > 1 or sign.isalnum() or sign in tuple(f"{_MINUS}+()"):
                raise ConfigurationError(f"{name} is one sign such as '.' or ',', not {sign!r}")
        if self.thousands and self.thousands == self.decimal:
            raise ConfigurationError(f"thousands and decimal cannot both be {self.decimal!r}")
        grouped = rf"|[0-9]{{1,3}}(?:{re.escape(self.thousands)}[0-9]{{3}})+" if self.thousands else ""
        object.__setattr__(self, "_usual", re.compile(f"[0-9]+{grouped}"))
        object.__setattr__(self, "_unit", 10 ** exponent(self.currency))

    def read(self, text: str) -> int:
        """Return minor units. A minus before or behind, or brackets around the amount, make it negative.

        Raises:
            InvalidInputError: it is no amount, or could be read in two ways.
        """
        if len(text) <= SHEET_DIGITS and self._usual.fullmatch(text):  # as almost every amount is written
            return int(text.replace(self.thousands, "")) * self._unit
        bare, sign = _without_sign(self._without_currency(text.translate(_SPACES).strip()))
        bare = self._without_currency(bare)
        whole, mark, fraction = bare.rpartition(self._decimal()) if self._decimal() in bare else (bare, "", "")
        if mark and not self.decimal and len(fraction) == len("000"):
            raise InvalidInputError(
                f"{text[:40]!r} could be read in two ways; the mapping should name its decimal sign"
            )
        digits = self._ungrouped(whole)
        if digits is None or (mark and not (fraction.isascii() and fraction.isdecimal())):
            raise InvalidInputError(f"{text[:40]!r} is not an amount as the mapping describes them")
        return sign * minor_units(f"{digits}.{fraction}" if mark else digits, self.currency)

    def read_cell(self, value: Plain) -> int:
        """Return the minor units of a cell: text as the mapping describes it, a number as the sheet holds it.

        Raises:
            InvalidInputError: as `read`; or a day, a truth, or a number that is no whole minor units.
        """
        if isinstance(value, str):
            return self.read(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidInputError(f"{value!s:.40} is not an amount")
        return self._of_number(value)

    def _of_number(self, value: float) -> int:
        """Take a number if it is what a sheet holds for a whole amount, and refuse it rather than round it.

        0.1 + 0.2 is held as 0.30000000000000004, and is thirty cents; 0.305 is no amount of cents.
        """
        if not math.isfinite(value):
            raise InvalidInputError(f"{value} is not an amount")
        decimals = exponent(self.currency)
        held = Decimal(value).scaleb(decimals, _EXACT)
        whole = held.to_integral_value()
        if abs(whole) >= 10**SHEET_DIGITS:
            raise InvalidInputError(f"the number {value!r} is larger than a spreadsheet keeps exactly")
        if float(whole.scaleb(-decimals)) != value and abs(_EXACT.subtract(held, whole)) > MOST_ARTEFACT:
            raise InvalidInputError(f"the number {value!r} has more decimals than {self.currency} has")
        return int(whole)

    def _without_currency(self, text: str) -> str:
        for sign in (self.currency, *(SIGNS_OF_DONG if self.currency == DONG else ())):
            if text.endswith(sign):
                return text.removesuffix(sign).strip()
            if text.startswith(sign):
                return text.removeprefix(sign).strip()
        return text

    def _decimal(self) -> str:
        if self.decimal:
            return self.decimal
        return "," if self.thousands == "." else "."

    def _ungrouped(self, whole: str) -> str | None:
        """Take out the thousands signs, if there are any and they stand where they should."""
        if whole.isascii() and whole.isdecimal():
            return whole
        head, *groups = whole.split(self.thousands.translate(_SPACES)) if self.thousands else [""]
        right = 1 <= len(head) <= len("000") and all(len(group) == len("000") for group in groups)
        digits = "".join((head, *groups))
        return digits if right and groups and digits.isascii() and digits.isdecimal() else None


def _without_sign(text: str) -> tuple[str, int]:
    if bracketed := _BRACKETED.match(text):
        return bracketed.group(1).strip(), -1
    if text[:1] in tuple(_MINUS):
        return text[1:].strip(), -1
    if text[-1:] in tuple(_MINUS):
        return text[:-1].strip(), -1
    return text.removeprefix("+").strip(), 1
