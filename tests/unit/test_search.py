"""What is typed into the search is read as people mean it."""

from datetime import date

import pytest

from paygate.web.desk.reading import masked, money
from paygate.web.desk.search import Asked, read_search

TODAY = date(2024, 5, 9)


@pytest.mark.parametrize(
    ("typed", "amount", "day"),
    [
        ("150000 08/05/2024", 150_000, date(2024, 5, 8)),
        ("150.000 08/05", 150_000, date(2024, 5, 8)),
        ("  150 000 ₫   8/5/2024 ", 150_000, date(2024, 5, 8)),
        ("1.234.567đ 08-05-2024", 1_234_567, date(2024, 5, 8)),
        ("150.000 31/12", 150_000, date(2023, 12, 31)),
        ("150.000 29/02", 150_000, date(2024, 2, 29)),
    ],
)
def test_an_amount_and_a_day_are_read_however_they_are_written(typed: str, amount: int, day: date) -> None:
    asked = read_search(typed, TODAY)
    assert (asked.amount, asked.day) == (amount, day)


@pytest.mark.parametrize("typed", ["TC0001234", "150000", "150,00 08/05/2024", "1 31/02/2024", "08/05/2024", "x 08/05"])
def test_what_is_no_amount_and_day_is_a_code(typed: str) -> None:
    assert read_search(typed, TODAY) == Asked(typed)


@pytest.mark.parametrize(("typed", "short"), [("", True), ("a.b-c d5", True), ("abcdef", False), ("hồ sơ 12", False)])
def test_a_code_needs_six_characters_that_count(typed: str, short: bool) -> None:  # noqa: FBT001 -- a case's answer
    assert read_search(typed, TODAY).too_short is short


def test_a_day_without_a_year_is_never_yet_to_come() -> None:
    assert read_search("150000 10/05", TODAY).day == date(2023, 5, 10)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("NGUYEN VAN A 030123456789 nop", "NGUYEN VAN A •••••••••789 nop"),
        ("CMND 142345678, dt 0912345678", "CMND ••••••678, dt •••••••678"),
        ("TC12130000001 H23-240508-0001 150000", "TC12130000001 H23-240508-0001 150000"),
    ],
)
def test_numbers_of_people_are_masked_in_free_text_and_codes_are_not(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        (150_000, "VND", "150.000\xa0₫"),
        (-123_456, "USD", "\N{MINUS SIGN}1.234,56\xa0USD"),
        (5_000, "JPY", "5.000\xa0JPY"),
    ],
)
def test_money_of_any_currency_is_written_as_officers_read_it(value: int, currency: str, shown: str) -> None:
    assert money(value, currency) == shown
