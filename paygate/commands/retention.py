"""Dropping what is over its time."""

import getpass
from datetime import UTC, datetime
from typing import Annotated

import typer

from paygate.app import open_service
from paygate.commands.terminal import OUT, AsJson, load, print_json, print_rows, run
from paygate.configured import trimming


def trim(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="count what would go, and drop nothing")] = False,  # noqa: FBT002
    tenant: Annotated[str | None, typer.Option("--tenant", help="only this tenant's")] = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Drop what is settled and older than the configuration keeps it; what is unresolved stays, however old."""
    settings = load(context)

    async def work() -> None:
        async with open_service(settings) as service:
            only = None if tenant is None else service.directory.tenant(tenant).tenant_id
            tallies = await trimming(
                settings, service.database, datetime.now(UTC), actor=getpass.getuser(), only=only, rehearsal=dry_run
            ).run()
        rows = [
            {"tenant": code, "what": str(kind), "would_go" if dry_run else "gone": tally.gone, "unresolved": tally.kept}
            for (code, kind), tally in tallies.items()
        ]
        if as_json:
            print_json(rows)
        elif rows:
            print_rows(rows)
        else:
            OUT.print("[retention] keeps everything for ever")

    run(work())
