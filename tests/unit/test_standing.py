"""The first page's answer: how a day stands, and why."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from paygate.web.desk.standing import Standing, span, stand

DAY = date(2024, 5, 8)
NOW = datetime(2024, 5, 9, 3, 10, tzinfo=UTC)
NOTHING: dict[str, int] = {"count": 0, "amount": 0}


def a_report(status: str = "matched", **classes: dict[str, int]) -> dict[str, Any]:
    counted = {"matched": {"count": 9, "amount": 900}, "mismatched": NOTHING, "pending": NOTHING, **classes}
    return {"status": status, "classes": counted, "proof": {"residual": 0}}


def an_account(standing: str = "here", **changes: Any) -> dict[str, Any]:
    feed = {"account": "0011001234567", "due": NOW - timedelta(minutes=70), "came_at": None, "late": None}
    return {**feed, "standing": standing, "came_after_close": False, "faults": [], **changes}


LATE = an_account("late", late=timedelta(minutes=70))


def standing_of(report: dict[str, Any] | None, *, whole: bool = True, **changes: Any) -> Standing:
    days = {"day": DAY, "today": date(2024, 5, 9), "business": True, "to_correct": False, "feeds": []}
    return stand({**days, "report": report, **changes}, whole=whole)


def messages(stands: Standing) -> list[str]:
    return [one.message for one in stands.reasons]


def test_a_day_on_which_everything_matches_is_green_and_needs_no_close() -> None:
    found = standing_of(a_report())
    assert (found.state, found.reasons, found.close) == ("matched", (), False)


def test_what_is_not_due_yet_is_no_difference() -> None:
    assert standing_of(a_report("discrepant", pending={"count": 3, "amount": 300})).state == "matched"


def test_a_day_that_does_not_agree_says_in_how_many_cases_and_for_how_much() -> None:
    report = a_report("discrepant", mismatched={"count": 2, "amount": 50}, missing={"count": 1, "amount": 7})
    found = standing_of(report)
    assert (found.state, found.values) == ("discrepant", {"count": 3, "amount": 57})


def test_an_unexplained_amount_is_never_green() -> None:
    report = {**a_report("discrepant"), "proof": {"residual": 1}}
    assert standing_of(report).state == "discrepant"


def test_an_incomplete_day_names_the_feed_how_late_it_is_and_where_to_mend_it() -> None:
    found = standing_of(a_report("incomplete"), feeds=[LATE, an_account()])
    (why,) = found.reasons
    assert found.state == "incomplete"
    assert "missing" in why.message
    assert why.values == {"account": "0011001234567", "late": timedelta(minutes=70)}
    assert why.path == "/imports"


def test_a_statement_that_came_after_the_close_asks_for_another() -> None:
    found = standing_of(a_report("incomplete"), feeds=[an_account(came_at=NOW, came_after_close=True)])
    assert found.close
    assert "close the day again" in messages(found)[0]


def test_late_facts_ask_for_another_close_even_of_a_green_day() -> None:
    found = standing_of(a_report(), to_correct=True)
    assert (found.state, found.close, len(found.reasons)) == ("matched", True, 1)


def test_who_sees_some_agencies_learns_of_no_account() -> None:
    found = standing_of(a_report("incomplete"), whole=False, feeds=[LATE])
    assert [one.values for one in found.reasons] == [{}]


@pytest.mark.parametrize(
    ("changes", "word", "close"),
    [
        ({}, "nobody has closed it", True),
        ({"feeds": [LATE]}, "late", True),
        ({"feeds": [an_account("not_due")]}, "is due at", True),
        ({"business": False}, "no business day", True),
        ({"day": date(2024, 5, 9)}, "not over", False),
    ],
)
def test_a_day_that_is_not_closed_says_why(changes: dict[str, Any], word: str, close: bool) -> None:  # noqa: FBT001 -- a case's answer
    found = standing_of(None, **changes)
    assert (found.state, found.close) == ("pending", close)
    assert word in messages(found)[0]


def test_a_day_to_come_is_not_offered_to_be_closed() -> None:
    found = standing_of(None, day=date(2024, 5, 10))
    assert (found.close, found.reasons) == (False, ())


def test_doubts_and_silent_sources_are_reasons_too() -> None:
    fault = {"vi": "sao kê X không cân", "en": "statement X does not balance"}
    silent = {
        "source": "vnpay",
        "late": timedelta(hours=5),
        "came_at": NOW,
        "came_after_close": False,
        "faults": [fault],
    }
    found = standing_of(a_report("incomplete"), feeds=[an_account("faulty", faults=[fault]), silent])
    assert [(one.values.get("fault"), one.path) for one in found.reasons] == [
        (fault, "/imports"),
        (None, "/notices"),
        (fault, "/notices"),
    ]


@pytest.mark.parametrize(
    ("late", "message", "count"),
    [
        (timedelta(minutes=70, seconds=59), "%(count)s minutes", 70),
        (timedelta(hours=3), "%(count)s minutes", 180),
        (timedelta(hours=3, minutes=1), "%(count)s hours", 3),
        (timedelta(days=3, hours=1), "%(count)s days", 3),
    ],
)
def test_a_delay_is_told_in_a_unit_that_people_feel(late: timedelta, message: str, count: int) -> None:
    assert span(late) == (message, count)
