"""Closed days: their reports, what does not agree, and the close itself."""

import asyncio
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any, Final, Protocol

from aiohttp import web
from pydantic import BaseModel, ConfigDict, StringConstraints

from paygate.access import Role
from paygate.database import Connection, Database
from paygate.domain.errors import InvalidInputError, NotFoundError, PaygateError
from paygate.domain.lifecycle import DiscrepancyState
from paygate.web.problems import log_unhandled
from paygate.web.records import read_body
from paygate.web.routes import READERS, Route, Visit

PAGE: Final = 100
"""Discrepancies in one answer."""
JOBS_KEPT: Final = 1000
"""Closes that can still be asked after."""
LARGEST_CURSOR: Final = 2**63 - 1

CLOSERS: Final = frozenset({Role.SERVICE, Role.OFFICER, Role.ADMIN})
DATE: Final = r"{date:\d\d\d\d-\d\d-\d\d}"


class LoadReport(Protocol):
    """Returns the report of a closed day, None where the day is not closed."""

    async def __call__(self, connection: Connection, tenant_id: int, day: date) -> dict[str, Any] | None: ...


class ListDiscrepancies(Protocol):
    """Returns a page of discrepancies and, where there are more, what to pass as `after` for the next."""

    async def __call__(  # noqa: PLR0913 -- named arguments of another room's function
        self,
        connection: Connection,
        tenant_id: int,
        *,
        reason: str | None,
        state: str | None,
        agency: str | None,
        after: int,
        limit: int,
    ) -> tuple[list[dict[str, Any]], int | None]: ...


class CloseDay(Protocol):
    """Closes a business day and returns its status: matched, discrepant or incomplete."""

    async def __call__(self, tenant_id: int, day: date) -> str: ...


@dataclass(slots=True)
class Job:
    """A close that was asked for. `state`: running, done or failed; `status` is the closed day's."""

    tenant: str
    day: date
    state: str = "running"
    status: str | None = None
    reason: str | None = None


class Closes:
    """Closes under way and the latest finished. Closing again is harmless, so they need not outlive the process."""

    def __init__(self, close_day: CloseDay) -> None:
        self._close_day = close_day
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, tenant: str, tenant_id: int, day: date) -> str:
        """Start closing a day and return the job's id; that of the one under way where there is one."""
        for identification, job in self._jobs.items():
            if (job.tenant, job.day, job.state) == (tenant, day, "running"):
                return identification
        job = Job(tenant, day)
        identification = uuid.uuid4().hex
        self._jobs[identification] = job
        self._forget_oldest()
        task = asyncio.create_task(self._run(job, tenant_id), name=f"close {tenant} {day}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return identification

    def find(self, identification: str) -> Job:
        """Find a job.

        Raises:
            NotFoundError: there is none of that id.
        """
        if identification not in self._jobs:
            raise NotFoundError("there is no such reconciliation")
        return self._jobs[identification]

    async def finish(self) -> None:
        """Cancel what is under way: a close is one transaction, and can be asked for again."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, job: Job, tenant_id: int) -> None:
        try:
            job.status = await self._close_day(tenant_id, job.day)
            job.state = "done"
        except PaygateError as error:
            job.state, job.reason = "failed", str(error)
        except Exception as error:  # noqa: BLE001 -- nobody awaits the task: it is told here or never
            job.state, job.reason = "failed", "the service made a mistake"
            log_unhandled(error)

    def _forget_oldest(self) -> None:
        finished = [key for key, job in self._jobs.items() if job.state != "running"]
        for key in finished[: max(0, len(self._jobs) - JOBS_KEPT)]:
            del self._jobs[key]


class CloseRequest(BaseModel):
    """Which day of which tenant to close."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tenant: Annotated[str, StringConstraints(min_length=1, max_length=63)]
    date: date


@dataclass(frozen=True, slots=True)
class ReportRoutes:
    """What officers read, and the close."""

    database: Database
    load_report: LoadReport
    render_csv: Callable[[dict[str, Any]], str]
    list_discrepancies: ListDiscrepancies
    closes: Closes

    async def report(self, visit: Visit) -> web.Response:
        return web.json_response(await self._report(visit))

    async def report_csv(self, visit: Visit) -> web.Response:
        text = self.render_csv(await self._report(visit))
        return web.Response(body=text.encode(), content_type="text/csv", charset="utf-8")

    async def _report(self, visit: Visit) -> dict[str, Any]:
        tenant = visit.tenant(visit.request.match_info["tenant"])
        day = _day(visit.request.match_info["date"])
        async with self.database.connection() as connection:
            report = await self.load_report(connection, tenant.tenant_id, day)
        if report is None:
            raise NotFoundError(f"{day} is not closed")
        return report

    async def discrepancies(self, visit: Visit) -> web.Response:
        """List what does not agree, a page at a time."""
        tenant = visit.tenant()
        query = visit.request.query
        state = query.get("state")
        if state is not None and state not in set(DiscrepancyState):
            raise InvalidInputError(f"there is no state {state!r}; there is {', '.join(DiscrepancyState)}")
        async with self.database.connection() as connection:
            items, following = await self.list_discrepancies(
                connection,
                tenant.tenant_id,
                reason=query.get("reason"),
                state=state,
                agency=query.get("agency"),
                after=_cursor(query.get("cursor")),
                limit=PAGE,
            )
        return web.json_response({"items": items, "next": None if following is None else str(following)})

    async def close(self, visit: Visit) -> web.Response:
        """Close a day, in the background."""
        given = read_body(CloseRequest, await visit.request.read())
        tenant = visit.tenant(given.tenant)
        identification = self.closes.start(tenant.code, tenant.tenant_id, given.date)
        return web.json_response({"id": identification}, status=HTTPStatus.ACCEPTED)

    async def closed(self, visit: Visit) -> web.Response:
        """Tell how a close stands."""
        identification = visit.request.match_info["id"]
        job = self.closes.find(identification)
        visit.tenant(job.tenant)
        return web.json_response(
            {
                "id": identification,
                "tenant": job.tenant,
                "date": job.day.isoformat(),
                "state": job.state,
                "status": job.status,
                "reason": job.reason,
            }
        )

    def routes(self) -> list[Route]:
        return [
            Route("GET", f"/v1/reports/{{tenant}}/{DATE}", READERS, self.report),
            Route("GET", f"/v1/reports/{{tenant}}/{DATE}.csv", READERS, self.report_csv),
            Route("GET", "/v1/discrepancies", READERS | {Role.SERVICE}, self.discrepancies),
            Route("POST", "/v1/reconciliations", CLOSERS, self.close),
            Route("GET", "/v1/reconciliations/{id}", CLOSERS, self.closed),
        ]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInputError(f"{text!r} is no date") from None


def _cursor(text: str | None) -> int:
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit() and int(text) <= LARGEST_CURSOR):
        raise InvalidInputError("the cursor is not one of ours")
    return int(text)
