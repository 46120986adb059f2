"""What is read from spreadsheets by a mapping, in every odd layout that banks and people make."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from io import BytesIO
from typing import Any

import pytest

from adapters.statements.table.mapping import TableMapping
from adapters.statements.table.reading import read_table
from paygate.domain.errors import UnreadableStatementError
from paygate.domain.statement import RefusedRow, StatementEnd, StatementHead, StatementLine, StatementPart, Warned
from tests.archives import altered
from tests.sheets import CONTAINERS, Table, as_xls, as_xlsx, xlsx_of

COLUMNS = {"booked_on": "Ngày", "amount": "Số tiền", "narrative": "Nội dung"}
HEADER = ["Ngày", "Số tiền", "Nội dung"]
DAY = date(2024, 5, 8)


def mapping(columns: Mapping[str, str] = COLUMNS, **more: Any) -> TableMapping:
    return TableMapping(**{"columns": columns, "thousands": ".", **more})


def read(data: bytes, mapped: TableMapping | None = None) -> list[StatementPart]:
    return list(read_table(BytesIO(data), mapped or mapping()))


def lines(parts: Sequence[StatementPart]) -> list[StatementLine]:
    return [part for part in parts if isinstance(part, StatementLine)]


def amounts(parts: Sequence[StatementPart]) -> list[tuple[int, int]]:
    return [(line.row, line.amount) for line in lines(parts)]


def refused(parts: Sequence[StatementPart]) -> list[tuple[int, str]]:
    return [(part.row, part.reason) for part in parts if isinstance(part, RefusedRow)]


def warnings(parts: Sequence[StatementPart]) -> list[str]:
    return [part.text for part in parts if isinstance(part, Warned)]


def end(parts: Sequence[StatementPart]) -> StatementEnd:
    *_, last = parts
    assert isinstance(last, StatementEnd)
    return last


@pytest.fixture(params=["xlsx", "xls"])
def container(request: pytest.FixtureRequest) -> Any:
    return {"xlsx": as_xlsx, "xls": as_xls}[request.param]


@pytest.mark.parametrize("name", CONTAINERS)
def test_the_header_may_stand_below_and_to_the_right_of_anything(name: str) -> None:
    rows: Table = [[None], [None, "SAO KÊ TÀI KHOẢN"], [None], [None, None, *HEADER], [None, None, DAY, 5, "a"]]
    parts = read(CONTAINERS[name](rows))
    assert amounts(parts) == [(5, 5)]
    assert isinstance(parts[0], StatementHead)
    assert "header in row 4" in parts[0].layout
    assert "amount: column D 'Số tiền'" in parts[0].layout


@pytest.mark.parametrize("header", [["NGAY", "so tien", "Noi  Dung"], ["Ngày ", "SỐ TIỀN", "Nội\ndung"]])
def test_headers_match_whatever_their_case_accents_and_spaces(container: Any, header: list[str]) -> None:
    assert amounts(read(container([header, [DAY, 5, "a"]]))) == [(2, 5)]


def test_a_header_with_the_right_accents_goes_before_one_without() -> None:
    rows: Table = [["No", "Ngày", "Nợ", "Có"], [7, DAY, 5, None]]
    parts = read(as_xlsx(rows), mapping({"booked_on": "Ngày", "debit": "Nợ", "credit": "Có"}))
    assert amounts(parts) == [(2, -5)]


TALL: Table = [
    ["Ngày", "Phát sinh", None, "Số dư", None, "Ghi chú"],
    [None, "Nợ", "Có", "Nợ", "Có", None],
    [DAY, None, 150_000, None, 1_000, "a"],
    [DAY, 1_500, None, None, 2_000, "b"],
]
TALL_MERGES = [(0, 0, 1, 0), (0, 1, 0, 2), (0, 3, 0, 4), (0, 5, 1, 5)]
TALL_COLUMNS = {"booked_on": "Ngày", "debit": "Phát sinh Nợ", "credit": "Phát sinh có", "narrative": "Ghi chú"}


def test_a_column_of_a_group_is_named_with_its_group(container: Any) -> None:
    parts = read(container(TALL, TALL_MERGES), mapping(TALL_COLUMNS, header_rows=2))
    assert amounts(parts) == [(3, 150_000), (4, -1_500)]
    assert [line.narrative for line in lines(parts)] == ["a", "b"]


def test_a_name_that_two_groups_share_is_refused_with_the_columns_it_could_be(container: Any) -> None:
    with pytest.raises(UnreadableStatementError, match="headed 'Nợ': B, D"):
        read(container(TALL, TALL_MERGES), mapping({**TALL_COLUMNS, "debit": "Nợ"}, header_rows=2))


def test_a_second_header_row_further_down_is_no_refused_row(container: Any) -> None:
    rows: Table = [["SAO KÊ"], [None], HEADER, ["(ngày)", "(đồng)", None], [DAY, 5, "a"]]
    parts = read(container(rows), mapping(header_rows=2))
    assert (amounts(parts), refused(parts)) == ([(5, 5)], [])


def test_a_header_again_on_each_page_is_passed_over(container: Any) -> None:
    parts = read(container([HEADER, [DAY, 5, "a"], HEADER, [DAY, 6, "b"]]))
    assert (amounts(parts), refused(parts)) == ([(2, 5), (4, 6)], [])


def test_a_day_merged_over_several_rows_holds_for_each_and_an_amount_for_one(container: Any) -> None:
    rows: Table = [HEADER, [DAY, 5, "a"], [None, 6, "b"], [DAY, 7, "c"], [DAY, None, "d"]]
    parts = read(container(rows, [(1, 0, 2, 0), (3, 1, 4, 1)]))
    assert amounts(parts) == [(2, 5), (3, 6), (4, 7)]
    assert [row for row, _ in refused(parts)] == [5]


def test_a_merge_ends_where_it_ends(container: Any) -> None:
    parts = read(container([HEADER, [DAY, 5, "a"], [None, 6, "b"], [None, 7, "c"]], [(1, 0, 2, 0)]))
    assert amounts(parts) == [(2, 5), (3, 6)]
    assert [row for row, _ in refused(parts)] == [4]


def test_a_sheet_of_the_days_of_1904_has_the_days_it_shows() -> None:
    rows: Table = [HEADER, [DAY, 5, "a"]]
    for data in (as_xlsx(rows, date_1904=True), as_xls(rows, dates_1904=True)):
        assert [line.booked_on for line in lines(read(data))] == [DAY]


@pytest.mark.parametrize(
    ("written", "date_format"),
    [
        (datetime(2024, 5, 8, 23, 59, 59), "%d/%m/%Y"),  # noqa: DTZ001 -- as sheets have them
        ("08/05/2024 23:59:59", "%d/%m/%Y"),
        ("10:15 8/5/2024", "%d/%m/%Y"),
        ("8/5/24", "%d/%m/%y"),
        ("Ngày 08 tháng 05 năm 2024", "%d/%m/%Y"),
        ("ngày 8 tháng 5 năm 2024", "%d/%m/%Y"),
        ("08-05-2024 08:00 PM", "%d-%m-%Y"),
        (20240508, "%Y%m%d"),
        (45420, "excel"),
        (45420.99, "excel"),
        (43958, "excel-1904"),
    ],
)
def test_a_day_in_any_style_is_the_day(container: Any, written: Any, date_format: str) -> None:
    parts = read(container([HEADER, [written, 5, "a"]]), mapping(date_format=date_format))
    assert [line.booked_on for line in lines(parts)] == [DAY]


@pytest.mark.parametrize(
    ("written", "date_format"),
    [
        (45420, "%d/%m/%Y"),
        (True, "excel"),
        (1112024, "%d%m%Y"),
        (12, "excel"),
        (10.0**9, "excel"),
        ("31/02/2024", "%d/%m/%Y"),
        ("05/08/0024", "%d/%m/%Y"),
        ("08/05/2024 x", "%d/%m/%Y"),
        ("9" * 5000, "excel"),
    ],
)
def test_what_could_be_another_day_is_refused(container: Any, written: Any, date_format: str) -> None:
    [(row, reason)] = refused(read(container([HEADER, [written, 5, "a"]]), mapping(date_format=date_format)))
    assert row == 2
    assert " day" in reason or "date" in reason


@pytest.mark.parametrize(
    ("written", "currency", "amount"),
    [
        (150_000, "VND", 150_000),
        (150_000.0, "VND", 150_000),
        (-5.0, "VND", -5),
        (0.1 + 0.2, "EUR", 30),
        (1234.56, "EUR", 123_456),
        (0.001, "KWD", 1),
        ("1.500", "VND", 1_500),
        ("(1.500)", "VND", -1_500),
        ("1.500-", "VND", -1_500),
        ("1.500 VND", "VND", 1_500),
        ("-1.500 ₫", "VND", -1_500),
        ("1.500đ", "VND", 1_500),
        (999_999_999_999_999, "VND", 999_999_999_999_999),
    ],
)
def test_a_number_is_what_the_sheet_shows_of_it(container: Any, written: Any, currency: str, amount: int) -> None:
    assert amounts(read(container([HEADER, [DAY, written, "a"]]), mapping(currency=currency))) == [(2, amount)]


@pytest.mark.parametrize(
    ("written", "currency", "reason"),
    [
        (1.5, "VND", "more decimals"),
        (0.305, "EUR", "more decimals"),
        (0.0001, "KWD", "more decimals"),
        (1e15, "VND", "larger than"),
        (123456789012345.6, "VND", "more decimals"),
        (True, "VND", "not an amount"),
        (date(2024, 5, 8), "VND", "not an amount"),
        ("1.500 USD", "VND", "not an amount"),
        ("1500,5", "VND", "more decimals"),
    ],
)
def test_a_number_is_refused_rather_than_rounded(container: Any, written: Any, currency: str, reason: str) -> None:
    [(row, said)] = refused(read(container([HEADER, [DAY, written, "a"]]), mapping(currency=currency)))
    assert (row, reason in said) == (2, True), said


def test_a_number_where_a_text_is_meant_is_written_without_an_exponent(container: Any) -> None:
    columns = {**COLUMNS, "reference": "Số tham chiếu"}
    rows: Table = [[*HEADER, "Số tham chiếu"], [DAY, 5, "a", 190_000_000_018.0], [DAY, 5, DAY, 4814769000000000.0]]
    parts = read(container(rows), mapping(columns))
    assert [line.reference for line in lines(parts)] == ["190000000018", "4814769000000000"]
    assert lines(parts)[1].narrative == "08/05/2024"
    assert [text for text in warnings(parts) if "15 digits" in text and text.startswith("row 3")]


def test_a_formula_is_never_computed_and_one_that_failed_is_not_an_empty_cell() -> None:
    rows: Table = [["Ngày", "Nợ", "Có"], [DAY, None, 5], [DAY, "#REF!", 5]]
    data = _with_formulas(as_xlsx(rows))
    parts = read(data, mapping({"booked_on": "Ngày", "debit": "Nợ", "credit": "Có"}))
    assert amounts(parts) == [(2, 5)]
    assert refused(parts) == [(3, "'#REF!' is not an amount as the mapping describes them")]


def _with_formulas(data: bytes) -> bytes:
    cell = b'<c r="B3" t="e"><f>1/0</f><v>#REF!</v></c>'
    return altered(data, {"xl/worksheets/sheet1.xml": lambda xml: _replaced(xml, b'<c r="B3" ', b"</c>", cell)})


def _replaced(xml: bytes, begins: bytes, ends: bytes, by: bytes) -> bytes:
    head, _, rest = xml.partition(begins)
    assert rest
    return head + by + rest.partition(ends)[2]


def test_a_sheet_is_named_or_numbered_and_the_others_are_told_of() -> None:
    table: Table = [HEADER, [DAY, 5, "a"]]
    other: Table = [HEADER, [DAY, 6, "a"]]
    data = xlsx_of({"Bìa": [["x"]], "Sao kê": table, "Nháp": other}, hidden=["Nháp"])
    for sheet in ("Sao kê", "SAO KÊ", 2):
        parts = read(data, mapping(sheet=sheet))
        assert amounts(parts) == [(2, 5)]
        assert warnings(parts) == ["1 other sheets were not read: 'Bìa'; the mapping's `sheet` can name one"]
    assert amounts(read(data, mapping(sheet="Nháp"))) == [(2, 6)]
    with pytest.raises(UnreadableStatementError, match=r"no column headed 'Ngày'.*row 1 is most like"):
        read(data)


@pytest.mark.parametrize("sheet", ["nicht da", 4])
def test_a_sheet_that_is_not_there_is_refused_with_those_that_are(sheet: str | int) -> None:
    with pytest.raises(UnreadableStatementError, match=r"it has no sheet .*; it has 'Sao kê'"):
        read(as_xlsx([HEADER]), mapping(sheet=sheet))


def test_text_that_looks_like_a_formula_stays_text(container: Any) -> None:
    texts = ["=cmd|' /C calc'!A0", "+1", "@SUM(1)", "-2", "a\nb", '"', "'"]
    parts = read(container([HEADER, *[[DAY, 5, text] for text in texts]]))
    assert [line.narrative for line in lines(parts)] == texts


def test_an_empty_sheet_is_refused(container: Any) -> None:
    with pytest.raises(UnreadableStatementError, match="it is empty"):
        read(container([]))


def test_cells_beside_the_table_are_nobodys_business_in_a_sheet(container: Any) -> None:
    assert amounts(read(container([HEADER, [DAY, 5, "a", "xem lại"]]))) == [(2, 5)]
