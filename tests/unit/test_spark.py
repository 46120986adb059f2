"""The line of thirty days."""

from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from paygate.web.desk.spark import HEIGHT, WIDTH, spark

RATIOS = st.lists(st.none() | st.floats(0, 1), max_size=40)


def days(*ratios: float | None) -> list[dict[str, Any]]:
    return [{"day": date(2024, 5, 1) + timedelta(days=place), "ratio": one} for place, one in enumerate(ratios)]


def test_a_day_without_figures_breaks_the_line() -> None:
    line = spark(days(0.9, 0.95, None, 0.97, None, 0.99, 1.0))
    assert len(line.lines) == 2
    assert len(line.dots) == 2, "the day that stands alone, and the latest"


def test_it_names_the_lowest_and_the_latest_day() -> None:
    line = spark(days(0.9, 0.8, 0.95, None))
    assert line.lowest == (date(2024, 5, 2), 0.8)
    assert line.latest == (date(2024, 5, 3), 0.95)


def test_days_of_nothing_draw_nothing() -> None:
    assert spark(days(None, None)).latest is None
    assert spark([]).lines == ()


@given(RATIOS)
def test_every_point_lies_within_the_drawing(ratios: list[float | None]) -> None:
    line = spark(days(*ratios))
    pairs = [tuple(map(float, one.split(","))) for points in line.lines for one in points.split()]
    assert all(0 <= x <= WIDTH and -1e-6 <= y <= HEIGHT + 1e-6 for x, y in [*pairs, *line.dots])
    known = [one for one in ratios if one is not None]
    ends = 1 if known and line.lines and line.dots and _ends_in_line(ratios) else 0
    assert len(pairs) + len(line.dots) - ends == len(known)


def _ends_in_line(ratios: list[float | None]) -> bool:
    """Tell whether the last day with figures is one of several in a row: then it is marked, too."""
    last = max(place for place, one in enumerate(ratios) if one is not None)
    return last > 0 and ratios[last - 1] is not None
