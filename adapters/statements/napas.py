"""A reconciliation file of NAPAS: tagged text, a header (HR), records (DR) and a trailer (TR).

It is a gateway's list of what it settled, not money that a bank booked. Its checksums cannot be verified, since their
recipe is not public.
"""

from collections.abc import Iterator
from datetime import date
from typing import BinaryIO, Final

from adapters.statements.napas_record import line_of, read_day, read_fields
from adapters.statements.text_lines import read_text_lines
from paygate.domain.errors import InvalidInputError, UnreadableStatementError
from paygate.domain.legs import Leg
from paygate.domain.statement import RefusedRow, StatementEnd, StatementHead, StatementPart, Warned

HEADER: Final = "HR"
RECORD: Final = "DR"
TRAILER: Final = "TR"

_UTF_8_MARK: Final = "ï»¿"
"""As Latin-1 shows it."""


def looks_like_napas(head: bytes) -> bool:
    """Tell whether a file that begins so is one of NAPAS."""
    return head.removeprefix(b"\xef\xbb\xbf").startswith(b"HR[")


def read_napas(file: BinaryIO) -> Iterator[StatementPart]:
    """Read a file from its present position as one statement of settled payments; a row is a line of the file.

    Raises:
        UnreadableStatementError: it has no header or no trailer, or something stands behind the trailer. What was
            yielded before is then worth nothing.
    """
    statement: _Statement | None = None
    for number, line in read_text_lines(file):
        text = line.removeprefix(_UTF_8_MARK) if number == 1 else line
        if not text.strip():
            continue
        if statement is None:
            statement = _Statement(number, text)
            yield statement.head()
        elif statement.is_closed:
            raise UnreadableStatementError(f"line {number} stands behind the trailer (TR)")
        elif text.startswith(TRAILER):
            yield from statement.close(number, text)
        else:
            yield statement.read(number, text)
    if statement is None or not statement.is_closed:
        raise UnreadableStatementError("it has no trailer (TR): it is cut off" if statement else "it is empty")


class _Statement:
    """The file while its lines come by."""

    def __init__(self, row: int, text: str) -> None:
        if not text.startswith(HEADER):
            raise UnreadableStatementError("it does not begin with a header (HR)")
        header = _whole("header (HR)", row, text)
        self._receiver = header.get("REV", "")
        self._written_on = _date("header (HR)", header)
        self._records = 0
        self._signed = 0
        self.is_closed = False

    def head(self) -> StatementHead:
        identification = f"{self._receiver} {self._written_on:%Y%m%d}".strip()
        return StatementHead(None, identification, None, leg=Leg.SETTLEMENT)

    def read(self, row: int, text: str) -> StatementPart:
        if not text.startswith(RECORD):
            return RefusedRow(row, "it is neither a record (DR) nor a trailer (TR)")
        self._records += 1
        try:
            fields = read_fields(text[len(RECORD) :])
            self._signed += "CSR" in fields
            return line_of(row, fields, self._written_on)
        except InvalidInputError as error:
            return RefusedRow(row, str(error))

    def close(self, row: int, text: str) -> Iterator[StatementPart]:
        trailer = _whole("trailer (TR)", row, text)
        self.is_closed = True
        said = trailer.get("NOT", "")
        if not (said.isascii() and said.isdecimal()):
            raise UnreadableStatementError("its trailer (TR) does not say how many records there are")
        agrees = int(said) == self._records
        if not agrees:
            yield Warned(f"its trailer tells of {int(said)} records, there are {self._records}")
        if _date("trailer (TR)", trailer) != self._written_on:
            yield Warned("its header and its trailer are of different days")
        yield Warned(
            f"its checksums, of {self._signed} records (CSR) and of the whole (CSF {trailer.get('CSF') or 'absent'}), "
            "were not verified: their recipe is not public"
        )
        yield StatementEnd(period_from=self._written_on, period_to=self._written_on, trailer_agrees=agrees)


def _whole(what: str, row: int, text: str) -> dict[str, str]:
    try:
        return read_fields(text[len(HEADER) :])
    except InvalidInputError as error:
        raise UnreadableStatementError(f"its {what} in line {row} cannot be read: {error}") from error


def _date(what: str, fields: dict[str, str]) -> date:
    try:
        return read_day(fields.get("DATE", ""))
    except InvalidInputError as error:
        raise UnreadableStatementError(f"its {what}: {error}") from error
