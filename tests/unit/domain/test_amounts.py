"""Money as it is read from files and shown to officers."""

import pytest

from paygate.domain.errors import InvalidInputError
from paygate.domain.money import MAX_AMOUNT, dong, exponent, minor_units, plain, written


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("150000", "VND", 150_000),
        ("150000.00", "VND", 150_000),
        ("150000.", "VND", 150_000),
        ("-12.5", "EUR", -1250),
        ("+.05", "EUR", 5),
        ("1.234", "KWD", 1234),
        ("0", "VND", 0),
        ("-0.00", "VND", 0),
        ("1000000000000000", "VND", MAX_AMOUNT),
        ("00000000000000000000000000000000001", "VND", 1),
    ],
)
def test_a_plain_decimal_is_read_as_minor_units(text: str, currency: str, amount: int) -> None:
    assert minor_units(text, currency) == amount


@pytest.mark.parametrize(
    "text",
    ["", " ", ".", "-", "1,5", "1e3", "NaN", "Infinity", "0x10", "1_000", "1 000", "١٢٣", "12\n", "--1", "\x00"],
)
def test_what_is_not_a_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="is not an amount"):
        minor_units(text, "VND")


def test_a_fraction_of_a_dong_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="more decimals than VND has"):
        minor_units("150000.5", "VND")


@pytest.mark.parametrize("text", ["1000000000000001", "9223372036854775808", "1" + "0" * 5000])
def test_an_amount_larger_than_any_that_is_kept_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="larger than any"):
        minor_units(text, "VND")


def test_an_unlisted_currency_has_two_decimals() -> None:
    assert exponent("EUR") == 2


def test_dong_are_grouped_by_points_and_take_a_true_minus_sign() -> None:
    assert dong(-1_234_567) == "\N{MINUS SIGN}1.234.567\N{NO-BREAK SPACE}₫"


def test_an_amount_with_decimals_is_written_with_all_of_them() -> None:
    assert plain(-5, "EUR") == "-0.05"


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (150_000, "VND", "150.000 ₫"),
        (150_000, "USD", "1.500,00 USD"),
        (-5, "USD", "−0,05 USD"),
        (1_500, "JPY", "1.500 JPY"),
    ],
)
def test_an_amount_of_any_currency_is_written_as_officers_read_it(amount: int, currency: str, text: str) -> None:
    assert written(amount, currency) == text.replace(" ", "\N{NO-BREAK SPACE}")
