"""The first page: is the day closed, does the money agree, and what is to be done."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from aiohttp import web

from paygate import jobs
from paygate.access import CHECKERS, MAKERS, naming
from paygate.closes import ask_close
from paygate.database import Connection, Database
from paygate.domain.errors import InvalidInputError, NotFoundError
from paygate.jobs import JobKind, JobState
from paygate.notice_lists import COUNTED, Shelf, count_shelves
from paygate.web.desk.door import Page
from paygate.web.desk.forms import read_day
from paygate.web.desk.navigation import WORKERS, first_of
from paygate.web.desk.reading import amount, moment, number
from paygate.web.desk.spark import HEIGHT, WIDTH, spark
from paygate.web.desk.standing import Standing, Why, span, stand
from paygate.web.desk.terms import OUTCOMES, UNITS
from paygate.web.desk.visit import DeskVisit, Done, see_other
from paygate.web.desk.words import Language

FIRST_DAY: Final = date(2000, 1, 1)
LAST_DAY: Final = date(2999, 12, 31)
REASONS_SHOWN: Final = 6
AGAIN_SECONDS: Final = 3
"""After which a page that shows a close under way looks again."""
TROUBLED: Final = (Shelf.DEAD, Shelf.QUARANTINED, Shelf.PARKED)

Board = dict[str, Any]


class Viewer(Protocol):
    """Makes who looks: their name, their agencies or None, and whether they decide about proposals."""

    def __call__(self, person: str, agencies: Sequence[str] | None, checks: bool, /) -> Any: ...  # noqa: FBT001 -- a fact


class BoardReader(Protocol):
    """Reads how days stand."""

    def due_day(self, zone: ZoneInfo, now: datetime) -> date: ...

    async def standing(self, connection: Connection, tenant_id: int, zone: ZoneInfo, now: datetime) -> Board: ...

    async def board(  # noqa: PLR0913 -- arguments of another room's function
        self, connection: Connection, tenant_id: int, day: date, *, viewer: Any, zone: ZoneInfo, now: datetime
    ) -> Board: ...


@dataclass(frozen=True, slots=True)
class TodayPages:
    """`asked` is called when a close was asked for."""

    database: Database
    boards: BoardReader
    viewer: Viewer
    asked: Callable[[], None]

    async def home(self, visit: DeskVisit) -> web.StreamResponse:
        """Lead to the person's tenant, or show how each of several stands."""
        if len(visit.tenants) == 1:
            return see_other(first_of(visit.session.caller, visit.tenants[0].code))
        now = datetime.now(UTC)
        rows = []
        async with self.database.snapshot() as connection:
            for tenant in visit.tenants:
                grant = visit.session.grants[tenant.code]
                sees = bool(grant.roles & WORKERS) and not grant.agencies
                stands = await self.boards.standing(connection, tenant.tenant_id, tenant.zone, now) if sees else None
                rows.append((tenant, first_of(visit.session.caller, tenant.code), stands))
        return visit.render("tenants.html", rows=rows)

    async def today(self, visit: DeskVisit) -> web.StreamResponse:
        """Show a day; unless another is asked for, the one that should be closed by now."""
        tenant, now = visit.tenant, datetime.now(UTC)
        day, fault = self._day(visit, now)
        viewer = self.viewer(visit.person, visit.agencies, visit.may(CHECKERS))
        whole = visit.agencies is None
        async with self.database.snapshot() as connection:
            board = await self.boards.board(connection, tenant.tenant_id, day, viewer=viewer, zone=tenant.zone, now=now)
            shelves = await count_shelves(connection, tenant.tenant_id) if whole else {}
            closing, failed = await _close_of(connection, visit, day)
            who = await naming(connection, [board["oldest"] and board["oldest"]["assignee"]])
        stands = stand(board, whole=whole)
        return visit.render(
            "today.html",
            board=board,
            who=who,
            whole=whole,
            fault=fault,
            sentence=_sentence(visit, stands, day),
            stands=stands,
            reasons=[(_reason(visit, one), one.path and visit.path(one.path)) for one in stands.reasons],
            most=REASONS_SHOWN,
            delay=lambda late: _delay(visit, late),
            closing=closing,
            failed=failed,
            again=AGAIN_SECONDS,
            closable=stands.close and not closing and whole and visit.may(MAKERS),
            shelves={name: shelves.get(name, 0) for name in TROUBLED},
            counted=COUNTED,
            line=spark(board["days"]),
            size=(WIDTH, HEIGHT),
            outcomes=OUTCOMES,
            units=UNITS,
        )

    def _day(self, visit: DeskVisit, now: datetime) -> tuple[date, str]:
        """Return the day that is asked for, and what is wrong with how it was."""
        usual = self.boards.due_day(visit.tenant.zone, now)
        given = visit.request.query.get("day", "")
        if not given.strip():
            return usual, ""
        try:
            return _read_day(given), ""
        except InvalidInputError:
            return usual, visit.say("That is no day; write 08/05/2024.")

    async def close(self, visit: DeskVisit) -> web.StreamResponse:
        """Have a day closed in the background, and show the day meanwhile."""
        tenant = visit.tenant
        day = _read_day(visit.form.text("day"))
        if day > datetime.now(UTC).astimezone(tenant.zone).date():
            raise InvalidInputError("%(day)s has yet to come; it cannot be closed", day=day)

        async def act(connection: Connection) -> Done:
            job = await ask_close(connection, tenant.tenant_id, day, visit.person)
            return visit.path(f"?day={day}&close={job}"), ""

        reply = await visit.once(act)
        self.asked()
        return reply

    def pages(self) -> list[Page]:
        return [
            Page("GET", "/", None, self.home),
            Page("GET", "/desk/{tenant}", WORKERS, self.today, limited=True),
            Page("POST", "/desk/{tenant}/close", MAKERS, self.close),
        ]


def _read_day(text: str) -> date:
    """Read a day of which there may be facts.

    Raises:
        InvalidInputError: it is none, or no calendar counts from or to it.
    """
    day = read_day(text)
    if not FIRST_DAY <= day <= LAST_DAY:
        raise InvalidInputError("%(day)s lies too far away", day=day)
    return day


async def _close_of(connection: Connection, visit: DeskVisit, day: date) -> tuple[bool, str | None]:
    """Tell whether the day is being closed, and why the close that the address names has failed."""
    tenant_id, wanted = visit.tenant.tenant_id, {"date": day.isoformat()}
    if await jobs.find_open(connection, tenant_id, JobKind.RECONCILIATION, wanted):
        return True, None
    try:
        job = await jobs.find(connection, JobKind.RECONCILIATION, visit.request.query.get("close", ""))
    except NotFoundError:
        return False, None
    own = job.tenant_id == tenant_id and job.wanted == wanted and job.state is JobState.FAILED
    return False, visit.reason(job.refusal) if own else None


def _sentence(visit: DeskVisit, stands: Standing, day: date) -> str:
    values = dict(stands.values)
    if "amount" in values:
        values = {"count": number(values["count"]), "amount": amount(values["amount"])}
    return visit.say(stands.message, day=f"{day:%d/%m/%Y}", **values)


def _reason(visit: DeskVisit, why: Why) -> str:
    writing: Mapping[str, Callable[[Any], str]] = {
        "at": lambda value: moment(value, visit.tenant.zone),
        "late": lambda value: _delay(visit, value),
        "fault": lambda value: value[Language(visit.language)],
        "account": lambda value: f"…{value[-4:]}",
    }
    return visit.say(why.message, **{name: writing.get(name, str)(value) for name, value in why.values.items()})


def _delay(visit: DeskVisit, late: timedelta) -> str:
    message, count = span(late)
    return visit.say(message, count=count)
