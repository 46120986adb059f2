"""Joining payments and bank lines by hand: two sides, the difference on top, and a search for what is not there yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Protocol

from paygate.database import Connection, Database
from paygate.domain.errors import InvalidInputError
from paygate.web.desk.discrepancy import Case, Facts, FindFacts, sums_of
from paygate.web.desk.forms import read_amount, read_day
from paygate.web.desk.visit import DeskVisit

MOST_TICKED: Final = 50
"""Facts of one side of a joining."""
LONGEST_REFERENCE: Final = 100
PAYMENT: Final = "payment"
LINE: Final = "line"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: a reference, or an amount near a day."""

    reference: str | None = None
    amount: int | None = None
    day: date | None = None


class SearchFacts(Protocol):
    """Returns free facts of a reference, or of an amount booked or paid near a day."""

    async def __call__(  # noqa: PLR0913 -- who looks, and for what
        self,
        connection: Connection,
        tenant_id: int,
        agencies: Sequence[str] | None,
        /,
        *,
        reference: str | None,
        amount: int | None,
        day: date | None,
    ) -> Facts: ...


@dataclass(frozen=True, slots=True)
class Linking:
    """What stands on the two sides."""

    database: Database
    find: FindFacts
    search: SearchFacts

    async def sides(self, visit: DeskVisit, case: Case) -> dict[str, Any]:
        """Return both sides: what is ticked, what the matcher names, and what a search finds; with their sums."""
        wanted = _wanted(visit)
        ticked = _ticked(visit, case)
        named = _named(case)
        async with self.database.snapshot() as connection:
            place = (connection, visit.tenant.tenant_id, visit.agencies)
            ids = {kind: [*ticked[kind], *named[kind]] for kind in (PAYMENT, LINE)}
            found = await self.find(*place, ids[PAYMENT], ids[LINE])
            more = await self._more(place, wanted)
        payments, lines = _together(found, more, "payments"), _together(found, more, "lines")
        sums = sums_of(
            [one for one in payments if one["id"] in ticked[PAYMENT]],
            [one for one in lines if one["id"] in ticked[LINE]],
        )
        return {"payments": payments, "lines": lines, "ticked": ticked, "looked": wanted is not None, **sums}

    async def chosen(self, visit: DeskVisit, case: Case) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what is ticked as a proposal says it, and the facts with their sums; what is amiss is noted."""
        ticked = _ticked(visit, case)
        async with self.database.snapshot() as connection:
            place = (connection, visit.tenant.tenant_id, visit.agencies)
            found = await self.find(*place, ticked[PAYMENT], ticked[LINE])
        for kind, facts in ((PAYMENT, found["payments"]), (LINE, found["lines"])):
            if not facts:
                visit.form.fault(kind, visit.say("Choose at least one on each side."))
            if len(facts) != len(ticked[kind]):
                visit.form.fault(kind, visit.say("Some of them have been matched meanwhile, or are not yours to join."))
        sums = sums_of(found["payments"], found["lines"])
        if sums["mixed"]:
            visit.form.fault(PAYMENT, visit.say("They are of several currencies."))
        detail = {"payments": sorted(ticked[PAYMENT]), "lines": sorted(ticked[LINE])}
        return detail, {**found, **sums}

    async def _more(self, place: tuple[Connection, int, Sequence[str] | None], wanted: Wanted | None) -> Facts:
        if wanted is None:
            return {"payments": [], "lines": []}
        return await self.search(*place, reference=wanted.reference, amount=wanted.amount, day=wanted.day)


def _ticked(visit: DeskVisit, case: Case) -> dict[str, list[int]]:
    """Return the numbers that are ticked; before anything was, the facts the discrepancy is about."""
    if not visit.form.values():
        own = {PAYMENT: case["payment_id"], LINE: case["line_id"]}
        return {kind: [number] if number is not None else [] for kind, number in own.items()}
    return {kind: _numbers(visit.form.all(kind)) for kind in (PAYMENT, LINE)}


def _numbers(given: Sequence[str]) -> list[int]:
    found = [int(one) for one in given if one.isascii() and one.isdigit() and len(one) < len(str(2**63))]
    return list(dict.fromkeys(found))[:MOST_TICKED]


def _named(case: Case) -> dict[str, list[int]]:
    """Return what the matcher names beside the discrepancy: contenders, then suggestions."""
    contenders, suggested = case["contenders"], case["suggestions"]
    return {
        PAYMENT: [one["payment_id"] for one in (*contenders["payments"], *suggested) if "payment_id" in one],
        LINE: [one["line_id"] for one in (*contenders["lines"], *suggested) if "line_id" in one],
    }


def _wanted(visit: DeskVisit) -> Wanted | None:
    """Read what is looked for; what cannot be read is noted."""
    form = visit.form
    reference = form.text("reference")[:LONGEST_REFERENCE]
    if reference:
        return Wanted(reference=reference)
    if not form.text("amount") and not form.text("day"):
        return None
    try:
        return Wanted(amount=read_amount(form.text("amount")), day=read_day(form.text("day")))
    except InvalidInputError:
        form.fault("amount", visit.say("Write an amount and a day, such as 150.000 and 08/05/2024."))
        return None


def _together(found: Facts, more: Facts, side: str) -> list[dict[str, Any]]:
    return list({one["id"]: one for one in (*found[side], *more[side])}.values())
