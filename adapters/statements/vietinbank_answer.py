"""The answer to VietinBank's settlement file: the same list in the answer's order of columns, with a status each.

It is made with the key that the file was made with, and so to a file alone that is the bank's to the last record:
what somebody had changed on the way would come out of here with a checksum that holds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

from adapters.fields import HANOI
from adapters.statements.vietinbank import details, read_outline
from adapters.statements.vietinbank_record import (
    COLUMNS,
    FOOTER_COLUMNS,
    MARK,
    OF_THE_DAY,
    SEPARATOR,
    SUCCESS,
    Record,
    checksum,
    read_record,
)
from adapters.statements.vietinbank_verdicts import Status, Verdicts
from paygate.domain.errors import InvalidInputError, UnreadableStatementError
from paygate.domain.money import plain
from paygate.domain.payment import Received

MAX_RECORDS: Final = 200_000
"""In a file that is answered, which is held whole; some twenty times what a province takes in a day."""

_MOVED: Final = ("payRefNo", "merchantAcctNo")
_BEHIND: Final = "billId"
_PLACES: Final = tuple(
    COLUMNS.index(name)
    for column in COLUMNS
    if column not in _MOVED
    for name in ((column, *_MOVED) if column == _BEHIND else (column,))
)
ANSWER_COLUMNS: Final = (*(COLUMNS[place] for place in _PLACES), "reconcileStatus")
"""Of an answered record, before its checksum."""

_PROVIDER: Final = FOOTER_COLUMNS.index("providerId")
_COUNT: Final = FOOTER_COLUMNS.index("recordNo")
_ONLY_WHOLE: Final = "only a whole and authentic file is answered"
_SNIFFED_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class Settlement:
    """A settlement file, whole and authentic; its texts as they stand, a character for each byte.

    `footer` is without its checksum; `line_end` is what its lines end with.
    """

    header: str
    footer: Sequence[str]
    line_end: str
    records: Sequence[Record]

    @property
    def provider_id(self) -> str:
        return self.footer[_PROVIDER].strip()


def read_settlement(file: BinaryIO, key: bytes) -> Settlement:
    """Read a whole file from its present position, to answer it.

    Raises:
        UnreadableStatementError: it is not whole, or something in it is not the bank's.
    """
    start = file.tell()
    line_end = "\r\n" if b"\r\n" in file.read(_SNIFFED_BYTES) else "\n"
    file.seek(start)
    outline = read_outline(file, key)
    if outline.footer.count > MAX_RECORDS:
        raise UnreadableStatementError(f"its footer tells of more than {MAX_RECORDS} records")
    file.seek(start)
    records = list(_authentic(file, key, outline.footer.count))
    if len(records) != outline.footer.count:
        found = f"its footer tells of {outline.footer.count} records, there are {len(records)}"
        raise UnreadableStatementError(f"{found}; {_ONLY_WHOLE}")
    return Settlement(outline.header, outline.footer.raw, line_end, records)


def _authentic(file: BinaryIO, key: bytes, most: int) -> Iterator[Record]:
    for place, (number, text) in enumerate(details(file)):
        if place > most:
            return  # one more than the footer tells of is enough to refuse
        try:
            record = read_record(number, text, key)
        except InvalidInputError as error:
            raise UnreadableStatementError(f"line {number}: {error}; {_ONLY_WHOLE}") from error
        if not record.authentic:
            raise UnreadableStatementError(f"line {number}: its checksum does not hold; {_ONLY_WHOLE}")
        yield record


def write_answer(settlement: Settlement, verdicts: Verdicts, key: bytes) -> bytes:
    """Write the answer: their records in their order, then what we alone hold.

    Raises:
        InvalidInputError: a payment has a reference that no column can hold.
    """
    judged = zip(settlement.records, verdicts.each, strict=True)
    told = [_signed((*(record.raw[place] for place in _PLACES), status), key) for record, (status, _) in judged]
    ours = [_signed(_row_of(payment, settlement), key) for payment in verdicts.only_ours]
    header = [_header(settlement.header)] if settlement.header else []
    lines = [*header, *told, *ours, _footer(settlement.footer, len(told) + len(ours), key), ""]
    return MARK + settlement.line_end.join(lines).encode("latin-1")


def _signed(values: Sequence[str], key: bytes) -> str:
    return SEPARATOR.join((*values, checksum(values, key)))


def _header(theirs: str) -> str:
    """Order their column names as the answer has them; another kind of header stays as it is."""
    names = theirs.split(SEPARATOR)
    if len(names) != len(COLUMNS) + 1:
        return theirs
    return SEPARATOR.join((*(names[place] for place in _PLACES), "reconcileStatus", names[-1]))


def _row_of(payment: Received, settlement: Settlement) -> Sequence[str]:
    """Write a payment that the bank left out as it would have; what only the bank knows stays empty."""
    known = {
        "recordType": OF_THE_DAY,
        "transId": payment.transaction_id,
        "providerId": settlement.provider_id,
        "custCode": payment.reference,
        "amount": plain(payment.amount, payment.currency),
        "currencyCode": payment.currency,
        "transTime": f"{payment.occurred_at.astimezone(HANOI):%Y%m%d%H%M%S}",
        "status": SUCCESS,
        "reconcileStatus": Status.ONLY_OURS,
    }
    for value in known.values():
        if SEPARATOR in value or not value.isprintable():
            raise InvalidInputError(f"{value[:40]!r} of payment {payment.payment_id} cannot stand in a column")
    return [known.get(name, "").encode().decode("latin-1") for name in ANSWER_COLUMNS]


def _footer(theirs: Sequence[str], count: int, key: bytes) -> str:
    return _signed([str(count) if place == _COUNT else value for place, value in enumerate(theirs)], key)
