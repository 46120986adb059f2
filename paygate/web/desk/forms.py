"""What people send by forms: read field by field, each fault told beside its field, and a form sent twice acts once."""

import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from paygate.domain.errors import InvalidInputError
from paygate.domain.money import MAX_AMOUNT

LONGEST_FIELD: Final = 4000
"""Characters of a field."""
ONCE: Final = "once"
CSRF: Final = "csrf"
_ONCE = re.compile(r"[A-Za-z0-9_-]{20,64}")
_GROUPED = re.compile(r"\d{1,3}([., \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}])\d{3}(?:\1\d{3})*")


def new_once() -> str:
    """Make the name under which one form acts once."""
    return secrets.token_urlsafe(18)


class Form:
    """The fields of a form that was sent. `faults` are by field, for the page that asks again."""

    def __init__(self, fields: Iterable[tuple[str, str]]) -> None:
        self._fields: dict[str, list[str]] = {}
        for name, value in fields:
            self._fields.setdefault(name, []).append(value)
        self.faults: dict[str, str] = {}

    def text(self, name: str) -> str:
        """Return a field without the space around it; '' where it was not sent."""
        return self._fields.get(name, [""])[0].strip()[:LONGEST_FIELD]

    def secret(self, name: str) -> str:
        """Return a field as it was typed."""
        return self._fields.get(name, [""])[0]

    def all(self, name: str) -> list[str]:
        """Return every value of a field that may be sent several times."""
        return self._fields.get(name, [])

    @property
    def once(self) -> str:
        """Return the name under which the form acts once.

        Raises:
            InvalidInputError: it has none of ours.
        """
        given = self.text(ONCE)
        if not _ONCE.fullmatch(given):
            raise InvalidInputError("the form is not one of ours")
        return given

    def fault(self, name: str, message: str) -> None:
        """Note what is wrong with a field; the first fault of each counts."""
        self.faults.setdefault(name, message)

    def pairs(self) -> list[tuple[str, str]]:
        """Return every field with every value, in their order."""
        return [(name, value) for name, values in self._fields.items() for value in values]

    def values(self) -> Mapping[str, str]:
        """Return what was typed, for the page that asks again; secrets are the page's to leave out."""
        return {name: values[0] for name, values in self._fields.items()}


def read_amount(text: str) -> int:
    """Read an amount of đồng as people type it: digits, or groups of three parted by one kind of mark.

    Raises:
        InvalidInputError: it is not one, or could be read in two ways.
    """
    given = text.strip().removesuffix("₫").removesuffix("đ").strip()
    if _GROUPED.fullmatch(given):
        given = re.sub(r"\D", "", given)
    if not (given.isascii() and given.isdigit()) or len(given) > len(str(MAX_AMOUNT)) or int(given) > MAX_AMOUNT:
        raise InvalidInputError("%(text)r is no amount; write 150000 or 150.000", text=text[:40])
    return int(given)


def read_day(text: str) -> date:
    """Read a day as `08/05/2024`, or as browsers send it.

    Raises:
        InvalidInputError: it is not one.
    """
    given = text.strip()
    if found := re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", given, re.ASCII):
        given = f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}"
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", given, re.ASCII):
            return date.fromisoformat(given)
    except ValueError:
        pass
    raise InvalidInputError("%(text)r is no day; write 08/05/2024", text=text[:40])
