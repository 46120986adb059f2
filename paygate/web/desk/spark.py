"""A line of thirty days, small enough to stand beside its sentence: where its points lie, and what it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Final

WIDTH: Final = 300
HEIGHT: Final = 48
"""Units of the drawing; the page stretches it."""
STEP: Final = 0.05
"""The scale begins at the twentieth below the lowest ratio, so that days that differ look different."""


@dataclass(frozen=True, slots=True)
class Spark:
    """`lines` are the points of each unbroken run of days, as SVG writes them; `dots` those of days that stand alone.

    `lowest` and `latest` are days with their ratios, None where no day has one.
    """

    lines: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]
    base: float
    lowest: tuple[date, float] | None
    latest: tuple[date, float] | None


def spark(days: Sequence[Mapping[str, Any]]) -> Spark:
    """Lay out the ratios of days; a day without one breaks the line."""
    known = [(one["day"], one["ratio"]) for one in days if one["ratio"] is not None]
    if not known:
        return Spark((), (), 0.0, None, None)
    lowest = min(known, key=lambda one: one[1])
    base = max(0.0, int(lowest[1] / STEP - 1e-9) * STEP) if lowest[1] < 1 else 1 - STEP
    runs = [
        [_point(place, one["ratio"], base, len(days)) for place, one in run]
        for there, run in groupby(enumerate(days), key=lambda pair: pair[1]["ratio"] is not None)
        if there
    ]
    lines = tuple(" ".join(f"{x},{y}" for x, y in run) for run in runs if len(run) > 1)
    dots = (*(run[0] for run in runs if len(run) == 1), *((runs[-1][-1],) if len(runs[-1]) > 1 else ()))
    return Spark(lines, dots, base, lowest, known[-1])


def _point(place: int, ratio: float, base: float, count: int) -> tuple[float, float]:
    x = WIDTH * place / max(count - 1, 1)
    y = HEIGHT * (1 - (ratio - base) / (1 - base))
    return round(x, 1), round(y, 1)
