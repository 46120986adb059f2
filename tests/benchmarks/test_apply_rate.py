"""The measurement of the apply worker measures what it says."""

from paygate.bench.apply import bench_apply


async def test_the_apply_measurement_drains_every_notice_it_lays(database_url: str) -> None:
    measured = await bench_apply(database_url, notices=2_000)
    assert (measured["notices"], measured["parked"]) == (2_000, 200)
    assert measured["ours"] > 0
