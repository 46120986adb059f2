"""One discrepancy: all its legs, what happened, the evidence as it came, what was tried, and what people did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from aiohttp import web

from paygate.database import Connection, Database
from paygate.domain.errors import NotFoundError
from paygate.web.desk.case_words import STANDINGS, WORDS
from paygate.web.desk.door import Page
from paygate.web.desk.navigation import CHECKERS, MAKERS, WORKERS
from paygate.web.desk.visit import DeskVisit

LISTS: Final = "/discrepancies"
"""The list that discrepancies are found in, below the tenant's address."""
LIST: Final = "list"
"""The field that holds the query of the list a person came from."""
LONGEST_LIST: Final = 1_000

Case = dict[str, Any]


class LoadCase(Protocol):
    """Returns all there is to a discrepancy; None where there is none that the agencies may see."""

    async def __call__(
        self, connection: Connection, tenant_id: int, number: int, agencies: Sequence[str] | None, /, *, now: datetime
    ) -> Case | None: ...


class Neighbours(Protocol):
    """Returns which discrepancies stand before and after one."""

    async def __call__(
        self, connection: Connection, tenant_id: int, number: int, agencies: Sequence[str] | None, /
    ) -> tuple[int | None, int | None]: ...


@dataclass(frozen=True, slots=True)
class CasePages:
    """What is shown of a discrepancy."""

    database: Database
    load_case: LoadCase
    neighbours: Neighbours

    async def show(self, visit: DeskVisit) -> web.StreamResponse:
        """Show a discrepancy with the way on in the list it came from."""
        number, tenant_id = visit.number("id"), visit.tenant.tenant_id
        async with self.database.snapshot() as connection:
            case = await self.read(connection, visit, number)
            before, after = await self.neighbours(connection, tenant_id, number, visit.agencies)
        shown = {"case": case, "before": before, "after": after, "listed": listed(visit), **may(visit), **told()}
        return visit.render("discrepancy.html", **shown)

    async def read(self, connection: Connection, visit: DeskVisit, number: int) -> Case:
        """Read a discrepancy as far as the person may see it.

        Raises:
            NotFoundError: there is none, or none of theirs.
        """
        now = datetime.now(UTC).astimezone(visit.tenant.zone)
        case = await self.load_case(connection, visit.tenant.tenant_id, number, visit.agencies, now=now)
        if case is None:
            raise NotFoundError("there is no such discrepancy")
        return case

    def pages(self) -> list[Page]:
        return [Page("GET", path(), WORKERS, self.show, limited=True)]


def path(below: str = "") -> str:
    """Return the pattern of an address below a discrepancy's."""
    return rf"/desk/{{tenant}}{LISTS}/{{id:\d+}}{below}"


def listed(visit: DeskVisit) -> str:
    """Return the query of the list that led here; it is only ever put behind a question mark of ours."""
    given = visit.request.query.get(LIST, "") or visit.form.text(LIST)
    return given[:LONGEST_LIST]


def may(visit: DeskVisit) -> Mapping[str, bool]:
    """Tell what the person may do about discrepancies."""
    return {"maker": visit.may(MAKERS), "checker": visit.may(CHECKERS)}


def told() -> Mapping[str, Any]:
    """Return the words that templates look up."""
    return {"words": WORDS, "standings": STANDINGS}
