"""The lines of VietinBank's settlement file (thu hộ định danh 1.4.1): their columns, checksums and values."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import md5
from hmac import compare_digest
from typing import Final

from adapters.statements.text_lines import readable
from paygate.domain.errors import InvalidInputError, UnreadableStatementError
from paygate.domain.money import minor_units

OF_THE_DAY: Final = "002"
LATE: Final = "003"
"""An item of the day before, which its file had left out."""

FOOTER: Final = "009"
SUCCESS: Final = "00"
SEPARATOR: Final = "|"
MARK: Final = b"\xef\xbb\xbf"

COLUMNS: Final = (
    *("recordType", "transId", "providerId", "merchantId", "bankCode", "branchCode", "custAcctNo"),
    *("recvVirtualAcctId", "recvVirtualAcctName", "custCode", "custName", "amount", "currencyCode", "payRefNo"),
    *("merchantAcctNo", "billCycle", "billId", "transTime", "status", "bankTransId"),
    *("addField1", "addField2", "addField3", "addField4", "addField5"),
)
"""Of a record, before its checksum."""

FOOTER_COLUMNS: Final = ("recordType", "providerId", "userId", "recordNo", "transTime")

_TIME = re.compile(r"[0-9]{14}")
_COUNT = re.compile(r"[0-9]{1,9}")
_CURRENCY = re.compile(r"[A-Z]{3}")


def checksum(values: Sequence[str], key: bytes) -> str:
    """Return the bank's checksum: the MD5 of all values, one behind the other, and the key. A character is a byte.

    Where one value ends and the next begins is not covered: what a payer chose may pass into the amount beside it.
    """
    said = "".join(values).encode("latin-1")
    return md5(said + key, usedforsecurity=False).hexdigest()  # the bank's choice, and all that it offers


def _holds(values: Sequence[str], said: str, key: bytes | None) -> bool | None:
    if key is None:
        return None
    # As bytes: a text that is not ASCII cannot be compared so, and a broken file may hold one.
    return compare_digest(checksum(values, key).encode(), said.strip().lower().encode("latin-1"))


@dataclass(frozen=True, slots=True)
class Record:
    """One detail line. `raw` holds its values as they stand, byte by byte; `authentic` is None without a key."""

    row: int
    raw: Sequence[str]
    authentic: bool | None

    @property
    def values(self) -> Mapping[str, str]:
        return {name: readable(value).strip() for name, value in zip(COLUMNS, self.raw, strict=True)}


@dataclass(frozen=True, slots=True)
class Footer:
    """The last line: `count` is the number of detail lines it tells of."""

    raw: Sequence[str]
    count: int


def read_record(row: int, text: str, key: bytes | None) -> Record:
    """Take a detail line apart.

    Raises:
        InvalidInputError: it has another number of columns, or is of another type.
    """
    *raw, said = text.split(SEPARATOR)
    if len(raw) != len(COLUMNS):
        raise InvalidInputError(f"it has {len(raw) + 1} columns, not {len(COLUMNS) + 1}")
    if raw[0] not in {OF_THE_DAY, LATE}:
        raise InvalidInputError(f"its type is {readable(raw[0])[:10]!r}, not {OF_THE_DAY} or {LATE}")
    return Record(row, raw, _holds(raw, said, key))


def read_footer(text: str, key: bytes | None) -> Footer:
    """Take the last line apart.

    Raises:
        UnreadableStatementError: it is none, or its checksum does not hold.
    """
    *raw, said = text.split(SEPARATOR)
    if len(raw) != len(FOOTER_COLUMNS) or not _COUNT.fullmatch(raw[3].strip()):
        raise UnreadableStatementError(f"its footer ({FOOTER}) cannot be read")
    if _holds(raw, said, key) is False:
        raise UnreadableStatementError("its footer's checksum does not hold: it was changed, or the key is another")
    return Footer(raw, int(raw[3]))


def is_footer(text: str) -> bool:
    return text.startswith(f"{FOOTER}{SEPARATOR}")


def day_of(record_time: str) -> date | None:
    """Return the day of yyyyMMddHHmmss, None where it is none."""
    try:
        return moment_of(record_time).date()
    except InvalidInputError:
        return None


def moment_of(text: str) -> datetime:
    """Read yyyyMMddHHmmss, the bank's own time.

    Raises:
        InvalidInputError: it is none.
    """
    if _TIME.fullmatch(text):
        try:
            return datetime.strptime(text, "%Y%m%d%H%M%S")  # noqa: DTZ007 -- compared with others of the same clock
        except ValueError:
            pass
    raise InvalidInputError("its transTime is no time written yyyyMMddHHmmss")


def amount_of(values: Mapping[str, str]) -> int:
    """Return a record's amount, in minor units.

    Raises:
        InvalidInputError: it is none, or of no currency.
    """
    if not _CURRENCY.fullmatch(values["currencyCode"]):
        raise InvalidInputError(f"its currency is {values['currencyCode'][:10]!r}")
    amount = minor_units(values["amount"], values["currencyCode"])
    if amount <= 0:
        raise InvalidInputError("its amount is not more than zero")
    return amount
