"""Statement files to measure with, a format each: how one is written, and what reads it and no more.

The bare readers are the least that anybody who reads such a file must do: lxml going through the entries, a split of
lines by tags, the rows of `csv`. They make nothing of what they read.
"""

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, TextIO

from lxml import etree

from adapters.statements.table.mapping import TableMapping

ACCOUNT: Final = "0011001234567"
OPENING: Final = 1_000_000_000
FIRST_DAY: Final = datetime(2024, 5, 1, tzinfo=UTC).date()
LAST_DAY: Final = datetime(2024, 5, 31, tzinfo=UTC).date()

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"

_CAMT_HEAD: Final = f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="{NAMESPACE}">
  <BkToCstmrStmt>
    <GrpHdr><MsgId>BENCH</MsgId><CreDtTm>2024-06-01T00:00:00+07:00</CreDtTm></GrpHdr>
    <Stmt>
      <Id>BENCH-1</Id>
      <Acct><Id><Othr><Id>{ACCOUNT}</Id></Othr></Id><Ccy>VND</Ccy></Acct>
"""
_CAMT_BALANCE: Final = """      <Bal>
        <Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>
        <Amt Ccy="VND">{amount}</Amt>
        <CdtDbtInd>CRDT</CdtDbtInd>
      </Bal>
"""
# Some forty elements of which a third is of use here. The statements of real banks at hand have 45 on the average, in
# 2.4 kB an entry.
_CAMT_ENTRY: Final = """      <Ntry>
        <NtryRef>{number}</NtryRef>
        <Amt Ccy="VND">{amount}</Amt>
        <CdtDbtInd>CRDT</CdtDbtInd>
        <Sts>
          <Cd>BOOK</Cd>
        </Sts>
        <BookgDt>
          <Dt>{day}</Dt>
        </BookgDt>
        <ValDt>
          <Dt>{day}</Dt>
        </ValDt>
        <AcctSvcrRef>FT24{number:09d}</AcctSvcrRef>
        <BkTxCd>
          <Domn>
            <Cd>PMNT</Cd>
            <Fmly>
              <Cd>RCDT</Cd>
              <SubFmlyCd>ESCT</SubFmlyCd>
            </Fmly>
          </Domn>
        </BkTxCd>
        <NtryDtls>
          <TxDtls>
            <Refs>
              <AcctSvcrRef>FT24{number:09d}</AcctSvcrRef>
              <EndToEndId>dvc0000012H23{number:09d}</EndToEndId>
              <TxId>{number}</TxId>
            </Refs>
            <Amt Ccy="VND">{amount}</Amt>
            <CdtDbtInd>CRDT</CdtDbtInd>
            <RltdPties>
              <Dbtr>
                <Pty>
                  <Nm>NGUYEN VAN {number}</Nm>
                </Pty>
              </Dbtr>
              <DbtrAcct>
                <Id>
                  <Othr>
                    <Id>10{number:09d}</Id>
                  </Othr>
                </Id>
              </DbtrAcct>
            </RltdPties>
            <RltdAgts>
              <DbtrAgt>
                <FinInstnId>
                  <BICFI>BFTVVNVX</BICFI>
                </FinInstnId>
              </DbtrAgt>
            </RltdAgts>
            <RmtInf>
              <Ustrd>THANH TOAN HO SO 000.00.12.H23-240508-{number:07d}</Ustrd>
            </RmtInf>
          </TxDtls>
        </NtryDtls>
      </Ntry>
"""
_CAMT_TAIL: Final = """    </Stmt>
  </BkToCstmrStmt>
</Document>
"""

_SWIFT_HEAD: Final = """:20:BENCH
:25:{account}
:28C:1/1
:60F:C{day:%y%m%d}VND{amount},
"""
_SWIFT_ENTRY: Final = """:61:{day:%y%m%d%m%d}C{amount},NTRF{number:09d}//FT24{number:09d}
:86:dvc0000012H23{number:09d} NGUYEN VAN {number} THANH TOAN
HO SO 000.00.12.H23-240508-{number:07d}
"""
_SWIFT_TAIL: Final = """:62F:C{day:%y%m%d}VND{amount},
-
"""

_COLUMNS: Final = {
    "booked_on": "Ngày giao dịch",
    "bank_reference": "Số bút toán",
    "reference": "Số tham chiếu",
    "narrative": "Nội dung",
    "debit": "Ghi nợ",
    "credit": "Ghi có",
    "balance": "Số dư",
    "counterparty": "Người chuyển",
}


class Entry(NamedTuple):
    """One that is written. `balance` is the account's after it, in dong as `amount`."""

    number: int
    day: date
    amount: int
    balance: int


class Sample(NamedTuple):
    """A kind of file. `write` is given the numbers of its entries, `bare` counts the entries it finds."""

    name: str
    format: str
    write: Callable[[TextIO, range], None]
    bare: Callable[[BinaryIO], int]
    mapping: TableMapping | None = None

    def write_file(self, file: Path, numbers: range) -> None:
        with file.open("w", encoding="utf-8", newline="") as out:
            self.write(out, numbers)


def _entries(numbers: range) -> Iterator[Entry]:
    """Spread entries over a month, in some hundred different fees."""
    balance = OPENING
    for place, number in enumerate(numbers):
        amount = _amount(number)
        balance += amount
        yield Entry(number, FIRST_DAY + timedelta(days=place * LAST_DAY.day // len(numbers)), amount, balance)


def _amount(number: int) -> int:
    return (number * 7 % 100 + 1) * 5_000


def _closing(numbers: range) -> int:
    return OPENING + sum(map(_amount, numbers))


def _write_indented(out: TextIO, numbers: range) -> None:
    _write_camt(out, numbers, lambda text: text)


def _write_compact(out: TextIO, numbers: range) -> None:
    _write_camt(out, numbers, lambda text: re.sub(r">\s+<", "><", text.strip()))


def _write_camt(out: TextIO, numbers: range, laid_out: Callable[[str], str]) -> None:
    balance, entry = laid_out(_CAMT_BALANCE), laid_out(_CAMT_ENTRY)
    out.write(laid_out(_CAMT_HEAD))
    out.write(balance.format(code="OPBD", amount=OPENING))
    out.write(balance.format(code="CLBD", amount=_closing(numbers)))
    out.writelines(entry.format_map(each._asdict()) for each in _entries(numbers))
    out.write(laid_out(_CAMT_TAIL))


def _go_through_camt(file: BinaryIO) -> int:
    entries = 0
    for _event, element in etree.iterparse(file, events=("end",), tag=f"{{{NAMESPACE}}}Ntry"):
        element.clear()
        entries += 1
    return entries


def _write_swift(out: TextIO, numbers: range) -> None:
    out.write(_SWIFT_HEAD.format(account=ACCOUNT, day=FIRST_DAY, amount=OPENING))
    out.writelines(_SWIFT_ENTRY.format_map(each._asdict()) for each in _entries(numbers))
    out.write(_SWIFT_TAIL.format(day=LAST_DAY, amount=_closing(numbers)))


def _split_swift(file: BinaryIO) -> int:
    """Fold lines into the values of their tags."""
    entries = 0
    value: list[bytes] = []
    for line in file:
        if line.startswith(b":"):
            _, tag, rest = line.split(b":", 2)
            entries += tag == b"61"
            value = [rest]
        else:
            value.append(line)
    return entries


def _write_table(out: TextIO, numbers: range) -> None:
    table = csv.writer(out)
    table.writerow(_COLUMNS.values())
    table.writerows(map(_table_row, _entries(numbers)))


def _table_row(each: Entry) -> Sequence[str]:
    return (
        f"{each.day:%d/%m/%Y}",
        f"FT24{each.number:09d}",
        f"dvc0000012H23{each.number:09d}",
        f"THANH TOAN HO SO 000.00.12.H23-240508-{each.number:07d}",
        "",
        f"{each.amount:,}",
        f"{each.balance:,}",
        f"NGUYEN VAN {each.number}",
    )


def _split_table(file: BinaryIO) -> int:
    text = TextIOWrapper(file, encoding="utf-8", newline="")
    rows = sum(1 for _ in csv.reader(text))
    text.detach()  # the file is closed by whoever opened it
    return rows - 1


SAMPLES: Final[Mapping[str, Sequence[Sample]]] = {
    "camt": (
        Sample("camt.053 without indentation", "camt", _write_compact, _go_through_camt),
        Sample("camt.053 indented", "camt", _write_indented, _go_through_camt),
    ),
    "mt940": (Sample("MT940", "mt940", _write_swift, _split_swift),),
    "table": (
        Sample("CSV", "table", _write_table, _split_table, TableMapping(_COLUMNS, thousands=",", account=ACCOUNT)),
    ),
}
"""By format; the first is the one whose import is measured."""
