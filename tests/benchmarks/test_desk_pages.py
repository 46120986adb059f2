"""The measurement of the desk's pages runs, small, and, at length, no page is slow or large."""

from pathlib import Path

import pytest

from paygate.bench.desk import MOST_BYTES, MOST_MILLISECONDS, bench_desk
from paygate.bench.desk_walk import kind_of


async def test_every_page_a_visitor_comes_to_is_measured_once(database_url: str, tmp_path: Path) -> None:
    figures = await bench_desk(database_url, tmp_path, scale=0.001, rounds=1)
    pages = [one["page"] for one in figures["pages"]]
    assert figures["payments"] >= 1_000
    assert len(pages) == len(set(pages)) >= 15
    for expected in ("/bench", "/bench/people", "/bench/rules", "/bench/settings", "/bench/audit", "/bench/audit/…"):
        assert expected in pages
    assert figures["largest_kb"] <= MOST_BYTES / 1000


@pytest.mark.slow
async def test_no_page_is_slow_or_large_where_a_million_payments_are_stored(database_url: str, tmp_path: Path) -> None:
    figures = await bench_desk(database_url, tmp_path)
    assert figures["beyond"] == "none"
    assert figures["slowest_ms"] <= MOST_MILLISECONDS


def test_addresses_of_one_kind_are_told_by_their_shape() -> None:
    assert kind_of("/desk/bench/people/12") == kind_of("/desk/bench/people/13") == "/bench/people/…"
    assert kind_of("/desk/bench/audit?before=9&actor=a") == "/bench/audit?actor&before"
