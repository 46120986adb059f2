"""One statement in three containers is one statement; what is written in the style of a layout is read back exactly."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from io import BytesIO
from typing import Any, Final

from hypothesis import example, given
from hypothesis import strategies as st

from adapters.statements.table.amounts import AmountFormat
from adapters.statements.table.dates import DayFormat
from adapters.statements.table.mapping import TableMapping
from adapters.statements.table.reading import read_table
from adapters.statements.table.settled import Sums, settled_sums
from paygate.domain.errors import InvalidInputError
from paygate.domain.statement import (
    HandoverLine,
    RefusedRow,
    SettlementLine,
    StatementHead,
    StatementLine,
    StatementPart,
)
from paygate.domain.statement_reading import identify
from tests.leg_files import SETTLEMENT, TREASURY, handed, settled
from tests.sheets import as_csv, as_xls, as_xlsx

DAYS = st.dates(date(1990, 1, 1), date(2199, 12, 31))
AMOUNTS = st.integers(-(10**15) + 1, 10**15 - 1)
TEXTS = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x1EF9, exclude_categories=("Cs", "Cn", "Zl", "Zp")), max_size=30
)


def _to_the_second(moment: datetime) -> datetime:
    """Round as CSV does: what a sheet holds of a time is a fraction of a day."""
    return moment.replace(microsecond=0)


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


GROSS = st.integers(0, 10**15 - 10**6)
SETTLED = st.fixed_dictionaries(
    {"reference": TEXTS, "gross": AMOUNTS, "settled_on": DAYS},
    optional={
        "paid_at": DAYS | st.datetimes(datetime(1990, 1, 1), datetime(2199, 12, 31)).map(_to_the_second),  # noqa: DTZ001 -- as a sheet holds them
        "fee": st.integers(-(10**6), 10**6) | st.none(),
        "net": AMOUNTS | st.none(),
        "batch": TEXTS,
    },
)
HANDED = st.fixed_dictionaries(
    {"reference": TEXTS, "dossier_code": TEXTS, "amount": AMOUNTS, "booked_on": DAYS},
    optional={"document": TEXTS, "status": st.sampled_from(["Đã gửi", "Chưa gửi", "NOT_SENT", ""])},
)


def said(data: bytes, settings: Mapping[str, Any]) -> list[StatementPart]:
    """Return all that was said of a table but of its container."""
    head, *others = read_table(BytesIO(data), TableMapping(**settings))
    assert isinstance(head, StatementHead)
    return [replace(head, layout=""), *others]


@given(st.lists(SETTLED, max_size=8))
def test_a_settlement_says_the_same_in_every_container(rows: list[dict[str, Any]]) -> None:
    table = settled(*rows)
    read = [said(data, SETTLEMENT) for data in (as_csv(table), as_xlsx(table), as_xls(table))]
    assert read[0] == read[1] == read[2]
    assert sum(isinstance(part, SettlementLine | RefusedRow) for part in read[0]) == len(rows)


@given(st.lists(HANDED, max_size=8))
def test_hand_overs_say_the_same_in_every_container(rows: list[dict[str, Any]]) -> None:
    table = handed(*rows)
    read = [said(data, TREASURY) for data in (as_csv(table), as_xlsx(table), as_xls(table))]
    assert read[0] == read[1] == read[2]
    assert sum(isinstance(part, HandoverLine | RefusedRow) for part in read[0]) == len(rows)


@given(GROSS, st.integers(-(10**6), 10**6), st.booleans())
def test_any_two_of_gross_fee_and_net_give_the_third(gross: int, fee: int, refund: bool) -> None:  # noqa: FBT001
    gross, fee = (-gross, -fee) if refund else (gross, fee)
    whole = Sums(gross, fee, gross - fee)
    assert settled_sums(*whole) == whole
    assert settled_sums(gross, None, whole.net).fee == (fee or None)
    if fee >= 0 or (whole.net or 0) < 0:
        assert settled_sums(None, fee, whole.net).gross == gross


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
