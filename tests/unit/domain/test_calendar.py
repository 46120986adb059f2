"""Which day a payment belongs to, and when banks work."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.domain.calendar import Calendar, business_date, is_vietnamese_business_day

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=HANOI)


def test_early_on_the_first_it_is_the_first_though_utc_is_still_in_the_old_month() -> None:
    half_past_six = datetime(2024, 5, 31, 23, 30, tzinfo=UTC)
    assert business_date(half_past_six, HANOI) == date(2024, 6, 1)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2024-05-31T21:59:59.999999", date(2024, 5, 31)),
        ("2024-05-31T22:00:00", date(2024, 6, 1)),
        ("2024-05-31T23:59:59", date(2024, 6, 1)),
        ("2024-06-01T00:00:00", date(2024, 6, 1)),
    ],
)
def test_what_happens_at_the_cut_off_belongs_to_the_next_day(moment: str, day: date) -> None:
    assert business_date(at(moment), HANOI, time(22, 0)) == day


def test_a_cut_off_of_midnight_is_none() -> None:
    assert business_date(at("2024-05-31T00:00:00"), HANOI) == date(2024, 5, 31)


@pytest.mark.parametrize(
    "day",
    [
        date(2024, 2, 9),  # the last day of the lunar year
        date(2024, 2, 10),  # Tết
        date(2024, 2, 14),  # the fifth day of Tết
        date(2024, 4, 18),  # the Hùng kings
        date(2024, 4, 29),  # given in exchange for a Saturday
        date(2024, 4, 30),
        date(2024, 5, 1),
        date(2024, 9, 2),
        date(2025, 1, 29),  # Tết
        date(2024, 5, 11),  # a Saturday
        date(2024, 5, 12),  # a Sunday
    ],
)
def test_banks_rest_on_public_holidays_and_weekends(day: date) -> None:
    assert not is_vietnamese_business_day(day)


@pytest.mark.parametrize(
    "day",
    [
        date(2024, 2, 15),
        date(2024, 5, 2),
        date(2024, 5, 4),  # a Saturday worked in exchange for 29 April
        date(2024, 5, 8),
        date(2024, 12, 25),
        date(2026, 8, 22),  # a Saturday worked in exchange for 31 August
    ],
)
def test_banks_work_on_other_days(day: date) -> None:
    assert is_vietnamese_business_day(day)


@pytest.mark.parametrize(
    ("day", "business_days", "due"),
    [
        (date(2024, 5, 8), 0, date(2024, 5, 8)),
        (date(2024, 5, 11), 0, date(2024, 5, 11)),
        (date(2024, 5, 8), 1, date(2024, 5, 9)),
        (date(2024, 5, 10), 1, date(2024, 5, 13)),
        (date(2024, 5, 11), 1, date(2024, 5, 13)),
        (date(2024, 2, 7), 1, date(2024, 2, 15)),
        (date(2024, 4, 26), 1, date(2024, 5, 2)),
    ],
)
def test_business_days_are_counted_over_weekends_and_holidays(day: date, business_days: int, due: date) -> None:
    assert Calendar().add(day, business_days) == due


def test_a_calendar_counts_with_the_days_it_is_given() -> None:
    every_day = Calendar(usual=lambda _: True)
    assert every_day.add(date(2024, 2, 9), 3) == date(2024, 2, 12)


def test_what_is_decided_of_single_days_goes_before_what_is_usual() -> None:
    swapped = Calendar(days_off=frozenset({date(2026, 1, 2)}), working_days=frozenset({date(2026, 1, 10)}))
    assert swapped.add(date(2025, 12, 31), 1) == date(2026, 1, 5)
    assert swapped.add(date(2026, 1, 9), 1) == date(2026, 1, 10)


@pytest.mark.parametrize(
    ("day", "latest"), [(date(2024, 5, 8), date(2024, 5, 8)), (date(2024, 5, 1), date(2024, 4, 26))]
)
def test_the_latest_business_day_is_the_day_itself_or_one_before(day: date, latest: date) -> None:
    assert Calendar().latest(day) == latest


def test_an_age_counts_the_business_days_that_came_after() -> None:
    saturday, monday = date(2024, 5, 11), date(2024, 5, 13)
    days = [date(2024, 5, 8), date(2024, 5, 10), saturday, monday, date(2024, 5, 14)]
    assert list(Calendar().ages(days, monday).values()) == [0, 0, 1, 1, 3]
    assert Calendar().ages(days, monday)[date(2024, 5, 8)] == 3


@given(days=st.lists(st.dates(date(2024, 1, 1), date(2024, 12, 31)), max_size=20), older=st.integers(0, 30))
def test_what_began_before_the_day_of_an_age_is_older(days: list[date], older: int) -> None:
    today = date(2024, 12, 31)
    bound = Calendar().day_of_age(older, today)
    assert all((age > older) == (day < bound) for day, age in Calendar().ages(days, today).items())
