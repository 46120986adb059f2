"""What is still due: never more than is owed, never twice, never for what would have to be given back."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.domain.lifecycle import PaymentState
from paygate.domain.payable import HELD, UNDER_WAY, Attempt, NothingDue, judge_payable
from paygate.domain.record import Obligation, ProcedureRecord, RecordStatus
from tests.ledger_facts import a_record

NOW = datetime(2024, 5, 8, 3, tzinfo=UTC)
TODAY = date(2024, 5, 8)
LINES = (Obligation("LP01", "charge", "Lệ phí", 50_000), Obligation("PH01", "fee", "Phí", 100_000))


def record(**changes: Any) -> ProcedureRecord:
    return a_record(**({"obligations": LINES} | changes))


def attempt(state: PaymentState = PaymentState.PAID, amount: int = 150_000, **changes: Any) -> Attempt:
    return Attempt(**({"state": state, "amount": amount, "currency": "VND", "occurred_at": NOW} | changes))


def due(*attempts: Attempt, of: ProcedureRecord | None = None) -> object:
    found = judge_payable(of or record(), attempts, NOW, TODAY)
    return found if isinstance(found, NothingDue) else [(line.code, line.amount) for line in found]


def test_what_nobody_has_paid_is_due_line_by_line() -> None:
    assert due() == [("LP01", 50_000), ("PH01", 100_000)]


def test_what_was_paid_in_part_is_taken_off_the_first_lines() -> None:
    assert due(attempt(amount=60_000)) == [("PH01", 90_000)]
    assert due(attempt(amount=50_000), attempt(amount=99_999)) == [("PH01", 1)]


@pytest.mark.parametrize("state", sorted(HELD))
def test_what_was_paid_is_not_due_again(state: PaymentState) -> None:
    assert due(attempt(state)) is NothingDue.PAID


@pytest.mark.parametrize("state", [PaymentState.REFUNDED, PaymentState.REVERSED, PaymentState.FAILED])
def test_money_that_is_not_with_us_pays_nothing(state: PaymentState) -> None:
    assert due(attempt(state)) == due()


@pytest.mark.parametrize("changes", [{"exempt": True}, {"obligations": ()}])
def test_who_owes_nothing_is_asked_for_nothing(changes: dict[str, Any]) -> None:
    assert due(of=record(**changes)) is NothingDue.NOT_REQUIRED


@pytest.mark.parametrize("status", RecordStatus)
def test_a_dossier_whose_money_would_go_back_is_asked_for_nothing(status: RecordStatus) -> None:
    closed = status in {RecordStatus.REFUSED, RecordStatus.WITHDRAWN, RecordStatus.STOPPED}
    assert (due(of=record(status=status)) is NothingDue.CLOSED) == closed


@pytest.mark.parametrize(("expires_on", "expired"), [(TODAY, False), (TODAY - timedelta(days=1), True), (None, False)])
def test_an_obligation_is_due_until_the_day_it_expires(expires_on: date | None, expired: bool) -> None:  # noqa: FBT001 -- a parameter
    assert (due(of=record(expires_on=expires_on)) is NothingDue.EXPIRED) == expired


@pytest.mark.parametrize("state", sorted(UNDER_WAY))
def test_nobody_is_asked_again_while_an_attempt_may_still_pay(state: PaymentState) -> None:
    last = NOW - UNDER_WAY[state]
    assert due(attempt(state, occurred_at=last + timedelta(seconds=1))) is NothingDue.UNDER_WAY
    assert due(attempt(state, occurred_at=last)) == due()


def test_money_in_another_currency_is_left_to_an_officer() -> None:
    assert due(attempt(currency="USD", amount=6)) is NothingDue.UNDER_WAY


@given(
    st.lists(st.integers(0, 10**9), max_size=5),
    st.lists(st.tuples(st.sampled_from(PaymentState), st.integers(0, 10**9)), max_size=5),
)
def test_what_is_due_and_what_is_held_make_what_is_owed(owed: list[int], paid: list[tuple[PaymentState, int]]) -> None:
    lines = tuple(Obligation(f"L{number}", "fee", "", amount) for number, amount in enumerate(owed))
    long_ago = NOW - timedelta(days=30)
    attempts = [attempt(state, amount, occurred_at=long_ago) for state, amount in paid]
    found = judge_payable(record(obligations=lines), attempts, NOW, TODAY)
    held = sum(amount for state, amount in paid if state in HELD)
    remaining = 0 if isinstance(found, NothingDue) else sum(line.amount for line in found)
    assert remaining == max(0, sum(owed) - held)
