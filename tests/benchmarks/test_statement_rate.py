"""The statements measurement in small: that it measures, and that memory is bounded."""

from pathlib import Path

from adapters.statements.camt import read_camt
from paygate.bench.statements import MOST_MEMORY_MIB, bench_statements, write_statement
from paygate.statements import preview


async def test_the_statement_measurement_stays_within_its_memory(database_url: str) -> None:
    figures = await bench_statements(database_url, 20_000)
    assert min(figures["ratio"], figures["peer"]) > 0
    assert figures["peak_memory_mib"] <= MOST_MEMORY_MIB


def test_the_statement_measured_balances(tmp_path: Path) -> None:
    write_statement(tmp_path / "a.xml", 100)
    with (tmp_path / "a.xml").open("rb") as file:
        found = preview(read_camt(file), format="camt")
    assert (found.lines, found.balanced, found.refused, found.warnings) == (100, True, [], [])
