"""The figures the intake must reach, measured; only a machine with nothing else to do tells them truly."""

import pytest

from paygate.bench.intake import LEAST_PEER_RATIO, LEAST_RATIO, MOST_P99_RATIO, measure


@pytest.mark.slow
def test_the_intake_keeps_most_of_a_bare_handlers_rate() -> None:
    figures = measure(seconds=3)
    assert figures["ratio"] >= LEAST_RATIO
    assert figures["peer_ratio"] >= LEAST_PEER_RATIO
    assert figures["p99_ours_ms"] <= MOST_P99_RATIO * figures["p99_limit_ms"]
