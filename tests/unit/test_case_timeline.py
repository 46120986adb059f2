"""What happened in a case, in order."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from reconciliation.desk.case_timeline import LONGEST, lay_timeline

NOW = datetime(2024, 6, 1, tzinfo=UTC).astimezone(ZoneInfo("Asia/Ho_Chi_Minh"))
NOON = datetime(2024, 5, 8, 5, tzinfo=UTC)
NOTHING: dict[str, Any] = {
    name: [] for name in ("payments", "notices", "lines", "statements", "matches", "history", "events")
}


def an_event(number: int, at: datetime, change: int = 1) -> dict[str, Any]:
    return {"event_id": number, "recorded_at": at, "change": change, "person": None, "said": "changed"}


def a_case(**facts: Any) -> dict[str, Any]:
    return {**NOTHING, "record": None, **facts}


def test_days_are_the_tenants_and_what_has_no_hour_ends_its_day() -> None:
    late = datetime(2024, 5, 8, 18, tzinfo=UTC)  # past midnight in Viet Nam
    line = {"booked_on": date(2024, 5, 8), "statement_id": 1, "imported_at": late}
    laid = lay_timeline(a_case(lines=[line], events=[an_event(1, NOON)]), NOW)
    assert [(one["kind"], one["on"]) for one in laid] == [
        ("event", date(2024, 5, 8)),
        ("booked", date(2024, 5, 8)),
        ("imported", date(2024, 5, 9)),
    ]


def test_what_was_done_in_one_moment_stands_in_the_order_it_was_done() -> None:
    events = [an_event(number, NOON) for number in (3, 2, 1)]
    assert [one["event"]["event_id"] for one in lay_timeline(a_case(events=events), NOW)] == [1, 2, 3]


def test_of_more_events_than_are_shown_the_latest_are() -> None:
    events = [an_event(number, NOON + timedelta(seconds=number)) for number in range(LONGEST + 5, 0, -1)]
    laid = lay_timeline(a_case(events=events), NOW)
    assert (len(laid), laid[-1]["event"]["event_id"]) == (LONGEST, LONGEST + 5)


def test_a_file_is_named_once_however_many_of_its_lines_are_shown() -> None:
    lines = [{"booked_on": NOON.date(), "statement_id": 1, "imported_at": NOON} for _ in range(3)]
    assert [one["kind"] for one in lay_timeline(a_case(lines=lines), NOW)].count("imported") == 1
