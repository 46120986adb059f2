"""What rows that are no movements say: sums, and the balances at both ends."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import pytest

from adapters.statements.table.mapping import TableMapping
from adapters.statements.table.reading import read_table
from paygate.domain.errors import ConfigurationError
from paygate.domain.statement import RefusedRow, StatementEnd, StatementLine, StatementPart, Warned
from paygate.domain.statement_import import preview

COLUMNS = {"booked_on": "day", "credit": "in", "debit": "out", "narrative": "text"}
ONE_AMOUNT = {"booked_on": "day", "amount": "in", "narrative": "text"}
BOTH = "08/05/2024,100,,a\n09/05/2024,,30,b\n"


def mapping(**more: Any) -> TableMapping:
    said = {"columns": COLUMNS, "skip_containing": ["Cộng"], "opening_containing": ["đầu kỳ"]}
    return TableMapping(**{**said, "closing_containing": ["cuối kỳ"], **more})


def read(rows: str, before: str = "", **more: Any) -> list[StatementPart]:
    return list(read_table(BytesIO(f"{before}day,in,out,text\n{rows}".encode()), mapping(**more)))


def amounts(parts: Sequence[StatementPart]) -> list[int]:
    return [part.amount for part in parts if isinstance(part, StatementLine)]


def warnings(parts: Sequence[StatementPart]) -> list[str]:
    return [part.text for part in parts if isinstance(part, Warned)]


def end(parts: Sequence[StatementPart]) -> StatementEnd:
    *_, last = parts
    assert isinstance(last, StatementEnd)
    return last


@pytest.mark.parametrize(
    ("foot", "agrees"),
    [
        ("Cộng,100,30,\n", True),
        ("Cộng phát sinh,100,,\n", True),
        ("Cộng,,,\n", None),
        ("Cộng,x,y,\n", None),
        ("Cộng,100,31,\n", False),
        ("Cộng,130,,\n", False),
    ],
)
def test_a_sum_at_the_foot_is_held_against_the_lines(foot: str, agrees: bool | None) -> None:  # noqa: FBT001 -- an answer
    parts = read(BOTH + foot)
    assert amounts(parts) == [100, -30]
    assert end(parts).trailer_agrees is agrees
    assert len(warnings(parts)) == (agrees is False)


def test_a_sum_that_does_not_agree_says_what_both_come_to() -> None:
    assert warnings(read(BOTH + "Cộng,90,30,\n")) == ["row 4: it states 90 as the sum of credit, the lines have 100"]


def test_a_row_that_was_refused_is_missed_by_the_sum() -> None:
    parts = read(BOTH + "xx,7,,c\nCộng,107,30,\n")
    assert [part.row for part in parts if isinstance(part, RefusedRow)] == [4]
    assert end(parts).trailer_agrees is False


def test_sums_of_each_page_and_of_all_agree() -> None:
    parts = read(BOTH + "Cộng trang,100,30,\n" + BOTH + "Cộng trang,100,30,\nCộng,200,60,\n")
    assert (end(parts).trailer_agrees, warnings(parts)) == (True, [])


def test_one_column_of_signed_amounts_has_one_sum() -> None:
    parts = read("08/05/2024,100,,a\n09/05/2024,-30,,b\nCộng,70,,\n", columns=ONE_AMOUNT)
    assert (amounts(parts), end(parts).trailer_agrees) == ([100, -30], True)


def test_a_line_that_is_passed_over_for_its_words_is_told_of() -> None:
    parts = read("08/05/2024,100,,Cộng tác viên nộp phí\n" + BOTH)
    assert amounts(parts) == [100, -30]
    assert warnings(parts) == ["row 2: it would be a line, but skip_containing passes over it"]


@pytest.mark.parametrize(
    ("before", "rows"),
    [
        ("Số dư đầu kỳ,1.000,,\nSố dư cuối kỳ,,,1.070\n", BOTH),
        ("Số dư đầu kỳ: 1.000,,,\n", BOTH + "Số dư cuối kỳ: 1.070 VND,,,\n"),
        ("", "Số dư đầu kỳ,1.000,,\n" + BOTH + ",,1.070,Số dư cuối kỳ\n"),
    ],
)
def test_balances_are_taken_from_wherever_they_are_stated(before: str, rows: str) -> None:
    parts = read(rows, before, thousands=".")
    assert (end(parts).opening, end(parts).closing, warnings(parts)) == (1000, 1070, [])
    assert preview(parts, format="table").balanced is True


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("Số dư đầu kỳ,,,\n", "row 2: it should state the opening balance, but no amount could be read in it"),
        ("Số dư đầu kỳ,1,2,\n", "row 2: it should state the opening balance, but 2 amounts could be read in it"),
        ("đầu kỳ,1,,\nđầu kỳ,2,,\n", "row 3: it states another opening balance than a row above"),
    ],
)
def test_a_balance_that_cannot_be_told_is_warned_of(rows: str, said: str) -> None:
    assert warnings(read(rows)) == [said]


def test_a_stated_balance_that_the_lines_contradict_is_warned_of() -> None:
    columns = {**ONE_AMOUNT, "balance": "out"}
    parts = read("đầu kỳ,7,,\n08/05/2024,100,105,a\n", columns=columns)
    assert warnings(parts) == ["the opening balance is stated as 7, by its lines it is 5"]
    assert (end(parts).opening, end(parts).closing) == (7, 105)


def test_debits_may_be_written_with_a_minus_where_the_mapping_says_so() -> None:
    parts = read("08/05/2024,,-30,a\n08/05/2024,,30,b\nCộng,,-30,\n", debits_negative=True)
    assert amounts(parts) == [-30]
    assert [part.reason for part in parts if isinstance(part, RefusedRow)] == [
        "a positive debit could mean either direction"
    ]
    assert end(parts).trailer_agrees is True


def test_a_row_of_another_currency_is_refused() -> None:
    parts = read("08/05/2024,1,VND,\n08/05/2024,1,usd,\n08/05/2024,1,,\n", columns={**ONE_AMOUNT, "currency": "out"})
    assert amounts(parts) == [1, 1]
    assert [part.row for part in parts if isinstance(part, RefusedRow)] == [3]


@pytest.mark.parametrize("key", ["skip_containing", "opening_containing", "closing_containing"])
def test_an_empty_text_that_every_row_contains_is_refused(key: str) -> None:
    with pytest.raises(ConfigurationError, match="every row contains it"):
        mapping(**{key: [""]})
