"""Reports as files: the facts are read here, the file is made in a child process, so that nobody waits on its account.

A file is made from one snapshot of the database. The child is given files to read and a place to write, no secrets.
"""

import asyncio
import base64
import json
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from paygate import exports
from paygate.background import Advance, Work
from paygate.database import Connection, Database
from paygate.domain.calendar import Calendar
from paygate.domain.errors import NotFoundError, TooMuchWaitsError, UnreadableFileError
from paygate.domain.parties import Tenant
from paygate.domain.period import read_period
from paygate.domain.print_form import PrintForm
from paygate.domain.report_file import FileKind, ReportFile
from paygate.isolation import Limits, read_apart
from paygate.jobs import Job
from paygate.scratch import a_folder_below, clear_below
from reconciliation.desk.detail import read_detail
from reconciliation.desk.paper import print_report
from reconciliation.desk.periods import load_period
from reconciliation.desk.sheets import SHEETS
from reconciliation.desk.workbook import write_table, write_workbook
from reconciliation.rendering import render_csv

AT_ONCE: Final = 2
"""Files that are made at the same time in this process; who comes then is asked to come again."""
WRITING: Final = Limits(cpu_seconds=1800, memory_bytes=512 * 2**20, stall_seconds=300.0, file_bytes=2**31)
"""Of addresses, of which the interpreter takes the most: what is held at a time is some forty MiB."""
PRINTING: Final = Limits(cpu_seconds=120, memory_bytes=2 * 2**30, stall_seconds=120.0)


class ReportFiles:
    """Makes the files of reports. `forms` are the print forms by tenant; facts lie in `folder` meanwhile."""

    def __init__(self, database: Database, calendar: Calendar, forms: Mapping[str, PrintForm], folder: Path) -> None:
        self._database = database
        self._calendar = calendar
        self._forms = forms
        self._folder = folder
        self._under_way = 0

    @asynccontextmanager
    async def make(self, wanted: ReportFile, now: datetime, advance: Advance = lambda _: None) -> AsyncIterator[Path]:
        """Make a file and lend it.

        Raises:
            NotFoundError: the period has no closed day, or the day no such run; there is no such sheet.
            TooMuchWaitsError: as many are being made as may be.
        """
        if wanted.sheet is not None and wanted.sheet not in SHEETS:
            raise NotFoundError(
                "there is no sheet %(sheet)r; there is %(sheets)s", sheet=wanted.sheet[:40], sheets=", ".join(SHEETS)
            )
        if self._under_way >= AT_ONCE:
            raise TooMuchWaitsError("%(count)s files are being made; ask again in a moment", count=AT_ONCE)
        self._under_way += 1
        try:
            with a_folder_below(self._folder) as folder:
                yield await self._make(wanted, now, advance, folder)
        finally:
            self._under_way -= 1

    async def clear(self) -> None:
        """Remove what is left of files whose making was killed: it names payers."""
        await asyncio.to_thread(clear_below, self._folder)

    async def _make(self, wanted: ReportFile, now: datetime, advance: Advance, folder: Path) -> Path:
        report, sheets = await self._read(wanted, now, folder)
        target = folder / f"report.{wanted.kind}"
        if wanted.kind is FileKind.CSV and wanted.sheet is None:
            target.write_text(render_csv(report, wanted.language), encoding="utf-8", newline="")
            return target
        asked = {
            "language": wanted.language,
            "tenant": wanted.tenant.name,
            "printed_at": now.astimezone(wanted.tenant.zone).replace(microsecond=0).isoformat(),
            "report": report,
            "sheets": sheets,
            "form": asdict(self._forms[wanted.tenant.code]),
        }
        await asyncio.to_thread(_make_apart, wanted.kind, asked, target, advance)
        return target

    async def _read(
        self, wanted: ReportFile, now: datetime, folder: Path
    ) -> tuple[dict[str, Any], dict[str, list[str]]]:
        """Read the report, and the facts behind it into files, all as of one moment."""
        tenant, period = wanted.tenant, wanted.period
        today = now.astimezone(tenant.zone).date()
        async with self._database.connection() as connection, connection.transaction(isolation="repeatable_read"):
            report = await load_period(
                connection, tenant.tenant_id, period, wanted.run_id, today, self._calendar.is_business_day
            )
            if report is None:
                raise NotFoundError("nothing of %(period)s is closed, or it has no such run", period=period.name)
            days = sorted(day["business_date"] for day in report["days"])
            sheets = await self._facts(connection, wanted, days, folder)
        return json.loads(json.dumps(report, default=_as_text)), sheets

    @staticmethod
    async def _facts(
        connection: Connection, wanted: ReportFile, days: list[date], folder: Path
    ) -> dict[str, list[str]]:
        names = {
            FileKind.CSV: [wanted.sheet] if wanted.sheet else [],
            FileKind.XLSX: list(SHEETS),
            FileKind.PDF: ["discrepancies"],
        }[wanted.kind]
        if not names:
            return {}
        return dict(await read_detail(connection, wanted.tenant.tenant_id, days, names, folder))


def exporting(database: Database, files: ReportFiles, tenants: Mapping[str, Tenant]) -> Work:
    """Make the work of a `JobKind.EXPORT`: make a file and keep it."""

    async def export(job: Job, advance: Advance) -> Mapping[str, Any]:
        said = job.wanted
        wanted = ReportFile(
            tenants[job.tenant],
            read_period(said["period"]),
            FileKind(said["kind"]),
            said["language"],
            said["run"],
            said["sheet"],
        )
        async with files.make(wanted, datetime.now(UTC), advance) as file, database.transaction() as connection:
            kept = await exports.keep_file(connection, job.tenant_id, job.job_id, file)
        return {"name": wanted.name, "kind": wanted.kind, "size": kept.size, "sha256": kept.sha256}

    return export


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _make_apart(kind: FileKind, asked: dict[str, Any], target: Path, advance: Advance) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(json.dumps(asked, ensure_ascii=False).encode())
        file.seek(0)
        try:
            if kind is FileKind.PDF:
                _print(file, target)
                return
            produce = write_workbook if kind is FileKind.XLSX else write_table
            for written in read_apart(produce, file, str(target), limits=WRITING):
                advance(written)
        except UnreadableFileError as error:
            raise RuntimeError(f"the {kind} was not made: {error}") from error


def _print(file: BinaryIO, target: Path) -> None:
    pieces: Iterator[str] = read_apart(print_report, file, limits=PRINTING)
    with target.open("wb") as out:
        for piece in pieces:
            out.write(base64.b64decode(piece))
