"""Several refunds, or several payments, of one reference: which returns which."""

import random
from datetime import UTC, date, datetime

from hypothesis import assume, event, given
from hypothesis import strategies as st

from reconciliation.allotment import Refund, Returnable, allot

DAY = date(2024, 5, 8)
AT = datetime(2024, 5, 8, 5, tzinfo=UTC)


def a_payment(number: int, amount: int, day: date = DAY) -> Returnable:
    return Returnable(day, AT, f"T{number}", number, amount)


def a_refund(number: int, amount: int, day: date = DAY) -> Refund:
    return Refund(day, number, amount)


def test_a_refund_of_a_payments_amount_returns_the_latest_such_payment() -> None:
    payments = [a_payment(1, 50), a_payment(2, 50, date(2024, 5, 9)), a_payment(3, 70, date(2024, 5, 10))]
    assert allot([a_refund(9, 50)], payments) == [(9, 2, 50)]


def test_equal_refunds_return_payment_after_payment() -> None:
    payments = [a_payment(1, 50), a_payment(2, 50)]
    assert allot([a_refund(9, 50), a_refund(8, 50)], payments) == [(8, 2, 50), (9, 1, 50)]


def test_a_refund_of_no_payments_amount_returns_the_latest_first() -> None:
    payments = [a_payment(1, 50), a_payment(2, 50)]
    assert allot([a_refund(9, 70)], payments) == [(9, 2, 50), (9, 1, 20)]


def test_what_is_equal_is_returned_before_the_rest_is_spread() -> None:
    payments = [a_payment(1, 50), a_payment(2, 70)]
    assert allot([a_refund(8, 20), a_refund(9, 70)], payments) == [(9, 2, 70), (8, 1, 20)]


amounts = st.lists(st.integers(1, 6), min_size=1, max_size=6)


@given(amounts, amounts, st.randoms(use_true_random=False))
def test_all_is_allotted_and_no_payment_returns_more_than_it_brought(
    back: list[int], paid: list[int], order: random.Random
) -> None:
    assume(sum(back) <= sum(paid))
    refunds = [a_refund(number, amount) for number, amount in enumerate(back)]
    payments = [a_payment(number, amount) for number, amount in enumerate(paid)]
    parts = allot(refunds, payments)
    event(f"parts {len(parts)}")
    for refund in refunds:
        assert sum(amount for line, _, amount in parts if line == refund.line_id) == refund.amount
    for payment in payments:
        assert sum(amount for _, to, amount in parts if to == payment.payment_id) <= payment.amount
    order.shuffle(refunds)
    order.shuffle(payments)
    assert allot(refunds, payments) == parts
