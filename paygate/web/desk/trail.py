"""Who did what: the chain of acts, newest first, and whether it holds."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from paygate import audit, jobs, people
from paygate.access import naming
from paygate.audit import Entry, Fault, Wanted
from paygate.audit_checks import ask_check
from paygate.database import Connection, Database
from paygate.domain.deeds import Deed
from paygate.domain.errors import NotFoundError
from paygate.domain.worklist import Catalogue
from paygate.jobs import JobKind, JobState
from paygate.web.desk.deeds import DEEDS, About, place_of
from paygate.web.desk.door import Page
from paygate.web.desk.navigation import ADMINS, WATCHERS, say
from paygate.web.desk.trail_words import Teller, persons_in
from paygate.web.desk.visit import DeskVisit, Done

PAGE: Final = 50
LONGEST_FILTER: Final = 200
FILTERS: Final[Mapping[str, str]] = {"actor": say("Who"), "act": say("What"), "subject": say("About")}
FAULTS: Final[Mapping[str, str]] = {
    Fault.GONE.name: say("Entry %(number)s is gone."),
    Fault.UNLINKED.name: say("Entry %(number)s does not follow the one before it."),
    Fault.CHANGED.name: say("Entry %(number)s was changed."),
    Fault.NOT_THE_END.name: say("The chain ends before entry %(number)s, and that is not where it ended."),
}
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry in a reader's words. `place` is the address of what it is about, None where there is no page of it."""

    entry: Entry
    actor: str
    act: str
    short: str
    place: str | None


@dataclass(frozen=True, slots=True)
class AuditPages:
    """`asked` is called when there is a job to be done."""

    database: Database
    catalogue: Catalogue
    asked: Callable[[], None]

    async def index(self, visit: DeskVisit) -> web.StreamResponse:
        """List entries, the latest first."""
        tenant_id, asked = visit.tenant.tenant_id, visit.request.query
        filters = {name: asked.get(name, "").strip()[:LONGEST_FILTER] for name in ("actor", "act", "subject")}
        before = int(asked["before"]) if _NUMBER.fullmatch(asked.get("before", "")) else None
        wanted = Wanted(**{name: text.replace("\0", "") or None for name, text in filters.items()})
        async with self.database.snapshot() as connection:
            found = await audit.list_entries(connection, tenant_id, wanted, before=before, limit=PAGE + 1)
            acts = await audit.list_acts(connection, tenant_id)
            rows = await self._in_words(connection, visit, found[:PAGE])
        following = {**_given(filters), "before": found[PAGE - 1].number} if len(found) > PAGE else None
        return visit.render(
            "audit.html",
            rows=rows,
            acts=[(one, _act(visit, one)) for one in acts],
            words={name: visit.say(word) for name, word in FILTERS.items()},
            filters=filters,
            kept=_given(filters),
            without={name: _given({**filters, name: ""}) for name in filters},
            before=before,
            following=following,
        )

    async def show(self, visit: DeskVisit) -> web.StreamResponse:
        """Show an entry whole, with the digests that hold it in its place."""
        async with self.database.snapshot() as connection:
            sealed = await audit.find_entry(connection, visit.tenant.tenant_id, visit.number("number"))
            (shown,) = await self._in_words(connection, visit, [sealed.entry])
        detail = json.dumps(json.loads(sealed.entry.detail), ensure_ascii=False, indent=2)
        return visit.render("audit-entry.html", sealed=sealed, entry=sealed.entry, shown=shown, detail=detail)

    async def ask_check(self, visit: DeskVisit) -> web.StreamResponse:
        """Have the chain checked from its first entry to its head."""

        async def act(connection: Connection) -> Done:
            job_id = await ask_check(connection, visit.tenant.tenant_id, visit.person)
            return visit.path(f"/audit/checks/{job_id}"), visit.say("The chain is being checked.")

        reply = await visit.once(act)
        self.asked()
        return reply

    async def check(self, visit: DeskVisit) -> web.StreamResponse:
        """Tell how far a check has come, and what it found."""
        async with self.database.snapshot() as connection:
            job = await jobs.find(connection, JobKind.AUDIT_CHECK, visit.request.match_info["job"])
            if job.tenant_id != visit.tenant.tenant_id:
                raise NotFoundError("there is no such job")
            head, _ = await audit.head_of(connection, job.tenant_id)
            who = await naming(connection, [job.asked_by])
        found = job.result or {}
        fault = found.get("fault")
        broken = None if fault is None else found["number"] + 1
        return visit.render(
            "audit-check.html",
            job=job,
            asked_by=who(job.asked_by),
            under_way=job.state in {JobState.WAITING, JobState.RUNNING},
            total=max(head, job.progress),
            found=found,
            broken=broken,
            fault="" if fault is None else visit.say(FAULTS[fault], number=broken),
        )

    async def _in_words(self, connection: Connection, visit: DeskVisit, entries: Sequence[Entry]) -> list[Shown]:
        numbers: Mapping[str, int] = {}
        if visit.may(ADMINS):
            numbers = await people.numbers_of(connection, visit.tenant.tenant_id, {one.subject for one in entries})
        details = [json.loads(one.detail) for one in entries]
        named = [name for detail in details for name in persons_in(detail)]
        who = await naming(connection, [*named, *(one.actor for one in entries)])
        teller = Teller(visit, who, self.catalogue)
        return [_shown(teller, one, detail, numbers) for one, detail in zip(entries, details, strict=True)]

    def pages(self) -> list[Page]:
        return [
            Page("GET", "/desk/{tenant}/audit", WATCHERS, self.index),
            Page("POST", "/desk/{tenant}/audit/checks", WATCHERS, self.ask_check),
            Page("GET", "/desk/{tenant}/audit/checks/{job}", WATCHERS, self.check),
            Page("GET", "/desk/{tenant}/audit/{number}", WATCHERS, self.show),
        ]


def _shown(teller: Teller, entry: Entry, detail: Mapping[str, Any], numbers: Mapping[str, int]) -> Shown:
    visit = teller.visit
    place = place_of(About(Deed(entry.act), entry.subject, detail, numbers)) if entry.act in set(Deed) else None
    short = teller.tell(entry.act, detail)
    return Shown(
        entry, teller.who(entry.actor), _act(visit, entry.act), short, None if place is None else visit.path(place)
    )


def _act(visit: DeskVisit, act: str) -> str:
    """Say an act; one that a former version wrote down, by its name."""
    return visit.say(DEEDS[Deed(act)]) if act in set(Deed) else act


def _given(filters: Mapping[str, str]) -> dict[str, Any]:
    return {name: text for name, text in filters.items() if text}
