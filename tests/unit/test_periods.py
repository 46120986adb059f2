"""Spans of days, and days added up."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.domain.errors import InvalidInputError
from paygate.domain.period import day_period, month_of, quarter_of, read_period
from reconciliation.desk.summing import digest_of_runs, of_agencies, sum_days
from tests.reports import EMPTY, report


@given(day=st.dates(min_value=date(1000, 1, 1)))
def test_a_period_is_read_back_from_its_name_and_holds_its_day(day: date) -> None:
    for period in (day_period(day), month_of(day), quarter_of(day)):
        assert read_period(period.name) == period
        assert period.first <= day <= period.last
        assert period.days()[0] == period.first
        assert period.days()[-1] == period.last


@pytest.mark.parametrize("text", ["", "2024", "2024-13", "2024-02-30", "2024-Q5", "0000-01", "2024-05-08x", "٢٠٢٤-05"])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        read_period(text)


def two_days() -> dict[str, object]:
    first, second = report(digest="a" * 64), report(date="2024-05-09", digest="b" * 64, status="matched")
    second["proof"] = {**second["proof"], "opening": 1, "opened": 4, "closed": 2, "closing": 3}
    bridge = [(one["proof"], one["discrepancies"]) for one in (first, second)]
    return sum_days([first, second], bridge, whole=True)


def test_days_add_up_section_by_section() -> None:
    summed = two_days()
    assert summed["totals"]["payments"] == {"count": 4, "amount": 2 * 1_234_567}  # type: ignore[index]
    assert summed["reasons"] == {"bank_missing": {"count": 2, "amount": 200_000}}
    assert summed["success"]["ratio"] == 0.75  # type: ignore[index]
    assert [one["agency_code"] for one in summed["by_agency"]] == ["H23", None]  # type: ignore[attr-defined]


def test_the_bridge_goes_from_the_first_run_to_the_last() -> None:
    proof = two_days()["proof"]
    assert [proof[name] for name in ("opening", "opened", "closed", "closing")] == [0, 5, 2, 3]  # type: ignore[index]
    assert [proof[name] for name in ("left", "right", "explained", "residual")] == [20, 8, 12, 0]  # type: ignore[index]


def test_a_feed_that_was_not_whole_on_one_day_is_not_whole_and_says_on_which() -> None:
    feeds = two_days()["feeds"]
    assert [one["complete"] for one in feeds] == [False, True]  # type: ignore[attr-defined]
    assert [fault["date"] for fault in feeds[0]["faults"]] == ["2024-05-08", "2024-05-09"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("statuses", "whole", "said"),
    [
        (("matched", "matched"), True, "matched"),
        (("matched", "discrepant"), True, "discrepant"),
        (("incomplete", "discrepant"), True, "incomplete"),
        (("matched", "matched"), False, "incomplete"),
    ],
)
def test_a_period_is_no_better_than_its_days(statuses: tuple[str, str], whole: bool, said: str) -> None:  # noqa: FBT001 -- of the table
    days = [report(status=status) for status in statuses]
    assert sum_days(days, [(one["proof"], one["discrepancies"]) for one in days], whole=whole)["status"] == said


def test_the_digest_of_a_period_is_of_its_runs_in_their_order() -> None:
    assert two_days()["digest"] == digest_of_runs(["a" * 64, "b" * 64])
    assert digest_of_runs("ab") != digest_of_runs("ba")


def test_an_agency_is_told_of_its_own_cases_alone() -> None:
    own = {**EMPTY, "missing": {"count": 1, "amount": 7}}
    agencies = [
        {
            "agency_code": "H23",
            "agency_name": "Sở",
            "classes": own,
            "reasons": {"bank_missing": {"count": 1, "amount": 7}},
        },
        {"agency_code": "H24", "agency_name": "Ban", "classes": own, "reasons": {}},
        {"agency_code": None, "agency_name": None, "classes": own, "reasons": {}},
    ]
    told = of_agencies(report(by_agency=agencies), ["H23"])
    assert told["classes"]["missing"] == {"count": 1, "amount": 7}
    assert told["reasons"] == {"bank_missing": {"count": 1, "amount": 7}}
    assert [one["agency_code"] for one in told["by_agency"]] == ["H23"]
    assert told.keys() == {"status", "by_agency", "classes", "reasons", "other_currencies"}
    assert told["other_currencies"] == {}
