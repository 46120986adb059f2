"""The statements measurement in small: that it measures, and that memory does not grow with the file."""

from pathlib import Path

from adapters.statements.camt import read_camt
from paygate.bench.statements import LEAST_RATIO, MOST_MEMORY_MIB, bench_statements, write_statement
from paygate.statements import preview


async def test_reading_keeps_its_share_of_bare_lxml_within_its_memory(database_url: str) -> None:
    figures = await bench_statements(database_url, 20_000)
    assert figures["ratio"] >= LEAST_RATIO * 0.75  # on a busy machine, in small; the full size is held by the bench
    assert figures["peer"] > 0
    assert figures["peak_memory_mib"] <= MOST_MEMORY_MIB


def test_the_statement_measured_balances(tmp_path: Path) -> None:
    write_statement(tmp_path / "a.xml", 100)
    with (tmp_path / "a.xml").open("rb") as file:
        found = preview(read_camt(file), format="camt")
    assert (found.lines, found.balanced, found.refused, found.warnings) == (100, True, [], [])
