"""Builders of a NAPAS reconciliation file."""

from adapters.statements.napas_record import WIDTHS

CARD = "9704361234567897"
FIELDS = {
    "MTI": "0210",
    "F2": CARD,
    "F3": "912020",
    "SVC": "IF_DEP",
    "F4": "000015000000",
    "RTA": "000015000000",
    "F49": "704",
    "F11": "123456",
    "F12": "101112",
    "F13": "0508",
    "F15": "0509",
    "F41": "TERM0001",
    "MID": "PAYGATE1",
    "F103": "0011001234567",
    "F37": "412900000001",
    "TRN": "DVC2405080001",
    "RRC": "0000",
    "RSV1": "HO SO 000.00.12.H23-240508-0001",
    "CSR": "0123456789abcdef" * 2,
}


def tagged(**fields: str) -> str:
    return "".join(f"[{name}]{value.ljust(WIDTHS[name])}" for name, value in fields.items())


def record(**changes: str | None) -> str:
    fields = {name: value for name, value in (FIELDS | changes).items() if value is not None}
    return "DR" + tagged(**fields)


def napas(*records: str, day: str = "09052024", count: int | None = None, trailer_day: str | None = None) -> bytes:
    said = f"{len(records) if count is None else count:09}"
    end = tagged(NOT=said, CRE="NAPAS", TIME="235959", DATE=trailer_day or day, CSF="f" * 32)
    return "\r\n".join([f"HR{tagged(REV='970436', DATE=day)}", *records, f"TR{end}", ""]).encode()
