"""When a source is asked, how often, and when it is left in peace: facts in, facts out."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from paygate.domain.inquiry import (
    ASK_SECONDS,
    BREAK_AFTER,
    REST_SECONDS,
    SHORTEST_SECONDS,
    SWEEP_ATTEMPTS,
    InquiryState,
    Learned,
    Pace,
    Standing,
    pause_after,
    rest_after,
    weigh,
)
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.notice import NoticeFacts

NOW = datetime(2024, 5, 8, 5, 0, tzinfo=UTC)
OPEN = Standing(InquiryState.OPEN, 0, NOW + timedelta(hours=72), NOW)
CLOSED = Standing(InquiryState.SETTLED, 0, NOW, NOW)


def test_pauses_grow_to_the_last_of_the_table_and_stay_there() -> None:
    pauses = [pause_after(attempts, 1.0) - SHORTEST_SECONDS for attempts in range(1, 20)]
    assert pauses[: len(ASK_SECONDS)] == list(ASK_SECONDS) == sorted(ASK_SECONDS)
    assert set(pauses[len(ASK_SECONDS) :]) == {ASK_SECONDS[-1]}


def test_a_pause_is_never_shorter_than_the_shortest() -> None:
    assert pause_after(1, 0.0) == SHORTEST_SECONDS


@given(drawn=st.floats(0, 1), learned=st.lists(st.sampled_from([Learned.NOTHING, Learned.STILL_PENDING]), min_size=200))
def test_an_inquiry_without_a_result_is_asked_at_its_expiry_for_the_last_time_and_then_given_up(
    drawn: float, learned: list[Learned]
) -> None:
    standing, asked = OPEN, []
    for one in learned:
        if standing.next_ask_at is None:
            break
        asked.append(standing.next_ask_at)
        standing = standing.after(one, standing.next_ask_at, drawn)
    if standing.state is InquiryState.EXPIRED:
        event("expired")
        assert asked[-1] == OPEN.expires_at
        assert standing.next_ask_at is None
    else:
        assert standing.next_ask_at is not None
        assert standing.next_ask_at <= OPEN.expires_at


def test_a_result_is_never_followed_by_giving_up() -> None:
    late = OPEN.expires_at + timedelta(days=1)
    assert OPEN.after(Learned.A_RESULT, late, 0.0).state is InquiryState.OPEN


@pytest.mark.parametrize("learned", [Learned.STILL_PENDING, Learned.A_RESULT])
def test_a_sweep_asks_once_where_it_is_answered(learned: Learned) -> None:
    after = CLOSED.after(learned, NOW, 0.5)
    assert (after.state, after.next_ask_at) == (InquiryState.SETTLED, None)


def test_a_sweep_asks_a_few_times_where_it_is_not() -> None:
    standing = CLOSED
    for _ in range(SWEEP_ATTEMPTS):
        assert standing.next_ask_at is not None
        standing = standing.after(Learned.NOTHING, NOW, 0.5)
    assert standing.next_ask_at is None


@given(
    rate=st.floats(0.1, 50),
    steps=st.lists(st.tuples(st.floats(0, 5), st.integers(0, 100)), max_size=60),
)
def test_in_no_stretch_of_time_more_leave_than_the_rate_and_a_second_beside(
    rate: float, steps: list[tuple[float, int]]
) -> None:
    now, pace, granted = NOW, Pace(NOW), 0
    for seconds, wanted in steps:
        now += timedelta(seconds=seconds)
        count, pace = pace.grant(now, rate, wanted)
        assert 0 <= count <= wanted
        granted += count
    assert granted <= (now - NOW).total_seconds() * rate + max(1.0, rate) + 0.001
    event(f"granted: {granted > 0}")


def test_a_source_that_rests_is_asked_nothing_and_then_once() -> None:
    pace = Pace(NOW, BREAK_AFTER, NOW + timedelta(seconds=30))
    assert pace.grant(NOW + timedelta(seconds=29), 10.0, 5)[0] == 0
    probing = pace.grant(NOW + timedelta(seconds=30), 10.0, 5)
    assert probing[0] == 1
    assert probing[1].grant(NOW + timedelta(seconds=31), 10.0, 5)[0] == 0


def test_rests_begin_with_the_failure_that_is_one_too_many_and_grow() -> None:
    assert rest_after(BREAK_AFTER - 1) == 0
    assert [rest_after(BREAK_AFTER + more) for more in range(len(REST_SECONDS) + 2)] == [
        *REST_SECONDS,
        *[REST_SECONDS[-1]] * 2,
    ]


def said(state: PaymentState, amount: int) -> NoticeFacts:
    outcome = Outcome.PAID if state is PaymentState.PAID else Outcome.DECLINED
    return NoticeFacts("R", "T", state, outcome, amount, "VND", NOW)


@pytest.mark.parametrize("expected", [None, 50_000])
def test_money_of_the_amount_that_was_to_be_paid_is_believed(expected: int | None) -> None:
    facts = said(PaymentState.PAID, 50_000)
    assert weigh(facts, expected) == (facts, False)


def test_money_of_another_amount_stays_pending_and_is_shown() -> None:
    facts, conflicting = weigh(said(PaymentState.PAID, 40_000), 50_000)
    assert (facts.state, facts.amount, conflicting) == (PaymentState.PENDING, 40_000, True)
    assert facts.alarm


def test_where_no_money_came_the_amount_is_the_one_that_was_to_be_paid() -> None:
    facts, conflicting = weigh(said(PaymentState.FAILED, 0), 50_000)
    assert (facts.amount, conflicting) == (50_000, False)
