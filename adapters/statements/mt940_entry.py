"""One entry of a SWIFT statement (:61:) and its narrative (:86:) as a statement line."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from adapters.statements.mt940_narrative import read_narrative
from adapters.statements.mt940_values import read_amount, read_day, read_day_near
from paygate.domain.errors import InvalidInputError
from paygate.domain.statement import StatementLine

NO_REFERENCE: Final = frozenset({"NONREF", "NOREF", "NOTPROVIDED", "NOTAPPLICABLE"})
SEE_NARRATIVE: Final = frozenset({"EREF", "PREF", "MARF", "KREF", "KREF+"})
"""What stands in place of a reference that the narrative gives."""

_ENTRY = re.compile(
    r"(?P<value_day>\d{6})(?P<entry_day>\d{4}|\s{0,4})"
    r"(?P<expected>E)?(?P<reversal>R)?(?P<side>[CD])(?P<funds>[A-Z])?"
    r"(?P<amount>\d+(?:[.,]\d*)?)(?![\d.,])\s*"
    r"(?P<kind>[NFS](?!ONREF)[A-Z0-9 ]{3}|[A-Z][A-Z0-9]{3}(?=NONREF))?(?P<references>.*)"
)
_PADDING = re.compile(r"\s{2,}")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it stands: `amount` in signed minor units, references empty where none is given."""

    booked_on: date
    value_on: date
    amount: int
    currency: str
    reversal: bool
    expected: bool
    customer_reference: str
    bank_reference: str
    details: str


def read_entry(text: str, currency: str) -> Entry:
    """Read the value of :61:.

    C and D are credit and debit, RC and RD take them back. A letter behind is that of the currency. Without a day of
    entry, the value date is the day it was booked.

    Raises:
        InvalidInputError: it is no entry; the message says what is wrong with it.
    """
    found, details = _match(text)
    value_on = read_day(found["value_day"])
    entry_day = found["entry_day"].strip()
    amount = read_amount(found["amount"], currency)
    takes = (found["side"] == "D") != (found["reversal"] is not None)
    references, _, bank = found["references"].partition("//")
    # Some banks fill the reference up with blanks, and write more behind it.
    customer, _, more = _PADDING.sub("\n", references.strip(), count=1).partition("\n")
    return Entry(
        booked_on=read_day_near(entry_day, value_on) if entry_day else value_on,
        value_on=value_on,
        amount=-amount if takes else amount,
        currency=currency,
        reversal=found["reversal"] is not None,
        expected=found["expected"] is not None,
        customer_reference=_reference(customer),
        bank_reference=_reference(bank),
        details=f"{more}\n{details}".strip(),
    )


def _match(text: str) -> tuple[re.Match[str], str]:
    first, _, details = text.partition("\n")
    if found := _ENTRY.match(first):
        return found, details
    second, _, rest = details.partition("\n")
    if found := _ENTRY.match(first + second):  # a bank that wraps in the middle of an entry
        return found, rest
    raise InvalidInputError(f"{first[:40]!r} is not an entry")


def _reference(text: str) -> str:
    bare = text.strip()
    return "" if bare.upper() in NO_REFERENCE | SEE_NARRATIVE else bare


def line_of(row: int, entry: Entry, narrative: str) -> StatementLine:
    """Make the line of an entry. An end-to-end reference is the payment's own, and goes before the customer's."""
    told = read_narrative(narrative, entry.details)
    return StatementLine(
        row=row,
        booked_on=entry.booked_on,
        value_on=entry.value_on,
        amount=entry.amount,
        currency=entry.currency,
        bank_reference=entry.bank_reference,
        reference=_reference(told.end_to_end) or entry.customer_reference or _reference(told.customer_reference),
        narrative=told.text,
        counterparty=told.counterparty,
        reversal=entry.reversal,
        entry_reference=entry.bank_reference,
    )
