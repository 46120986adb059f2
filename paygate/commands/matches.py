"""What people decide about matches."""

from typing import Annotated

import typer

from paygate.access import CHECKERS
from paygate.app import matches_of
from paygate.commands.terminal import OUT, Tenant, load, open_tenant, run, whose_token

matches = typer.Typer(no_args_is_help=True, help="Matches that a person undoes.")

Number = Annotated[int, typer.Argument(min=1, help="the match's number, as the dossier shows it")]
Why = Annotated[str, typer.Option("--reason", help="why; it is kept with the match")]


@matches.command("undo")
def undo(context: typer.Context, number: Number, tenant: Tenant, reason: Why) -> None:
    """Undo a match: its facts are free, and no pass joins them again. As whose token stands in PAYGATE_TOKEN."""
    _decide(context, tenant, number, reason, undo=True)


@matches.command("rejoin")
def rejoin(context: typer.Context, number: Number, tenant: Tenant, reason: Why) -> None:
    """Take an undoing back: the passes may join its facts again. As whose token stands in PAYGATE_TOKEN."""
    _decide(context, tenant, number, reason, undo=False)


def _decide(context: typer.Context, tenant: str, number: int, reason: str, *, undo: bool) -> None:
    settings = load(context)

    async def work() -> None:
        async with open_tenant(settings, tenant) as (service, tenant_id):
            person = await whose_token(service, tenant, CHECKERS)
            decided = matches_of(service)
            decide = decided.undo if undo else decided.rejoin
            new = await decide(tenant_id, number, person=person, reason=reason)
            await service.match(tenant_id)
        said = f"match {number} is {'undone' if undo else 'rejoined'}"
        OUT.print(said if new else f"{said} already: nothing is new")

    run(work())
