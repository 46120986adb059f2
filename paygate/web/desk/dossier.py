"""The dossier and the payment: what a citizen who calls is told, and everything that shows why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from itertools import chain
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from aiohttp import web

from paygate.access import naming
from paygate.database import Connection, Database
from paygate.domain.errors import NotFoundError
from paygate.web.desk.answers import WORDS, Answer, answer
from paygate.web.desk.case_words import STANDINGS
from paygate.web.desk.case_words import WORDS as CASE_WORDS
from paygate.web.desk.door import Page
from paygate.web.desk.navigation import WORKERS
from paygate.web.desk.reading import amount, moment, money
from paygate.web.desk.terms import OUTCOMES, UNITS
from paygate.web.desk.visit import DeskVisit

Case = dict[str, Any]


class CaseReader(Protocol):
    """Reads a case; None where there is none, or it is of an agency that is not to be seen."""

    async def dossier(  # noqa: PLR0913 -- arguments of another room's function
        self,
        connection: Connection,
        tenant_id: int,
        dossier_code: str,
        *,
        agencies: Sequence[str] | None,
        zone: ZoneInfo,
        now: datetime,
    ) -> Case | None: ...

    async def payment(  # noqa: PLR0913 -- arguments of another room's function
        self,
        connection: Connection,
        tenant_id: int,
        payment_id: int,
        *,
        agencies: Sequence[str] | None,
        zone: ZoneInfo,
        now: datetime,
    ) -> Case | None: ...


@dataclass(frozen=True, slots=True)
class DossierPages:
    database: Database
    cases: CaseReader

    async def dossier(self, visit: DeskVisit) -> web.StreamResponse:
        """Show a dossier."""
        now, tenant, code = datetime.now(UTC), visit.tenant, visit.request.match_info["code"]
        async with self.database.snapshot() as connection:
            case = await self.cases.dossier(
                connection, tenant.tenant_id, code, agencies=visit.agencies, zone=tenant.zone, now=now
            )
            who = await naming(connection, _names_in(case))
        return _shown(visit, case, now, who)

    async def payment(self, visit: DeskVisit) -> web.StreamResponse:
        """Show a payment within its case."""
        now, tenant, number = datetime.now(UTC), visit.tenant, visit.number("payment")
        async with self.database.snapshot() as connection:
            case = await self.cases.payment(
                connection, tenant.tenant_id, number, agencies=visit.agencies, zone=tenant.zone, now=now
            )
            who = await naming(connection, _names_in(case))
        return _shown(visit, case, now, who)

    def pages(self) -> list[Page]:
        return [
            # A code from outside may hold a stroke.
            Page("GET", "/desk/{tenant}/dossiers/{code:.+}", WORKERS, self.dossier, limited=True),
            Page("GET", "/desk/{tenant}/payments/{payment}", WORKERS, self.payment, limited=True),
        ]


def _names_in(case: Case | None) -> list[str | None]:
    """Return the names of the people a case speaks of."""
    if case is None:
        return []
    return [*(one["assignee"] for one in case["discrepancies"]), *(one["person"] for one in case["history"])]


def _shown(visit: DeskVisit, case: Case | None, now: datetime, who: Callable[[str], str]) -> web.Response:
    if case is None:
        raise NotFoundError("there is no such dossier or payment")
    told = answer(case, now)
    wording, values = WORDS[told.kind], _spoken(told, visit)
    return visit.render(
        "dossier.html",
        case=case,
        payment=case.get("shown"),
        answer=told,
        who=who,
        state=wording.state,
        officer=visit.say(wording.officer, **values),
        citizen=visit.say(wording.citizen, **values),
        timeline=_timeline(case, visit.tenant.zone),
        today=now.astimezone(visit.tenant.zone).date().isoformat(),
        words=CASE_WORDS,
        standings=STANDINGS,
        units=UNITS,
        outcomes=OUTCOMES,
        notices_open=visit.agencies is None,
    )


def _spoken(told: Answer, visit: DeskVisit) -> Mapping[str, object]:
    """Write the values of an answer as they are said."""
    currency = told.values.get("currency", "")
    writing: Mapping[str, Callable[[Any], str]] = {
        "amount": lambda value: money(value, currency),
        "at_stake": amount,
        "at": lambda value: moment(value, visit.tenant.zone),
        "since": lambda value: moment(value, visit.tenant.zone),
        "until": lambda value: moment(value, visit.tenant.zone),
        "reason": lambda value: value[visit.language],
    }
    return {name: writing.get(name, str)(value) for name, value in told.values.items()}


def _timeline(case: Case, zone: ZoneInfo) -> list[Case]:
    """Return all that happened, in its order: what notices said, what banks and offices wrote, what did not agree."""
    asked = ({"what": "request", "at": one["requested_at"], **one} for one in case["requests"])
    told = ({"what": "payment", "at": one["recorded_at"], **one} for one in case["events"])
    found = ({"what": "discrepancy", "at": one["recorded_at"], **one} for one in case["history"])
    booked = ({"what": "line", "at": _noon(one, zone), **one} for one in case["lines"])
    return sorted(chain(asked, told, found, booked), key=lambda one: (one["at"], one["what"]))


def _noon(line: Case, zone: ZoneInfo) -> datetime:
    """Return where a line stands among the hours, of which it has none."""
    return datetime.combine(line["booked_on"], time(12), zone)
