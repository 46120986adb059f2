"""What may be sent as a procedure record, and what is said of what may not."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from paygate.domain.errors import InvalidInputError
from paygate.domain.money import MAX_AMOUNT
from paygate.domain.record import Obligation, ProcedureRecord, RecordStatus
from paygate.domain.record_reading import RefusedRecord, read_records
from paygate.domain.statement import RefusedRow
from paygate.records import Result, Version, compare, content_hash
from tests.ledger_facts import DOSSIER, a_record
from tests.record_rows import a_row

JSON = "application/json"


def read(rows: object, content_type: str = JSON) -> list[ProcedureRecord | RefusedRow]:
    body = rows if isinstance(rows, bytes) else json.dumps(rows).encode()
    return list(read_records(body, content_type))


def reason_of(row: object) -> str:
    (refused,) = read([row])
    assert isinstance(refused, RefusedRecord)
    return refused.reason


def as_csv(rows: Sequence[dict[str, Any]], delimiter: str = ",") -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(row | {"obligations": json.dumps(row["obligations"])} for row in rows)
    return text.getvalue().encode("utf-8-sig")


def test_an_array_is_read_row_by_row() -> None:
    assert read([a_row()]) == [a_record()]


def test_ndjson_is_read_line_by_line_and_a_bad_line_stands_alone() -> None:
    body = json.dumps(a_row()).encode() + b"\n{oops\n\n" + json.dumps(a_row(version=2)).encode() + b"\n"
    first, bad, last = read(body, "application/x-ndjson; charset=utf-8")
    assert (first, last) == (a_record(), a_record(version=2))
    assert isinstance(bad, RefusedRow)
    assert bad.row == 2


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_table_is_read_by_its_header(delimiter: str) -> None:
    assert read(as_csv([a_row(exempt="true", version=3)], delimiter), "text/csv") == [a_record(exempt=True, version=3)]


def test_a_tables_bad_row_is_refused_with_its_line_and_the_rest_is_read() -> None:
    good, bad = read(as_csv([a_row(), a_row(version="three")]), "text/csv")
    assert good == a_record()
    assert bad == RefusedRecord(3, "'three' is not a whole number", DOSSIER)


def test_a_table_with_an_unknown_column_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidInputError, match=r"'dossier'.*dossier_code"):
        read(b"dossier\nX\n", "text/csv")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"colour": "red"}, "colour: Extra inputs"),
        ({"dossier_code": ""}, "dossier_code"),
        ({"dossier_code": "A\u0000B"}, "control character"),
        ({"dossier_code": "A\ud800"}, "dossier_code"),
        ({"dossier_code": "x" * 256}, "dossier_code"),
        ({"procedure_name": "A\u0000B"}, "NUL"),
        ({"status": "paid"}, "status"),
        ({"received_on": "20240508"}, "received_on: is not a date"),
        ({"received_on": 1715126400}, "received_on: is not a date"),
        ({"exempt": 1}, "exempt"),
        ({"online_payment_flag": 3}, "online_payment_flag"),
        ({"version": -1}, "version"),
        ({"version": 2**63}, "version"),
        ({"obligations": [{"code": "A", "kind": "fee", "name": "", "amount": -1}]}, "obligations.0.amount"),
        ({"obligations": [{"code": "A", "kind": "fee", "name": "", "amount": MAX_AMOUNT + 1}]}, "obligations.0.amount"),
        ({"obligations": [{"code": "A", "kind": "fee", "name": "", "amount": 1.5}]}, "obligations.0.amount"),
        ({"obligations": [{"code": "A", "kind": "fee", "name": "", "amount": True}]}, "obligations.0.amount"),
        ({"obligations": [{"code": "A", "kind": "fee", "amount": MAX_AMOUNT}] * 2}, "'A' stands twice"),
        ({"obligations": [{"code": code, "kind": "fee", "amount": MAX_AMOUNT} for code in "AB"]}, "more than is kept"),
        ({"obligations": [{"code": "A", "kind": "fee", "amount": 1}] * 201}, "obligations"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_its_reason(changes: dict[str, Any], says: str) -> None:
    assert says in reason_of(a_row(**changes))


def test_a_key_that_stands_twice_is_refused() -> None:
    doubled = json.dumps(a_row())[:-1] + ', "version": 7}'
    (refused,) = read(f"[{doubled}]".encode())
    assert isinstance(refused, RefusedRow)
    assert "twice" in refused.reason


def test_something_that_is_no_record_is_refused_and_its_neighbour_read() -> None:
    deep = json.loads("[" * 300 + "]" * 300)
    refused, good = read([deep, a_row()])
    assert isinstance(refused, RefusedRow)
    assert good == a_record()


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[NaN]", b"[" * 100_000, b"[" + b"9" * 5_000 + b"]"])
def test_a_body_that_is_not_json_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(InvalidInputError):
        read(body)


def test_a_type_nobody_reads_is_refused_with_those_that_are() -> None:
    with pytest.raises(InvalidInputError, match="text/csv"):
        read(b"", "application/xml")


def a_message(**changes: Any) -> dict[str, Any]:
    message = {
        "MaHoSo": DOSSIER,
        "MaTTHC": "1.005129",
        "HinhThuc": "1",
        "NgayTiepNhan": "20240508093000",
        "DonViXuLy": "Sở Xây dựng",
        "TrangThaiHoSo": 6,
        "DuocThanhToanTrucTuyen": "1",
        "DanhSachLePhi": [
            {"TenPhiLePhi": "Lệ phí", "MaPhiLePhi": "LP01", "HinhThucThu": "1", "Gia": 50000, "LoaiPhiLePhi": "1"},
            {"TenPhiLePhi": "Phí thẩm định", "MaPhiLePhi": "PH01", "Gia": "100000", "LoaiPhiLePhi": "2"},
        ],
    }
    return message | changes


def test_the_portals_message_is_read_as_a_record() -> None:
    (record,) = read(a_message())
    assert isinstance(record, ProcedureRecord)
    assert (record.dossier_code, record.agency_code, record.agency_name) == (DOSSIER, "000.00.12.H23", "Sở Xây dựng")
    assert (record.status, record.online_payment_flag) == (RecordStatus.PAYMENT_REQUESTED, 1)
    assert record.received_on == date(2024, 5, 8)
    assert record.obligations == (
        Obligation("LP01", "charge", "Lệ phí", 50_000),
        Obligation("PH01", "fee", "Phí thẩm định", 100_000),
    )


def test_the_portal_counts_the_states_of_a_dossier_from_one() -> None:
    records = read([a_message(TrangThaiHoSo=number) for number in range(1, 11)])
    assert [one.status for one in records if isinstance(one, ProcedureRecord)] == list(RecordStatus)


def test_a_fee_the_portal_collects_in_two_steps_is_due_twice() -> None:
    line = {"TenPhiLePhi": "Phí", "MaPhiLePhi": "PH01", "Gia": 10}
    (record,) = read(a_message(DanhSachLePhi=[line], DanhSachHoSoBoSung=[{"DanhSachLePhiBoSung": [line]}]))
    assert isinstance(record, ProcedureRecord)
    assert record.due == 20


@pytest.mark.parametrize(
    "changes",
    [
        {"TrangThaiHoSo": 11},
        {"NgayTiepNhan": "hôm qua"},
        {"DanhSachLePhi": [{"Gia": "năm mươi"}]},
        {"DanhSachLePhi": ["x"]},
        {"DanhSachLePhi": 7},
    ],
)
def test_a_portals_message_of_another_shape_is_refused_with_its_dossier(changes: dict[str, Any]) -> None:
    (refused,) = read(a_message(**changes))
    assert isinstance(refused, RefusedRecord)
    assert refused.dossier_code == DOSSIER


STORED = Version(5, content_hash(a_record()))
CHANGED = {"status": RecordStatus.DONE}


@pytest.mark.parametrize(
    ("changes", "result", "version"),
    [
        ({"version": None}, Result.UNCHANGED, None),
        ({"version": 5}, Result.UNCHANGED, None),
        ({"version": 7}, Result.UPDATED, 7),
        ({"version": None} | CHANGED, Result.UPDATED, 6),
        ({"version": 6} | CHANGED, Result.UPDATED, 6),
        ({"version": 5} | CHANGED, Result.REFUSED, None),
        ({"version": 4}, Result.REFUSED, None),
        ({"version": 4} | CHANGED, Result.REFUSED, None),
    ],
)
def test_versions_only_grow(changes: dict[str, Any], result: Result, version: int | None) -> None:
    record = a_record(**changes)
    stored, said = compare(STORED, record, content_hash(record))
    assert (said.result, stored.number if stored else None) == (result, version)


def test_an_older_version_is_refused_with_the_stored_one() -> None:
    record = a_record(version=3)
    assert compare(STORED, record, content_hash(record))[1].reason == "version 3 is older than the stored version 5"


def test_the_order_of_obligations_is_no_content() -> None:
    lines = (Obligation("A", "fee", "", 1), Obligation("B", "fee", "", 2))
    assert content_hash(a_record(obligations=lines)) == content_hash(a_record(obligations=lines[::-1]))
