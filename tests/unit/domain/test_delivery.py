"""What becomes of an attempt to deliver: the table of retries, what a receiver may ask for, and when it is over."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.domain.delivery import (
    RETRY_AFTER_LIMIT,
    RETRY_SECONDS,
    Fate,
    Verdict,
    judge_answer,
    judge_failure,
    judge_refusal,
    wait_asked,
)

NOW = datetime(2024, 5, 8, 5, 0, tzinfo=UTC)


def longest(most: float) -> float:
    return most


def shortest(_: float) -> float:
    return 0.0


def test_the_table_spans_seventy_five_and_a_half_hours() -> None:
    assert timedelta(seconds=sum(RETRY_SECONDS)) == timedelta(hours=75, minutes=35, seconds=5)
    assert list(RETRY_SECONDS) == sorted(RETRY_SECONDS)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_thanks(status: int) -> None:
    assert judge_answer(status, "120", 3, NOW, longest) == Verdict(Fate.DELIVERED)


def test_410_wants_no_more() -> None:
    assert judge_answer(410, None, 0, NOW, longest).fate is Fate.GONE


@pytest.mark.parametrize("status", [100, 301, 302, 307, 400, 401, 404, 429, 500, 502, 503, 999])
def test_every_other_answer_is_tried_again_after_the_tables_pause(status: int) -> None:
    assert judge_answer(status, None, 1, NOW, longest) == Verdict(
        Fate.FAILED, f"answered {status}", 2, RETRY_SECONDS[1]
    )


def test_each_failure_waits_as_its_line_of_the_table_says_and_the_last_is_a_dead_letter() -> None:
    verdicts = [judge_failure("down", failed, longest) for failed in range(len(RETRY_SECONDS) + 1)]
    assert [one.pause for one in verdicts[:-1]] == list(RETRY_SECONDS)
    assert (verdicts[-1].fate, verdicts[-1].failed) == (Fate.DEAD, 10)


def test_what_may_not_leave_is_held_and_is_no_attempt() -> None:
    verdict = judge_refusal("private", 4)
    assert (verdict.fate, verdict.failed, verdict.pause > 0) == (Fate.REFUSED, 4, True)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120),
        (" 120 ", 120),
        ("0", 0),
        ("86401", RETRY_AFTER_LIMIT),
        ("9" * 400, RETRY_AFTER_LIMIT),
        (format_datetime(NOW + timedelta(minutes=5), usegmt=True), 300),
        (format_datetime(NOW - timedelta(minutes=5), usegmt=True), 0),
        ("Wed, 08 May 2024 05:02:00 -0000", 120),
        ("Fri, 31 Dec 9999 23:59:59 GMT", RETRY_AFTER_LIMIT),
        ("-5", 0),
        ("1.5", 0),
        ("soon", 0),
        ("", 0),
        (None, 0),
        ("٣", 0),
        ("Wed, 99 May 2024 05:02:00 GMT", 0),
        ("Wed, 08 May 99999999999 05:02:00 GMT", 0),
    ],
)
def test_a_receiver_may_ask_for_a_pause_in_seconds_or_by_a_date(said: str | None, seconds: float) -> None:
    assert wait_asked(said, NOW) == seconds


@given(st.text(max_size=60))
def test_no_retry_after_is_an_error_or_without_bounds(said: str) -> None:
    assert 0 <= wait_asked(said, NOW) <= RETRY_AFTER_LIMIT


def test_the_longer_of_the_two_pauses_counts() -> None:
    assert judge_answer(503, "120", 0, NOW, shortest).pause == 120
    assert judge_answer(503, "1", 1, NOW, longest).pause == RETRY_SECONDS[1]
