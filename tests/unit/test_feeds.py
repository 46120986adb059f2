"""What makes a feed complete, and when it is late."""

from datetime import UTC, date, datetime, time
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest

from paygate.domain.calendar import Calendar
from reconciliation.feeds import (
    Covering,
    Ended,
    FeedFault,
    business_hours_between,
    due_moment,
    faults_of_account,
    faults_of_source,
    latest_due_day,
    told,
)

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
DAY = date(2024, 5, 8)
DUE = datetime(2024, 5, 9, 10, 0, tzinfo=HANOI)
BY_TEN = time(10, 0)


def a_statement(**changes: object) -> Covering:
    says: dict[str, object] = {
        "identification": "S1",
        "number": 90,
        "begins": DAY,
        "opening": 100,
        "closing": 150,
        "balanced": True,
        "lines": 2,
        "total": 50,
        "before": Ended(89, 100, 2024),
    }
    return Covering(**{**says, **changes})  # type: ignore[arg-type]


def faults(*statements: Covering, due: datetime | None = DUE) -> list[FeedFault]:
    return [one.fault for one in faults_of_account(statements, due=due)]


def test_a_statement_that_joins_the_one_before_is_complete() -> None:
    assert faults(a_statement()) == []


def test_a_day_without_a_statement_is_incomplete_and_says_when_it_is_due() -> None:
    [found] = faults_of_account([], due=DUE)
    assert found.fault is FeedFault.STATEMENT_MISSING
    assert found.say("en") == "no statement covers this day; it is due 2024-05-09 10:00"
    assert found.say("vi") == "chưa có sao kê của ngày này, hạn 2024-05-09 10:00"


def test_where_none_is_expected_none_is_missing() -> None:
    assert faults(due=None) == []


def test_a_statement_that_does_not_balance_is_named() -> None:
    [found] = faults_of_account([a_statement(balanced=False)], due=DUE)
    assert (found.fault, found.names) == (FeedFault.STATEMENT_UNBALANCED, {"statement": "S1", "difference": 50})


def test_it_opens_with_what_the_one_before_closed_with() -> None:
    [found] = faults_of_account([a_statement(before=Ended(89, 90, 2024))], due=DUE)
    assert (found.fault, found.names) == (FeedFault.OPENING_DIFFERS, {"opening": 100, "closing": 90})
    said = found.say("en").replace("\N{NO-BREAK SPACE}", " ")
    assert said == "it opens with 100 ₫, and the one before closed with 90 ₫"


@pytest.mark.parametrize("unknown", [{"opening": None}, {"before": None}, {"before": Ended(89, None, 2024)}])
def test_balances_that_nobody_gives_are_not_compared(unknown: dict[str, object]) -> None:
    assert faults(a_statement(**unknown)) == []


@pytest.mark.parametrize(
    ("number", "before", "whole"),
    [
        (90, Ended(89, 100, 2024), True),
        (90, Ended(90, 100, 2024), True),  # the next page of one statement
        (90, Ended(88, 100, 2024), False),
        (89, Ended(90, 100, 2024), False),
        (1, Ended(251, 100, 2023), True),
        (1, Ended(251, 100, 2024), False),
        (2, Ended(251, 100, 2023), False),
        (252, Ended(251, 100, 2023), True),  # a bank that goes on counting
        (None, Ended(88, 100, 2024), True),
        (90, Ended(None, 100, 2024), True),
    ],
)
def test_a_number_left_out_is_a_gap(number: int | None, before: Ended, whole: bool) -> None:  # noqa: FBT001 -- what holds
    assert faults(a_statement(number=number, before=before)) == ([] if whole else [FeedFault.STATEMENT_GAP])


def test_the_same_statement_in_another_file_is_no_overlap() -> None:
    assert faults(a_statement(), a_statement(identification="S1 copy")) == []


def test_a_weeks_statement_may_cover_a_days_if_it_says_the_same_of_the_day() -> None:
    week = a_statement(identification="W", begins=date(2024, 5, 6), opening=7, closing=900, before=Ended(89, 7, 2024))
    assert faults(a_statement(), week) == []
    assert faults(a_statement(total=51), week) == [FeedFault.STATEMENTS_DIFFER]


def test_parts_of_one_day_join_each_other_in_whatever_order_they_came() -> None:
    parts = (
        a_statement(opening=100, closing=150, number=90),
        a_statement(opening=150, closing=170, number=91, lines=1, total=20, identification="S2"),
        a_statement(opening=170, closing=120, number=92, lines=3, total=-50, identification="S3"),
    )
    assert all(faults(*order) == [] for order in permutations(parts))


def test_parts_that_leave_one_out_do_not_say_the_same() -> None:
    later = a_statement(opening=170, closing=120, number=92, lines=3, total=-50, identification="S3")
    assert faults(a_statement(), later) == [FeedFault.STATEMENTS_DIFFER]


def test_a_source_is_complete_when_its_notices_are_applied_and_some_came() -> None:
    assert faults_of_source(0, silent=False) == []
    assert [one.fault for one in faults_of_source(3, silent=True)] == [
        FeedFault.NOTICES_WAITING,
        FeedFault.SOURCE_SILENT,
    ]


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("fault", FeedFault)
def test_every_fault_has_a_sentence_in_both_languages(fault: FeedFault, language: str) -> None:
    names = {"due": "x", "statement": "x", "number": 2, "before": 1, "opening": 1, "closing": 2, "count": 3}
    said = told({"fault": fault, **names}).say(language)  # type: ignore[arg-type]
    assert said
    assert "{" not in said


def test_what_was_written_down_is_told_again() -> None:
    [found] = faults_of_account([a_statement(before=Ended(89, 90, 2024))], due=DUE)
    assert told(found.as_json()) == found


def test_a_statement_is_due_business_days_after_its_day() -> None:
    assert due_moment(date(2024, 5, 10), 1, BY_TEN, HANOI, Calendar()) == datetime(2024, 5, 13, 10, 0, tzinfo=HANOI)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2024, 5, 9, 2, 59, tzinfo=UTC), date(2024, 5, 7)),
        (datetime(2024, 5, 9, 3, 0, tzinfo=UTC), DAY),
        (datetime(2024, 5, 12, 3, 0, tzinfo=UTC), date(2024, 5, 9)),  # Sunday: Friday's is due on Monday
        (datetime(2024, 5, 13, 3, 0, tzinfo=UTC), date(2024, 5, 10)),
    ],
)
def test_the_latest_day_whose_statement_is_due_follows_the_clock(now: datetime, day: date) -> None:
    assert latest_due_day(now, 1, BY_TEN, HANOI, Calendar()) == day


def test_silence_is_counted_on_business_days_alone() -> None:
    friday, monday = datetime(2024, 5, 10, 12, 0, tzinfo=HANOI), datetime(2024, 5, 13, 6, 0, tzinfo=HANOI)
    assert business_hours_between(friday, monday, HANOI, Calendar()) == 12 + 6
