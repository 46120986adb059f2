"""Who did what: the chain of acts, newest first, and whether it holds."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from paygate import audit
from paygate.audit import Wanted
from paygate.database import Database
from paygate.web.desk.door import Page
from paygate.web.desk.navigation import WATCHERS, say
from paygate.web.desk.visit import DeskVisit

PAGE: Final = 50
LONGEST_FILTER: Final = 200
LONGEST_DETAIL: Final = 240
"""Characters of an entry's detail in the list; the entry's own page shows all of it."""
FILTERS: Final[Mapping[str, str]] = {"actor": say("Who"), "act": say("What"), "subject": say("About")}
ACTS: Final[Mapping[str, str]] = {
    "role_given": say("gave a role"),
    "person_added": say("added a person"),
    "person_changed": say("changed what a person may do"),
    "person_disabled": say("disabled a person"),
    "person_enabled": say("let a person in again"),
    "password_reset": say("made a temporary password"),
    "token_issued": say("made a token"),
    "token_revoked": say("revoked a token"),
    "rules_proposed": say("proposed rules"),
    "rules_approved": say("put rules in force"),
    "match_undone": say("undid a match"),
    "match_rejoined": say("took the undoing of a match back"),
    "notices_replayed": say("replayed notices"),
    "deliveries_replayed": say("sent dead letters again"),
    "endpoint_resumed": say("resumed an endpoint"),
    "trimmed": say("dropped what was over its time"),
}
"""Acts in words; one that has none here is shown by its name."""
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class AuditPages:
    database: Database

    async def index(self, visit: DeskVisit) -> web.StreamResponse:
        """List entries, the latest first."""
        tenant_id, asked = visit.tenant.tenant_id, visit.request.query
        filters = {name: asked.get(name, "").strip()[:LONGEST_FILTER] for name in ("actor", "act", "subject")}
        before = int(asked["before"]) if _NUMBER.fullmatch(asked.get("before", "")) else None
        wanted = Wanted(**{name: text.replace("\0", "") or None for name, text in filters.items()})
        async with self.database.snapshot() as connection:
            found = await audit.list_entries(connection, tenant_id, wanted, before=before, limit=PAGE + 1)
            acts = await audit.list_acts(connection, tenant_id)
        following = {**_given(filters), "before": found[PAGE - 1].number} if len(found) > PAGE else None
        rows = [(entry, _in_short(entry.detail)) for entry in found[:PAGE]]
        return visit.render(
            "audit.html",
            rows=rows,
            acts=[(one, visit.say(ACTS[one]) if one in ACTS else one) for one in acts],
            names=ACTS,
            words={name: visit.say(word) for name, word in FILTERS.items()},
            filters=filters,
            kept=_given(filters),
            without={name: _given({**filters, name: ""}) for name in filters},
            before=before,
            following=following,
        )

    async def show(self, visit: DeskVisit) -> web.StreamResponse:
        """Show an entry whole, with the digests that hold it in its place."""
        async with self.database.connection() as connection:
            sealed = await audit.find_entry(connection, visit.tenant.tenant_id, visit.number("number"))
        detail = json.dumps(json.loads(sealed.entry.detail), ensure_ascii=False, indent=2)
        return visit.render("audit-entry.html", sealed=sealed, entry=sealed.entry, names=ACTS, detail=detail)

    async def verify(self, visit: DeskVisit) -> web.StreamResponse:
        """Check the chain from its first entry to its head, and say what was found."""
        tenant_id = visit.tenant.tenant_id
        async with self.database.connection() as connection:
            broken = await audit.verify(connection, tenant_id)
            number, digest = await audit.head_of(connection, tenant_id)
        if broken is not None:
            reason = {"number": broken.number, "reason": broken.reason}
            return visit.render("audit-broken.html", status=500, **reason)
        told = visit.say(
            "The chain is whole: %(number)s entries, the last with the digest %(digest)s.",
            number=number,
            digest=digest.hex(),
        )
        return await visit.done(visit.path("/audit"), told)

    def pages(self) -> list[Page]:
        return [
            Page("GET", "/desk/{tenant}/audit", WATCHERS, self.index),
            Page("POST", "/desk/{tenant}/audit/verify", WATCHERS, self.verify),
            Page("GET", "/desk/{tenant}/audit/{number}", WATCHERS, self.show),
        ]


def _given(filters: Mapping[str, str]) -> dict[str, Any]:
    return {name: text for name, text in filters.items() if text}


def _in_short(detail: str) -> str:
    """Write an entry's detail in a line, as much as there is room for."""
    said = "; ".join(f"{name}: {_plain(value)}" for name, value in json.loads(detail).items())
    return said if len(said) <= LONGEST_DETAIL else f"{said[:LONGEST_DETAIL]}…"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
