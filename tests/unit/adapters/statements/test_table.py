"""What is read from a CSV file by a mapping, row by row."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from io import BytesIO
from typing import Any

import pytest

from adapters.statements.table.delimited import MAX_ROW_CHARACTERS
from adapters.statements.table.mapping import TableMapping
from adapters.statements.table.reading import read_table
from paygate.domain.errors import ConfigurationError, UnreadableStatementError
from paygate.domain.statement import RefusedRow, StatementEnd, StatementHead, StatementLine, StatementPart, Warned

COLUMNS = {
    "booked_on": "Ngày giao dịch",
    "bank_reference": "Số chứng từ",
    "reference": "Số tham chiếu",
    "narrative": "Nội dung",
    "credit": "Ghi có",
    "debit": "Ghi nợ",
    "balance": "Số dư",
}
HANDED = {"dossier_code": "Mã hồ sơ", "amount": "Số tiền", "booked_on": "Ngày"}
HEADER = "Ngày giao dịch,Số chứng từ,Số tham chiếu,Nội dung,Ghi có,Ghi nợ,Số dư\n"


def mapping(columns: Mapping[str, str] = COLUMNS, **more: Any) -> TableMapping:
    return TableMapping(**{"columns": columns, "thousands": ".", **more})


def read(text: str, mapped: TableMapping | None = None, encoding: str = "utf-8") -> list[StatementPart]:
    head, *others = read_table(BytesIO(text.encode(encoding)), mapped or mapping())
    assert isinstance(head, StatementHead)
    return [replace(head, layout=""), *others]


def lines(parts: list[StatementPart]) -> list[StatementLine]:
    return [part for part in parts if isinstance(part, StatementLine)]


def refused(parts: list[StatementPart]) -> list[RefusedRow]:
    return [part for part in parts if isinstance(part, RefusedRow)]


def movement(cells: str, **columns: str) -> StatementLine:
    names = {"booked_on": "day", **columns}
    [line] = lines(read(f"day,{','.join(columns.values())}\n08/05/2024,{cells}\n", mapping(names)))
    return line


def test_a_row_is_a_line_with_all_it_says() -> None:
    parts = read(HEADER + "08/05/2024,FT1,dvc0001,Thanh toán hồ sơ,150.000,,1.150.000\n", mapping(account="001"))
    assert parts == [
        StatementHead("001", "", "VND"),
        StatementLine(2, date(2024, 5, 8), None, 150_000, "VND", "FT1", "dvc0001", "Thanh toán hồ sơ"),
        StatementEnd(1_000_000, 1_150_000, date(2024, 5, 8), date(2024, 5, 8)),
    ]


def test_the_header_is_found_by_its_names_in_any_case_and_order_below_other_rows() -> None:
    text = "SAO KÊ,,\n\nSỐ DƯ,ghi có,GHI NỢ,Ngày  giao dịch,x\n9,1,,08/05/2024,\n"
    mapped = mapping({name: COLUMNS[name] for name in ("booked_on", "credit", "debit", "balance")})
    assert [(line.row, line.amount) for line in lines(read(text, mapped))] == [(4, 1)]


@pytest.mark.parametrize("header_rows", [1, 2, 3])
def test_the_number_of_header_rows_may_count_what_stands_above_the_names(header_rows: int) -> None:
    text = "SAO KÊ,\n\nday,amount\n08/05/2024,1\n09/05/2024,2\n"
    mapped = mapping({"booked_on": "day", "amount": "amount"}, header_rows=header_rows)
    assert [line.amount for line in lines(read(text, mapped))] == [1, 2]


def test_rows_that_belong_to_a_tall_header_are_no_data() -> None:
    text = "Ngày,Ghi\n(1),có\n08/05/2024,1\n"
    mapped = mapping({"booked_on": "Ngày", "amount": "có"}, header_rows=2)
    assert [line.row for line in lines(read(text, mapped))] == [3]


def test_a_missing_header_names_what_is_missing_and_what_there_is() -> None:
    with pytest.raises(
        UnreadableStatementError, match=r"no column headed 'Ghi nợ', 'Số dư'; row 1 is .* has .*'Ghi có'"
    ):
        read(HEADER.replace("Ghi nợ,Số dư", "Nợ,Dư") + "1,2,3,4,5,6,7\n")


def test_a_header_that_stands_twice_is_refused() -> None:
    with pytest.raises(UnreadableStatementError, match="more than one of its columns is headed 'Số dư': G, H"):
        read(HEADER.replace("\n", ",Số dư\n"))


@pytest.mark.parametrize("data", ["", "\n\n", "a,b\n"])
def test_a_file_without_a_header_is_refused(data: str) -> None:
    with pytest.raises(UnreadableStatementError, match="no column headed"):
        read(data)


def test_a_header_alone_is_a_statement_without_lines() -> None:
    assert read(HEADER) == [StatementHead(None, "", "VND"), StatementEnd()]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("8-5-2024,FT,,x,1,,", "not a date"),
        ("31/02/2024,FT,,x,1,,", "not a date"),
        ("08/05/2024,FT,,x,,,", "neither a credit nor a debit"),
        ("08/05/2024,FT,,x,1,2,", "both a credit and a debit"),
        ("08/05/2024,FT,,x,-1,,", "either direction"),
        ("08/05/2024,FT,,x,1.50,,", "not an amount"),
        ('08/05/2024,FT,,x,"1,500",,', "two ways"),
        ("08/05/2024,FT,,x,1e5,,", "not an amount"),
        ("08/05/2024,FT,,x,١٢,,", "not an amount"),
        ("08/05/2024,FT,,x,99999999999999999999,,", "larger than any amount that is kept"),
        ("08/05/2024,FT,,x,1,,abc", "not an amount"),
        ("08/05/2024,FT,,x\0,1,,", "NUL"),
        ("08/05/2024,FT,,x", "4 cells where the header has 7"),
        ("08/05/2024,FT,,x,y,1,,9", "8 cells where the header has 7"),
        ('08/05/2024,FT,,"x"y,1,,', "expected after"),
        (f"08/05/2024,FT,,{'x' * 140_000},1,,", "longer than 32767"),
    ],
)
def test_a_bad_row_is_refused_with_its_reason_and_its_neighbours_load(row: str, reason: str) -> None:
    good = "08/05/2024,FT,,x,1,,\n"
    parts = read(f"{HEADER}{good}{row}\n{good}")
    [bad] = refused(parts)
    assert bad.row == 3
    assert reason in bad.reason
    assert [line.row for line in lines(parts)] == [2, 4]


def test_blank_rows_and_sums_are_passed_over() -> None:
    text = HEADER + ",,,,,,\n\n08/05/2024,FT,,x,1,,\nCộng phát sinh,,,,1,0,\n"
    parts = read(text, mapping(skip_containing=("Cộng",)))
    assert [line.row for line in lines(parts)] == [4]
    assert refused(parts) == []


def test_a_quoted_text_may_hold_line_ends_and_delimiters() -> None:
    [line] = lines(read(HEADER + '08/05/2024,FT,,"a, ""b""\nc",1,,\n'))
    assert (line.row, line.narrative) == (3, 'a, "b"\nc')


def test_a_quotation_that_never_ends_is_a_file_cut_off() -> None:
    with pytest.raises(UnreadableStatementError, match="within a quotation that begins in line 3"):
        read(HEADER + '08/05/2024,FT,,x,1,,\n08/05/2024,FT,,"x,1,,\n08/05/2024,FT,,x,1,,\n')


def test_a_line_too_long_to_hold_is_refused() -> None:
    with pytest.raises(UnreadableStatementError, match="characters"):
        read(HEADER + "x" * MAX_ROW_CHARACTERS)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1258"])
def test_a_file_in_another_encoding_reads_when_the_mapping_names_it(encoding: str) -> None:
    columns = {"booked_on": "Ngay", "amount": "So tien", "narrative": "Noi dung"}
    [line] = lines(read("Ngay,So tien,Noi dung\n08/05/2024,1,Đ\n", mapping(columns, encoding=encoding), encoding))
    assert line.narrative == "Đ"


def test_a_file_in_another_encoding_than_named_is_refused() -> None:
    with pytest.raises(UnreadableStatementError, match="not text in utf-8-sig"):
        read(HEADER, encoding="utf-16")


@pytest.mark.parametrize(
    ("sign", "amount"), [("C", 5), ("+", 5), ("Có", 5), ("D", -5), ("-", -5), ("Nợ", -5), ("GHI NỢ", -5), ("DR", -5)]
)
def test_a_sign_column_gives_the_direction(sign: str, amount: int) -> None:
    assert movement(f"5,{sign}", amount="amount", sign="sign").amount == amount


@pytest.mark.parametrize("cells", ["5,?", "-5,D"])
def test_a_sign_that_says_neither_or_twice_is_refused(cells: str) -> None:
    columns = {"booked_on": "day", "amount": "amount", "sign": "sign"}
    [bad] = refused(read(f"day,amount,sign\n08/05/2024,{cells}\n", mapping(columns)))
    assert "neither credit nor debit" in bad.reason


@pytest.mark.parametrize(("text", "amount"), [("-5", -5), ("5-", -5), ("\N{MINUS SIGN}5", -5), ("(5)", -5), ("+5", 5)])
def test_a_signed_amount_gives_its_own_direction(text: str, amount: int) -> None:
    assert movement(text, amount="amount").amount == amount


def test_the_value_date_and_the_counterparty_are_read_where_there_are_columns() -> None:
    line = movement("1,09/05/2024,NGUYEN VAN A", amount="amount", value_on="valued", counterparty="party")
    assert (line.value_on, line.counterparty) == (date(2024, 5, 9), "NGUYEN VAN A")


def balances(*rows: tuple[int, int]) -> list[StatementPart]:
    columns = {"booked_on": "day", "amount": "amount", "balance": "balance"}
    text = "".join(f"08/05/2024,{amount},{balance}\n" for amount, balance in rows)
    return read("day,amount,balance\n" + text, mapping(columns))


@pytest.mark.parametrize("rows", [[(5, 105), (-3, 102), (8, 110)], [(8, 110), (-3, 102), (5, 105)]])
def test_a_running_balance_gives_opening_and_closing_in_either_order(rows: list[tuple[int, int]]) -> None:
    *_, end = balances(*rows)
    assert isinstance(end, StatementEnd)
    assert (end.opening, end.closing) == (100, 110)


def test_a_running_balance_that_does_not_follow_is_warned_of() -> None:
    parts = balances((5, 105), (5, 110), (5, 120), (5, 125))
    assert [part.text for part in parts if isinstance(part, Warned)] == [
        "row 4: its balance does not follow from that of the row before"
    ]


def test_many_breaks_of_the_running_balance_are_counted_after_the_first_twenty() -> None:
    warnings = [part.text for part in balances(*[(5, 1000 * row) for row in range(40)]) if isinstance(part, Warned)]
    assert len(warnings) == 21
    assert warnings[-1] == "the balances of 19 more rows do not follow either"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"columns": {**COLUMNS, "amont": "x"}}, r"no column 'amont'; it has booked_on, value_on"),
        ({"columns": {"amount": "x"}}, "booked_on"),
        ({"columns": {"booked_on": "x"}}, "either amount, or credit and debit"),
        ({"columns": {"booked_on": "x", "amount": "y", "credit": "z"}}, "either amount, or credit and debit"),
        ({"columns": {"booked_on": "x", "credit": "y", "sign": "z"}}, "sign belongs to"),
        ({"leg": "settlement"}, "a settlement table has no column 'booked_on'; it has reference, paid_at"),
        ({"leg": "settlement", "columns": {"gross": "x", "paid_at": "y"}}, "must say where reference stands"),
        ({"leg": "settlement", "columns": {"reference": "x", "fee": "y"}}, "where gross or net stands"),
        ({"leg": "settlement", "columns": {"reference": "x", "net": "y"}}, "where settled_on or paid_at stands"),
        ({"leg": "treasury", "columns": {"amount": "x"}}, "where reference or dossier_code stands"),
        (
            {"leg": "receipt", "columns": {"reference": "x", "booked_on": "y"}},
            "of a receipt table must say where amount",
        ),
        ({"leg": "receipt", "columns": {"dossier_code": "x", "amount": "y"}}, "where booked_on stands"),
        ({"leg": "receipt", "columns": HANDED, "opening_containing": ("x",)}, "a receipt table states no balances"),
        ({"delimiter": ";;"}, "delimiter"),
        ({"encoding": "utf-9"}, "utf-9"),
        ({"encoding": "base64"}, "base64"),
        ({"decimal": "."}, "cannot both be"),
        ({"thousands": ".."}, "thousands is one sign"),
        ({"decimal": "-"}, "decimal is one sign"),
    ],
)
def test_a_mapping_that_cannot_be_used_says_why(more: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        mapping(**{"columns": COLUMNS, **more})
