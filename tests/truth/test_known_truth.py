"""The engine against worlds whose truth is known: what it matches is true, what is undecidable it leaves alone."""

import pytest

from tests.truth.drawing import draw_worlds
from tests.truth.trial import Trial, try_worlds

PRECISION = 1.0
RECALL = 0.995
REASONS_RIGHT = 0.99


def assert_true(trial: Trial) -> None:
    """Hold the figures against what must be reached, all of them in one message."""
    figures = trial.figures()
    measure = trial.measure
    assert measure.stored
    assert measure.precision == PRECISION, figures
    assert measure.ambiguous_taken == 0, figures
    assert measure.ambiguous_listed == measure.ambiguous, figures
    assert measure.recall >= RECALL, figures
    assert measure.reasons_right >= REASONS_RIGHT, figures
    assert measure.amounts_right >= REASONS_RIGHT, figures
    assert not trial.unproven, figures
    assert not trial.misshown, figures
    assert trial.counted == trial.cases, figures


async def test_the_engine_finds_the_truth_as_days_go_by(database_url: str) -> None:
    assert_true(await try_worlds(database_url, draw_worlds(1_500, seed=1)))


async def test_the_engine_finds_the_truth_when_everything_comes_at_once(database_url: str) -> None:
    assert_true(await try_worlds(database_url, draw_worlds(1_000, seed=2), at_once=True))


@pytest.mark.slow
async def test_the_engine_finds_the_truth_of_a_hundred_thousand_payments(database_url: str) -> None:
    assert_true(await try_worlds(database_url, draw_worlds(100_000, seed=3)))
