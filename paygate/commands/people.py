"""People and their tokens, and the chain of who did what."""

import getpass
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer

from paygate import audit, sessions
from paygate.access import Role, add_person, issue_token, limit_person
from paygate.app import open_service
from paygate.commands.terminal import OUT, Tenant, load, open_tenant, run, written
from paygate.credentials import set_password
from paygate.database import Connection
from paygate.domain.deeds import Deed
from paygate.domain.errors import IntegrityError, InvalidInputError
from paygate.sign_in_changes import let_in, reset_password, reset_provider, reset_totp, shut_out

Name = Annotated[str, typer.Argument(help="who")]

people = typer.Typer(no_args_is_help=True, help="People and their tokens.")
trail = typer.Typer(no_args_is_help=True, help="The chain of who did what.")


@trail.command("verify")
def verify_audit(context: typer.Context, tenant: Tenant) -> None:
    """Check the chain of who did what from its first entry to its head."""
    settings = load(context)

    async def work() -> None:
        async with open_tenant(settings, tenant) as (service, tenant_id), service.database.connection() as connection:
            broken = (await audit.verify(connection, tenant_id)).broken
        if broken is not None:
            raise IntegrityError(f"the audit trail is broken at entry {broken.number}: {broken.fault}")
        OUT.print("the audit trail is whole")

    run(work())


@trail.command("export")
def export_audit(
    context: typer.Context,
    tenant: Tenant,
    output: Annotated[Path | None, typer.Option(help="the file to write; without it, standard output")] = None,
    after: Annotated[int, typer.Option(min=0, help="begin after the entry of this number")] = 0,
) -> None:
    """Write the chain as NDJSON, each entry with the digest before it and its own, to be kept and checked elsewhere."""
    settings = load(context)

    async def work() -> None:
        def write(sealed: audit.Sealed) -> None:
            file.write(json.dumps(sealed.as_json(), ensure_ascii=False) + "\n")

        async with open_tenant(settings, tenant) as (service, tenant_id), service.database.connection() as connection:
            with written(output) as file:
                await audit.export(connection, tenant_id, write, after=after)

    run(work())


@people.command("add")
def add_people(  # noqa: PLR0913 -- each is an option of the command
    context: typer.Context,
    name: Name,
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
                await sessions.end_all(connection, person_id)
            detail = {"role": role, "agencies": agency or [], "password": secret is not None}
            await audit.append(connection, tenant_id, getpass.getuser(), Deed.ROLE_GIVEN, name, detail)

    run(work())


@people.command("disable")
def disable(context: typer.Context, name: Name) -> None:
    """Keep a person out of every tenant, and end what they are signed in to."""

    async def work(connection: Connection) -> str:
        ended = await shut_out(connection, name, getpass.getuser())
        return f"{name} is kept out; sessions ended: {ended}"

    _change(context, work)


@people.command("enable")
def enable(context: typer.Context, name: Name) -> None:
    """Let a person in again who was kept out."""

    async def work(connection: Connection) -> str:
        changed = await let_in(connection, name, getpass.getuser())
        return f"{name} may come in again" if changed else f"{name} was not kept out"

    _change(context, work)


@people.command("reset")
def reset(
    context: typer.Context,
    name: Name,
    *,
    totp: Annotated[bool, typer.Option("--totp", help="ask for no codes any more; the password stays")] = False,
    provider: Annotated[
        bool, typer.Option("--provider", help="forget who they are at the identity provider, and their password")
    ] = False,
) -> None:
    """Print a temporary password, once; it is to be changed at the first sign-in. What they are signed in to ends."""
    if totp and provider:
        raise InvalidInputError("say one of --totp and --provider")

    async def work(connection: Connection) -> str:
        actor = getpass.getuser()
        if totp:
            await reset_totp(connection, name, actor)
            return f"{name} is asked for no codes any more"
        if provider:
            await reset_provider(connection, name, actor)
            return f"{name} is known anew at the next sign-in at the identity provider"
        return await reset_password(connection, name, actor)

    _change(context, work)


def _change(context: typer.Context, work: Callable[[Connection], Awaitable[str]]) -> None:
    settings = load(context)

    async def change() -> None:
        async with open_service(settings) as service, service.database.transaction() as connection:
            told = await work(connection)
        OUT.print(told)

    run(change())


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
    name: Name,
    role: Annotated[Role, typer.Option(help="what they may do")],
    tenant: Tenant,
) -> None:
    """Print a new bearer token, once."""
    settings = load(context)

    async def work() -> None:
        async with open_tenant(settings, tenant) as (service, tenant_id), service.database.transaction() as connection:
            token = await issue_token(connection, name, role, tenant_id, issued_by=getpass.getuser())
            await audit.append(connection, tenant_id, getpass.getuser(), Deed.TOKEN_ISSUED, name, {"role": role})
        sys.stdout.write(f"{token}\n")

    run(work())
