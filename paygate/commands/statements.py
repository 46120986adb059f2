"""Bank statements from files."""

import getpass
from hashlib import file_digest
from textwrap import shorten
from typing import Annotated, Final

import typer

from adapters.statements.registry import FORMATS
from adapters.statements.table.mapping import TableMapping
from paygate.commands.terminal import OUT, AsJson, File, Tenant, counting, load, open_tenant, print_json, run
from paygate.configured import open_statement, table_mapping
from paygate.domain.errors import InvalidInputError
from paygate.domain.legs import Leg
from paygate.domain.money import DONG, plain
from paygate.domain.statement import HandoverLine, SettlementLine, StatementLine
from paygate.domain.statement_import import StatementImport, preview
from paygate.settings import Settings
from paygate.statements import Origin, import_statements

LONGEST_SHOWN: Final = 80
"""Characters of a field in a preview."""

statements = typer.Typer(no_args_is_help=True, help="Statements of banks and gateways, hand-overs and receipts.")


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
    """Take in a statement: what a bank booked, a gateway settled, what was handed over or receipted."""
    settings = load(context)
    table = run(_table(settings, tenant, mapping))
    account = account or (table.account if table else None)
    try:
        with file.open("rb") as opened:
            digest = file_digest(opened, "sha256").digest()
            opened.seek(0)
            kind, parts = open_statement(settings, opened, format, table, account)
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
                                origin=Origin(file.name, getpass.getuser(), mapping or ""),
                                progress=advance,
                            )
                _show_statement(result, as_json=as_json)

            run(work())
    except OSError as error:
        raise InvalidInputError(f"{file}: {error.strerror or error}") from error


async def _table(settings: Settings, tenant: str, name: str | None) -> TableMapping | None:
    """Find a mapping; the database is asked for those alone that the configuration does not have."""
    if name is None or name in settings.mappings:
        return table_mapping(settings, name)
    async with open_tenant(settings, tenant) as (service, tenant_id), service.database.connection() as connection:
        chosen = await service.choose_mapping(connection, tenant_id, name)
    return TableMapping(**chosen.content)


def _show_statement(result: StatementImport, *, as_json: bool) -> None:
    if as_json:
        print_json(result.as_json())
        return
    if result.new is None:
        _show_what_was_understood(result)
    else:
        _show_what_was_stored(result)
    for row in result.refused:
        OUT.print(f"  row {row.row}: {row.reason}")
    for warning in result.warnings:
        OUT.print(f"  warning: {warning}")


def _show_what_was_stored(result: StatementImport) -> None:
    if result.already_imported:
        OUT.print("this file was imported before; nothing is new")
    _show_balances(result)
    _show_legs(result)
    OUT.print(f"new {result.new} · known {result.known} · refused {len(result.refused)}")


def _show_what_was_understood(result: StatementImport) -> None:
    for one in result.statements:
        if one.layout:
            OUT.print(one.layout)
    OUT.print(f"the first of {result.lines} lines" if result.first_lines else "no lines")
    for line in result.first_lines:
        OUT.print(f"  row {line.row}: {_in_words(line)}")
    _show_balances(result)
    _show_legs(result)
    OUT.print(f"would read {result.lines} · refused {len(result.refused)}")


def _show_legs(result: StatementImport) -> None:
    for leg, lines in result.legs.items():
        if leg != Leg.BANK:
            OUT.print(f"{lines} lines are evidence of the {leg} leg, not of the bank's booked money")


def _show_balances(result: StatementImport) -> None:
    for one in result.statements:
        answer = {True: "balances", False: "DOES NOT BALANCE", None: "gives no balances"}[one.balanced]
        given = {"opening": one.opening, "closing": one.closing}
        stated = "".join(
            f", {name} {plain(amount, one.currency or DONG)}" for name, amount in given.items() if amount is not None
        )
        name = f"{one.account or result.account or '?'} {one.identification}".strip()
        OUT.print(f"{name}: {one.lines} lines, {answer}{stated}")


def _in_words(line: StatementLine) -> str:
    """Say what a row became, field by field, so that a column mapped wrongly is seen."""
    said = {
        "booked_on": line.booked_on.isoformat(),
        "value_on": line.value_on.isoformat() if line.value_on else "",
        "amount": f"{plain(line.amount, line.currency)} {line.currency}",
        "bank_reference": line.bank_reference,
        "reference": line.reference,
        "counterparty": line.counterparty,
        "narrative": line.narrative,
        **_more_in_words(line),
    }
    return ", ".join(f"{name} {shorten(text, LONGEST_SHOWN)}" for name, text in said.items() if text)


def _more_in_words(line: StatementLine) -> dict[str, str]:
    if isinstance(line, SettlementLine):
        kept = {"fee": line.fee, "net": line.net}
        told = {name: plain(amount, line.currency) for name, amount in kept.items() if amount is not None}
        return {**told, "batch": line.batch or ""}
    if isinstance(line, HandoverLine):
        why = "was cancelled" if line.taken_back else "did not come about"
        evidence = "" if line.evidence else f"no, its status says that it {why}"
        return {"dossier_code": line.dossier_code or "", "document": line.document or "", "evidence": evidence}
    return {}
