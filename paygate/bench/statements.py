"""How fast statement files become lines, and lines become rows, and how little memory that takes.

`limit` is a bare reader of the format going through the same file; `ours` yields every line of it in the same process.
`apart` is what the service does: the file is read in a process of its own. `peer` is the whole import into a database
with all constraints on, read apart. Memory is taken at a small file and a large one: it should not follow the size.
"""

import asyncio
import json
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import psutil

from paygate.bench import statement_round
from paygate.bench.statement_round import TENANT
from paygate.bench.statement_samples import ACCOUNT, SAMPLES, Sample
from paygate.database import connect
from paygate.directory import AccountEntry, TenantEntry, store_directory

Format = Literal["camt", "mt940", "table"]

ENTRIES: Final = 1_000_000
SMALL: Final = 10_000
ROUNDS: Final = 2
"""In turns, the faster of each counting: what else the machine does slows a round, never speeds it."""

MOST_MEMORY_MIB: Final = 150
"""Of each process of ours, whatever the size of the file."""

PARSES: Final = ("limit", "ours", "apart")
IMPORT: Final = "import"
ALL: Final = (*PARSES, IMPORT)
READ_APART: Final = ("apart", IMPORT)


@dataclass(slots=True)
class _Measured:
    """What came out at one size of a sample: by mode, the best rate in entries a second, and the most memory in MiB."""

    entries: int
    rates: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    readers: dict[str, float] = field(default_factory=dict)

    def take(self, mode: str, found: Mapping[str, Any]) -> None:
        self.rates[mode] = max(self.rates.get(mode, 0.0), self.entries / found["seconds"])
        self.memory[mode] = max(self.memory.get(mode, 0.0), found["memory_mib"])
        self.readers[mode] = max(self.readers.get(mode, 0.0), found["reader_mib"])

    def rate_row(self, sample: Sample) -> dict[str, Any]:
        ratio = round(self.rates["ours"] / self.rates["limit"], 3)
        return {"sample": sample.name, "entries": self.entries, **_rounded(self.rates, ALL), "ratio": ratio}

    def memory_row(self, sample: Sample) -> dict[str, Any]:
        """Return MiB by mode, and those of the reader's process where there is one."""
        readers = {f"{mode}_reader": peak for mode, peak in _rounded(self.readers, READ_APART).items()}
        return {"sample": sample.name, "entries": self.entries, **_rounded(self.memory, ALL), **readers}

    def most_of_ours(self) -> float:
        ours = {mode: peak for mode, peak in self.memory.items() if mode != "limit"}
        return max(*ours.values(), *self.readers.values())


async def bench_statements(  # noqa: PLR0913 -- a size and how it is found, in turn
    url: str,
    form: Format = "camt",
    entries: int = ENTRIES,
    *,
    small: int = SMALL,
    seconds: float | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Measure in the migrated database at `url`, which is filled, and return what `paygate bench --json` prints.

    Where `seconds` is given, the large file has as many entries as a parse of that length takes. Rates are in entries
    a second, those of the large file; where a format has several samples, the first decides.
    """
    await _lay_parties(url)
    with tempfile.TemporaryDirectory(prefix="paygate-bench-") as folder:
        bench = _Bench(url, Path(folder) / "statement", say)
        compared = []
        for rank, sample in enumerate(SAMPLES[form]):
            lesser = await bench.measure(sample, range(small), rounds=1, imported=rank == 0)
            count = entries if seconds is None else max(small, int(lesser.rates["ours"] * seconds))
            larger = await bench.measure(sample, range(small, small + count), rounds=ROUNDS, imported=rank == 0)
            compared.append((sample, lesser, larger))
    return _figures(form, compared)


async def _lay_parties(url: str) -> None:
    async with connect(url) as connection:
        tenants = {TENANT: TenantEntry(TENANT, "H23", "Asia/Ho_Chi_Minh")}
        await store_directory(connection, tenants, {ACCOUNT: AccountEntry(TENANT, "970436", "bank")}, {})


@dataclass(frozen=True, slots=True)
class _Bench:
    """Where it is measured. `file` is written anew for each sample and size."""

    url: str
    file: Path
    say: Callable[[str], None]

    async def measure(self, sample: Sample, numbers: range, *, rounds: int, imported: bool) -> _Measured:
        sample.write_file(self.file, numbers)
        self.say(f"{sample.name}: {len(numbers):,} entries, {self.file.stat().st_size / 2**20:,.0f} MiB")
        measured = _Measured(len(numbers))
        for mode in (*PARSES * rounds, *([IMPORT] if imported else [])):
            measured.take(mode, await self._run(mode, sample, len(numbers)))
            self.say(f"  {mode}: at best {measured.rates[mode]:,.0f} entries/s")
        return measured

    async def _run(self, mode: str, sample: Sample, entries: int) -> Mapping[str, Any]:
        call = ("-m", statement_round.__name__, mode, sample.format, sample.name, self.file, self.url)
        child = await asyncio.create_subprocess_exec(sys.executable, *call, stdout=asyncio.subprocess.PIPE)
        output, _ = await child.communicate()
        if child.returncode:
            raise RuntimeError(f"the measurement {mode!r} of {sample.name} failed")
        found: Mapping[str, Any] = json.loads(output)
        if found["entries"] != entries:
            raise RuntimeError(f"{mode!r} found {found['entries']} of {entries} entries of {sample.name}")
        return found


def _rounded(figures: Mapping[str, float], modes: Sequence[str]) -> dict[str, int | None]:
    return {mode: round(figures[mode]) if mode in figures else None for mode in modes}


def _figures(form: str, compared: Sequence[tuple[Sample, _Measured, _Measured]]) -> dict[str, Any]:
    _, lesser, larger = compared[0]
    now = datetime.now(UTC).date()
    installed = psutil.virtual_memory().total / 2**30
    ours, limit, peer = (larger.rates[mode] for mode in ("ours", "limit", IMPORT))
    return {
        "name": "statements",
        "format": form,
        "entries": larger.entries,
        "ours": round(ours),
        "limit": round(limit),
        "ratio": round(ours / limit, 3),
        "apart": round(larger.rates["apart"]),
        "peer": round(peer),
        "peer_ratio": round(ours / peer, 3),
        "p99_ours_ms": None,
        "p99_limit_ms": None,
        "peak_memory_mib": round(max(each.most_of_ours() for _, *both in compared for each in both), 1),
        "memory_growth_mib": round(larger.most_of_ours() - lesser.most_of_ours(), 1),
        "machine": f"{psutil.cpu_count()} cores, {installed:.0f} GiB, Python {platform.python_version()}, {now}",
        "samples": [larger.rate_row(sample) for sample, _, larger in compared],
        "memory": [each.memory_row(sample) for sample, *both in compared for each in both],
    }
