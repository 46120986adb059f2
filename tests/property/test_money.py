"""Laws of amounts."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.domain.errors import InvalidInputError
from paygate.domain.money import EXPONENTS, MAX_AMOUNT, dong, exponent, minor_units, plain

amounts = st.integers(-MAX_AMOUNT, MAX_AMOUNT)
currencies = st.sampled_from([*EXPONENTS, "EUR", "USD"])


@given(amounts, currencies)
def test_what_is_written_is_read_back(amount: int, currency: str) -> None:
    assert minor_units(plain(amount, currency), currency) == amount


@given(amounts, currencies)
def test_the_written_form_has_the_value_of_the_amount(amount: int, currency: str) -> None:
    assert Decimal(plain(amount, currency)).scaleb(exponent(currency)) == amount


@given(st.from_regex(r"[+-]?[0-9]{1,25}(\.[0-9]{0,6})?", fullmatch=True), currencies)
def test_a_decimal_is_read_exactly_or_refused(text: str, currency: str) -> None:
    exact = Decimal(text).scaleb(exponent(currency))
    if exact == exact.to_integral_value() and abs(exact) <= MAX_AMOUNT:
        assert minor_units(text, currency) == exact
    else:
        with pytest.raises(InvalidInputError):
            minor_units(text, currency)


@given(amounts)
def test_an_officer_reads_the_digits_of_the_amount(amount: int) -> None:
    shown = dong(amount).replace(".", "").replace("\N{MINUS SIGN}", "-").removesuffix("\N{NO-BREAK SPACE}₫")
    assert int(shown) == amount
