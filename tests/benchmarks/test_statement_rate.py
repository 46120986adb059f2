"""The statements measurement in small, every format of it: that it measures, and that memory is bounded."""

from pathlib import Path
from typing import get_args

import pytest

from adapters.statements.registry import open_statement
from paygate.bench.statement_samples import SAMPLES, Sample
from paygate.bench.statements import MOST_MEMORY_MIB, Format, bench_statements
from paygate.domain.statement import StatementLine
from paygate.domain.statement_import import preview
from paygate.domain.statement_reading import identify

KINDS = [pytest.param(sample, id=sample.name) for samples in SAMPLES.values() for sample in samples]


def test_every_format_that_can_be_asked_for_has_a_sample() -> None:
    assert set(get_args(Format)) == set(SAMPLES)


@pytest.mark.parametrize("form", SAMPLES)
async def test_the_statement_measurement_stays_within_its_memory(database_url: str, form: Format) -> None:
    figures = await bench_statements(database_url, form, 2_000, small=500)
    assert min(figures["ratio"], figures["apart"], figures["peer"]) > 0
    assert 0 < figures["peak_memory_mib"] <= MOST_MEMORY_MIB
    assert [row["sample"] for row in figures["samples"]] == [sample.name for sample in SAMPLES[form]]
    assert all(list(row) == list(rows[0]) for rows in (figures["samples"], figures["memory"]) for row in rows)
    assert [row["entries"] for row in figures["memory"]] == [500, 2_000] * len(SAMPLES[form])


@pytest.mark.parametrize("sample", KINDS)
def test_a_statement_that_is_measured_balances_and_every_entry_differs(tmp_path: Path, sample: Sample) -> None:
    sample.write_file(tmp_path / "a", range(7, 207))
    with (tmp_path / "a").open("rb") as file:
        assert sample.bare(file) == 200
    with (tmp_path / "a").open("rb") as file:
        name, parts = open_statement(file, sample.format, sample.mapping)
        kept = list(parts)
    found = preview(kept, format=name)
    assert len({identify(part) for part in kept if isinstance(part, StatementLine)}) == 200
    assert (found.lines, found.balanced, found.refused, found.warnings) == (200, True, [], [])
