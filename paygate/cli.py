"""The command line. Exit 0: done; 2: refused, with one readable line on standard error; 1: failed. Never a trace."""

import sys
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from paygate.commands import days, service
from paygate.commands.adapters import adapter
from paygate.commands.answers import answer_statement
from paygate.commands.deliveries import deliveries
from paygate.commands.inbox import inbox
from paygate.commands.matches import matches
from paygate.commands.people import people, trail
from paygate.commands.records import records
from paygate.commands.retention import trim
from paygate.commands.rules import rules
from paygate.commands.simulation import simulate_sources
from paygate.commands.statements import statements
from paygate.commands.verification import verify
from paygate.domain.errors import IntegrityError, PaygateError, TemporaryError

REFUSED: Final = 2
FAILED: Final = 1

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback(help="paygate: online payment reconciliation")
def take_configuration(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option("--config", help="the configuration file")] = None,
) -> None:
    """Hand the file's name to the command, which reads it."""
    context.obj = config


for command in (service.demo, service.serve, service.doctor, days.reconcile, days.report, trim, service.bench):
    app.command()(command)
statements.command("answer")(answer_statement)
app.command("migrate")(service.migrate_schema)
app.command("verify-run")(verify)
app.command("simulate")(simulate_sources)
for group, name in (
    (records, "records"),
    (statements, "statements"),
    (inbox, "notices"),
    (deliveries, "deliveries"),
    (matches, "matches"),
    (people, "people"),
    (trail, "audit"),
    (rules, "rules"),
    (adapter, "adapter"),
):
    app.add_typer(group, name=name)


def main() -> NoReturn:
    """Run a command; what it raises becomes a line and an exit code."""
    try:
        app()
    except (TemporaryError, IntegrityError) as error:
        _leave(str(error), FAILED)
    except PaygateError as error:
        _leave(str(error), REFUSED)
    except Exception as error:  # noqa: BLE001 -- the last resort: a line, never a trace
        _leave(f"failed unexpectedly: {type(error).__name__}: {error}", FAILED)
    sys.exit(0)


def _leave(message: str, code: int) -> NoReturn:
    sys.stderr.write(f"paygate: {' '.join(message.split())}\n")
    sys.exit(code)
