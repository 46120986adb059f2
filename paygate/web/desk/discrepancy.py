"""One discrepancy: all its legs, what happened, the evidence as it came, what was tried, and what people did."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, Protocol

from aiohttp import web

from paygate.access import CHECKERS, MAKERS, Role, naming
from paygate.database import Connection, Database
from paygate.domain.casework import Act
from paygate.domain.errors import NotFoundError
from paygate.domain.money import DONG
from paygate.web.desk.case_words import STANDINGS, WORDS
from paygate.web.desk.door import Page
from paygate.web.desk.navigation import WORKERS
from paygate.web.desk.visit import DeskVisit

LISTS: Final = "/discrepancies"
"""The list that discrepancies are found in, below the tenant's address."""
LIST: Final = "list"
"""The field that holds the query of the list a person came from."""
LONGEST_LIST: Final = 1_000

DECISIONS: Final = frozenset({Act.APPROVE, Act.CLOSE, Act.REJECT, Act.WITHDRAW})

Case = dict[str, Any]
Facts = Mapping[str, list[dict[str, Any]]]


class Colleague(Protocol):
    """Who works on discrepancies. `checker`: may approve what others propose."""

    @property
    def name(self) -> str: ...

    @property
    def full_name(self) -> str: ...

    @property
    def checker(self) -> bool: ...


class LoadCase(Protocol):
    """Returns all there is to a discrepancy; None where there is none that the agencies may see."""

    async def __call__(
        self, connection: Connection, tenant_id: int, number: int, agencies: Sequence[str] | None, /, *, now: datetime
    ) -> Case | None: ...


class Neighbours(Protocol):
    """Returns which discrepancies stand before and after one in the list of a query; '' is no list."""

    async def __call__(
        self, connection: Connection, visit: DeskVisit, number: int, listed: str, /
    ) -> tuple[int | None, int | None]: ...


class PeopleWho(Protocol):
    """Returns who has one of the roles in a tenant and may see an agency's things; None: things of no agency."""

    async def __call__(
        self, connection: Connection, tenant_id: int, roles: Collection[Role], agency: str | None, /
    ) -> Sequence[Colleague]: ...


class FindFacts(Protocol):
    """Returns the free facts of these numbers that the agencies may join, as `payments` and `lines`."""

    async def __call__(
        self,
        connection: Connection,
        tenant_id: int,
        agencies: Sequence[str] | None,
        payment_ids: Sequence[int],
        line_ids: Sequence[int],
        /,
    ) -> Facts: ...


@dataclass(frozen=True, slots=True)
class CasePages:
    """What is shown of a discrepancy."""

    database: Database
    load_case: LoadCase
    neighbours: Neighbours
    people_who: PeopleWho
    find_facts: FindFacts

    async def show(self, visit: DeskVisit) -> web.StreamResponse:
        """Show a discrepancy with the way on in the list it came from."""
        return await self._shown(visit, HTTPStatus.OK, None)

    async def show_again(self, visit: DeskVisit, status: HTTPStatus, seen: int | None = None) -> web.StreamResponse:
        """Show it after an act that was not done: with its faults, and what changed since the event `seen`."""
        return await self._shown(visit, status, seen)

    async def _shown(self, visit: DeskVisit, status: HTTPStatus, seen: int | None) -> web.Response:
        number, tenant_id = visit.number("id"), visit.tenant.tenant_id
        async with self.database.snapshot() as connection:
            case = await self.read(connection, visit, number)
            before, after = await self.neighbours(connection, visit, number, listed(visit))
            people = await self.people_who(connection, tenant_id, MAKERS | CHECKERS, case["agency_code"])
            waiting = next((one for one in case["proposals"] if one["state"] == "open"), None)
            case["joining"] = await self._joining(connection, visit, waiting)
            who = await naming(connection, _names_in(case))
        shown = {
            "case": case,
            "before": before,
            "after": after,
            "listed": listed(visit),
            "people": people,
            "who": who,
            "waiting": waiting,
            "stale": _since(case, waiting["version"], facts_alone=True) if waiting else [],
            "moved": seen is not None,
            "since": [] if seen is None else _since(case, seen, facts_alone=False),
            "late": None if seen is None else _decided_since(case, seen),
            "values": visit.form.values(),
            "faults": visit.form.faults,
        }
        return visit.render("discrepancy.html", status=status, **shown, **may(visit), **told())

    async def _joining(self, connection: Connection, visit: DeskVisit, waiting: Case | None) -> Case | None:
        """Return the two sides of a joining that waits, with their sums."""
        if waiting is None or waiting["kind"] != "link":
            return None
        sides = [waiting["detail"].get(name, []) for name in ("payments", "lines")]
        found = await self.find_facts(connection, visit.tenant.tenant_id, visit.agencies, *sides)
        return {**found, **sums_of(found["payments"], found["lines"])}

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


def _names_in(case: Case) -> Iterator[str | None]:
    """Return the names of the people a case speaks of."""
    yield from (case["assignee"], case["resolved_by"])
    for event in case["events"]:
        yield from (event["person"], event["detail"].get("from"), event["detail"].get("to"))
    for proposal in case["proposals"]:
        yield from (proposal["proposed_by"], proposal["decided_by"])
    yield from (one["added_by"] for one in case["attachments"])
    yield from (one["undone_by"] for one in case["history"])


def sums_of(payments: Sequence[Mapping[str, Any]], lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Add both sides up; of several currencies (`mixed`) the dong alone, for nothing adds those up."""
    both = [*payments, *lines]
    currencies = {one["currency"] for one in both}
    currency = min(currencies) if len(currencies) == 1 else DONG
    paid, booked = (sum(one["amount"] for one in side if one["currency"] == currency) for side in (payments, lines))
    mixed = len(currencies) > 1
    even = paid == booked and not mixed and len({one["account"] for one in both}) == 1
    sums = {"paid": paid, "booked": booked, "difference": paid - booked, "currency": currency}
    return {**sums, "mixed": mixed, "even": even}


def _since(case: Case, version: int, *, facts_alone: bool) -> list[Case]:
    """Return what became of a discrepancy after one of its events; of `facts_alone`, what no person did."""
    events = [one for one in case["events"] if one["event_id"] > version]
    return [one for one in events if one["person"] is None or not facts_alone]


def _decided_since(case: Case, version: int) -> Case | None:
    """Return the latest proposal where it was decided after an event."""
    last = case["proposals"][0] if case["proposals"] else None
    told = [one for one in case["events"] if one["event_id"] > version and one["said"] in DECISIONS]
    return last if last is not None and last["state"] != "open" and told else None


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
