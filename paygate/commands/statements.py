"""Bank statements from files."""

from hashlib import file_digest
from typing import Annotated

import typer

from adapters.statements.registry import FORMATS
from adapters.statements.table import TableMapping
from paygate.commands.terminal import OUT, AsJson, File, Tenant, counting, load, open_tenant, print_json, run
from paygate.domain.errors import InvalidInputError
from paygate.domain.legs import Leg
from paygate.settings import Settings
from paygate.statement_files import read_isolated
from paygate.statements import StatementImport, import_statements, preview

statements = typer.Typer(no_args_is_help=True, help="Bank statements.")


@statements.command("import")
def import_statement(  # noqa: PLR0913, PLR0917 -- the contract's options
    context: typer.Context,
    file: File,
    tenant: Tenant,
    account: Annotated[str | None, typer.Option(help="where the file does not name it")] = None,
    format: Annotated[str | None, typer.Option(help=f"{', '.join(FORMATS)}; guessed when not given")] = None,  # noqa: A002
    mapping: Annotated[str | None, typer.Option(help="the mapping that says what a table's columns mean")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only show what it would read")] = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Take in a bank statement."""
    settings = load(context)
    table = _mapping(settings, mapping)
    account = account or (table.account if table else None)
    try:
        with file.open("rb") as opened:
            digest = file_digest(opened, "sha256").digest()
            opened.seek(0)
            kind, parts = read_isolated(opened, format, table)
            if dry_run:
                _show_statement(preview(parts, format=kind, account=account), as_json=as_json)
                return

            async def work() -> None:
                async with open_tenant(settings, tenant) as (service, tenant_id):
                    with counting("lines") as advance:
                        async with service.database.connection() as connection:
                            result = await import_statements(
                                connection,
                                tenant_id,
                                parts,
                                file_hash=digest,
                                format=kind,
                                account=account,
                                progress=advance,
                            )
                _show_statement(result, as_json=as_json)

            run(work())
    except OSError as error:
        raise InvalidInputError(f"{file}: {error.strerror or error}") from error


def _mapping(settings: Settings, name: str | None) -> TableMapping | None:
    if name is None:
        return None
    if name not in settings.mappings:
        raise InvalidInputError(f"there is no mapping {name!r}; there is {', '.join(settings.mappings) or 'none'}")
    return TableMapping(**settings.mappings[name].model_dump())


def _show_statement(result: StatementImport, *, as_json: bool) -> None:
    if as_json:
        print_json(result.as_json())
        return
    if result.already_imported:
        OUT.print("this file was imported before; nothing is new")
    for one in result.statements:
        balance = {True: "balances", False: "DOES NOT BALANCE", None: "gives no balances"}[one.balanced]
        OUT.print(f"{one.account or result.account or '?'} {one.identification}: {one.lines} lines, {balance}")
    for leg, lines in result.legs.items():
        if leg != Leg.BANK:
            OUT.print(f"{lines} lines are evidence of the {leg} leg, not of the bank's booked money")
    if result.new is not None:
        OUT.print(f"new {result.new} · known {result.known} · refused {len(result.refused)}")
    for row in result.refused:
        OUT.print(f"  row {row.row}: {row.reason}")
    for warning in result.warnings:
        OUT.print(f"  warning: {warning}")
