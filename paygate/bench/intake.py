"""How much of a bare aiohttp handler's rate is left when every notice is verified, and durable before its reply."""

import asyncio
import json
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import psutil

from adapters import registry
from paygate.bench.ground import fresh_database
from paygate.bench.intake_servers import KIND, OPTIONS, PATH, SECRET, SERVERS
from paygate.database import connect
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.notice import NoticeFacts

CONNECTIONS: Final = 64
ROUNDS: Final = 3
WARM_UP_SECONDS: Final = 1
LEAST_RATIO: Final = 0.70
BODIES_PER_SECOND: Final = 20_000
"""Distinct notices made for each second of a round, more than can be sent: a repeat would be cheaper to take."""
MOST_BODIES: Final = 400_000
LEAST_PEER_RATIO: Final = 2.5
MOST_P99_RATIO: Final = 2.0
_SCRIPT: Final = Path(__file__).with_name("notices.lua")


@dataclass(frozen=True, slots=True)
class Round:
    """One measurement: requests a second, and the 99th percentile of their latency."""

    rate: float
    p99_ms: float
    memory_mib: float


def measure(
    seconds: float = 5.0, database_url: str | None = None, say: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Measure the three servers in turns, each turn so long, and return the figures `paygate bench --json` prints.

    A database of its own is made on the server at `database_url`, or on an embedded one in a temporary folder.
    """
    with tempfile.TemporaryDirectory(prefix="paygate-bench-") as folder, fresh_database(database_url) as url:
        bodies = Path(folder) / "bodies"
        _write_bodies(bodies, min(MOST_BODIES, int(seconds * BODIES_PER_SECOND)))
        rounds: dict[str, list[Round]] = {mode: [] for mode in SERVERS}
        for number in range(ROUNDS):
            for mode in SERVERS:
                asyncio.run(_empty(url))
                one = _measure_one(mode, url, bodies, seconds)
                rounds[mode].append(one)
                say(f"round {number + 1} {mode}: {one.rate:,.0f}/s, p99 {one.p99_ms:.1f} ms")
    return _figures(rounds)


def _figures(rounds: dict[str, list[Round]]) -> dict[str, Any]:
    rate = {mode: statistics.median(one.rate for one in taken) for mode, taken in rounds.items()}
    p99 = {mode: statistics.median(one.p99_ms for one in taken) for mode, taken in rounds.items()}
    return {
        "name": "intake",
        "ours": round(rate["ours"], 1),
        "limit": round(rate["bare"], 1),
        "ratio": round(rate["ours"] / rate["bare"], 3),
        "peer": round(rate["single"], 1),
        "peer_ratio": round(rate["ours"] / rate["single"], 3),
        "p99_ours_ms": round(p99["ours"], 2),
        "p99_limit_ms": round(p99["bare"], 2),
        "peak_memory_mib": round(max(one.memory_mib for one in rounds["ours"]), 1),
        "machine": f"{psutil.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
    }


def _measure_one(mode: str, url: str, bodies: Path, seconds: float) -> Round:
    with _server(mode, url) as (address, process):
        _send(address, bodies, WARM_UP_SECONDS)
        asyncio.run(_empty(url))
        sent = _send(address, bodies, seconds)
        memory = psutil.Process(process.pid).memory_info().rss / 2**20
    if sent["errors"]:
        raise RuntimeError(f"{sent['errors']} requests failed while {mode} was measured")
    return Round(sent["rate"], sent["p99_ms"], memory)


@contextmanager
def _server(mode: str, url: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "paygate.bench.intake_servers", mode, url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 -- ourselves
        try:
            if process.stdout is None or not (address := process.stdout.readline().strip()):
                raise RuntimeError(f"the server {mode} did not start")
            yield address, process
        finally:
            process.communicate()  # the end of its input tells it to stop


def _send(address: str, bodies: Path, seconds: float) -> dict[str, Any]:
    """Run the sender, a process of its own, and return what it counted."""
    if wrk := shutil.which("wrk"):
        command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "-s", str(_SCRIPT)]
        command += [address + PATH, "--", str(bodies)]
    else:
        parts = urlsplit(address)
        command = [sys.executable, "-m", "paygate.bench.load", str(parts.hostname), str(parts.port), PATH]
        command += [str(bodies), str(CONNECTIONS), str(seconds)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 -- as above
    counted: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
    return counted


def _write_bodies(file: Path, count: int) -> None:
    simulator = registry.simulator(KIND, SECRET, OPTIONS)
    start = datetime(2024, 5, 8, 1, 0, tzinfo=UTC)
    with file.open("wb") as out:
        for number in range(count):
            moment = start + timedelta(milliseconds=number)
            dossier = f"000.00.{number % 20:02}.H23-240508-{number % 10_000:04}"
            facts = NoticeFacts(
                reference=f"dvc00000{number % 20:02}H23240508{number:07}",
                transaction_id=f"G22.99.3-240508{number:07}",
                state=PaymentState.PAID,
                outcome=Outcome.PAID,
                amount=50_000 + number % 200 * 1000,
                currency="VND",
                occurred_at=moment,
                description=f"THANH TOAN HO SO {dossier}",
            )
            out.write(simulator.request(facts, moment)[1] + b"\n")


async def _empty(url: str) -> None:
    async with connect(url) as connection:
        await connection.execute("TRUNCATE notice")
