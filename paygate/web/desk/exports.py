"""Reports taken away as files: small ones at once, large ones made in the background, and a page that tells how far."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from aiohttp import web

from paygate import audit, jobs
from paygate.database import Connection, Database
from paygate.domain.deeds import Deed
from paygate.domain.errors import InvalidInputError, NotFoundError
from paygate.domain.report_file import FileKind, ReportFile
from paygate.exports import KEPT_DAYS, pieces_of
from paygate.jobs import Job, JobKind, JobState
from paygate.web.desk.door import Page
from paygate.web.desk.navigation import WORKERS
from paygate.web.desk.reports import PERIOD, LoadPeriod, named_period, named_run, title_of
from paygate.web.desk.visit import DeskVisit, Done
from paygate.web.report_files import MAKING_SECONDS, MakeFile, file_pieces, hand_over
from paygate.web.server import allow_longer

SMALL: Final = 5_000
"""Facts of a report whose files are made while its reader waits."""
LONGEST_SHEET: Final = 20
"""Characters of a sheet's name."""


@dataclass(frozen=True, slots=True)
class ExportPages:
    """`asked` is called when there is a job to be done."""

    database: Database
    load_period: LoadPeriod
    make: MakeFile
    asked: Callable[[], None]

    async def at_once(self, visit: DeskVisit) -> web.StreamResponse:
        """Make a small file and hand it over; a large one is asked for on the report's page."""
        wanted = self._wanted(visit, visit.request.query, FileKind(visit.request.match_info["kind"]))
        if await self._facts(visit, wanted) > SMALL and not _is_sums(wanted):
            run = "" if wanted.run_id is None else f"?run={wanted.run_id}"
            told = visit.say("The file is large. Have it prepared below.")
            return await visit.done(visit.path(f"/reports/{wanted.period.name}{run}#files"), told)
        allow_longer(visit.request, MAKING_SECONDS)
        async with self.make(wanted, datetime.now(UTC)) as file:
            size = (await asyncio.to_thread(file.stat)).st_size
            return await hand_over(visit.request, file_pieces(file), size, wanted.name, wanted.kind)

    async def ask(self, visit: DeskVisit) -> web.StreamResponse:
        """Have a file made in the background."""
        kind = visit.form.text("kind")
        if kind not in set(FileKind):
            raise InvalidInputError("there is no file of kind %(kind)r", kind=kind[:10])
        wanted = self._wanted(visit, visit.form.values(), FileKind(kind))
        said = {
            "period": wanted.period.name,
            "kind": wanted.kind,
            "language": wanted.language,
            "run": wanted.run_id,
            "sheet": wanted.sheet,
            "facts": await self._facts(visit, wanted),
        }

        async def act(connection: Connection) -> Done:
            tenant_id = visit.tenant.tenant_id
            job_id = await jobs.ask(connection, tenant_id, JobKind.EXPORT, said, asked_by=visit.person)
            await audit.append(connection, tenant_id, visit.person, Deed.REPORT_EXPORTED, wanted.name, said)
            return visit.path(f"/exports/{job_id}"), visit.say("The file is being prepared.")

        reply = await visit.once(act)
        self.asked()
        return reply

    async def show(self, visit: DeskVisit) -> web.StreamResponse:
        """Tell how far a file is, and where it is when it is there."""
        job = await self._job(visit)
        total = max(int(job.wanted["facts"]), job.progress)
        wanted = self._named(visit, job)
        return visit.render(
            "export.html",
            job=job,
            name=wanted.name,
            title=title_of(visit, wanted.period),
            report=visit.path(f"/reports/{wanted.period.name}"),
            under_way=job.state in {JobState.WAITING, JobState.RUNNING},
            total=total,
            kept_days=KEPT_DAYS,
        )

    async def take(self, visit: DeskVisit) -> web.StreamResponse:
        """Hand over what was made."""
        job = await self._job(visit)
        if job.state is not JobState.DONE or job.result is None:
            raise NotFoundError("the file is not made yet")
        allow_longer(visit.request, MAKING_SECONDS)
        size = int(job.result["size"])
        pieces: AsyncIterator[bytes] = pieces_of(self.database, job.tenant_id, job.job_id, size)
        return await hand_over(visit.request, pieces, size, job.result["name"], FileKind(job.result["kind"]))

    async def _job(self, visit: DeskVisit) -> Job:
        async with self.database.connection() as connection:
            job = await jobs.find(connection, JobKind.EXPORT, visit.request.match_info["id"])
        if job.tenant_id != visit.tenant.tenant_id:
            raise NotFoundError("there is no such job")
        return job

    async def _facts(self, visit: DeskVisit, wanted: ReportFile) -> int:
        today = datetime.now(UTC).astimezone(visit.tenant.zone).date()
        async with self.database.snapshot() as connection:
            report = await self.load_period(connection, visit.tenant.tenant_id, wanted.period, wanted.run_id, today)
        if report is None:
            raise NotFoundError("nothing of it is closed")
        return facts_of(report)

    @staticmethod
    def _named(visit: DeskVisit, job: Job) -> ReportFile:
        said = job.wanted
        return ReportFile(
            visit.tenant,
            named_period(said["period"]),
            FileKind(said["kind"]),
            said["language"],
            said["run"],
            said["sheet"],
        )

    @staticmethod
    def _wanted(visit: DeskVisit, given: Mapping[str, str], kind: FileKind) -> ReportFile:
        period = named_period(visit.request.match_info["period"])
        sheet = given.get("sheet", "")[:LONGEST_SHEET] or None
        run_id = named_run(given.get("run") or None)
        return ReportFile(
            visit.tenant, period, kind, visit.language.value, run_id, sheet if kind is FileKind.CSV else None
        )

    def pages(self) -> list[Page]:
        kinds = "{kind:" + "|".join(FileKind) + "}"
        return [
            Page("GET", f"/desk/{{tenant}}/reports/{PERIOD}.{kinds}", WORKERS, self.at_once),
            Page("POST", f"/desk/{{tenant}}/reports/{PERIOD}/exports", WORKERS, self.ask),
            Page("GET", "/desk/{tenant}/exports/{id}", WORKERS, self.show),
            Page("GET", "/desk/{tenant}/exports/{id}/file", WORKERS, self.take),
        ]


def facts_of(report: Mapping[str, Any]) -> int:
    """Return how many rows a report's sheets have, roughly."""
    return sum(one["count"] for one in report["totals"].values())


def _is_sums(wanted: ReportFile) -> bool:
    return wanted.kind is FileKind.CSV and wanted.sheet is None
