"""Closed days: their reports, what does not agree, and the close itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Annotated, Any, Final, Protocol

from aiohttp import web
from pydantic import BaseModel, ConfigDict, StringConstraints

from paygate.access import Role
from paygate.closes import ask_close
from paygate.database import Connection, Database
from paygate.domain.errors import InvalidInputError, NotFoundError
from paygate.domain.lifecycle import DiscrepancyState
from paygate.domain.period import Period, read_period
from paygate.jobs import JobKind
from paygate.web.imports import job_of
from paygate.web.records import read_body
from paygate.web.repeats import Answer, Repeats
from paygate.web.routes import READERS, Route, Visit

PAGE: Final = 100
"""Discrepancies in one answer."""
LARGEST_NUMBER: Final = 2**63 - 1

CLOSERS: Final = frozenset({Role.SERVICE, Role.OFFICER, Role.ADMIN})
DATE: Final = r"{date:\d{4}-(?:Q[1-4]|\d\d(?:-\d\d)?)}"
"""A day, a month or a quarter."""


class LoadReport(Protocol):
    """Returns the report of a period, of a day also a run's; None: nothing of it is closed, or it has no such run."""

    async def __call__(
        self, connection: Connection, tenant_id: int, period: Period, run_id: int | None, today: date
    ) -> dict[str, Any] | None: ...


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
        agencies: Sequence[str] | None,
        after: int,
        limit: int,
    ) -> tuple[list[dict[str, Any]], int | None]: ...


class CloseRequest(BaseModel):
    """Which day of which tenant to close."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tenant: Annotated[str, StringConstraints(min_length=1, max_length=63)]
    date: date


@dataclass(frozen=True, slots=True)
class ReportRoutes:
    """What officers read, and the close. `asked` is called when there is a job to be done."""

    database: Database
    load_report: LoadReport
    list_discrepancies: ListDiscrepancies
    repeats: Repeats
    asked: Callable[[], None]

    async def report(self, visit: Visit) -> web.Response:
        return web.json_response(await self._report(visit))

    async def _report(self, visit: Visit) -> dict[str, Any]:
        tenant = visit.tenant(visit.request.match_info["tenant"])
        period = read_period(visit.request.match_info["date"])
        run_id = run_of(visit)
        today = datetime.now(UTC).astimezone(tenant.zone).date()
        async with self.database.snapshot() as connection:
            report = await self.load_report(connection, tenant.tenant_id, period, run_id, today)
        if report is None:
            raise NotFoundError(
                f"{period.name} is not closed" if run_id is None else f"{period.name} has no run {run_id}"
            )
        return report

    async def discrepancies(self, visit: Visit) -> web.Response:
        """List what does not agree, a page at a time."""
        tenant = visit.tenant()
        query = visit.request.query
        state = query.get("state")
        if state is not None and state not in set(DiscrepancyState):
            raise InvalidInputError(f"there is no state {state!r}; there is {', '.join(DiscrepancyState)}")
        async with self.database.snapshot() as connection:
            items, following = await self.list_discrepancies(
                connection,
                tenant.tenant_id,
                reason=query.get("reason"),
                state=state,
                agency=query.get("agency"),
                agencies=visit.agencies(tenant),
                after=_number(query.get("cursor", "0"), "the cursor"),
                limit=PAGE,
            )
        return web.json_response({"items": items, "next": None if following is None else str(following)})

    async def close(self, visit: Visit) -> web.Response:
        """Have a day closed in the background."""
        body = await visit.request.read()
        given = read_body(CloseRequest, body)
        tenant = visit.tenant(given.tenant)

        async def create(connection: Connection) -> Answer:
            job_id = await ask_close(connection, tenant.tenant_id, given.date, visit.caller.person)
            return HTTPStatus.ACCEPTED, {"id": job_id}

        reply = await self.repeats.once(visit, tenant, body, create)
        self.asked()
        return reply

    async def closed(self, visit: Visit) -> web.Response:
        """Tell how a close stands."""
        job = await job_of(visit, self.database, JobKind.RECONCILIATION)
        return web.json_response(
            {
                "id": job.job_id,
                "tenant": job.tenant,
                "date": job.wanted["date"],
                "state": job.state,
                "status": (job.result or {}).get("status"),
                "reason": job.reason,
            }
        )

    def routes(self) -> list[Route]:
        return [
            Route("GET", f"/v1/reports/{{tenant}}/{DATE}", READERS, self.report),
            Route("GET", "/v1/discrepancies", READERS | {Role.SERVICE}, self.discrepancies, limited=True),
            Route("POST", "/v1/reconciliations", CLOSERS, self.close),
            Route("GET", "/v1/reconciliations/{id}", CLOSERS, self.closed),
        ]


def run_of(visit: Visit) -> int | None:
    """Return the run that is asked for; None: the latest.

    Raises:
        InvalidInputError: it is no number of ours.
    """
    run = visit.request.query.get("run")
    return None if run is None else _number(run, "the run")


def _number(text: str, what: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= LARGEST_NUMBER):
        raise InvalidInputError(f"{what} is not one of ours")
    return int(text)
