"""VietinBank's settlement file of the day after (thu hộ định danh 1.4.1): what came on virtual accounts.

Each record and the footer carry a checksum made with a key that bank and provider share.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import BinaryIO, Final

from adapters.statements.text_lines import read_text_lines
from adapters.statements.vietinbank_record import (
    COLUMNS,
    FOOTER,
    FOOTER_COLUMNS,
    LATE,
    MARK,
    OF_THE_DAY,
    SEPARATOR,
    SUCCESS,
    Footer,
    Record,
    amount_of,
    day_of,
    is_footer,
    moment_of,
    read_footer,
    read_record,
)
from paygate.domain.errors import InvalidInputError, UnreadableStatementError
from paygate.domain.statement import RefusedRow, StatementEnd, StatementHead, StatementLine, StatementPart, Warned

_UTF_8_MARK: Final = MARK.decode("latin-1")
_FIRST_LINES: Final = 3
_TIME_COLUMN: Final = COLUMNS.index("transTime")
_IN_WORDS: Final = (
    "bankTransId",
    "billCycle",
    "billId",
    "payRefNo",
    "merchantAcctNo",
    "recvVirtualAcctId",
    "transTime",
)


@dataclass(frozen=True, slots=True)
class Outline:
    """What a first look at the whole file tells: its header, its footer and the day of most of its records.

    `day` is None where no record of the day itself stands in it.
    """

    header: str
    footer: Footer
    day: date | None

    def booked_on(self, record: Record) -> date:
        """Return the day a record belongs to: that of its time or, where it is late, the day before the file's."""
        own = moment_of(record.values["transTime"]).date()
        late = record.raw[0] == LATE and self.day is not None
        return self.day - timedelta(days=1) if late and self.day else own


def looks_like_vietinbank(head: bytes) -> bool:
    """Tell whether a file that begins so has records, or a footer, among its first lines."""
    first = head.removeprefix(MARK).splitlines()[:_FIRST_LINES]
    return any(
        (line.startswith((b"002|", b"003|")) and line.count(b"|") == len(COLUMNS))
        or (line.startswith(b"009|") and line.count(b"|") == len(FOOTER_COLUMNS))
        for line in first
    )


def read_vietinbank(file: BinaryIO, key: bytes | None) -> Iterator[StatementPart]:
    """Read a file from its present position as one statement; a row is a line of the file.

    Raises:
        UnreadableStatementError: it has no footer, or one whose checksum does not hold, or something stands behind it.
            What was yielded before is then worth nothing.
    """
    start = file.tell()
    outline = read_outline(file, key)
    provider = outline.footer.raw[1].strip()
    day = outline.day
    yield StatementHead(None, f"{provider} {day:%Y%m%d}" if day else provider, None, day, day)
    file.seek(start)
    rows = 0
    for number, text in details(file):
        rows += 1
        yield _part(number, text, key, outline)
    agrees = rows == outline.footer.count
    if not agrees:
        yield Warned(f"its footer tells of {outline.footer.count} records, there are {rows}")
    if key is None:
        yield Warned("its checksums were not verified: its account has no file_key")
    yield StatementEnd(trailer_agrees=agrees)


def details(file: BinaryIO) -> Iterator[tuple[int, str]]:
    """Yield number and text of every line between header and footer."""
    for number, text in read_text_lines(file):
        bare = text.removeprefix(_UTF_8_MARK) if number == 1 else text
        if bare.strip() and not (number == 1 and _is_header(bare)) and not is_footer(bare):
            yield number, bare


def read_outline(file: BinaryIO, key: bytes | None) -> Outline:
    """Look over a file.

    Raises:
        UnreadableStatementError: its footer is not there, not the last, or not authentic.
    """
    header = ""
    footer: str | None = None
    days: Counter[date] = Counter()
    for number, text in read_text_lines(file):
        bare = text.removeprefix(_UTF_8_MARK) if number == 1 else text
        if footer is not None and bare.strip():
            raise UnreadableStatementError(f"line {number} stands behind the footer ({FOOTER})")
        if is_footer(bare):
            footer = bare
        elif number == 1 and _is_header(bare):
            header = bare
        elif day := _day_of_the_file(bare):
            days[day] += 1
    if footer is None:
        raise UnreadableStatementError(f"it has no footer ({FOOTER}): it may be cut off")
    most = max(days, key=lambda day: (days[day], day), default=None)
    return Outline(header, read_footer(footer, key), most)


def _day_of_the_file(text: str) -> date | None:
    columns = text.split(SEPARATOR)
    return day_of(columns[_TIME_COLUMN]) if columns[0] == OF_THE_DAY and len(columns) > len(COLUMNS) else None


def _is_header(text: str) -> bool:
    return not text.startswith((OF_THE_DAY, LATE, FOOTER))


def _part(row: int, text: str, key: bytes | None, outline: Outline) -> StatementPart:
    try:
        record = read_record(row, text, key)
        if record.authentic is False:
            raise InvalidInputError("its checksum does not hold")  # noqa: TRY301 -- one road for every bad row
        return _line(record, outline)
    except InvalidInputError as error:
        return RefusedRow(row, str(error))


def _line(record: Record, outline: Outline) -> StatementLine:
    values = record.values
    if values["status"] != SUCCESS:
        raise InvalidInputError(f"its status is {values['status'][:10]!r}, not {SUCCESS}, so it is no money that came")
    if not values["transId"]:
        raise InvalidInputError("it has no transId")
    told = (f"{name} {values[name]}" for name in _IN_WORDS if values[name])
    more = (values[name] for name in COLUMNS if name.startswith("addField") and values[name])
    return StatementLine(
        row=record.row,
        booked_on=outline.booked_on(record),
        value_on=moment_of(values["transTime"]).date(),
        amount=amount_of(values),
        currency=values["currencyCode"],
        bank_reference=values["transId"],
        reference=values["custCode"],
        narrative=" ".join((*told, *more)),
        counterparty=values["custName"],
    )
