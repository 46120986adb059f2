"""What is read of settlement, hand-over and receipt tables by a mapping, in every layout and with every dirt."""

from collections.abc import Mapping, Sequence
from datetime import date
from io import BytesIO
from typing import Any

import pytest

from adapters.statements.table.mapping import TableMapping
from adapters.statements.table.reading import read_table
from paygate.domain.legs import Leg
from paygate.domain.statement import (
    HandoverLine,
    RefusedRow,
    SettlementLine,
    StatementEnd,
    StatementHead,
    StatementLine,
    StatementPart,
    Warned,
)
from tests.archives import altered
from tests.leg_files import (
    DAY,
    HANDED_COLUMNS,
    NEXT_DAY,
    PAID_AT,
    RECEIPT,
    SETTLEMENT,
    SETTLEMENT_COLUMNS,
    TREASURY,
    handed,
    settled,
)
from tests.sheets import CONTAINERS, Value, as_csv, as_xlsx

each_container = pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)


def read(data: bytes, settings: Mapping[str, Any] = SETTLEMENT, **more: Any) -> list[StatementPart]:
    return list(read_table(BytesIO(data), TableMapping(**{**settings, **more})))


def lines(parts: Sequence[StatementPart]) -> list[Any]:
    return [part for part in parts if isinstance(part, StatementLine)]


def refused(parts: Sequence[StatementPart]) -> list[tuple[int, str]]:
    return [(part.row, part.reason) for part in parts if isinstance(part, RefusedRow)]


def warnings(parts: Sequence[StatementPart]) -> list[str]:
    return [part.text for part in parts if isinstance(part, Warned)]


def without(columns: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: header for name, header in columns.items() if name not in names}


@each_container
def test_a_settled_payment_is_a_line_with_all_it_says(container: Any) -> None:
    head, line, end = read(container(settled({"reference": "HD0001"})), source="hd-vnpay")
    assert isinstance(head, StatementHead)
    assert (head.account, head.leg, head.source, head.currency) == (None, Leg.SETTLEMENT, "hd-vnpay", "VND")
    assert line == SettlementLine(
        2,
        NEXT_DAY,
        DAY,
        100_000,
        "VND",
        "",
        "HD0001",
        "",
        fee=850,
        net=99_150,
        batch="LO-20240509-01",
    )
    assert end == StatementEnd(period_from=NEXT_DAY, period_to=NEXT_DAY)


@each_container
@pytest.mark.parametrize(("settings", "leg"), [(TREASURY, Leg.TREASURY), (RECEIPT, Leg.RECEIPT)])
def test_a_hand_over_or_receipt_is_a_line_with_all_it_says(
    container: Any, settings: Mapping[str, Any], leg: Leg
) -> None:
    row = {"reference": "HD0001", "dossier_code": "000.00.12.H23-240508-0001"}
    head, line, _ = read(container(handed(row)), settings)
    assert isinstance(head, StatementHead)
    assert (head.leg, head.source) == (leg, None)
    assert line == HandoverLine(
        2,
        NEXT_DAY,
        None,
        100_000,
        "VND",
        "",
        "HD0001",
        "",
        dossier_code="000.00.12.H23-240508-0001",
        document="PT0001",
    )


@each_container
def test_a_blank_day_or_batch_is_taken_from_the_day_that_stands_there(container: Any) -> None:
    rows = settled(
        {"reference": "A", "batch": None},
        {"reference": "B", "batch": None, "settled_on": None},
        {"reference": "C", "paid_at": None, "batch": 20240509},
        {"reference": "D", "paid_at": DAY},
    )
    assert [(line.booked_on, line.value_on, line.batch.replace(".", "")) for line in lines(read(container(rows)))] == [
        (NEXT_DAY, DAY, "2024-05-09"),
        (DAY, DAY, "2024-05-08"),
        (NEXT_DAY, None, "20240509"),
        (NEXT_DAY, DAY, "LO-20240509-01"),
    ]


@each_container
def test_a_table_with_few_columns_is_enough(container: Any) -> None:
    rows = [["Mã", "Lúc", "Tiền"], ["A", PAID_AT, 5_000_000_000]]
    columns = {"reference": "Mã", "paid_at": "Lúc", "gross": "Tiền"}
    [line] = lines(read(container(rows), columns=columns))
    assert (line.amount, line.fee, line.net, line.batch) == (5_000_000_000, None, None, "2024-05-08")
    assert (line.booked_on, line.value_on) == (DAY, DAY)


@each_container
def test_a_negative_gross_is_what_the_gateway_gave_back(container: Any) -> None:
    [line] = lines(read(container(settled({"reference": "A", "gross": -100_000, "fee": 0, "net": -100_000}))))
    assert (line.amount, line.fee, line.net) == (-100_000, 0, -100_000)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"reference": None}, "it has no reference"),
        ({"reference": "   "}, "it has no reference"),
        ({"gross": None, "net": None}, "neither a gross nor a net"),
        ({"gross": "1.50"}, "not an amount"),
        ({"gross": "100000,5"}, "more decimals than VND has"),
        ({"gross": "99999999999999999999"}, "larger than any amount that is kept"),
        ({"fee": "8,5%"}, "not an amount"),
        ({"net": "abc"}, "not an amount"),
        ({"fee": -850, "net": None}, "either direction"),
        ({"settled_on": "31/02/2024"}, "not a date"),
        ({"settled_on": "2024-05-08"}, "not a date"),
        ({"paid_at": "yesterday"}, "not a date"),
        ({"paid_at": None, "settled_on": None}, "neither a settled_on nor a paid_at"),
        ({"reference": "A\0B"}, "NUL"),
        ({"batch": "x" * 40_000}, "longer than 32767"),
    ],
)
def test_a_bad_row_of_a_settlement_has_its_own_reason_and_its_neighbours_load(
    row: Mapping[str, Value], reason: str
) -> None:
    parts = read(as_csv(settled({"reference": "A"}, {"reference": "B", **row}, {"reference": "C"})))
    [(number, said)] = refused(parts)
    assert (number, reason in said) == (3, True), said
    assert [line.row for line in lines(parts)] == [2, 4]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"reference": None}, "neither a reference nor a dossier_code"),
        ({"amount": None}, "it has no amount"),
        ({"amount": "1.50"}, "not an amount"),
        ({"amount": "0,5"}, "more decimals than VND has"),
        ({"booked_on": None}, "not a date"),
        ({"booked_on": "8.5"}, "not a date"),
    ],
)
def test_a_bad_row_of_a_hand_over_has_its_own_reason_and_its_neighbours_load(
    row: Mapping[str, Value], reason: str
) -> None:
    parts = read(as_csv(handed({"reference": "A"}, {"reference": "B", **row}, {"dossier_code": "C"})), TREASURY)
    [(number, said)] = refused(parts)
    assert (number, reason in said) == (3, True), said
    assert [(line.row, line.reference, line.dossier_code) for line in lines(parts)] == [(2, "A", None), (4, "", "C")]


@each_container
def test_three_sums_that_do_not_agree_are_kept_to_be_judged(container: Any) -> None:
    [line] = lines(read(container(settled({"reference": "A", "fee": 900}))))
    assert (line.amount, line.fee, line.net) == (100_000, 900, 99_150)


@each_container
def test_a_status_decides_whether_a_line_is_evidence(container: Any) -> None:
    statuses = ["Đã gửi", None, "NOT_SENT", "Gửi thất bại", "Chưa gửi", "Đã hủy"]
    rows = handed(*({"reference": f"R{number}", "status": status} for number, status in enumerate(statuses)))
    assert [line.evidence for line in lines(read(container(rows), TREASURY))] == [True, True, *[False] * 4]


@each_container
def test_a_row_of_another_currency_is_refused(container: Any) -> None:
    rows = [
        [*settled()[0], "Loại tiền"],
        *([*row, currency] for row, currency in zip(settled(*TWO)[1:], ("VND", "USD"), strict=True)),
    ]
    parts = read(container(rows), columns={**SETTLEMENT_COLUMNS, "currency": "Loại tiền"})
    assert refused(parts) == [(3, "its currency is 'USD' where the mapping says VND")]


TWO = ({"reference": "A"}, {"reference": "B"})


@each_container
@pytest.mark.parametrize(("fee", "agrees"), [(1_700, True), (1_701, False)])
def test_a_row_of_sums_is_held_against_the_lines(container: Any, fee: int, agrees: bool) -> None:  # noqa: FBT001
    rows = [*settled(*TWO), ["Tổng cộng", None, 200_000, fee, 198_300, None, None]]
    parts = read(container(rows), skip_containing=("Tổng cộng",))
    end = parts[-1]
    assert isinstance(end, StatementEnd)
    assert (len(lines(parts)), refused(parts), end.trailer_agrees) == (2, [], agrees)
    assert warnings(parts) == ([] if agrees else ["row 4: it states 1701 as the sum of fee, the lines have 1700"])


@each_container
def test_a_row_of_sums_of_a_hand_over_is_held_against_the_lines(container: Any) -> None:
    rows = [*handed({"dossier_code": "A"}, {"dossier_code": "B"}), [None, "Tổng cộng", 200_001, None, None, None]]
    parts = read(container(rows), TREASURY, skip_containing=("Tổng cộng",))
    assert warnings(parts) == ["row 4: it states 200001 as the sum of amount, the lines have 200000"]


def test_days_as_bare_numbers_and_amounts_in_words_are_read() -> None:
    rows = [list(SETTLEMENT_COLUMNS.values()), ["A", 45420.5, "1.234.567 đ", "10.494", "1.224.073 VND", "L1", 45421]]
    [line] = lines(read(as_xlsx(rows), date_format="excel"))
    assert (line.value_on, line.booked_on) == (DAY, NEXT_DAY)
    assert (line.amount, line.fee, line.net) == (1_234_567, 10_494, 1_224_073)


@pytest.mark.parametrize(
    "written", ["08/05/2024 09:15", "09:15:00 08/05/2024", "08/05/2024T09:15:00+07:00", "08/05/2024"]
)
def test_the_moment_of_a_payment_gives_its_day(written: str) -> None:
    [line] = lines(read(as_csv(settled({"reference": "A", "paid_at": written}))))
    assert line.value_on == DAY


@pytest.mark.parametrize("written", ["08/05/2024T20:15:00Z", "08/05/2024T20:15:00+00:00"])
def test_a_moment_of_another_zone_could_be_another_day_and_is_refused(written: str) -> None:
    [(_, reason)] = refused(read(as_csv(settled({"reference": "A", "paid_at": written}))))
    assert "not a date" in reason


def test_a_batch_merged_over_its_rows_holds_for_each_and_a_fee_for_one() -> None:
    rows = settled(
        {"reference": "A", "net": None},
        *({"reference": name, "batch": None, "fee": None, "net": None} for name in "BC"),
    )
    parts = read(as_xlsx(rows, [(1, 5, 3, 5), (1, 3, 3, 3)]))
    assert [(line.batch, line.fee) for line in lines(parts)] == [
        ("LO-20240509-01", 850),
        ("LO-20240509-01", None),
        ("LO-20240509-01", None),
    ]


def test_a_formula_gives_what_stands_beside_it_and_one_that_failed_is_refused() -> None:
    rows = settled({"reference": "A"}, {"reference": "B", "net": None})
    cell = b'<c r="E3" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>'

    def spoiled(xml: bytes) -> bytes:
        head, _, tail = xml.partition(b'<c r="F3"')
        assert tail
        return head + cell.removesuffix(b"</row>") + b'<c r="F3"' + tail

    parts = read(altered(as_xlsx(rows), {"xl/worksheets/sheet1.xml": spoiled}))
    assert refused(parts) == [(3, "'#DIV/0!' is not an amount as the mapping describes them")]
    assert [line.reference for line in lines(parts)] == ["A"]


def test_a_header_of_two_rows_and_rows_above_it_are_no_data() -> None:
    rows = [
        ["BẢNG KÊ QUYẾT TOÁN"],
        ["Đơn hàng", None, "Tiền", None, "Ngày"],
        ["Mã", "Lô", "Gộp", "Phí", "quyết toán"],
        ["A", "L1", 100_000, 850, NEXT_DAY],
    ]
    columns = {
        "reference": "Đơn hàng Mã",
        "batch": "Lô",
        "gross": "Tiền Gộp",
        "fee": "Tiền Phí",
        "settled_on": "Ngày quyết toán",
    }
    merges = [(1, 0, 1, 1), (1, 2, 1, 3)]
    parts = read(as_xlsx(rows, merges), columns=columns, header_rows=2)
    assert [(line.row, line.amount, line.fee, line.net, line.batch) for line in lines(parts)] == [
        (4, 100_000, 850, None, "L1")
    ]


def test_a_document_that_is_a_number_is_written_without_an_exponent() -> None:
    [line] = lines(read(as_xlsx(handed({"dossier_code": "A", "document": 12_345_678})), RECEIPT))
    assert line.document == "12345678"


@pytest.mark.parametrize("leg", ["treasury", "receipt"])
def test_a_mapping_of_dossiers_alone_is_enough(leg: str) -> None:
    columns = without(HANDED_COLUMNS, "reference", "document", "status")
    [line] = lines(read(as_csv(handed({"dossier_code": "A"})), TREASURY, leg=leg, columns=columns))
    assert (line.dossier_code, line.reference, line.document, line.evidence) == ("A", "", None, True)


def test_a_day_before_any_booking_is_refused() -> None:
    [(_, reason)] = refused(read(as_csv(settled({"reference": "A", "settled_on": date(1900, 1, 1)}))))
    assert "no day between" in reason
