"""The list of discrepancies: what is mine, what waits, what is filtered, and the views that people keep of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final, Protocol
from urllib.parse import quote

from aiohttp import web

from paygate.access import CHECKERS, MAKERS
from paygate.database import Connection, Database
from paygate.domain.calendar import Calendar
from paygate.domain.errors import ConflictError, InvalidInputError
from paygate.domain.worklist import (
    MOST_AT_ONCE,
    MOST_COUNTED,
    Catalogue,
    Choices,
    Listed,
    Order,
    Place,
    Shown,
    Summed,
    Wanted,
    Weighed,
)
from paygate.saved_views import LONGEST_NAME, MOST_VIEWS, drop_view, list_views, save_view
from paygate.web.desk.asked import FILTERS, NOBODY, TABS, Asked
from paygate.web.desk.door import Page
from paygate.web.desk.navigation import WORKERS, say
from paygate.web.desk.terms import SEVERITIES, STATES, UNITS, VERDICTS
from paygate.web.desk.visit import DeskVisit, Done

LIST: Final = "/discrepancies"
PART: Final = 50
"""Rows of a page."""
AGES: Final = (1, 3, 5, 10, 20)
"""Business days that the form offers; the address takes any number."""
LONGEST_OPTION: Final = 80
"""Characters."""

TAB_NAMES: Final[Mapping[str, str]] = {
    "mine": say("My work"),
    "unassigned": say("Unassigned"),
    "approval": say("Waiting for approval"),
    "sent": say("Waiting for another's approval"),
    "overdue": say("Overdue"),
    "all": say("All"),
}
WHOLE: Final = "tab=all"
"""The query of the whole list in its usual order: said all the same, for the way on from an item is the list's."""
FILTER_NAMES: Final[Mapping[str, str]] = {
    "q": say("Search"),
    "reason": say("Reason"),
    "verdict": say("Class"),
    "unit": say("Responsible"),
    "agency": say("Agency"),
    "source": say("Source"),
    "older": say("Older than"),
    "due": say("Due on"),
    "from": say("Amount from"),
    "to": say("Amount to"),
    "assignee": say("Assignee"),
    "state": say("State"),
}
ORDER_NAMES: Final[Mapping[Order, tuple[str, str]]] = {
    Order.AGE: (say("oldest first"), say("newest first")),
    Order.AMOUNT: (say("largest first"), say("smallest first")),
    Order.DUE: (say("due soonest first"), say("due latest first")),
    Order.SEVERITY: (say("most severe first"), say("least severe first")),
}
_FALLS: Final = {Order.AGE: True, Order.AMOUNT: True, Order.DUE: False, Order.SEVERITY: True}
"""Whether a column's own values fall from the top: of age the oldest stands first, of days due the soonest."""


class Worklist(Protocol):
    """Reads lists; inside a transaction of their own."""

    async def list_worklist(  # noqa: PLR0913 -- a list, and where in it
        self, connection: Connection, tenant_id: int, wanted: Wanted, *, beyond: Place | None, back: bool, limit: int
    ) -> Listed: ...

    async def count_worklist(self, connection: Connection, tenant_id: int, wanted: Wanted) -> Summed: ...

    async def count_before(self, connection: Connection, tenant_id: int, wanted: Wanted, place: Place) -> int: ...

    async def show_worklist(self, connection: Connection, tenant_id: int, numbers: Sequence[int]) -> list[Shown]: ...

    async def weigh_worklist(self, connection: Connection, tenant_id: int, numbers: Sequence[int]) -> list[Weighed]: ...

    async def count_tabs(
        self, connection: Connection, tenant_id: int, person: str, agencies: Sequence[str] | None, today: date
    ) -> Mapping[str, int]: ...

    async def find_choices(
        self, connection: Connection, tenant_id: int, agencies: Sequence[str] | None, roles: Sequence[str]
    ) -> Choices: ...


@dataclass(frozen=True, slots=True)
class Head:
    """A column by which the list can be ordered. `sorted`: as `aria-sort` has it, '' where it is by another."""

    href: str
    sorted: str


def today_of(visit: DeskVisit) -> date:
    """Return the day it is by the tenant's clock."""
    return datetime.now(UTC).astimezone(visit.tenant.zone).date()


@dataclass(frozen=True, slots=True)
class DiscrepancyPages:
    database: Database
    worklist: Worklist
    catalogue: Catalogue
    calendar: Calendar

    async def show(self, visit: DeskVisit) -> web.StreamResponse:
        """Show a part of the list that is asked for."""
        return await self._render(visit, Asked.read(visit.request.query.items(), self.catalogue))

    async def save(self, visit: DeskVisit) -> web.StreamResponse:
        """Keep the list under a name."""
        asked = Asked.of(visit.form.text("list"), self.catalogue)

        async def act(connection: Connection) -> Done:
            name = visit.form.text("name")
            kept = await save_view(connection, visit.tenant.tenant_id, visit.session.person_id, name, asked.query)
            return address_of(visit, asked), visit.say("The view “%(name)s” is saved.", name=kept)

        try:
            return await visit.once(act)
        except (InvalidInputError, ConflictError):
            said = say("Give the view a name of at most %(most)s characters; at most %(views)s are kept.")
            fault = visit.say(said, most=LONGEST_NAME, views=MOST_VIEWS)
            return await self._render(visit, asked, {"name": fault})

    async def drop(self, visit: DeskVisit) -> web.StreamResponse:
        """Forget a view."""
        asked = Asked.of(visit.form.text("list"), self.catalogue)
        name = visit.form.text("name")

        async def act(connection: Connection) -> Done:
            await drop_view(connection, visit.tenant.tenant_id, visit.session.person_id, name)
            return address_of(visit, asked), visit.say("The view “%(name)s” is deleted.", name=name)

        return await visit.once(act)

    async def _render(
        self, visit: DeskVisit, asked: Asked, faults: Mapping[str, str] | None = None
    ) -> web.StreamResponse:
        today, tenant_id = today_of(visit), visit.tenant.tenant_id
        wanted = asked.wanted(visit.person, visit.agencies, today, self.calendar, self.catalogue)
        async with self.database.snapshot() as connection:
            tabs = await self.worklist.count_tabs(connection, tenant_id, visit.person, visit.agencies, today)
            choices = await self.worklist.find_choices(connection, tenant_id, visit.agencies, sorted(MAKERS))
            views = await list_views(connection, tenant_id, visit.session.person_id)
            summed = await self.worklist.count_worklist(connection, tenant_id, wanted)
            part = await self.worklist.list_worklist(
                connection, tenant_id, wanted, beyond=asked.beyond, back=asked.back, limit=PART
            )
            before = 0
            if asked.beyond and part.places:
                before = await self.worklist.count_before(connection, tenant_id, wanted, part.places[0])
            rows = await self.worklist.show_worklist(connection, tenant_id, part.numbers)
        options = self._options(visit, asked, choices)
        return visit.render(
            "discrepancies.html",
            status=422 if faults else 200,
            asked=asked,
            faults=dict(faults or {}) | {name: visit.say(fault) for name, fault in asked.faults.items()},
            tabs=[(name, TAB_NAMES[name], tabs[name], address_of(visit, asked.on(name))) for name in _tabs(visit)],
            tab_name=TAB_NAMES[asked.tab],
            address_here=address_of(visit, asked),
            views=[(name, f"{visit.path(LIST)}?{query}") for name, query in views],
            options=options,
            chips=_chips(visit, asked, options),
            heads={str(order): _head(visit, asked, order) for order in Order},
            order_name=ORDER_NAMES[asked.order][asked.reversed],
            summed=summed,
            before=before,
            rows=rows,
            catalogue=self.catalogue,
            ages=self.calendar.ages((row.since for row in rows), today),
            today=today,
            units=UNITS,
            severities=SEVERITIES,
            states=STATES,
            ways=_ways(visit, asked, part),
            listed=quote(asked.query or WHOLE, safe=""),
            makes=visit.may(MAKERS),
            most_counted=MOST_COUNTED,
            most_at_once=MOST_AT_ONCE,
        )

    def _options(self, visit: DeskVisit, asked: Asked, choices: Choices) -> dict[str, list[tuple[str, str]]]:
        """Return what each field of the form offers; what is chosen is offered whatever it is."""
        reasons = [
            (code, getattr(meaning.said, visit.language).rstrip(".")) for code, meaning in self.catalogue.items()
        ]
        offered = {
            "reason": reasons,
            "verdict": _said(visit, VERDICTS),
            "unit": _said(visit, UNITS),
            "agency": [
                (NOBODY, visit.say("of no agency")),
                *((code, f"{code} {name}"[:LONGEST_OPTION]) for code, name in choices.agencies),
            ],
            "source": [(code, code) for code in choices.sources],
            "older": [(str(age), visit.say("%(days)s business days", days=age)) for age in AGES],
            "assignee": [(NOBODY, visit.say("nobody")), *choices.people],
            "state": _said(visit, STATES),
        }
        for name, pairs in offered.items():
            chosen = asked.filters.get(name)
            if chosen is not None and chosen not in dict(pairs):
                pairs.append((chosen, chosen))
        return offered

    def pages(self) -> list[Page]:
        return [
            Page("GET", f"/desk/{{tenant}}{LIST}", WORKERS, self.show, limited=True),
            Page("POST", f"/desk/{{tenant}}{LIST}/views", WORKERS, self.save, limited=True),
            Page("POST", f"/desk/{{tenant}}{LIST}/views/drop", WORKERS, self.drop, limited=True),
        ]


def address_of(visit: DeskVisit, asked: Asked) -> str:
    """Return the address of a list, from its beginning."""
    return f"{visit.path(LIST)}?{asked.query}".rstrip("?")


def _chips(
    visit: DeskVisit, asked: Asked, options: Mapping[str, Sequence[tuple[str, str]]]
) -> list[tuple[str, str, str]]:
    """Return what the list is narrowed to: the field, what it says, and the address of the list without it."""
    return [
        (
            FILTER_NAMES[name],
            dict(options.get(name, ())).get(asked.filters[name], asked.filters[name]),
            address_of(visit, asked.without(name)),
        )
        for name in FILTERS
        if name in asked.filters
    ]


def _tabs(visit: DeskVisit) -> list[str]:
    """Return the tabs that someone has use for: who makes proposals sees theirs, who does nothing else no others'."""
    left_out = set() if visit.may(MAKERS) else {"sent"}
    if visit.may(MAKERS) and not visit.may(CHECKERS):
        left_out = {"approval"}
    return [name for name in TABS if name not in left_out]


def _said(visit: DeskVisit, words: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(code, visit.say(word)) for code, word in words.items()]


def _head(visit: DeskVisit, asked: Asked, order: Order) -> Head:
    falls = _FALLS[order] != asked.reversed
    direction = ("descending" if falls else "ascending") if order is asked.order else ""
    return Head(address_of(visit, asked.sorted(order)), direction)


def _ways(visit: DeskVisit, asked: Asked, part: Listed) -> dict[str, str]:
    """Return the addresses of the parts beside this one."""
    ways = {}
    if part.places and (asked.back or part.more):
        ways["next"] = f"{visit.path(LIST)}?{asked.part('after', part.places[-1])}"
    if part.places and (part.more if asked.back else asked.beyond):
        ways["prev"] = f"{visit.path(LIST)}?{asked.part('before', part.places[0])}"
    return ways
