"""One statement in three containers is one statement; what is written in the style of a layout is read back exactly."""

from datetime import date
from io import BytesIO
from typing import Any, Final

from hypothesis import example, given
from hypothesis import strategies as st

from adapters.statements.table.amounts import AmountFormat
from adapters.statements.table.dates import DayFormat
from adapters.statements.table.mapping import TableMapping
from adapters.statements.table.reading import read_table
from paygate.domain.errors import InvalidInputError
from paygate.domain.statement import StatementLine
from paygate.domain.statement_reading import identify
from tests.sheets import as_csv, as_xls, as_xlsx

DAYS = st.dates(date(1990, 1, 1), date(2199, 12, 31))
AMOUNTS = st.integers(-(10**15) + 1, 10**15 - 1)
TEXTS = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x1EF9, exclude_categories=("Cs", "Cn", "Zl", "Zp")), max_size=30
)

COLUMNS: Final = {
    "booked_on": "Ngày",
    "credit": "Có",
    "debit": "Nợ",
    "narrative": "Nội dung",
    "reference": "Tham chiếu",
    "balance": "Số dư",
}
MAPPING: Final = TableMapping(COLUMNS, thousands=".")
ROWS = st.lists(st.tuples(DAYS, AMOUNTS, TEXTS, TEXTS | st.integers(0, 10**14)), max_size=8)


def identities(data: bytes) -> list[tuple[int, bytes]]:
    parts = read_table(BytesIO(data), MAPPING)
    return [(part.row, identify(part)) for part in parts if isinstance(part, StatementLine)]


def sheet(rows: list[tuple[date, int, str, Any]]) -> list[list[Any]]:
    header = ["Ngày", "Nội dung", "Tham chiếu", "Nợ", "Có"]
    columns = [*header, "Số dư"]
    return [
        columns,
        *[
            [day, text, str(reference), abs(amount) if amount < 0 else None, amount if amount >= 0 else None, amount]
            for day, amount, text, reference in rows
        ],
    ]


@given(ROWS)
def test_one_statement_has_the_same_lines_in_every_container(rows: list[tuple[date, int, str, Any]]) -> None:
    table = sheet(rows)
    read = [identities(data) for data in (as_csv(table), as_xlsx(table), as_xls(table))]
    assert read[0] == read[1] == read[2]
    assert len(read[0]) == len(rows)


@given(st.lists(st.tuples(DAYS, AMOUNTS), min_size=1, max_size=5))
def test_texts_and_typed_cells_mean_the_same(rows: list[tuple[date, int]]) -> None:
    typed = sheet([(day, amount, "a", 190_000) for day, amount in rows])
    written = [[f"{cell:%d/%m/%Y}" if isinstance(cell, date) else cell for cell in row] for row in typed]
    numbered = [[190_000 if cell == "190000" else cell for cell in row] for row in typed]
    assert identities(as_xlsx(written)) == identities(as_xlsx(typed)) == identities(as_xls(numbered))


@given(DAYS, st.sampled_from(["%d/%m/%Y", "%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%Y%m%d", "%d-%b-%Y"]))
def test_a_day_in_the_style_of_its_layout_is_read_back(day: date, style: str) -> None:
    assert DayFormat(style).read(day.strftime(style)) == day
    assert DayFormat(style).read(day) == day
    assert DayFormat(style).read(f"{day.strftime(style)} 23:59:59") == day
    assert DayFormat(style).read(f"Ngày {day.day} tháng {day.month} năm {day.year}") == day


@given(DAYS)
def test_a_day_as_a_bare_number_is_read_back(day: date) -> None:
    assert DayFormat("excel").read((day - date(1899, 12, 30)).days + 0.5) == day
    assert DayFormat("excel-1904").read(str((day - date(1904, 1, 1)).days)) == day


@given(AMOUNTS, st.sampled_from(["VND", "EUR", "KWD"]))
def test_a_number_is_read_back_whatever_its_binary_fractions(minor: int, currency: str) -> None:
    places = {"VND": 0, "EUR": 2, "KWD": 3}[currency]
    assert AmountFormat(currency).read_cell(minor / 10**places) == minor


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=50))
@example([10, 20])
def test_a_sum_that_a_spreadsheet_made_is_the_sum(cents: list[int]) -> None:
    assert AmountFormat("EUR").read_cell(sum(one / 100 for one in cents)) == sum(cents)


@given(st.floats(allow_nan=True, allow_infinity=True), st.sampled_from(["VND", "EUR", "KWD"]))
def test_a_number_is_never_moved_by_more_than_a_millionth_of_a_minor_unit(value: float, currency: str) -> None:
    places = {"VND": 0, "EUR": 2, "KWD": 3}[currency]
    try:
        minor = AmountFormat(currency).read_cell(value)
    except InvalidInputError:
        return
    assert abs(value * 10**places - minor) <= 0.000001 + abs(minor) * 2**-50
