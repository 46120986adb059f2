"""People and their tokens, and the chain of who did what."""

import getpass
import sys
from typing import Annotated

import typer

from paygate import audit
from paygate.access import Role, add_person, issue_token
from paygate.commands.terminal import OUT, Tenant, load, open_tenant, run
from paygate.domain.errors import IntegrityError

people = typer.Typer(no_args_is_help=True, help="People and their tokens.")
trail = typer.Typer(no_args_is_help=True, help="The chain of who did what.")


@trail.command("verify")
def verify_audit(context: typer.Context, tenant: Tenant) -> None:
    """Check the chain of who did what from its first entry to its head."""
    settings = load(context)

    async def work() -> None:
        async with open_tenant(settings, tenant) as (service, tenant_id), service.database.connection() as connection:
            broken = await audit.verify(connection, tenant_id)
        if broken is not None:
            raise IntegrityError(f"the audit trail is broken at entry {broken.number}: {broken.reason}")
        OUT.print("the audit trail is whole")

    run(work())


@people.command("add")
def add_people(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="who")],
    role: Annotated[Role, typer.Option(help="what they may do")],
    tenant: Tenant,
) -> None:
    """Give a person a role in a tenant, adding the person if need be."""
    settings = load(context)

    async def work() -> None:
        async with open_tenant(settings, tenant) as (service, tenant_id), service.database.transaction() as connection:
            await add_person(connection, name, role, tenant_id)
            await audit.append(connection, tenant_id, getpass.getuser(), "role_given", name, {"role": role})

    run(work())


@people.command("token")
def make_token(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="who")],
    role: Annotated[Role, typer.Option(help="what they may do")],
    tenant: Tenant,
) -> None:
    """Print a new bearer token, once."""
    settings = load(context)

    async def work() -> None:
        async with open_tenant(settings, tenant) as (service, tenant_id), service.database.transaction() as connection:
            token = await issue_token(connection, name, role, tenant_id)
            await audit.append(connection, tenant_id, getpass.getuser(), "token_issued", name, {"role": role})
        sys.stdout.write(f"{token}\n")

    run(work())
