"""The measurement of the matcher runs, small, and gives the figures the README quotes; and, at length, reaches them."""

import pytest

from paygate.bench.reconcile import (
    MOST_GROWTH,
    MOST_MEMORY_MIB,
    MOST_RATIO,
    MOST_SEARCH_SECONDS,
    bench_reconcile,
    seconds_of_search,
)

RATES = ("ours", "limit", "peer", "six_ours", "six_limit")
SECONDS = ("new_on_small_s", "new_on_large_s", "batch_s", "search_s")


async def test_the_matcher_is_measured_against_hand_written_sql(database_url: str) -> None:
    figures = await bench_reconcile(database_url, scale=0.002)
    assert figures["name"] == "reconcile"
    assert min(figures[name] for name in (*RATES, *SECONDS)) > 0


@pytest.mark.slow
async def test_the_matcher_costs_little_more_than_a_join_and_what_is_new(database_url: str) -> None:
    figures = await bench_reconcile(database_url, scale=0.3)
    assert figures["ratio"] <= MOST_RATIO
    assert figures["growth"] <= MOST_GROWTH
    assert figures["peak_memory_mib"] <= MOST_MEMORY_MIB


@pytest.mark.slow
def test_the_longest_search_that_is_allowed_is_short() -> None:
    assert seconds_of_search() <= MOST_SEARCH_SECONDS
