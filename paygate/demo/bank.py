"""The banks' side: each account's statements, day by day, one account as camt.053, the other as a bank's own CSV."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from io import StringIO
from pathlib import Path
from types import MappingProxyType
from typing import Final

from lxml import etree

from paygate.demo.scene import CALENDAR, COUNTER_ACCOUNT, GATEWAY_ACCOUNT, PORTAL_ACCOUNT, Booking
from paygate.domain.money import DONG

OPENING: Final[Mapping[str, int]] = MappingProxyType(
    {PORTAL_ACCOUNT: 1_254_300_000, GATEWAY_ACCOUNT: 318_750_000, COUNTER_ACCOUNT: 0}
)
"""What stands on each account before the first day, in dong."""

MAPPING: Final = "so-phu"
COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "booked_on": "Ngày giao dịch",
        "bank_reference": "Số chứng từ",
        "reference": "Số tham chiếu",
        "narrative": "Nội dung",
        "counterparty": "Đối tác",
        "credit": "Ghi có",
        "debit": "Ghi nợ",
        "balance": "Số dư",
    }
)
DATE_FORMAT: Final = "%d/%m/%Y"
THOUSANDS: Final = "."

CAMT: Final = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"
_INDICATORS: Final = ("DBIT", "CRDT")


@dataclass(frozen=True, slots=True)
class AccountDay:
    """One account's statement of one day; opening + bookings = closing."""

    account: str
    day: date
    opening: int
    bookings: Sequence[Booking]

    @property
    def closing(self) -> int:
        return self.opening + sum(booking.amount for booking in self.bookings)


def statements_of(bookings: Sequence[Booking], first: date, last: date) -> list[AccountDay]:
    """Sort bookings into one statement per account and business day, each opening where the last one closed."""
    statements = []
    for account, opening in OPENING.items():
        balance = opening
        for day in _business_days(first, last):
            on_day = [booking for booking in bookings if (booking.account, booking.booked_on) == (account, day)]
            statement = AccountDay(account, day, balance, on_day)
            statements.append(statement)
            balance = statement.closing
    return statements


def write_files(statements: Sequence[AccountDay], folder: Path) -> list[tuple[AccountDay, Path]]:
    """Write each statement as its bank would send it; a table without rows says nothing, and is not sent."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for statement in statements:
        camt = statement.account == PORTAL_ACCOUNT
        if not camt and not statement.bookings:
            continue
        path = folder / f"{statement.account}-{statement.day:%Y%m%d}.{'xml' if camt else 'csv'}"
        path.write_bytes(camt_file(statement) if camt else csv_file(statement))
        written.append((statement, path))
    return written


def csv_file(statement: AccountDay) -> bytes:
    """Write a statement as a Vietnamese bank's export: dates day first, dots between thousands, a running balance."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS.values())
    balance = statement.opening
    for booking in statement.bookings:
        balance += booking.amount
        credit, debit = (booking.amount, 0) if booking.amount >= 0 else (0, -booking.amount)
        writer.writerow(
            (
                booking.booked_on.strftime(DATE_FORMAT),
                booking.bank_reference,
                booking.reference,
                booking.narrative,
                booking.counterparty,
                _grouped(credit),
                _grouped(debit),
                _grouped(balance),
            )
        )
    return text.getvalue().encode("utf-8-sig")


def camt_file(statement: AccountDay) -> bytes:
    """Write a statement as camt.053.001.02."""
    document = etree.Element("Document", xmlns=CAMT)
    message = etree.SubElement(document, "BkToCstmrStmt")
    made_at = f"{statement.day}T23:59:59+07:00"
    identification = f"{statement.account}-{statement.day:%Y%m%d}"
    _add(message, "GrpHdr", ("MsgId", identification), ("CreDtTm", made_at))
    body = _add(message, "Stmt", ("Id", identification), ("CreDtTm", made_at))
    _add(body, "FrToDt", ("FrDtTm", f"{statement.day}T00:00:00+07:00"), ("ToDtTm", made_at))
    _add(body, "Acct", ("Id/Othr/Id", statement.account), ("Ccy", DONG))
    for code, amount in (("OPBD", statement.opening), ("CLBD", statement.closing)):
        balance = _add(body, "Bal", ("Tp/CdOrPrtry/Cd", code))
        _amount(balance, amount)
        _add(balance, "Dt", ("Dt", statement.day.isoformat()))
    for booking in statement.bookings:
        _entry(body, booking)
    written: bytes = etree.tostring(document, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written


def _entry(statement: etree._Element, booking: Booking) -> None:
    entry = etree.SubElement(statement, "Ntry")
    _amount(entry, booking.amount)
    day = booking.booked_on.isoformat()
    for tag, text in (
        ("Sts", "BOOK"),
        ("BookgDt/Dt", day),
        ("ValDt/Dt", day),
        ("AcctSvcrRef", booking.bank_reference),
        ("BkTxCd/Prtry/Cd", "IBFT"),
    ):
        _put(entry, tag, text)
    details = etree.SubElement(etree.SubElement(entry, "NtryDtls"), "TxDtls")
    _put(details, "Refs/EndToEndId", booking.reference or "NOTPROVIDED")
    _put(details, "RltdPties/Dbtr/Nm", booking.counterparty)
    _put(details, "RmtInf/Ustrd", booking.narrative)


def _amount(parent: etree._Element, amount: int) -> None:
    etree.SubElement(parent, "Amt", Ccy=DONG).text = str(abs(amount))
    _put(parent, "CdtDbtInd", _INDICATORS[amount >= 0])


def _add(parent: etree._Element, tag: str, *children: tuple[str, str]) -> etree._Element:
    element = etree.SubElement(parent, tag)
    for path, text in children:
        _put(element, path, text)
    return element


def _put(parent: etree._Element, path: str, text: str) -> None:
    for tag in path.split("/"):
        parent = etree.SubElement(parent, tag)
    parent.text = text


def _grouped(amount: int) -> str:
    return f"{amount:,}".replace(",", THOUSANDS)


def _business_days(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day = CALENDAR.add(day, 1)
