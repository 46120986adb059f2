"""Deliveries to other systems: how far each has been told, what it would not take, and sending that again."""

import getpass
from typing import Annotated, Final

import typer

from paygate import audit, endpoints
from paygate.commands.terminal import OUT, AsJson, Tenant, Yes, load, open_tenant, print_json, run, show_rows

deliveries = typer.Typer(no_args_is_help=True, help="Deliveries to other systems: what waits, what died.")

SHOWN: Final = ("name", "sequence", "kind", "behind", "dead", "state", "attempts", "paused", "reason")
"""What fits a terminal's width; `--json` gives the rest."""


@deliveries.command("list")
def list_deliveries(
    context: typer.Context,
    tenant: Tenant,
    endpoint: Annotated[str | None, typer.Argument(help="its dead letters; left out: all endpoints")] = None,
    after: Annotated[int, typer.Option(help="the last number of the page before")] = 0,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """List the endpoints and how far each has been told, or the dead letters of one."""
    settings = load(context)

    async def work() -> None:
        async with open_tenant(settings, tenant) as (service, tenant_id), service.database.connection() as connection:
            rows = (
                await endpoints.list_letters(connection, tenant_id, endpoint, after=after)
                if endpoint
                else await endpoints.list_endpoints(connection, tenant_id)
            )
        show_rows(rows, SHOWN, as_json=as_json)

    run(work())


@deliveries.command("show")
def show_delivery(
    context: typer.Context, number: Annotated[int, typer.Argument(help="the event's number")], tenant: Tenant
) -> None:
    """Show an event of the feed and where it stands with each endpoint."""
    settings = load(context)

    async def work() -> None:
        async with open_tenant(settings, tenant) as (service, tenant_id), service.database.connection() as connection:
            print_json(await endpoints.show_event(connection, tenant_id, number))

    run(work())


@deliveries.command("replay")
def replay_deliveries(
    context: typer.Context,
    tenant: Tenant,
    numbers: Annotated[
        list[int] | None, typer.Argument(help="numbers; without any, all that the option selects")
    ] = None,
    endpoint: Annotated[str | None, typer.Option(help="only of this endpoint")] = None,
    yes: Yes = False,  # noqa: FBT002
) -> None:
    """Count the dead letters a replay would send again and, with --yes, send them: serve's worker does."""
    settings = load(context)
    selection = endpoints.Selection(endpoint, tuple(numbers) if numbers else None)

    async def work() -> None:
        async with open_tenant(settings, tenant) as (service, tenant_id), service.database.transaction() as connection:
            letters = (
                await endpoints.replay(connection, tenant_id, selection, getpass.getuser(), audit.append)
                if yes
                else await endpoints.preview_replay(connection, tenant_id, selection)
            )
        OUT.print(f"{len(letters)} to be sent again, to {len({name for name, _ in letters})} endpoints")
        if not yes:
            OUT.print("nothing was done; --yes does it")

    run(work())


@deliveries.command("resume")
def resume_endpoint(
    context: typer.Context, endpoint: Annotated[str, typer.Argument(help="the endpoint's name")], tenant: Tenant
) -> None:
    """Let an endpoint that answered 410 be told again, from where it stopped."""
    settings = load(context)

    async def work() -> None:
        async with open_tenant(settings, tenant) as (service, tenant_id), service.database.transaction() as connection:
            await endpoints.resume(connection, tenant_id, endpoint, getpass.getuser(), audit.append)
        OUT.print(f"{endpoint} is told again")

    run(work())
