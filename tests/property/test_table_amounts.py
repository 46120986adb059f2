"""Amounts in tables: what a bank writes in a described way is read back, what could mean two things never is."""

from hypothesis import assume, event, given
from hypothesis import strategies as st

from adapters.statements.table.amounts import AmountFormat
from paygate.domain.errors import InvalidInputError
from paygate.domain.money import MAX_AMOUNT, exponent, plain

AMOUNTS = st.integers(-MAX_AMOUNT, MAX_AMOUNT)
CURRENCIES = st.sampled_from(["VND", "EUR", "KWD"])
SIGNS = st.sampled_from(["", ".", ",", " ", "'", "\N{NO-BREAK SPACE}"])


def written(amount: int, described: AmountFormat, decimal: str) -> str:
    whole, _, fraction = plain(abs(amount), described.currency).partition(".")
    grouped = f"{int(whole):,}".replace(",", described.thousands)
    return ("-" if amount < 0 else "") + grouped + (decimal + fraction if fraction else "")


@given(AMOUNTS, CURRENCIES, SIGNS, st.sampled_from([".", ","]))
def test_an_amount_written_as_described_is_read_back(amount: int, currency: str, thousands: str, decimal: str) -> None:
    assume(thousands != decimal)
    described = AmountFormat(currency, thousands, decimal)
    assert described.read(written(amount, described, decimal)) == amount


@given(AMOUNTS, st.sampled_from([".", ","]))
def test_dong_need_no_decimal_sign(amount: int, thousands: str) -> None:
    described = AmountFormat("VND", thousands)
    assert described.read(written(amount, described, "")) == amount


@given(st.integers(1, 999), st.integers(0, 999), st.sampled_from([".", ","]))
def test_three_digits_after_an_undescribed_sign_are_never_guessed(whole: int, rest: int, sign: str) -> None:
    try:
        AmountFormat("KWD").read(f"{whole}{sign}{rest:03d}")
    except InvalidInputError:
        return
    raise AssertionError("guessed")


@given(st.text(alphabet="0123456789.,-+() ", max_size=12), CURRENCIES, SIGNS, st.sampled_from(["", ".", ","]))
def test_whatever_is_read_is_what_its_digits_say(text: str, currency: str, thousands: str, decimal: str) -> None:
    assume(not thousands or thousands != decimal)
    try:
        amount = AmountFormat(currency, thousands, decimal).read(text)
    except InvalidInputError:
        event("refused")
        return
    event("read")
    digits = "".join(letter for letter in text if letter.isdecimal())
    units = int(digits)
    assert abs(amount) in {units * 10**more for more in range(exponent(currency) + 1)} | {
        units // 10**less for less in range(len(digits) + 1)
    }
