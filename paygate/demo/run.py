"""The whole job on the sample province, for real: from a signed notice over HTTP to a closed day and its report."""

import asyncio
import signal
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from hashlib import file_digest
from pathlib import Path
from time import perf_counter
from typing import Final

from rich.console import Console

from adapters.statements.table.mapping import TableMapping
from paygate.database import Connection
from paygate.demo.bank import MAPPING, statements_of, write_files
from paygate.demo.books import MAPPING_OF, payouts_of, write_books
from paygate.demo.comparison import (
    Comparison,
    compare_books,
    compare_cases,
    compare_day,
    compare_notices,
    compare_statements,
    show,
)
from paygate.demo.desk import Json
from paygate.demo.expected import figures_of, inbox_of, read_figures, replies_of
from paygate.demo.findings import STILL_DUE, find_cases, read_inbox, to_be_asked
from paygate.demo.people import SignIn, let_people_in, work_on_discrepancies
from paygate.demo.scene import CALENDAR
from paygate.demo.sources import SOURCES, TENANT
from paygate.demo.stand import Stand, open_stand
from paygate.demo.steps import step
from paygate.demo.stories import CHIEF_DAY, DAYS, Plan, plant
from paygate.demo.traffic import send_all, sign_all
from paygate.domain.errors import TemporaryError
from paygate.domain.statement_import import StatementImport
from paygate.embedded import embedded_database
from paygate.statement_files import read_isolated
from paygate.statements import import_statements
from paygate.telemetry import configure_logging
from reconciliation.rendering import render_text

LOOK_AGAIN_SECONDS: Final = 0.1
MOST_LOOKS: Final = 600


async def run_demo(
    *, exit_after: bool, data_dir: Path | None, out: Console, seed: int = 2024, scale: float = 1.0
) -> int:
    """Plant the sample, do the whole job, show what was planted and what was found; 0 when they agree, else 1.

    Without `data_dir` everything lives in a temporary folder. Unless told to exit it then serves until interrupted.
    `scale` shrinks the province; every story is still told.
    """
    configure_logging("error")
    began = perf_counter()
    with _folder(data_dir) as folder, embedded_database(folder) as database_url:
        out.print(f"PostgreSQL runs in {folder} after {perf_counter() - began:.1f} s", highlight=False)
        return await demonstrate(plant(seed, scale), folder, database_url, out, exit_after=exit_after)


async def demonstrate(plan: Plan, folder: Path, database_url: str, out: Console, *, exit_after: bool) -> int:
    """Do the whole job on a plan and a database, and return the exit code. Files are written into `folder`."""
    began = perf_counter()
    async with open_stand(folder, database_url) as stand:
        agrees = tell(await play(plan, stand, out), out)
        visitors = await let_people_in(stand.service, stand.tenant_id)
        looked_into = await work_on_discrepancies(stand.service, stand.tenant_id)
        out.print(f"Discrepancies that somebody has looked into: {looked_into}", highlight=False)
        out.print(f"From the first record to the last verdict: {perf_counter() - began:.1f} s", highlight=False)
        if not exit_after:
            await _keep_serving(stand, visitors, out)
    return 0 if agrees else 1


async def play(plan: Plan, stand: Stand, out: Console) -> list[Comparison]:
    """Do the whole job on a plan, show the report, and return what was planted beside what was found."""
    notices = await _send_everything(plan, stand, out)
    statements = await _import_statements(plan, stand, out)
    books = await _import_books(plan, stand, out)
    reports = await _close_days(stand, out)
    days = [compare_day(day, figures_of(plan, day), read_figures(reports[day]), brief=day != CHIEF_DAY) for day in DAYS]
    cases = await _ask_everything(plan, stand, out)
    out.print()
    out.print(render_text(reports[CHIEF_DAY], "vi"), highlight=False, markup=False)
    return [notices, statements, books, *days, cases]


def tell(comparisons: Sequence[Comparison], out: Console) -> bool:
    """Show planted and found side by side, and say and return whether they agree."""
    out.print("Planted and found, side by side", style="bold")
    for comparison in comparisons:
        show(comparison, out)
    agrees = all(comparison.agrees for comparison in comparisons)
    out.print("\nPlanted and found agree." if agrees else "\n[bold red]Planted and found differ.[/]")
    return agrees


async def _send_everything(plan: Plan, stand: Stand, out: Console) -> Comparison:
    await _send_records(plan, stand, out, late=False)
    requests = [case.facts.request for case in plan.cases if case.facts.request]
    with step(out, "Payment requests registered", len(requests)) as advance:
        await stand.one_stop.request_payments(requests, advance)
    simulators = {code: source.simulator() for code, source in SOURCES.items()}
    parcels = sign_all(plan, simulators, datetime.now(UTC))
    with step(out, "Notices signed and sent over HTTP", len(parcels)) as advance:
        replies = await send_all(stand.url, parcels, lambda: advance(1))
    await _wait_until_applied(stand)
    await _send_records(plan, stand, out, late=True)
    await _wait_until_applied(stand)
    async with stand.service.database.connection() as connection:
        inbox = await read_inbox(connection, stand.tenant_id)
    return compare_notices(replies_of(plan), replies, inbox_of(plan), inbox)


async def _send_records(plan: Plan, stand: Stand, out: Console, *, late: bool) -> None:
    records = [case.facts.record for case in plan.cases if case.facts.record and case.facts.late is late]
    told = "Records that came after their payment" if late else "Procedure records sent"
    with step(out, told, len(records)) as advance:
        await stand.one_stop.send_records(records, advance)


async def _wait_until_applied(stand: Stand) -> None:
    """Wait until the worker has nothing left that is due.

    Raises:
        TemporaryError: it did not get there in time.
    """
    for _ in range(MOST_LOOKS):
        async with stand.service.database.connection() as connection:
            inbox = await read_inbox(connection, stand.tenant_id)
        if not any(inbox.states.get(state, 0) for state in STILL_DUE):
            return
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
    raise TemporaryError("the worker does not get done with the notices")


async def _import_statements(plan: Plan, stand: Stand, out: Console) -> Comparison:
    bookings = [line for case in plan.cases for line in case.facts.bookings]
    bookings += payouts_of(entry for case in plan.cases for entry in case.facts.entries)
    statements = statements_of(bookings, DAYS[0], CALENDAR.add(DAYS[-1], 1))
    files = write_files(statements, stand.folder / "statements")
    imported = []
    with step(out, f"Lines of {len(files)} bank statements imported", len(bookings)) as advance:
        async with stand.service.database.connection() as connection:
            for statement, path in files:
                imported.append(await _import_file(connection, stand, path, MAPPING, statement.account))
                advance(len(statement.bookings))
    return compare_statements([statement for statement, _ in files], imported)


async def _import_books(plan: Plan, stand: Stand, out: Console) -> Comparison:
    entries = [entry for case in plan.cases for entry in case.facts.entries]
    files = write_books(entries, stand.folder / "books")
    imported = []
    with step(out, f"Lines of {len(files)} tables of other legs imported", len(entries)) as advance:
        async with stand.service.database.connection() as connection:
            for leg, lines, path in files:
                imported.append(await _import_file(connection, stand, path, MAPPING_OF[leg]))
                advance(lines)
    return compare_books(Counter(str(entry.leg) for entry in entries), imported)


async def _import_file(
    connection: Connection, stand: Stand, path: Path, name: str, account: str | None = None
) -> StatementImport:
    mapping = TableMapping(**stand.service.settings.mappings[name].model_dump())
    with path.open("rb") as file:
        file_hash = file_digest(file, "sha256").digest()
        file.seek(0)
        form, parts = read_isolated(file, mapping=mapping)
        return await import_statements(
            connection, stand.tenant_id, parts, file_hash=file_hash, format=form, account=account
        )


async def _close_days(stand: Stand, out: Console) -> dict[date, Json]:
    with step(out, "Business days closed", len(DAYS)) as advance:
        for day in DAYS:
            await stand.officer.close_day(day)
            advance(1)
    return {day: await stand.officer.report(day) for day in DAYS}


async def _ask_everything(plan: Plan, stand: Stand, out: Console) -> Comparison:
    with step(out, "Dossiers asked for their verdict", len(to_be_asked(plan.cases))) as advance:
        findings, lone_lines = await find_cases(stand.officer, plan.cases, advance)
    return compare_cases(plan.cases, findings, lone_lines, DAYS[-1])


@contextmanager
def _folder(data_dir: Path | None) -> Iterator[Path]:
    if data_dir:
        data_dir.mkdir(parents=True, exist_ok=True)
        yield data_dir
    else:
        with tempfile.TemporaryDirectory(prefix="paygate-demo-") as folder:
            yield Path(folder)


async def _keep_serving(stand: Stand, visitors: Sequence[SignIn], out: Console) -> None:
    out.print(f"\nThe desk: {stand.url}/desk/{TENANT}?day={CHIEF_DAY}", style="bold", highlight=False, soft_wrap=True)
    for one in visitors:
        who = f"{one.full_name}, {one.role}"
        out.print(f"  sign in as {one.name} ({who}) with the password {one.password}", highlight=False, soft_wrap=True)
    out.print("Serving until Ctrl-C. For systems, for example:", highlight=False)
    command = f"curl -H 'Authorization: Bearer {stand.token}' {stand.url}/v1/reports/{TENANT}/{CHIEF_DAY}"
    out.print(command, highlight=False, soft_wrap=True)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
