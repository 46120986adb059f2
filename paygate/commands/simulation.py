"""Simulating the configured sources against a running service."""

import asyncio
import ipaddress
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from random import SystemRandom
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from paygate.commands.terminal import OUT, AsJson, load, print_json, print_rows
from paygate.domain.errors import InvalidInputError
from paygate.settings import Settings
from paygate.simulation.check import SourceTally, Verdict
from paygate.simulation.plan import MOST_NOTICES, Mix
from paygate.simulation.run import Simulation, name_run, simulate
from paygate.simulation.sending import Pace
from paygate.simulation.sources import simulated_sources

EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- where such a service is reached from here
SHOWN_DIFFERENCES: Final = 20
LINES_OF_PROGRESS: Final = 10
DIFFERS: Final = 1
USUAL: Final = Mix()


def _percent(of_what: str) -> Any:
    return typer.Option(min=0, max=100, metavar="%", help=of_what)


def simulate_sources(  # noqa: PLR0913, PLR0917 -- each is an option
    context: typer.Context,
    url: Annotated[str | None, typer.Option(help="the service; without it, the one of the configuration")] = None,
    source: Annotated[list[str] | None, typer.Option(help="only this source; may be given several times")] = None,
    rate: Annotated[float, typer.Option(min=0.1, max=10_000, help="notices a second")] = 50.0,
    seconds: Annotated[float, typer.Option(min=0.1, max=86_400, help="how long new ones are sent")] = 20.0,
    duplicates: Annotated[float, _percent("notices sent twice to five times")] = USUAL.duplicates,
    shuffled: Annotated[float, _percent("notices sent out of turn")] = USUAL.shuffled,
    tampered: Annotated[float, _percent("payments whose notice was altered on its way")] = USUAL.tampered,
    failed: Annotated[float, _percent("payments with a failed attempt, every other paid after it")] = USUAL.failed,
    wrong_amount: Annotated[float, _percent("payments told of again with another amount")] = USUAL.wrong_amount,
    malformed: Annotated[float, _percent("payments whose authentic notice cannot be read")] = USUAL.malformed,
    late: Annotated[float, _percent("payments told of up to three days later")] = USUAL.late,
    seed: Annotated[int | None, typer.Option(help="what is drawn follows from it; else another each time")] = None,
    ledger: Annotated[Path, typer.Option(help="to this file every answer is added, as a JSON line")] = Path(
        "paygate-simulation.jsonl"
    ),
    key: Annotated[
        list[str] | None,
        typer.Option(metavar="SOURCE=file:PATH", help="what a source signs with, where its secrets only verify"),
    ] = None,
    check: Annotated[bool, typer.Option(help="compare with the service's database at the end")] = True,  # noqa: FBT002
    yes: Annotated[bool, typer.Option("--yes", help="send to a service on another machine too")] = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Send signed notices of every source to a running service, and check that it keeps what it acknowledged.

    It writes into the inbox and the ledger of the service it is pointed at: its payments stay there. Their references
    begin with SIM; where a source has only numbers or codes of its own for references, they are drawn at random and
    stand in the file of answers.
    """
    settings = load(context)
    sources = simulated_sources(settings, source or [], _keys(key or []))
    target = _target(url or _own_url(settings), elsewhere=yes)
    drawn = SystemRandom().randrange(2**31) if seed is None else seed
    mix = Mix(duplicates, shuffled, tampered, failed, wrong_amount, malformed, late)
    if rate * seconds > MOST_NOTICES:
        raise InvalidInputError(f"that would be more than {MOST_NOTICES:,} notices; take a lower rate or less time")
    simulation = Simulation(target, sources, mix, drawn, ledger, name_run())
    if not as_json:
        OUT.print(f"run {simulation.run}, seed {drawn}: {len(sources)} sources send to {target}, answers in {ledger}")
    verdict = asyncio.run(_run(simulation, rate, seconds, settings if check else None))
    _tell(simulation, verdict, checked=check, as_json=as_json)
    sys.exit(0 if verdict.agrees else DIFFERS)


async def _run(simulation: Simulation, rate: float, seconds: float, settings: Settings | None) -> Verdict:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    with _progress(max(1, round(rate * seconds))) as sent:
        return await simulate(simulation, Pace(rate, seconds, stop), sent, settings)


def _keys(given: Sequence[str]) -> dict[str, str]:
    keys = dict(one.partition("=")[::2] for one in given)
    if wrong := next((code for code, named in keys.items() if not (code and named)), None):
        raise InvalidInputError(f"--key {wrong} is not SOURCE=file:PATH")
    return keys


def _own_url(settings: Settings) -> str:
    host = EVERYWHERE.get(settings.host, settings.host)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def _target(url: str, *, elsewhere: bool) -> str:
    """Return the service's URL without a slash at its end.

    Raises:
        InvalidInputError: it is none, or it is on another machine and nobody said that this is meant.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname if parts.scheme in {"http", "https"} and parts.port != 0 else None
    except ValueError:
        host = None
    if not host:
        raise InvalidInputError(f"{url!r} is not the URL of a service, such as http://127.0.0.1:8080")
    if not (elsewhere or _is_loopback(host)):
        raise InvalidInputError(f"{url} is on another machine: a simulation writes into its ledger; --yes if meant")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal, and every tenth part as a line elsewhere; on standard error, away from the result."""
    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("sent"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=total)

        def sent(count: int) -> None:
            progress.update(task, completed=count)
            if (
                not console.is_terminal
                and count * LINES_OF_PROGRESS // total > (count - 1) * LINES_OF_PROGRESS // total
            ):
                sys.stderr.write(f"sent {count:,} of {total:,}\n")

        yield sent


def _tell(simulation: Simulation, verdict: Verdict, *, checked: bool, as_json: bool) -> None:
    tallies = sorted(verdict.tallies.items())
    if as_json:
        told = {"run": simulation.run, "seed": simulation.seed, "checked": checked, "agrees": verdict.agrees}
        rows = [{"source": code, **asdict(tally)} for code, tally in tallies]
        print_json({**told, "sources": rows, "differences": [one._asdict() for one in verdict.differences]})
        return
    print_rows([_row(code, tally, checked=checked) for code, tally in tallies])
    for one in verdict.differences[:SHOWN_DIFFERENCES]:
        OUT.print(f"{one.source} {one.reference}: {one.problem}")
    if (more := len(verdict.differences) - SHOWN_DIFFERENCES) > 0:
        OUT.print(f"and {more} more")
    OUT.print(_sentence(agrees=verdict.agrees, checked=checked))


def _row(code: str, tally: SourceTally, *, checked: bool) -> dict[str, object]:
    answered = {
        "source": code,
        "sent": tally.sent,
        "acknowledged": tally.acknowledged,
        "forged": f"{tally.refused}/{tally.tampered} refused",
        "unanswered": tally.in_doubt,
    }
    if not checked:
        return answered
    return answered | {"found": tally.found, "payments": f"{tally.payments_right}/{tally.payments}"}


def _sentence(*, agrees: bool, checked: bool) -> str:
    if not agrees:
        return "What was sent and what came of it differ."
    if not checked:
        return "Everything was answered as it must be; what is stored was not looked at."
    return "What was acknowledged is stored once and as it was sent, and the ledger says of every payment what it must."
