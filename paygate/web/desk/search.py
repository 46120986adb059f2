"""The search: a code as it is read out, or an amount and a day; one thing found is shown at once."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, Protocol
from urllib.parse import quote

from aiohttp import web

from paygate.database import Connection, Database
from paygate.domain.errors import InvalidInputError
from paygate.domain.text import reference_key
from paygate.web.desk.case_words import WORDS
from paygate.web.desk.door import Page
from paygate.web.desk.forms import read_amount, read_day
from paygate.web.desk.navigation import WORKERS
from paygate.web.desk.visit import DeskVisit, see_other

SHORTEST: Final = 6
"""Characters of a code, without what stands between them: fewer name half a province."""
LONGEST: Final = 200
MOST_SHOWN: Final = 50
"""Rows of one kind; the search finds one more where there are more."""

_DAY: Final = r"\d{1,2}/\d{1,2}(?:/\d{4})?|\d{1,2}[.-]\d{1,2}[.-]\d{4}"
_AMOUNT_AND_DAY = re.compile(rf"(?P<amount>\S.*?)\s+(?P<day>{_DAY})", re.ASCII)

Hit = dict[str, Any]


class FindByCode(Protocol):
    """Finds dossiers, payments and lines by what they are called."""

    async def __call__(
        self, connection: Connection, tenant_id: int, typed: str, agencies: Sequence[str] | None, /
    ) -> list[Hit]: ...


class FindByAmount(Protocol):
    """Finds payments and lines of an amount on a day, by the clocks of a time zone."""

    async def __call__(  # noqa: PLR0913, PLR0917 -- arguments of another room's function
        self,
        connection: Connection,
        tenant_id: int,
        amount: int,
        day: date,
        timezone: str,
        agencies: Sequence[str] | None,
        /,
    ) -> list[Hit]: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What a search is for: an amount on a day, or else a code."""

    text: str
    amount: int | None = None
    day: date | None = None

    @property
    def too_short(self) -> bool:
        return self.day is None and len(reference_key(self.text)) < SHORTEST


def read_search(text: str, today: date) -> Asked:
    """Read what was typed; a day without its year is the latest such day that is not yet to come."""
    typed = " ".join(text.split())[:LONGEST]
    if found := _AMOUNT_AND_DAY.fullmatch(typed):
        try:
            return Asked(typed, read_amount(found["amount"]), _read_day(found["day"], today))
        except InvalidInputError:
            return Asked(typed)
    return Asked(typed)


def _read_day(text: str, today: date) -> date:
    if text.count("/") != 1:
        return read_day(text)
    # The 29th of February is looked for in the years that have one.
    for year in range(today.year, today.year - 8, -1):
        try:
            found = read_day(f"{text}/{year}")
        except InvalidInputError:
            continue
        if found <= today:
            return found
    raise InvalidInputError("%(text)r is no day", text=text)


def address(visit: DeskVisit, hit: Hit) -> str | None:
    """Return the page of something found; None where a line is nobody's and nobody asks whose."""
    if hit["kind"] == "dossier":
        return visit.path(f"/dossiers/{quote(hit['dossier_code'], safe='')}")
    if hit["kind"] == "payment":
        return visit.path(f"/payments/{hit['payment_id']}")
    return visit.path(f"/discrepancies/{hit['discrepancy_id']}") if hit["discrepancy_id"] else None


@dataclass(frozen=True, slots=True)
class SearchPages:
    database: Database
    find_by_code: FindByCode
    find_by_amount: FindByAmount

    async def search(self, visit: DeskVisit) -> web.StreamResponse:
        """Show what was found, or lead to the only thing there is."""
        today = datetime.now(UTC).astimezone(visit.tenant.zone).date()
        asked = read_search(visit.request.query.get("q", ""), today)
        hits = [] if asked.too_short else await self._find(visit, asked)
        found = [{**hit, "address": address(visit, hit)} for hit in hits]
        if len(found) == 1 and found[0]["address"]:
            return see_other(found[0]["address"])
        kinds = {kind: [one for one in found if one["kind"] == kind] for kind in ("dossier", "payment", "line")}
        return visit.render(
            "search.html", asked=asked, kinds=kinds, found=found, shortest=SHORTEST, most=MOST_SHOWN, words=WORDS
        )

    async def _find(self, visit: DeskVisit, asked: Asked) -> list[Hit]:
        tenant = visit.tenant
        async with self.database.snapshot() as connection:
            if asked.amount is not None and asked.day is not None:
                place = tenant.tenant_id, asked.amount, asked.day, str(tenant.zone)
                return await self.find_by_amount(connection, *place, visit.agencies)
            return await self.find_by_code(connection, tenant.tenant_id, asked.text, visit.agencies)

    def pages(self) -> list[Page]:
        return [Page("GET", "/desk/{tenant}/search", WORKERS, self.search, limited=True)]
