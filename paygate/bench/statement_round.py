"""One round of the statements measurement, in a process of its own: `python -m … MODE FORMAT SAMPLE FILE URL`.

It prints the entries it found, the seconds it took, and the peak memory of itself and of the reader's process.
"""

import asyncio
import json
import resource
import sys
import time
from collections.abc import Callable
from hashlib import file_digest
from io import BufferedReader
from pathlib import Path
from typing import Final

from adapters.statements.registry import open_statement
from paygate.bench.statement_samples import SAMPLES, Sample
from paygate.database import connect
from paygate.domain.statement import StatementLine
from paygate.statement_files import read_isolated
from paygate.statements import import_statements

TENANT: Final = "bench"


def _go_through(sample: Sample, file: BufferedReader, _: str) -> int:
    return sample.bare(file)


def _parse(sample: Sample, file: BufferedReader, _: str) -> int:
    _name, parts = open_statement(file, sample.format, sample.mapping)
    return sum(1 for part in parts if isinstance(part, StatementLine))


def _parse_apart(sample: Sample, file: BufferedReader, _: str) -> int:
    _name, parts = read_isolated(file, sample.format, sample.mapping)
    return sum(1 for part in parts if isinstance(part, StatementLine))


def _import(sample: Sample, file: BufferedReader, url: str) -> int:
    return asyncio.run(_import_into(sample, file, url))


async def _import_into(sample: Sample, file: BufferedReader, url: str) -> int:
    digest = file_digest(file, "sha256").digest()
    file.seek(0)
    async with connect(url) as connection:
        tenant_id = await connection.fetchval("SELECT tenant_id FROM tenant WHERE code = $1", TENANT)
        name, parts = read_isolated(file, sample.format, sample.mapping)
        result = await import_statements(connection, tenant_id, parts, file_hash=digest, format=name)
    if not result.balanced:
        raise RuntimeError(f"what was written does not balance: {result.warnings}")
    return result.new or 0


MODES: Final[dict[str, Callable[[Sample, BufferedReader, str], int]]] = {
    "limit": _go_through,
    "ours": _parse,
    "apart": _parse_apart,
    "import": _import,
}
"""The bare reader; ours in this process; ours as the service runs it, in a process of its own; that, into rows."""


def _peak_memory_mib() -> float:
    # Not ru_maxrss: a child inherits that of the process it was forked from.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main(mode: str, form: str, name: str, path: str, url: str) -> None:
    sample = next(each for each in SAMPLES[form] if each.name == name)
    begun = time.perf_counter()
    with Path(path).open("rb") as file:
        entries = MODES[mode](sample, file, url)
    seconds = time.perf_counter() - begun
    # Of the reader's process never too little: it has at least what this one had when it started it.
    reader = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    found = {"entries": entries, "seconds": seconds, "memory_mib": _peak_memory_mib(), "reader_mib": reader}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
