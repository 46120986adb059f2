"""People and their tokens, and the chain of who did what."""

import getpass
import sys
from typing import Annotated

import typer

from paygate import audit
from paygate.access import Role, add_person, issue_token, limit_person
from paygate.commands.terminal import OUT, Tenant, load, open_tenant, run
from paygate.credentials import set_password
from paygate.domain.errors import IntegrityError, InvalidInputError

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
def add_people(  # noqa: PLR0913 -- each is an option of the command
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="who")],
    role: Annotated[Role, typer.Option(help="what they may do")],
    tenant: Tenant,
    agency: Annotated[list[str] | None, typer.Option(help="limit them to this agency; may be given again")] = None,
    *,
    password: Annotated[bool, typer.Option(help="ask for a password to sign in to the desk with")] = False,
) -> None:
    """Give a person a role in a tenant, adding the person if need be. The first administrator is made so."""
    settings = load(context)
    secret = _ask_password() if password else None

    async def work() -> None:
        async with open_tenant(settings, tenant) as (service, tenant_id), service.database.transaction() as connection:
            person_id = await add_person(connection, name, role, tenant_id)
            await limit_person(connection, person_id, tenant_id, agency or [])
            if secret is not None:
                await set_password(connection, person_id, secret, temporary=False)
            detail = {"role": role, "agencies": agency or [], "password": secret is not None}
            await audit.append(connection, tenant_id, getpass.getuser(), "role_given", name, detail)

    run(work())


def _ask_password() -> str:
    """Ask twice at a terminal; elsewhere read the one line that was piped in."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != first:
        raise InvalidInputError("the two passwords differ")
    return first


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
            token = await issue_token(connection, name, role, tenant_id, issued_by=getpass.getuser())
            await audit.append(connection, tenant_id, getpass.getuser(), "token_issued", name, {"role": role})
        sys.stdout.write(f"{token}\n")

    run(work())
