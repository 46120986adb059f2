"""The first page: is the day closed, does the money agree, and what is to be done."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

from aiohttp import web

from paygate.database import Connection, Database
from paygate.domain.errors import InvalidInputError
from paygate.web.desk.door import Page
from paygate.web.desk.forms import read_day
from paygate.web.desk.navigation import WORKERS, first_of
from paygate.web.desk.visit import DeskVisit, see_other


class LoadReport(Protocol):
    """Returns the latest report of a closed day; None where the day is not closed."""

    async def __call__(self, connection: Connection, tenant_id: int, day: date, /) -> dict[str, Any] | None: ...


@dataclass(frozen=True, slots=True)
class TodayPages:
    database: Database
    load_report: LoadReport

    async def home(self, visit: DeskVisit) -> web.StreamResponse:
        """Lead to the person's tenant, or let them choose among several."""
        begins = [(tenant, first_of(visit.session.caller, tenant.code)) for tenant in visit.tenants]
        return see_other(begins[0][1]) if len(begins) == 1 else visit.render("tenants.html", begins=begins)

    async def today(self, visit: DeskVisit) -> web.StreamResponse:
        """Show a day as its latest run has it; yesterday unless another is asked for."""
        yesterday = datetime.now(UTC).astimezone(visit.tenant.zone).date() - timedelta(days=1)
        try:
            day = read_day(visit.request.query.get("day") or yesterday.isoformat())
        except InvalidInputError:
            day = yesterday
        async with self.database.snapshot() as connection:
            report = await self.load_report(connection, visit.tenant.tenant_id, day)
        return visit.render("today.html", day=day, report=report)

    def pages(self) -> list[Page]:
        return [
            Page("GET", "/", None, self.home),
            Page("GET", "/desk/{tenant}", WORKERS, self.today, limited=True),
        ]
