"""Closing a business day, and its report."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from paygate.app import build_worker
from paygate.commands.terminal import OUT, Day, Tenant, counting, load, move_whole, open_tenant, run, write_text
from paygate.domain.errors import InvalidInputError, NotFoundError
from paygate.domain.period import PeriodKind, read_period
from paygate.domain.report_file import FileKind, ReportFile
from reconciliation.closing import ClosedDay, close_day
from reconciliation.desk.periods import tell_period
from reconciliation.rendering import Language, render_csv, render_text

Format = Literal["text", "json", "csv", "xlsx", "pdf"]


def reconcile(context: typer.Context, tenant: Tenant, day: Day) -> None:
    """Apply what is due, match, and close a business day."""
    settings = load(context)

    async def work() -> None:
        async with open_tenant(settings, tenant) as (service, tenant_id):
            await build_worker(service).settle(tenant_id)
            closed = await close_day(service.database, tenant_id, day.date(), service.policy, datetime.now(UTC))
        OUT.print(f"{day:%Y-%m-%d}: {_outcome(closed)}")

    run(work())


def _outcome(closed: ClosedDay) -> str:
    said = "closed" if closed.new else "nothing is new"
    proof, corrects = closed.report["proof"], closed.report["corrects"]
    if closed.new and corrects is not None:
        said = f"corrects run {corrects}"
    parts = [said, f"run {closed.run_id}", closed.report["status"], f"residual {proof['residual']}"]
    parts += [f"{one['date']} corrected by run {one['run']}: {one['status']}" for one in closed.corrections]
    return ", ".join(parts)


def report(  # noqa: PLR0913, PLR0917 -- the contract's options
    context: typer.Context,
    tenant: Tenant,
    date: Annotated[str, typer.Option(help="the day, the month or the quarter: 2024-05-08, 2024-05, 2024-Q2")],
    format: Annotated[Format, typer.Option(help="how to show it")] = "text",  # noqa: A002
    output: Annotated[Path | None, typer.Option(help="write it to a file")] = None,
    run_id: Annotated[int | None, typer.Option("--run", min=1, help="that of this run, else of the latest")] = None,
    lang: Annotated[Language, typer.Option(help="Vietnamese or English")] = "vi",
) -> None:
    """Show the report of a day, a month or a quarter, or write it with its facts, or as offices print it, to a file."""
    settings = load(context)
    if format in {"xlsx", "pdf"} and output is None:
        raise InvalidInputError(f"a {format} goes into a file; name it with --output")
    period = read_period(date)
    if period.kind is not PeriodKind.DAY and format == "text":
        raise InvalidInputError(f"the report of {period.name} is no text; choose --format json, csv, xlsx or pdf")

    async def make(file: Path) -> None:
        async with open_tenant(settings, tenant) as (service, _):
            found = service.directory.tenant(tenant)
            wanted = ReportFile(found, period, FileKind(format), lang, run_id)
            with counting("facts") as advance:
                async with service.report_files.make(wanted, datetime.now(UTC), advance) as made:
                    move_whole(made, file)

    async def work() -> None:
        async with open_tenant(settings, tenant) as (service, tenant_id), service.database.connection() as connection:
            today = datetime.now(UTC).astimezone(service.directory.tenant(tenant).zone).date()
            calendar = service.policy.calendar
            found = await tell_period(connection, tenant_id, period, run_id, today, calendar.is_business_day)
        if found is None and run_id is not None:
            raise NotFoundError(f"{period.name} has no run {run_id}")
        if found is None:
            raise NotFoundError(f"{period.name} is not closed; 'paygate reconcile' closes a day")
        write_text(_render(found, format, lang), output)

    run(make(output) if output is not None and format in {"xlsx", "pdf"} else work())


def _render(found: Mapping[str, Any], kind: Format, language: Language) -> str:
    if kind == "json":
        return json.dumps(found, ensure_ascii=False, indent=2) + "\n"
    return render_csv(found, language) if kind == "csv" else render_text(found, language)
