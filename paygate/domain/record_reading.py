"""Procedure records while they are read: what one-stop systems, files and the portal send, row by row."""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from paygate.domain.errors import InvalidInputError
from paygate.domain.json_rows import DoubledObject, parse_row, rows_of
from paygate.domain.money import DONG, MAX_AMOUNT, minor_units
from paygate.domain.record import Obligation, ProcedureRecord, RecordStatus
from paygate.domain.statement import RefusedRow
from paygate.domain.text import bound_cells, reference_key

MAX_ROWS: Final = 200_000
MAX_OBLIGATIONS: Final = 200


@dataclass(frozen=True, slots=True)
class RefusedRecord(RefusedRow):
    """A refused row of which it is at least known whose it was."""

    dossier_code: str | None = None


# -- What a row may be -------------------------------------------------------------------------------------------------


def _no_control(text: str) -> str:
    if any(sign < " " for sign in text):
        raise ValueError("holds a control character")
    return text


def _no_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("holds a NUL")
    return text


def _iso_date(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        raise ValueError("is not a date such as 2024-05-08")
    return value


Code = Annotated[str, StringConstraints(min_length=1, max_length=255), AfterValidator(_no_control)]
Name = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_no_nul)]
Amount = Annotated[int, Field(strict=True, ge=0, le=MAX_AMOUNT)]
Day = Annotated[date, BeforeValidator(_iso_date)]


class _Object(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _no_key_twice(cls, value: object) -> object:
        if isinstance(value, DoubledObject):
            raise ValueError("a key stands twice")  # noqa: TRY004 -- pydantic gathers ValueErrors alone
        return value


class _ObligationRow(_Object):
    code: Code
    kind: Literal["fee", "charge"]
    name: Name = ""
    amount: Amount


class _RecordRow(_Object):
    """A record as the contract's §5 names its fields."""

    dossier_code: Code
    procedure_code: Code
    procedure_name: Name = ""
    agency_code: Code
    agency_name: Name = ""
    status: RecordStatus
    received_on: Day | None = None
    processing_started_on: Day | None = None
    expires_on: Day | None = None
    exempt: Annotated[bool, Field(strict=True)] = False
    online_payment_flag: Annotated[int, Field(strict=True, ge=0, le=2)] = 0
    version: Annotated[int, Field(strict=True, ge=0, lt=2**63 - 1)] | None = None
    obligations: Annotated[tuple[_ObligationRow, ...], Field(max_length=MAX_OBLIGATIONS)] = ()

    @model_validator(mode="after")
    def _obligations_hold(self) -> Self:
        doubled = [code for code, count in Counter(line.code for line in self.obligations).items() if count > 1]
        if doubled:
            raise ValueError(f"the obligation {doubled[0]!r} stands twice")
        if sum(line.amount for line in self.obligations) > MAX_AMOUNT:
            raise ValueError("the obligations add up to more than is kept")
        return self

    def record(self) -> ProcedureRecord:
        fields: dict[str, Any] = dict(self)
        fields["obligations"] = tuple(Obligation(**dict(line)) for line in self.obligations)
        return ProcedureRecord(**fields)


# -- The portal's own message ------------------------------------------------------------------------------------------

_PORTAL_STATUS: Final = dict(enumerate(RecordStatus, start=1))
"""`TrangThaiHoSo`: the portal counts the states of a dossier from 1, in the order of ours."""

_AGENCY_CODE: Final = re.compile(r"\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}|[A-Z]\d{2}(?:\.\d{1,3}){0,4}")
_PORTAL_DAYS: Final = (
    re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?:\d{6})?", re.ASCII),
    re.compile(r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})(?:[T ].*)?", re.ASCII),
    re.compile(r"(?P<d>\d{2})/(?P<m>\d{2})/(?P<y>\d{4})(?: .*)?", re.ASCII),
)


def _from_portal(message: Mapping[str, Any]) -> dict[str, Any]:
    """Rewrite a dossier-sync message in our names; of its many fields, those that a record keeps."""
    code, unit = str(message["MaHoSo"]), str(message.get("DonViXuLy") or "")
    return {
        "dossier_code": code,
        "procedure_code": message.get("MaTTHC"),
        "procedure_name": message.get("TenTTHC") or "",
        "agency_code": message.get("MaDonVi") or (unit if _AGENCY_CODE.fullmatch(unit) else code.partition("-")[0]),
        "agency_name": unit,
        "status": _portal_status(message.get("TrangThaiHoSo")),
        "received_on": _portal_day(message.get("NgayTiepNhan")),
        "processing_started_on": _portal_day(message.get("NgayBatDauXuLy")),
        "online_payment_flag": _whole(message.get("DuocThanhToanTrucTuyen") or 0),
        "obligations": list(_portal_obligations(message)),
    }


def _portal_status(value: object) -> RecordStatus:
    number = _whole(value)
    if number not in _PORTAL_STATUS:
        raise ValueError(f"TrangThaiHoSo {number} is not one of 1 to {len(_PORTAL_STATUS)}")
    return _PORTAL_STATUS[number]


def _portal_day(value: object) -> str | None:
    if not value:
        return None
    for form in _PORTAL_DAYS:
        if found := form.fullmatch(str(value)):
            return "{y}-{m}-{d}".format(**found.groupdict())
    raise ValueError(f"{str(value)[:40]!r} is not a date of the portal's")


def _portal_obligations(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the lines due, those of supplements too.

    The portal repeats a code where it collects in steps: those are told apart by a number.
    """
    supplements = message.get("DanhSachHoSoBoSung") or ()
    lists = [message.get("DanhSachLePhi"), *(one.get("DanhSachLePhiBoSung") for one in supplements)]
    seen: Counter[str] = Counter()
    for position, line in enumerate((line for lines in lists for line in lines or ()), start=1):
        name = str(line.get("TenPhiLePhi") or "")
        code = str(line.get("MaPhiLePhi") or position)
        seen[code] += 1
        yield {
            "code": code if seen[code] == 1 else f"{code}#{seen[code]}",
            "kind": _portal_kind(str(line.get("LoaiPhiLePhi") or ""), name),
            "name": name,
            "amount": minor_units(str(line.get("Gia") or 0), DONG),
        }


def _portal_kind(kind: str, name: str) -> str:
    """Tell a fee (phí) from a charge (lệ phí); systems number the kinds differently, so that the name decides then."""
    for words in (reference_key(kind), reference_key(name)):
        if words.startswith("LEPHI"):
            return "charge"
        if words.startswith("PHI"):
            return "fee"
    return "charge"


# -- Reading -----------------------------------------------------------------------------------------------------------


def read_records(body: bytes, content_type: str) -> Iterator[ProcedureRecord | RefusedRow]:
    """Read records from JSON (an array, or one object), NDJSON or CSV; each row stands for itself.

    Rows of JSON may be the contract's records or the portal's dossier-sync messages. A CSV names its columns as the
    contract does, with the obligations as JSON in one column. Rows are counted from 1, lines of a CSV from its header.

    Raises:
        InvalidInputError: the body as a whole cannot be read, or is of a type nobody here reads.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in _READERS:
        raise InvalidInputError(f"records come as {', '.join(_READERS)}, not as {kind or 'nothing'}")
    for count, part in enumerate(_READERS[kind](body)):
        if count == MAX_ROWS:
            raise InvalidInputError(f"more than {MAX_ROWS} rows at once")
        yield part


def _read_array(body: bytes) -> Iterator[ProcedureRecord | RefusedRow]:
    # A body that is not JSON to its end is refused as a whole, so it is read once before any row is believed; twice is
    # quick, and holding all rows would take many times the body's memory.
    try:
        text = body.decode("utf-8-sig")
        for count, _ in enumerate(rows_of(text)):
            if count == MAX_ROWS:
                raise InvalidInputError(f"more than {MAX_ROWS} rows at once")
    except ValueError as error:
        raise InvalidInputError(f"the body is not JSON: {error}") from None
    for number, row in enumerate(rows_of(text), start=1):
        yield _read_row(number, row)


def _read_lines(body: bytes) -> Iterator[ProcedureRecord | RefusedRow]:
    for number, line in enumerate(io.BytesIO(body.removeprefix(b"\xef\xbb\xbf")), start=1):
        if not line.strip():
            continue
        try:
            row = parse_row(line.decode())
        except ValueError as error:
            yield RefusedRecord(number, f"not JSON: {error}")
        else:
            yield _read_row(number, row)


def _read_table(body: bytes) -> Iterator[ProcedureRecord | RefusedRow]:
    bound_cells()
    try:
        text = io.StringIO(body.decode("utf-8-sig"), newline="")
        rows = csv.reader(text, strict=True, delimiter=_delimiter(text))
        header = [name.strip() for name in next(rows, [])]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidInputError(f"the table cannot be read: {error}") from None
    _check_header(header)
    while True:
        try:
            cells = next(rows, None)
        except csv.Error as error:
            yield RefusedRecord(rows.line_num, str(error))
            continue
        if cells is None:
            return
        if cells:
            yield _read_cells(rows.line_num, header, cells)


def _delimiter(text: io.StringIO) -> str:
    """A spreadsheet saved in Vietnam parts cells by semicolons. The header tells: no name of ours holds either sign."""
    header = text.readline()
    text.seek(0)
    return ";" if header.count(";") > header.count(",") else ","


def _check_header(header: Sequence[str]) -> None:
    known = _RecordRow.model_fields
    if unknown := [name for name in header if name not in known]:
        raise InvalidInputError(f"the column {unknown[0][:40]!r} is not known; the columns are {', '.join(known)}")
    if len(set(header)) < len(header):
        raise InvalidInputError("a column stands twice")
    if missing := [name for name, field in known.items() if field.is_required() and name not in header]:
        raise InvalidInputError(f"the column {missing[0]!r} is missing")


def _read_cells(number: int, header: Sequence[str], cells: Sequence[str]) -> ProcedureRecord | RefusedRow:
    if len(cells) != len(header):
        return RefusedRecord(number, f"{len(cells)} cells under {len(header)} columns")
    given = {name: cell.strip() for name, cell in zip(header, cells, strict=True) if cell.strip()}
    try:
        row = {name: _CELLS.get(name, str)(cell) for name, cell in given.items()}
    except ValueError as error:
        return RefusedRecord(number, str(error), _dossier_code(given))
    return _read_row(number, row)


def _read_row(number: int, row: object) -> ProcedureRecord | RefusedRow:
    try:
        if isinstance(row, dict) and "MaHoSo" in row and not isinstance(row, DoubledObject):
            row = _from_portal(row)
        return _RecordRow.model_validate(row).record()
    except ValidationError as error:
        return RefusedRecord(number, _explain(error), _dossier_code(row))
    except (ValueError, TypeError, AttributeError, InvalidInputError) as error:
        # The last three: a list or object of the portal's message is of another shape than it should be.
        return RefusedRecord(number, str(error), _dossier_code(row))


def _dossier_code(row: object) -> str | None:
    code = (row.get("dossier_code") or row.get("MaHoSo")) if isinstance(row, dict) else None
    return code if isinstance(code, str) and code.isprintable() else None


def _explain(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    said = first["msg"].removeprefix("Value error, ")
    return f"{where}: {said}" if where else said


def _whole(value: object) -> int:
    if not re.fullmatch(r"\d{1,19}", str(value), re.ASCII):
        raise ValueError(f"{str(value)[:40]!r} is not a whole number")
    return int(str(value))


def _yes(cell: str) -> bool:
    if cell.lower() not in {"true", "false", "1", "0"}:
        raise ValueError(f"{cell[:40]!r} is neither true nor false")
    return cell.lower() in {"true", "1"}


_CELLS: Final[dict[str, Callable[[str], Any]]] = {
    "exempt": _yes,
    "online_payment_flag": _whole,
    "version": _whole,
    "obligations": parse_row,
}

_READERS: Final[dict[str, Callable[[bytes], Iterator[ProcedureRecord | RefusedRow]]]] = {
    "application/json": _read_array,
    "application/x-ndjson": _read_lines,
    "application/ndjson": _read_lines,
    "application/jsonl": _read_lines,
    "text/csv": _read_table,
}
