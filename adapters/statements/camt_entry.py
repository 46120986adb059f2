"""One entry (Ntry) of a camt message: the movements it books.

A million of them is what an import spends its time on, and what costs there is each element that Python gets to hold.
So an entry is taken as the text lxml writes of it, and what stands where in that is looked up by its layout.
"""

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from html import unescape
from typing import Final, NamedTuple, TypeAlias

from lxml import etree

from adapters.statements.camt_layout import Layout, Layouts, Transaction
from paygate.domain.errors import InvalidInputError
from paygate.domain.money import minor_units
from paygate.domain.statement import StatementLine, StatementPart, Warned

Element: TypeAlias = etree._Element  # noqa: SLF001 -- lxml gives the type of an element no public name

BOOKED: Final = "BOOK"

NO_REFERENCE: Final = frozenset({"", "NOTPROVIDED", "NOT PROVIDED", "NONREF"})
"""What banks write where there is no reference."""

_CURRENCY = re.compile(r"[A-Z]{3}\Z")


@lru_cache(maxsize=1024)
def day(text: str) -> date:
    """Read the day of an ISO date or date and time, as the bank wrote it and in its own zone.

    Raises:
        InvalidInputError: it is none.
    """
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise InvalidInputError(f"{text[:40]!r} is not a date") from error


@lru_cache(maxsize=8192)  # fees come in few amounts
def signed_amount(text: str, currency: str, direction: str) -> int:
    """Return an amount in minor units, negative for a debit.

    CdtDbtInd already says which way a reversal moved the money; RvslInd changes nothing about the sign.

    Raises:
        InvalidInputError: amount, currency or direction is missing or malformed.
    """
    if not _CURRENCY.match(currency):
        raise InvalidInputError(f"its currency {currency[:10]!r} is none")
    amount = minor_units(text, currency)
    if amount < 0:
        raise InvalidInputError("its Amt has a sign, which CdtDbtInd should give")
    if direction not in ("CRDT", "DBIT"):
        raise InvalidInputError(f"its CdtDbtInd is {direction[:10]!r}, neither CRDT nor DBIT")
    return amount if direction == "CRDT" else -amount


def read_entry(
    row: int, entry: Element, layouts: Layouts, currency: str | None, single_day: date | None = None
) -> tuple[str, list[StatementPart]]:
    """Return an entry's status (BOOK, PDNG, INFO or a bank's own) and, when it is booked, its lines.

    `layouts` are its file's; `currency` and `single_day` its statement's, for an entry that names none of its own.

    Raises:
        InvalidInputError: the entry cannot be read; the message says why.
    """
    text = etree.tostring(entry, encoding="unicode", with_tail=False)
    layout, parts = layouts.find(text)
    if "&" in text:
        parts = [unescape(part) for part in parts]
    status = parts[layout.status].strip()
    if not status:
        raise InvalidInputError("it has no Sts, so whether it is booked cannot be told")
    if status != BOOKED:
        return status, []
    booking = _booking(row, parts, layout, currency, single_day)
    return status, _lines(booking, parts, layout.transactions)


class _Booking(NamedTuple):
    """What an entry says of all its transactions. `amount` is signed, in minor units."""

    row: int
    booked_on: date
    value_on: date | None
    amount: int
    currency: str
    bank_reference: str
    entry_reference: str
    narrative: str
    reversal: bool


def _booking(
    row: int, parts: Sequence[str], layout: Layout, default_currency: str | None, single_day: date | None
) -> _Booking:
    booked_on = day(parts[layout.booked].strip()) if layout.booked else single_day
    if booked_on is None:
        raise InvalidInputError("it has no BookgDt, and its statement is not of a single day")
    currency = layout.currency or default_currency or ""
    return _Booking(
        row,
        booked_on,
        day(parts[layout.valued].strip()) if layout.valued else None,
        signed_amount(parts[layout.amount].strip(), currency, parts[layout.direction].strip()),
        currency,
        parts[layout.bank_reference].strip(),
        _unless_absent(parts[layout.entry_reference].strip()),
        parts[layout.narrative],
        parts[layout.reversal].strip() in ("true", "1"),
    )


def _lines(booking: _Booking, parts: Sequence[str], transactions: Sequence[Transaction]) -> list[StatementPart]:
    if not transactions:
        return [_entry_line(booking)]
    amounts = [_transaction_amount(booking, parts, transaction) for transaction in transactions]
    if sum(amounts) == booking.amount and all(transaction.amount for transaction in transactions):
        return [_line(booking, parts, *pair) for pair in zip(transactions, amounts, strict=True)]
    if len(transactions) > 1:
        text = f"row {booking.row}: the amounts of its {len(transactions)} transactions do not make up its own"
        return [Warned(f"{text}; it is taken as one line"), _entry_line(booking)]
    line = _line(booking, parts, transactions[0], booking.amount)
    if not transactions[0].amount:
        return [line]
    return [Warned(f"row {booking.row}: its transaction is of another amount; the entry's is taken"), line]


def _transaction_amount(booking: _Booking, parts: Sequence[str], transaction: Transaction) -> int:
    """Return a transaction's amount, with the entry's direction unless it has its own; 0 where none is given."""
    if not transaction.amount:
        return 0
    direction = parts[transaction.direction].strip() or ("DBIT" if booking.amount < 0 else "CRDT")
    return signed_amount(parts[transaction.amount].strip(), booking.currency, direction)


def _line(booking: _Booking, parts: Sequence[str], transaction: Transaction, amount: int) -> StatementLine:
    notes = [parts[place].strip() for place in transaction.notes]
    if booking.narrative:
        notes.append(booking.narrative.strip())
    # A reversal names the parties of the payment that it takes back.
    party = transaction.payer if (amount >= 0) != booking.reversal else transaction.payee
    own_reference = parts[transaction.bank_reference].strip()
    return StatementLine(
        booking.row,
        booking.booked_on,
        booking.value_on,
        amount,
        booking.currency,
        own_reference or booking.bank_reference,
        _best_reference(parts, transaction),
        " ".join(notes),
        parts[party].strip(),
        booking.reversal,
        booking.entry_reference or _unless_absent(own_reference),
    )


def _unless_absent(reference: str) -> str:
    return "" if reference.upper() in NO_REFERENCE else reference


def _best_reference(parts: Sequence[str], transaction: Transaction) -> str:
    for place in (transaction.end_to_end, *transaction.references):
        reference = parts[place].strip()
        if reference.upper() not in NO_REFERENCE:
            return reference
    return ""


def _entry_line(booking: _Booking) -> StatementLine:
    """Return an entry as one line, for want of transactions that could be told apart."""
    return StatementLine(
        booking.row,
        booking.booked_on,
        booking.value_on,
        booking.amount,
        booking.currency,
        booking.bank_reference,
        reference="",
        narrative=booking.narrative.strip(),
        reversal=booking.reversal,
        entry_reference=booking.entry_reference,
    )
