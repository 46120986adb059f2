"""How figures are written on the desk: amounts, days and times as officers read them, the same in both languages."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from paygate.domain.money import DONG, dong, written

NO_BREAK: Final = "\N{NO-BREAK SPACE}"
NOTHING: Final = "–"
KILO: Final = 1024
_IDENTITY = re.compile(r"(?<![0-9A-Za-z])(?:\d{12}|\d{9,10})(?![0-9A-Za-z])", re.ASCII)
"""Citizens' and old identity numbers, tax numbers of persons and telephones, as words of their own."""


def amount(value: int | None) -> str:
    """Write minor units as `1.234.567 ₫`, with a true minus sign."""
    return NOTHING if value is None else dong(value)


def money(value: int | None, currency: str) -> str:
    """Write an amount of any currency: đồng as everywhere, others as `1.500,00 USD`."""
    return NOTHING if value is None else written(value, currency)


def signed(value: int, currency: str = DONG) -> str:
    """Write a difference with its sign, also where it is positive."""
    return f"+{written(value, currency)}" if value > 0 else written(value, currency)


def number(value: int) -> str:
    """Write a count as `1.234`."""
    return f"{value:,}".replace(",", ".")


def percent(ratio: float | None) -> str:
    """Write a ratio of 1 as `96,4 %`."""
    return NOTHING if ratio is None else f"{ratio * 100:.1f}{NO_BREAK}%".replace(".", ",")


def day(value: date | str | None) -> str:
    """Write a day as `08/05/2024`."""
    if value is None:
        return NOTHING
    return f"{date.fromisoformat(value) if isinstance(value, str) else value:%d/%m/%Y}"


def moment(value: datetime | str | None, zone: ZoneInfo) -> str:
    """Write a time as `14:02 08/05/2024`, as the tenant's clocks have it."""
    if value is None:
        return NOTHING
    whole = datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{whole.astimezone(zone):%H:%M %d/%m/%Y}"


def masked(text: str) -> str:
    """Write free text from outside without the numbers of identity papers and telephones: three digits are left."""
    return _IDENTITY.sub(lambda found: "•" * (len(found[0]) - 3) + found[0][-3:], text)


def size(octets: int) -> str:
    """Write how large a file is."""
    if octets < KILO:
        return f"{octets}{NO_BREAK}B"
    kilo = octets / KILO
    if kilo < KILO:
        return f"{kilo:.0f}{NO_BREAK}kB"
    mega = kilo / KILO
    large = f"{mega:.1f}{NO_BREAK}MB" if mega < KILO else f"{mega / KILO:.1f}{NO_BREAK}GB"
    return large.replace(".0", "").replace(".", ",")


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "amount": amount,
    "money": money,
    "masked": masked,
    "signed": signed,
    "number": number,
    "percent": percent,
    "day": day,
    "moment": moment,
    "size": size,
}
"""What templates may call; `moment` is given the zone."""
