"""How the desk writes figures, and how it reads them again."""

from contextlib import suppress
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.domain.errors import InvalidInputError
from paygate.domain.money import MAX_AMOUNT
from paygate.web.desk import reading
from paygate.web.desk.forms import Form, read_amount, read_day

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
SPACE = "\N{NO-BREAK SPACE}"


def test_figures_are_written_as_officers_read_them() -> None:
    assert reading.amount(1_234_567) == f"1.234.567{SPACE}₫"
    assert reading.amount(-1_000) == f"\N{MINUS SIGN}1.000{SPACE}₫"
    assert reading.amount(None) == reading.percent(None) == reading.day(None) == reading.moment(None, HANOI) == "–"
    assert (reading.signed(1_000), reading.signed(0)) == (f"+1.000{SPACE}₫", f"0{SPACE}₫")
    assert reading.number(1_234_567) == "1.234.567"
    assert (reading.percent(0.9644), reading.percent(1)) == (f"96,4{SPACE}%", f"100,0{SPACE}%")
    assert reading.day("2024-05-08") == reading.day(date(2024, 5, 8)) == "08/05/2024"
    assert reading.size(1023) == f"1023{SPACE}B"
    assert (reading.size(1536), reading.size(10 * 1024 * 1024)) == (f"2{SPACE}kB", f"10{SPACE}MB")
    assert (reading.size(2600 * 1024), reading.size(1024**3)) == (f"2,5{SPACE}MB", f"1{SPACE}GB")


def test_a_time_is_written_as_the_tenants_clocks_have_it() -> None:
    late = datetime(2024, 5, 8, 17, 30, tzinfo=UTC)
    assert reading.moment(late, HANOI) == "00:30 09/05/2024"
    assert reading.moment(late.isoformat(), HANOI) == "00:30 09/05/2024"


@given(st.integers(min_value=0, max_value=MAX_AMOUNT))
def test_an_amount_that_was_written_is_read_as_it_was(amount: int) -> None:
    for written in (str(amount), reading.amount(amount), f"{amount:,}", f"{amount:,}".replace(",", " ")):
        assert read_amount(written) == amount


@given(st.dates(min_value=date(1000, 1, 1)))
def test_a_day_that_was_written_is_read_as_it_was(day: date) -> None:
    for written in (reading.day(day), day.isoformat(), f"{day.day}/{day.month}/{day.year}", f"{day:%d-%m-%Y}"):
        assert read_day(f" {written} ") == day


@given(st.text(max_size=40))
def test_whatever_is_typed_is_an_amount_and_a_day_or_refused(text: str) -> None:
    with suppress(InvalidInputError):
        assert 0 <= read_amount(text) <= MAX_AMOUNT
    with suppress(InvalidInputError):
        assert read_day(text).year >= 1


@pytest.mark.parametrize(
    "text", ["", "-1", "1.5", "1,50", "1.234,567", "1.23.456", "12.34", "1e3", "٣٤", "²", "0x10", "1" * 40, "₫"]
)
def test_an_amount_that_could_be_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        read_amount(text)


@pytest.mark.parametrize(
    "text", ["", "31/02/2024", "2024-13-01", "08/05/24", "5/8", "٠٨/٠٥/٢٠٢٤", "08/05/2024x", "0000-01-01"]
)
def test_a_day_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        read_day(text)


def test_a_form_keeps_the_first_fault_of_a_field_and_says_what_was_typed() -> None:
    form = Form([("name", " Lan "), ("role", "a"), ("role", "b"), ("password", " x ")])
    form.fault("name", "first")
    form.fault("name", "second")
    assert form.faults == {"name": "first"}
    assert (form.text("name"), form.all("role"), form.secret("password")) == ("Lan", ["a", "b"], " x ")
    assert (form.text("nothing"), form.all("nothing")) == ("", [])


@pytest.mark.parametrize("once", ["", "short", "x" * 65, "a b" * 10, "é" * 20])
def test_a_form_that_is_not_ours_has_no_name_to_act_once_under(once: str) -> None:
    with pytest.raises(InvalidInputError):
        _ = Form([("once", once)]).once
