"""The measurements by name."""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal

from paygate.bench.apply import bench_apply
from paygate.bench.desk import bench_desk
from paygate.bench.ground import fresh_database
from paygate.bench.intake import measure
from paygate.bench.reconcile import bench_reconcile
from paygate.bench.statements import ENTRIES, Format, bench_statements

Bench = Literal["intake", "apply", "statements", "reconcile", "desk"]

NOTICES: Final = 50_000
SECONDS: Final = 5.0


def run_bench(  # noqa: PLR0913 -- the command's options
    name: Bench,
    server_url: str | None,
    *,
    form: Format,
    seconds: float | None,
    scale: float,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Run one measurement in a database of its own and return the figures `paygate bench --json` prints.

    `form` is the format of statements; `seconds` how long one round of intake, or a parse of statements, lasts; `scale`
    shrinks what is given by size.
    """
    if name == "intake":
        return measure(seconds or SECONDS, server_url, say)
    with fresh_database(server_url) as url:
        if name == "apply":
            return asyncio.run(bench_apply(url, int(NOTICES * scale)))
        if name == "statements":
            return asyncio.run(bench_statements(url, form, int(ENTRIES * scale), seconds=seconds, say=say))
        if name == "reconcile":
            return asyncio.run(bench_reconcile(url, scale, say))
        with tempfile.TemporaryDirectory(prefix="paygate-bench-desk-") as folder:
            return asyncio.run(bench_desk(url, Path(folder), scale, say))
