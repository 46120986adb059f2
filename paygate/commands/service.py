"""Running the service: serve, migrate, doctor, demo, bench."""

import asyncio
import sys
from collections.abc import Sequence
from typing import Annotated, Final

import typer
from rich.console import Console

from paygate.access import count_who_can_sign_in
from paygate.app import Role, open_service, run_service
from paygate.bench.statements import Format
from paygate.bench.suite import Bench, run_bench
from paygate.commands.terminal import OUT, AsJson, load, print_json, print_rows, run
from paygate.configured import amiss, desk_seal
from paygate.credentials import unreadable_apps
from paygate.database import check_durability, migrate
from paygate.demo.run import run_demo
from paygate.domain.errors import ConfigurationError, InvalidInputError
from paygate.embedded import embedded_database

REFUSED: Final = 2
"""What the doctor leaves with where something is amiss."""
MOST_NAMED: Final = 20
"""People whom a line has room for."""
NOBODY_SIGNS_IN: Final = (
    "nobody can sign in to the desk yet: paygate people add NAME --role admin --tenant TENANT --password"
)


def demo(
    context: typer.Context,
    exit_after: Annotated[bool, typer.Option("--exit", help="leave when the report is shown")] = False,  # noqa: FBT002
) -> None:
    """Play a sample province: signed notices over HTTP, records, statements, a closed day, the report; then serve."""
    if context.obj is not None:
        raise InvalidInputError("the demo brings its own configuration")
    sys.exit(asyncio.run(run_demo(exit_after=exit_after, data_dir=None, out=Console(highlight=False))))


def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="PAYGATE_HOST")] = None,
    port: Annotated[int | None, typer.Option(help="PAYGATE_PORT; 0 takes a free one")] = None,
    role: Annotated[Role, typer.Option(help="which part this process plays")] = "all",
) -> None:
    """Take in notices and work on them until interrupted."""
    settings = load(context, quiet=False)

    def ready(url: str) -> None:
        sys.stdout.write(f"{url or 'worker'}\n")
        sys.stdout.flush()

    chosen = settings.port if port is None else port
    run_service(settings, host=host or settings.host, port=chosen, role=role, ready=ready)


def migrate_schema(context: typer.Context) -> None:
    """Bring the database's schema forward."""
    settings = load(context)

    async def work(url: str) -> None:
        applied = await migrate(url)
        OUT.print("\n".join(applied) or "the schema is current")

    if settings.database_url:
        run(work(settings.database_url))
    else:
        with embedded_database(settings.data_dir) as url:
            run(work(url))


def doctor(context: typer.Context) -> None:
    """Check the configuration, the secrets and the database, and say what is amiss."""
    settings = load(context)

    async def work() -> None:
        async with open_service(settings) as service:
            if found := list(amiss(settings, service.directory)):
                sys.stderr.writelines(f"paygate: {one}\n" for one in found)
                sys.exit(REFUSED)
            seal = desk_seal(settings)
            async with service.database.connection() as connection:
                await check_durability(connection)
                version = await connection.fetchval("SHOW server_version")
                people = await count_who_can_sign_in(connection, elsewhere=settings.desk.oidc is not None)
                locked_out = await unreadable_apps(connection, seal)
        kind = "the configured" if settings.database_url else "the embedded"
        OUT.print(f"{kind} PostgreSQL {version} keeps what it acknowledges")
        OUT.print(f"{len(settings.sources)} sources of {len(settings.tenants)} tenants have their secrets")
        OUT.print(f"{len(settings.endpoints)} endpoints have their secrets and may be reached")
        OUT.print(f"{people} people can sign in to the desk" if people else NOBODY_SIGNS_IN)
        if locked_out:
            raise ConfigurationError(_said_of(locked_out, settings.place_of("desk", "secret")))

    run(work())


def _said_of(locked_out: Sequence[str], place: str) -> str:
    named = ", ".join(locked_out[:MOST_NAMED]) + (", …" if len(locked_out) > MOST_NAMED else "")
    return (
        f"{place}: no secret named there opens the authenticator apps of {len(locked_out)} people, who cannot sign in:"
        f" {named}; name the former secret beside the new one, or 'paygate people reset NAME --totp' each"
    )


def bench(  # noqa: PLR0913, PLR0917 -- the contract's options
    context: typer.Context,
    name: Annotated[Bench, typer.Argument(help="what to measure")],
    format: Annotated[Format, typer.Option(help="of statements")] = "camt",  # noqa: A002 -- the contract's word
    seconds: Annotated[float | None, typer.Option(help="how long, where time is what is given")] = None,
    scale: Annotated[float, typer.Option(help="a fraction of the full size, where size is what is given")] = 1.0,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Measure against honest peers, in one run on this machine."""
    settings = load(context)
    figures = run_bench(name, settings.database_url, form=format, seconds=seconds, scale=scale, say=_say)
    if as_json:
        print_json(figures)
    else:
        tables = {key: value for key, value in figures.items() if isinstance(value, list)}
        print_rows([{"figure": key, "value": value} for key, value in figures.items() if key not in tables])
        for rows in tables.values():
            print_rows(rows)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
