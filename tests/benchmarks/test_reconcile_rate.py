"""The measurement of the matcher runs, small, and gives the figures the README quotes."""

from paygate.bench.reconcile import bench_reconcile


async def test_the_matcher_is_measured_against_hand_written_sql(database_url: str) -> None:
    figures = await bench_reconcile(database_url, scale=0.002)
    assert figures["name"] == "reconcile"
    assert min(figures[name] for name in ("ours", "limit", "peer", "new_on_small_s", "new_on_large_s")) > 0
