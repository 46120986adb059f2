"""Prints the figures: `python -m tests.truth --payments 100000 --json`."""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from paygate.database import migrate
from paygate.embedded import embedded_database
from paygate.telemetry import configure_logging
from tests.truth.drawing import draw_worlds
from tests.truth.facts import World
from tests.truth.trial import Trial, try_worlds


def main() -> None:
    arguments = _arguments()
    configure_logging("warning")
    begun = time.perf_counter()
    worlds = draw_worlds(arguments.payments, arguments.seed)
    drawing = round(time.perf_counter() - begun, 1)
    trial = asyncio.run(_try(arguments, worlds))
    figures = {"seed": arguments.seed, "drawing_seconds": drawing, **trial.figures()}
    sys.stdout.write(json.dumps(figures, ensure_ascii=False, indent=None if arguments.json else 2) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.truth")
    parser.add_argument("--payments", type=int, default=3_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--url", help="an empty database; without it an embedded one is made, and thrown away")
    parser.add_argument("--at-once", action="store_true", help="all facts come before the first day is closed")
    parser.add_argument("--json", action="store_true", help="on one line")
    return parser.parse_args()


async def _try(arguments: argparse.Namespace, worlds: list[World]) -> Trial:
    if arguments.url:
        return await _measure(arguments, arguments.url, worlds)
    with tempfile.TemporaryDirectory(prefix="paygate-truth-") as folder, embedded_database(Path(folder)) as url:
        return await _measure(arguments, url, worlds)


async def _measure(arguments: argparse.Namespace, url: str, worlds: list[World]) -> Trial:
    await migrate(url)
    return await try_worlds(url, worlds, at_once=arguments.at_once, say=_say)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


main()
