"""What is done by the calendar, and how long things are kept."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.caretaker import Caretaker
from paygate.domain.errors import DatabaseUnavailableError
from paygate.domain.retention import cut_off, is_night, month_of, months_after

HANOI = ["Asia/Ho_Chi_Minh"]
NIGHT = datetime(2024, 5, 8, 18, 30, tzinfo=UTC)
"""Half past one of 9 May in Hà Nội."""
NOON = datetime(2024, 5, 8, 5, 0, tzinfo=UTC)


class Errands:
    """What was done, and when; nightly errands fail as often as they are told to."""

    def __init__(self, failures: int = 0) -> None:
        self.hourly: list[datetime] = []
        self.nightly: list[datetime] = []
        self.now = NIGHT
        self._failures = failures

    async def do_hourly(self, now: datetime) -> None:
        self.hourly.append(now)

    async def do_nightly(self, now: datetime) -> None:
        self.nightly.append(now)
        if len(self.nightly) <= self._failures:
            raise DatabaseUnavailableError("away")

    def caretaker(self) -> Caretaker:
        return Caretaker(self.do_hourly, self.do_nightly, HANOI, lambda: self.now)


async def test_by_day_nothing_is_trimmed() -> None:
    errands = Errands()
    errands.now = NOON
    await errands.caretaker().look()
    assert (errands.hourly, errands.nightly) == ([NOON], [])


async def test_a_night_s_errand_is_done_once_in_a_night() -> None:
    errands = Errands()
    caretaker = errands.caretaker()
    for pause in (timedelta(0), timedelta(minutes=15), timedelta(days=1)):
        errands.now = NIGHT + pause
        await caretaker.look()
    assert errands.nightly == [NIGHT, NIGHT + timedelta(days=1)]


async def test_an_errand_that_fails_is_tried_at_the_next_look() -> None:
    errands = Errands(failures=2)
    caretaker = errands.caretaker()
    for _ in range(4):
        await caretaker.look()
    assert len(errands.nightly) == 3


async def test_the_caretaker_stops_when_told_to() -> None:
    stop, looked = asyncio.Event(), asyncio.Event()

    async def look(_now: datetime) -> None:
        looked.set()

    running = asyncio.create_task(Caretaker(look, look, HANOI, lambda: NOON).run(stop))
    async with asyncio.timeout(5):
        await looked.wait()
        stop.set()
        await running


@pytest.mark.parametrize(("hour", "night"), [(17, False), (18, True), (21, True), (22, False)])
def test_it_is_night_where_most_collect(hour: int, night: object) -> None:
    zones = [*HANOI, *HANOI, "Europe/Paris"]
    assert is_night(datetime(2024, 5, 8, hour, 0, tzinfo=UTC), zones) is night


def test_what_is_kept_for_a_month_is_there_for_a_whole_one() -> None:
    assert cut_off(datetime(2024, 5, 31, tzinfo=UTC), 1) == datetime(2024, 4, 1, tzinfo=UTC)
    assert cut_off(datetime(2024, 1, 1, tzinfo=UTC), 13) == datetime(2022, 12, 1, tzinfo=UTC)


@given(day=st.dates(date(1990, 1, 1), date(2200, 1, 1)), count=st.integers(-1200, 1200))
def test_months_before_undo_months_after(day: date, count: int) -> None:
    month = month_of(datetime(day.year, day.month, day.day, tzinfo=UTC))
    assert months_after(months_after(month, count), -count) == month
