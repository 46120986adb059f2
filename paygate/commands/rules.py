"""The rules the matcher goes by: checked, proposed by one person, put in force by another."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from paygate.access import CHECKERS, MAKERS
from paygate.commands.terminal import (
    OUT,
    AsJson,
    Tenant,
    load,
    open_tenant,
    print_json,
    print_rows,
    run,
    show_rows,
    whose_token,
    write_text,
)
from paygate.domain.errors import InvalidInputError
from paygate.domain.money import dong, written
from paygate.rule_choices import RuleChoices
from reconciliation.backtest import MOST_EXAMPLES, Days, backtest
from reconciliation.rendering import Language
from reconciliation.rule_sets import (
    approve_rules,
    find_body,
    list_choices,
    propose_rules,
    reject_rules,
    withdraw_rules,
)
from reconciliation.rules.model import KINDS, RuleSet
from reconciliation.rules.reading import MAX_BYTES, SHIPPED, read_rules, shipped_content

rules = typer.Typer(no_args_is_help=True, help="The rules of the matcher.")

CHOICES: Final = RuleChoices(propose_rules, approve_rules, withdraw_rules, reject_rules)
SHOWN: Final = ("version", "state", "proposed_by", "proposed_at", "approved_by", "approved_at")
"""What a line has room for; as JSON there is also who dropped a proposal, when, and their answer."""

Version = Annotated[str, typer.Argument(help="which one, as 'rules list' names it")]
RulesFile = Annotated[Path | None, typer.Argument(help="a rule set as TOML; without it, the one that ships")]


@rules.command("check")
def check_rules(file: RulesFile = None, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Check a rule set: what is misspelt, out of bounds, cannot be followed or can never act."""
    _, checked = _read(file)
    if as_json:
        print_json({"version": checked.version, "rules": [_shown(checked, kind) for kind in KINDS]})
        return
    print_rows([_shown(checked, kind) for kind in KINDS])
    OUT.print(f"{checked.version}: the engine can follow it")


def _read(file: Path | None) -> tuple[bytes, RuleSet]:
    content = shipped_content() if file is None else _content(file)
    return content, read_rules(content, SHIPPED if file is None else str(file))


def _content(file: Path) -> bytes:
    """Read no more of a file than shows that it is too large."""
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise InvalidInputError(f"{file}: {error.strerror}") from error


def _shown(checked: RuleSet, kind: str) -> dict[str, Any]:
    rule = checked.find(KINDS[kind])
    given = rule.model_dump(by_alias=True, exclude={"kind", "enabled", "after"}) if rule else {}
    return {"rule": kind, "state": "on" if rule else "off", "goes_by": " ".join(_said(given))}


def _said(given: dict[str, Any]) -> list[str]:
    return [f"{name}={_value(value)}" for name, value in given.items() if value is not None]


def _value(value: Any) -> str:
    return "/".join(map(str, value.values())) if isinstance(value, dict) else str(value)


@rules.command("propose")
def propose(context: typer.Context, tenant: Tenant, file: RulesFile = None) -> None:
    """Propose a rule set for a tenant, as the person of the token in PAYGATE_TOKEN."""
    content, checked = _read(file)
    settings = load(context)

    async def work() -> None:
        async with open_tenant(settings, tenant) as (service, tenant_id):
            person = await whose_token(service, tenant, MAKERS)
            async with service.database.transaction() as connection:
                await CHOICES.propose(connection, tenant_id, content, checked, person)
        OUT.print(f"{checked.version} waits for somebody else's approval")

    run(work())


@rules.command("approve")
def approve(context: typer.Context, version: Version, tenant: Tenant) -> None:
    """Put a proposed rule set in force, as the person of the token in PAYGATE_TOKEN, and judge again what is open."""
    settings = load(context)

    async def work() -> None:
        async with open_tenant(settings, tenant) as (service, tenant_id):
            person = await whose_token(service, tenant, CHECKERS)
            async with service.database.transaction() as connection:
                await CHOICES.approve(connection, tenant_id, version, person)
            await service.match(tenant_id)
        OUT.print(f"{version} is in force; what was open is judged by it")

    run(work())


@rules.command("withdraw")
def withdraw(context: typer.Context, version: Version, tenant: Tenant) -> None:
    """Take one's own proposal back, as the person of the token in PAYGATE_TOKEN."""
    settings = load(context)

    async def work() -> None:
        async with open_tenant(settings, tenant) as (service, tenant_id):
            person = await whose_token(service, tenant, MAKERS)
            async with service.database.transaction() as connection:
                await CHOICES.withdraw(connection, tenant_id, version, person)
        OUT.print(f"{version} is withdrawn")

    run(work())


@rules.command("reject")
def reject(
    context: typer.Context,
    version: Version,
    tenant: Tenant,
    reason: Annotated[str, typer.Option(help="why; who proposed it will read it")],
) -> None:
    """Refuse a proposed rule set, as the person of the token in PAYGATE_TOKEN."""
    settings = load(context)

    async def work() -> None:
        async with open_tenant(settings, tenant) as (service, tenant_id):
            person = await whose_token(service, tenant, CHECKERS)
            async with service.database.transaction() as connection:
                proposed_by = await CHOICES.reject(connection, tenant_id, version, person, reason)
        OUT.print(f"{version} is rejected; {proposed_by} can read why")

    run(work())


@rules.command("show")
def show(context: typer.Context, version: Version, tenant: Tenant) -> None:
    """Print a rule set as it is stored: what an approver approves, whatever they were shown otherwise."""
    settings = load(context)

    async def work() -> None:
        async with open_tenant(settings, tenant) as (service, tenant_id), service.database.connection() as connection:
            write_text(await find_body(connection, tenant_id, version), None)

    run(work())


@rules.command("list")
def list_rules(context: typer.Context, tenant: Tenant, as_json: AsJson = False) -> None:  # noqa: FBT002
    """List what was proposed and approved for a tenant, and what is in force."""
    settings = load(context)

    async def work() -> None:
        async with open_tenant(settings, tenant) as (service, tenant_id), service.database.connection() as connection:
            found = await list_choices(connection, tenant_id)
        show_rows(found, SHOWN, as_json=as_json)

    run(work())


@rules.command("backtest")
def backtest_rules(  # noqa: PLR0913, PLR0917 -- the contract's options
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="the rule set to try, as TOML")],
    tenant: Tenant,
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="the first business day")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="the last business day")],
    examples: Annotated[int, typer.Option(min=0, max=MOST_EXAMPLES, help="how many of each kind to show")] = 3,
    lang: Annotated[Language, typer.Option(help="Vietnamese or English")] = "vi",
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Show what a rule set would make of past days: what would match, what not, what would vanish or appear."""
    _, candidate = _read(file)
    days = Days(first.date(), last.date())
    settings = load(context)

    async def work() -> None:
        async with open_tenant(settings, tenant) as (service, tenant_id):
            found = await backtest(
                service.database, tenant_id, service.policy, candidate=candidate, days=days, examples=examples
            )
        if as_json:
            print_json({"tenant": tenant, **found})
        else:
            _show_backtest(found, lang)

    run(work())


def _show_backtest(found: dict[str, Any], language: Language) -> None:
    OUT.print(f"{found['rule_set']} instead of {found['in_force']}, {found['from']} to {found['to']}")
    for kind in ("matches", "discrepancies"):
        for one in found[kind]:
            names = [one.get("leg"), one.get("reason"), " → ".join(filter(None, (one.get("before"), one.get("after"))))]
            said = " ".join(filter(None, [one["change"], *names]))
            sums = [dong(one["amount"]), *(written(amount, code) for code, amount in sorted(one["others"].items()))]
            OUT.print(f"{said}: {one['count']}, {' + '.join(sums)}")
            for example in one["examples"]:
                OUT.print(f"  {example[language]}")
    for one in found["contradicts"]:
        OUT.print(f"! {one[language]}")
    if not (found["matches"] or found["discrepancies"] or found["contradicts"]):
        OUT.print("nothing would be otherwise")
