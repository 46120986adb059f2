"""What a figure of a report is made of: the cases that did not agree, as the runs counted them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol
from urllib.parse import urlencode

from aiohttp import web

from paygate.database import Connection, Database
from paygate.domain.errors import NotFoundError
from paygate.domain.period import Period
from paygate.web.desk.door import Page
from paygate.web.desk.navigation import WORKERS
from paygate.web.desk.reports import PERIOD, LoadPeriod, Said, Wording, named_period, named_run, title_of
from paygate.web.desk.visit import DeskVisit

CASES: Final = 50
"""On one page."""
FILTERS: Final = ("verdict", "reason", "agency", "source", "procedure")
LISTED: Final = ("verdict", "reason", "agency", "source")
"""Filters that the list of what is open knows too."""
LONGEST_FILTER: Final = 200
LONGEST_KEY: Final = 400

Json = dict[str, Any]


class ListCases(Protocol):
    """Returns a part of the cases of some runs, and what all of them come to."""

    async def __call__(  # noqa: PLR0913, PLR0917 -- the arguments of another room's function
        self,
        connection: Connection,
        tenant_id: int,
        run_ids: Sequence[int],
        wanted: Any,
        after: tuple[int, str],
        limit: int,
    ) -> tuple[list[Json], Json]: ...


@dataclass(frozen=True, slots=True)
class ReportCases:
    """`chosen` makes of filters and of the agencies a person may see what `list_cases` wants."""

    database: Database
    load_period: LoadPeriod
    list_cases: ListCases
    chosen: Callable[[Mapping[str, str], Sequence[str] | None], Any]
    known_reasons: frozenset[str]
    wording: Wording

    async def show(self, visit: DeskVisit) -> web.StreamResponse:
        """List the cases behind a figure, a page at a time."""
        query = visit.request.query
        period, run_id = named_period(visit.request.match_info["period"]), named_run(query.get("run"))
        filters = self._filters(query)
        wanted = self.chosen(filters, visit.agencies)
        async with self.database.snapshot() as connection:
            runs = await self._runs(connection, visit, period, run_id)
            rows, summed = await self.list_cases(
                connection, visit.tenant.tenant_id, runs, wanted, _place(query.get("after", "")), CASES + 1
            )
        run = {} if run_id is None else {"run": str(run_id)}
        last = rows[CASES - 1] if len(rows) > CASES else None
        return visit.render(
            "report-cases.html",
            title=title_of(visit, period),
            report=visit.path(f"/reports/{period.name}") + (f"?run={run_id}" if run_id else ""),
            say=Said(self.wording, visit.language),
            filters=filters,
            rows=rows[:CASES],
            summed=summed,
            following=last and urlencode({**filters, **run, "after": f"{last['run_id']}_{last['case_key']}"}),
            open_now=visit.path(f"/discrepancies?{_listed(filters)}"),
        )

    def _filters(self, query: Mapping[str, str]) -> dict[str, str]:
        given = {name: query.get(name, "")[:LONGEST_FILTER].replace("\0", "") for name in FILTERS}
        if given["reason"] and given["reason"] not in self.known_reasons:
            raise NotFoundError("there is no such reason")
        return {name: value for name, value in given.items() if value}

    async def _runs(self, connection: Connection, visit: DeskVisit, period: Period, run_id: int | None) -> list[int]:
        today = datetime.now(UTC).astimezone(visit.tenant.zone).date()
        report = await self.load_period(connection, visit.tenant.tenant_id, period, run_id, today)
        if report is None:
            raise NotFoundError("nothing of it is closed")
        return [report["run"]] if "run" in report else [day["run_id"] for day in report["days"]]

    def pages(self) -> list[Page]:
        return [Page("GET", f"/desk/{{tenant}}/reports/{PERIOD}/cases", WORKERS, self.show, limited=True)]


def _listed(filters: Mapping[str, str]) -> str:
    known: dict[str, str] = {name: filters[name] for name in LISTED if name in filters}
    return urlencode(known)


def _place(given: str) -> tuple[int, str]:
    """Read where the page before ended; from the beginning where it cannot be read."""
    run, _, key = given[:LONGEST_KEY].replace("\0", "").partition("_")
    if not (key and run.isascii() and run.isdigit() and len(run) < len(str(2**63))):
        return 0, ""
    return int(run), key
