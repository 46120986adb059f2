"""The inbox: what waits and why, one notice as it came, and putting to work again exactly what was shown before."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from paygate.access import Role, naming
from paygate.database import Connection, Database
from paygate.domain.errors import NotFoundError
from paygate.domain.lifecycle import NoticeState
from paygate.domain.notice import QUERY, STATEMENT
from paygate.domain.parties import Source
from paygate.domain.shown_bytes import legible
from paygate.notice_lists import (
    COUNTED,
    Filter,
    NoticePage,
    Shelf,
    count_reasons,
    count_shelves,
    list_page,
    payment_of,
    replays_of,
)
from paygate.notices import REPEAT, REPLAYABLE, Selection, read_notice
from paygate.replays import Fate, Preview, Replays
from paygate.web.desk.case_words import PAYMENT_STATES
from paygate.web.desk.door import Page
from paygate.web.desk.files import attached_body
from paygate.web.desk.navigation import PEOPLE, WORKERS, say
from paygate.web.desk.reading import amount, money
from paygate.web.desk.terms import OUTCOMES
from paygate.web.desk.visit import DeskVisit, Done, own_path
from paygate.worker import WAITS_FOR_RECORD

REPLAYERS: Final = frozenset({Role.OPERATOR, Role.ADMIN})
"""Who may put notices to work again."""
MOST_AT_ONCE: Final = 5_000
"""Notices in one replay from a page."""
KIND: Final = "replay"
REPLAYED: Final = frozenset(Shelf(state) for state in REPLAYABLE)

SHELVES: Final[Mapping[Shelf, str]] = {
    Shelf.PARKED: say("Waiting for a dossier"),
    Shelf.RETRYING: say("Being tried"),
    Shelf.QUARANTINED: say("Quarantined"),
    Shelf.DEAD: say("Dead letters"),
    Shelf.APPLIED: say("Applied"),
}
SHAPES: Final[Mapping[str, str]] = {
    "parked": "pending",
    "received": "unpaid",
    "retrying": "unpaid",
    "quarantined": "mismatched",
    "dead": "incomplete",
    "applied": "matched",
}
"""By the states of notices, the shape that shows each."""
STATES: Final[Mapping[str, str]] = {
    "parked": SHELVES[Shelf.PARKED],
    "received": say("Received"),
    "retrying": SHELVES[Shelf.RETRYING],
    "quarantined": SHELVES[Shelf.QUARANTINED],
    "dead": say("Dead letter"),
    "applied": SHELVES[Shelf.APPLIED],
}
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,17}")
OUR_REASONS: Final[Mapping[str, str]] = {
    WAITS_FOR_RECORD: say("The record of its dossier has not come"),
    REPEAT: say("A repeat of a notice that is stored"),
    "": say("No reason noted"),
}
"""The reasons that are no translation's own words."""
METHODS: Final[Mapping[str, str]] = {QUERY: say("answer to a query"), STATEMENT: say("booked by the bank")}


@dataclass(frozen=True, slots=True)
class NoticePages:
    """`changed` is called when notices are at work again."""

    database: Database
    sources: Mapping[str, Source]
    replays: Replays
    changed: Callable[[], None]

    async def inbox(self, visit: DeskVisit) -> web.StreamResponse:
        """Show what stands on a shelf; what waits for a dossier unless another is asked for."""
        tenant_id, wanted = visit.tenant.tenant_id, self._wanted(visit, visit.request.query)
        async with self.database.snapshot() as connection:
            counts = await count_shelves(connection, tenant_id)
            reasons = await count_reasons(connection, tenant_id, wanted)
            found = await list_page(connection, tenant_id, wanted, visit.request.query.get("after", ""))
        sources = self._sources(visit)
        return visit.render(
            "notices.html",
            wanted=wanted,
            tabs=[(one, name, counts.get(one), self._address(visit, Filter(one))) for one, name in SHELVES.items()],
            reasons=[
                (self._reason(visit, reason), count, self._address(visit, replace(wanted, reason=reason)))
                for reason, count in reasons
            ],
            own_words=_own_words(visit),
            without_reason=self._address(visit, replace(wanted, reason=None)),
            asked_reason=None if wanted.reason is None else self._reason(visit, wanted.reason),
            sources=[(code, code) for code in sorted(sources.values())],
            source=sources.get(wanted.source_id or 0, ""),
            rows=[self._row(visit, row, sources) for row in found.rows],
            more=self._more(visit, wanted, found),
            counted=COUNTED,
            may_replay=visit.may(REPLAYERS) and wanted.shelf in REPLAYED,
            most=MOST_AT_ONCE,
        )

    async def one(self, visit: DeskVisit) -> web.StreamResponse:
        """Show one notice: as it came, as it was understood, and what it led to."""
        tenant_id, number = visit.tenant.tenant_id, visit.number("notice")
        async with self.database.snapshot() as connection:
            notice = await read_notice(connection, tenant_id, number)
            again = await replays_of(connection, tenant_id, number)
            payment = await payment_of(connection, tenant_id, number, notice["received_at"])
            who = await naming(connection, [one["person"] for one in again])
        return visit.render(
            "notice.html",
            notice=notice,
            shape=SHAPES[notice["state"]],
            state=STATES[notice["state"]],
            states=STATES,
            reason=self._reason(visit, notice["reason"]) if notice["reason"] else None,
            own_words=_own_words(visit),
            method=METHODS.get(notice["method"]),
            body=None if notice["body"] is None else legible(notice["body"]),
            size=len(notice["body"] or b""),
            again=[{**one, "why": self._reason(visit, one["reason"] or "")} for one in again],
            who=who,
            payment=payment,
            said=PAYMENT_STATES,
            outcomes=OUTCOMES,
            may_see=visit.may(WORKERS),
            may_replay=visit.may(REPLAYERS) and notice["state"] in REPLAYABLE,
        )

    async def body(self, visit: DeskVisit) -> web.StreamResponse:
        """Hand out the bytes of a notice as they came."""
        async with self.database.snapshot() as connection:
            notice = await read_notice(connection, visit.tenant.tenant_id, visit.number("notice"))
        return await attached_body(visit, self.database, notice)

    async def try_replay(self, visit: DeskVisit) -> web.StreamResponse:
        """Say what a replay of what was ticked, or of all that match, would come to."""
        selection = self._selection(visit)

        async def act(connection: Connection) -> Done:
            preview = await self.replays.preview(connection, visit.tenant.tenant_id, selection)
            content = {
                "fates": {str(number): fate for number, fate in preview.fates.items()},
                "settled": preview.settled,
                "amounts": dict(preview.amounts),
                "reasons": dict(list(preview.reasons.items())[:20]),
                "back": visit.form.text("back"),
            }
            return visit.path(f"/notices/replays/{await visit.select(connection, KIND, content)}"), ""

        return await visit.once(act)

    async def preview(self, visit: DeskVisit) -> web.StreamResponse:
        """Show what a replay would come to."""
        async with self.database.connection() as connection:
            content = await visit.selected(connection, KIND, visit.request.match_info["selection"])
        preview = _preview(content)
        return visit.render(
            "notice-replay.html",
            preview=preview,
            amounts=" + ".join(money(one, code) for code, one in sorted(preview.amounts.items())) or amount(0),
            counts={fate: preview.count(fate) for fate in Fate},
            back=self._back(visit, content["back"]),
        )

    async def replay(self, visit: DeskVisit) -> web.StreamResponse:
        """Put to work again what the preview named, and nothing else."""

        async def act(connection: Connection) -> Done:
            content = await visit.selected(connection, KIND, visit.request.match_info["selection"])
            numbers = _preview(content).acted_on
            counts = await self.replays.act(connection, visit.tenant.tenant_id, numbers, visit.person)
            told = visit.say(
                "Put to work again: %(due)s. Needing nothing any more: %(applied)s. Still unreadable: %(unreadable)s.",
                due=counts.due,
                applied=counts.applied,
                unreadable=counts.untranslatable,
            )
            return self._back(visit, content["back"]), told

        reply = await visit.once(act)
        self.changed()
        return reply

    def pages(self) -> list[Page]:
        inbox = "/desk/{tenant}/notices"
        return [
            Page("GET", inbox, PEOPLE, self.inbox),
            Page("POST", f"{inbox}/replays", REPLAYERS, self.try_replay),
            Page("GET", f"{inbox}/replays/{{selection}}", REPLAYERS, self.preview),
            Page("POST", f"{inbox}/replays/{{selection}}", REPLAYERS, self.replay),
            Page("GET", f"{inbox}/{{notice}}", PEOPLE, self.one),
            Page("GET", f"{inbox}/{{notice}}/body", PEOPLE, self.body),
        ]

    def _selection(self, visit: DeskVisit) -> Selection:
        form = visit.form
        if form.text("which") != "all":
            ticked = tuple(sorted({int(one) for one in form.all("notice") if _NUMBER.fullmatch(one)}))
            return Selection(ticked[:MOST_AT_ONCE])
        wanted = self._wanted(visit, form.values())
        if wanted.shelf not in REPLAYED:
            raise NotFoundError("there is nothing to be put to work again")
        return Selection(None, (NoticeState(wanted.shelf),), wanted.source_id, wanted.reason, MOST_AT_ONCE)

    def _wanted(self, visit: DeskVisit, said: Mapping[str, str]) -> Filter:
        given = said.get("state", "")
        shelf = Shelf(given) if given in set(Shelf) else Shelf.PARKED
        numbers = {code: number for number, code in self._sources(visit).items()}
        # What is settled has no reason that anybody looks for, and no index by it.
        reason = said.get("reason") if shelf is not Shelf.APPLIED else None
        return Filter(
            shelf, numbers.get(said.get("source", "")), reason if reason is None else reason.replace("\0", "")
        )

    def _sources(self, visit: DeskVisit) -> dict[int, str]:
        own = visit.tenant.tenant_id
        return {one.source_id: code for code, one in self.sources.items() if one.tenant.tenant_id == own}

    def _address(self, visit: DeskVisit, wanted: Filter, **more: str) -> str:
        said = {"state": str(wanted.shelf), **more}
        if wanted.source_id is not None:
            said["source"] = self._sources(visit)[wanted.source_id]
        if wanted.reason is not None:
            said["reason"] = wanted.reason
        return f"{visit.path('/notices')}?{urlencode(said)}"

    def _more(self, visit: DeskVisit, wanted: Filter, found: NoticePage) -> str | None:
        return self._address(visit, wanted, after=found.following) if found.following else None

    @staticmethod
    def _back(visit: DeskVisit, given: str) -> str:
        """Return the list a replay was asked for on."""
        inbox = visit.path("/notices")
        return own_path(given, inbox) if given.startswith((f"{inbox}?", f"{inbox}/")) else inbox

    @staticmethod
    def _reason(visit: DeskVisit, reason: str) -> str:
        return visit.say(OUR_REASONS[reason]) if reason in OUR_REASONS else reason

    def _row(self, visit: DeskVisit, row: Mapping[str, Any], sources: Mapping[int, str]) -> dict[str, Any]:
        return {
            **row,
            "source": sources.get(row["source_id"], "?"),
            "method": METHODS.get(row["method"]),
            "why": self._reason(visit, row["reason"]) if row["reason"] else row["alarm"] or "",
            "due": row["state"] in {"received", "retrying"},
        }


def _own_words(visit: DeskVisit) -> frozenset[str]:
    """Return the reasons that are said in the visitor's language; every other is English."""
    return frozenset(visit.say(one) for one in OUR_REASONS.values())


def _preview(content: Mapping[str, Any]) -> Preview:
    fates = {int(number): Fate(fate) for number, fate in content["fates"].items()}
    return Preview(fates, content["settled"], content["amounts"], content["reasons"])
