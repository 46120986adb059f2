"""The inbox: what waits, and putting it to work again."""

import getpass
from typing import Annotated, Final

import typer

from paygate import audit, notices
from paygate.app import Service, build_worker
from paygate.commands.terminal import OUT, AsJson, Tenant, Yes, load, open_tenant, print_json, run, show_rows
from paygate.domain.errors import NotFoundError
from paygate.domain.lifecycle import NoticeState
from paygate.ledger import apply_batch
from paygate.replays import Fate, Preview, Replays
from paygate.retranslation import retranslating

inbox = typer.Typer(no_args_is_help=True, help="The inbox: what waits, and putting it to work again.")

SHOWN: Final = ("notice_id", "source", "reference", "amount", "state", "count", "oldest", "attempts", "reason")
"""What fits a terminal's width; `--json` gives the rest."""

FATES: Final = {
    Fate.APPLIES: "would be applied",
    Fate.KNOWN: "known already",
    Fate.WAITS: "would wait for a record",
    Fate.UNREADABLE: "still cannot be read",
    Fate.FAILS: "would fail",
}


@inbox.command("list")
def list_notices(
    context: typer.Context,
    tenant: Tenant,
    state: Annotated[NoticeState | None, typer.Option(help="only these; without it, counts by reason")] = None,
    after: Annotated[int, typer.Option(help="the last number of the page before")] = 0,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """List what is in the inbox by state, or count what waits and why."""
    settings = load(context)

    async def work() -> None:
        async with open_tenant(settings, tenant) as (service, tenant_id), service.database.connection() as connection:
            rows = (
                await notices.list_notices(connection, tenant_id, state, after=after)
                if state
                else await notices.count_notices(connection, tenant_id)
            )
        show_rows(rows, SHOWN, as_json=as_json)

    run(work())


@inbox.command("show")
def show_notice(
    context: typer.Context, number: Annotated[int, typer.Argument(help="the notice's number")], tenant: Tenant
) -> None:
    """Show everything known of one notice, its body as received."""
    settings = load(context)

    async def work() -> None:
        async with open_tenant(settings, tenant) as (service, tenant_id), service.database.connection() as connection:
            print_json(await notices.show_notice(connection, tenant_id, number))

    run(work())


@inbox.command("replay")
def replay_notices(  # noqa: PLR0913, PLR0917 -- the ways to select
    context: typer.Context,
    tenant: Tenant,
    numbers: Annotated[
        list[int] | None, typer.Argument(help="numbers; without any, all that the options select")
    ] = None,
    state: Annotated[list[NoticeState] | None, typer.Option(help="only of these states")] = None,
    source: Annotated[str | None, typer.Option(help="only of this source")] = None,
    yes: Yes = False,  # noqa: FBT002
) -> None:
    """Count what a replay would do and, with --yes, do it."""
    settings = load(context)

    async def work() -> None:
        async with open_tenant(settings, tenant) as (service, tenant_id):
            selection = notices.Selection(
                tuple(numbers) if numbers else None,
                tuple(state) if state else notices.REPLAYABLE,
                _source_number(service, source),
            )
            translate = retranslating(settings, service.directory)
            if not yes:
                async with service.database.transaction() as connection:
                    _show_preview(await Replays(translate, apply_batch).preview(connection, tenant_id, selection))
                return
            async with service.database.transaction() as connection:
                counts = await notices.replay(
                    connection,
                    tenant_id,
                    selection,
                    getpass.getuser(),
                    translate=translate,
                    append_audit=audit.append,
                )
            await build_worker(service).drain(tenant_id)
        OUT.print(
            f"{counts.selected} selected: {counts.due} to be tried again · {counts.applied} applied already ·"
            f" {counts.untranslatable} still cannot be read"
        )

    run(work())


def _show_preview(preview: Preview) -> None:
    told = " · ".join(f"{preview.count(fate)} {words}" for fate, words in FATES.items())
    OUT.print(f"{len(preview.fates) + preview.settled} selected: {told} · {preview.settled} need nothing")
    for reason, count in preview.reasons.items():
        OUT.print(f"  {count} × {reason}")
    OUT.print("nothing was done; --yes does it")


def _source_number(service: Service, code: str | None) -> int | None:
    if code is None:
        return None
    if code not in service.directory.sources:
        raise NotFoundError(f"there is no source {code!r}")
    return service.directory.sources[code].source_id
