"""Acts on many discrepancies at once: what is chosen is kept as it was shown, and exactly that is acted on."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from aiohttp import web

from paygate.access import MAKERS
from paygate.casework import LONGEST_TEXT, Casework, Worker
from paygate.database import Connection, Database
from paygate.domain.calendar import Calendar
from paygate.domain.casework import ProposalKind
from paygate.domain.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from paygate.domain.money import DONG
from paygate.domain.worklist import MOST_AT_ONCE, Catalogue, Weighed
from paygate.web.desk.asked import Asked
from paygate.web.desk.case_words import WORDS
from paygate.web.desk.discrepancies import LIST, Worklist, address_of, today_of
from paygate.web.desk.door import Page
from paygate.web.desk.navigation import say
from paygate.web.desk.reading import amount, number
from paygate.web.desk.visit import DeskVisit, Done, see_other

SELECTION: Final = "discrepancies"
AT_ONCE: Final = 100
"""Discrepancies acted on in one transaction."""
ACTING_SECONDS: Final = 3.0
"""After which no other part is begun: what is left waits for the form to be sent again."""
ACTS: Final = ("assign", "propose")
KINDS: Final = (ProposalKind.WRITE_OFF, ProposalKind.NOT_OURS, ProposalKind.REFUND)
"""What can be proposed of many: what needs to be said of each is its reason and its amount."""
KIND_NAMES: Final = WORDS["kind"]
WHY: Final[Mapping[str, str]] = {
    "proposed": say("already proposed"),
    "resolved": say("already resolved"),
    "currency": say("in another currency"),
    "unseen": say("outside your rights"),
    "changed": say("changed since"),
    "same": say("theirs already"),
    "refused": say("cannot be done so"),
}
"""Why one is left out."""

Choice = dict[str, Any]
"""JSON: `act`, `list` (a query), `items` ([number, version, amount, reason]), `out` (how many were left out, by why),
and how far it is done: `at`, `done`, `sum`, `late` (as `out`), and `how` (the fields it was begun with)."""


@dataclass(frozen=True, slots=True)
class BulkPages:
    database: Database
    worklist: Worklist
    catalogue: Catalogue
    calendar: Calendar
    casework: Casework

    async def choose(self, visit: DeskVisit) -> web.StreamResponse:
        """Keep what is ticked, or all of the list, as it is now, and lead to where it is looked at."""
        asked = Asked.of(visit.form.text("list"), self.catalogue)
        act = visit.form.text("act")
        if act not in ACTS:
            raise InvalidInputError("the form is not one of ours")

        async def keep(connection: Connection) -> Done:
            numbers = await self._numbers(connection, visit, asked)
            if not numbers:
                return address_of(visit, asked), visit.say("Nothing is chosen.")
            rows = await self.worklist.weigh_worklist(connection, visit.tenant.tenant_id, numbers)
            choice = _choice(act, asked.query, numbers, rows, visit.agencies)
            return visit.path(f"{LIST}/acts/{await visit.select(connection, SELECTION, choice)}"), ""

        return await visit.once(keep)

    async def look(self, visit: DeskVisit) -> web.StreamResponse:
        """Show what was chosen, before anything is done."""
        async with self.database.connection() as connection:
            choice = await visit.selected(connection, SELECTION, _named(visit))
        if choice["how"] and choice["at"] == len(choice["items"]):
            return see_other(self._back(visit, choice))
        return await self._render(visit, choice)

    async def act(self, visit: DeskVisit) -> web.StreamResponse:
        """Act on what was shown, part by part for a while; what was done is not done again, however often sent."""
        name = _named(visit)
        async with self.database.connection() as connection:
            choice = await visit.selected(connection, SELECTION, name)
            people = await self._people(connection, visit)
        how = {key: visit.form.text(key) for key in ("to", "kind", "reason")}
        if not choice["how"] and (faults := _faults(visit, choice["act"], how, people)):
            return await self._render(visit, choice, faults)
        enough = monotonic() + ACTING_SECONDS
        while choice["at"] < len(choice["items"]) or not choice["how"]:
            async with self.database.transaction() as connection:
                choice = await visit.held(connection, SELECTION, name)
                choice["how"] = choice["how"] or how
                await self._act_on_part(connection, visit, choice)
                await visit.keep(connection, name, choice)
            if monotonic() >= enough:
                break

        async def told(_: Connection) -> Done:
            if choice["at"] < len(choice["items"]):
                return visit.path(f"{LIST}/acts/{name}"), ""
            return self._back(visit, choice), _result(visit, choice)

        return await visit.once(told)

    async def _numbers(self, connection: Connection, visit: DeskVisit, asked: Asked) -> list[int]:
        if visit.form.text("scope") != "all":
            ticked = [
                one for one in visit.form.all("id") if one.isascii() and one.isdigit() and len(one) < len("9" * 19)
            ]
            return sorted({int(one) for one in ticked})[:MOST_AT_ONCE]
        wanted = asked.wanted(visit.person, visit.agencies, today_of(visit), self.calendar, self.catalogue)
        part = await self.worklist.list_worklist(
            connection, visit.tenant.tenant_id, wanted, beyond=None, back=False, limit=MOST_AT_ONCE
        )
        if part.more:
            raise InvalidInputError("at most %(most)s are acted on at once", most=MOST_AT_ONCE)
        return list(part.numbers)

    async def _people(self, connection: Connection, visit: DeskVisit) -> list[tuple[str, str]]:
        found = await self.worklist.find_choices(connection, visit.tenant.tenant_id, visit.agencies, sorted(MAKERS))
        return list(found.people)

    async def _act_on_part(self, connection: Connection, visit: DeskVisit, choice: Choice) -> None:
        worker = Worker.of(visit.session.caller, visit.tenant)
        for item in choice["items"][choice["at"] : choice["at"] + AT_ONCE]:
            why = await self._act_on_one(connection, worker, choice, item)
            if why:
                choice["late"][why] = choice["late"].get(why, 0) + 1
            else:
                choice["done"] += 1
                choice["sum"] += item[2]
        choice["at"] = min(choice["at"] + AT_ONCE, len(choice["items"]))

    async def _act_on_one(self, connection: Connection, worker: Worker, choice: Choice, item: list[Any]) -> str:
        """Act on one, and return why it was left out; '' where it was not."""
        how, (one, version, at_stake, _) = choice["how"], item
        try:
            async with connection.transaction():
                if choice["act"] == "assign":
                    done = await self.casework.assign(connection, worker, one, version, how["to"])
                    return "" if done else "same"
                kind = ProposalKind(how["kind"])
                detail = {"amount": at_stake} if kind is ProposalKind.REFUND else {}
                await self.casework.propose(connection, worker, one, version, kind, detail, how["reason"])
        except ConflictError:
            return "changed"
        except (NotFoundError, NotAllowedError):
            return "unseen"
        except InvalidInputError:
            return "refused"
        return ""

    def _back(self, visit: DeskVisit, choice: Choice) -> str:
        return address_of(visit, Asked.of(choice["list"], self.catalogue))

    async def _render(
        self, visit: DeskVisit, choice: Choice, faults: Mapping[str, str] | None = None
    ) -> web.StreamResponse:
        async with self.database.connection() as connection:
            people = await self._people(connection, visit)
        reasons: dict[str, list[int]] = {}
        for _, _, at_stake, reason in choice["items"]:
            reasons.setdefault(reason, []).append(at_stake)
        return visit.render(
            "bulk.html",
            status=422 if faults else 200,
            choice=choice,
            back=self._back(visit, choice),
            faults=faults or {},
            values=choice["how"] or visit.form.values(),
            total=sum(item[2] for item in choice["items"]),
            reasons=[
                (getattr(self.catalogue[one].said, visit.language).rstrip("."), len(all_), sum(all_))
                for one, all_ in reasons.items()
            ],
            left=_left(visit, choice["out"]),
            people=people,
            kinds=[(str(kind), visit.say(KIND_NAMES[kind])) for kind in KINDS],
        )

    def pages(self) -> list[Page]:
        one = f"/desk/{{tenant}}{LIST}/acts/{{selection}}"
        return [
            Page("POST", f"/desk/{{tenant}}{LIST}/acts", MAKERS, self.choose, limited=True),
            Page("GET", one, MAKERS, self.look, limited=True),
            Page("POST", one, MAKERS, self.act, limited=True),
        ]


def _named(visit: DeskVisit) -> str:
    return visit.request.match_info["selection"]


def _choice(act: str, query: str, numbers: list[int], rows: list[Weighed], agencies: list[str] | None) -> Choice:
    found, out, items = {row.number: row for row in rows}, Counter[str](), []
    for one in numbers:
        row = found.get(one)
        if row is None or why_left_out(row, act, agencies):
            out["unseen" if row is None else why_left_out(row, act, agencies)] += 1
        else:
            items.append([row.number, row.version, row.amount, row.reason])
    undone = {"at": 0, "done": 0, "sum": 0, "late": {}, "how": None}
    return {"act": act, "list": query, "items": items, "out": dict(out), **undone}


def why_left_out(row: Weighed, act: str, agencies: list[str] | None) -> str:
    """Return why nothing is done about one that was chosen; '' where something can be."""
    if agencies is not None and row.agency_code not in agencies:
        return "unseen"
    if row.state == "resolved":
        return "resolved"
    if row.currency != DONG:
        return "currency"
    return "proposed" if act == "propose" and row.state == "proposed" else ""


def _faults(visit: DeskVisit, act: str, how: Mapping[str, str], people: list[tuple[str, str]]) -> dict[str, str]:
    if act == "assign":
        return {} if how["to"] in dict(people) else {"to": visit.say("Choose a person")}
    reason = " ".join(how["reason"].split())
    faults = {} if how["kind"] in KINDS else {"kind": visit.say("Choose what is proposed")}
    if not reason or len(how["reason"]) > LONGEST_TEXT or not reason.isprintable():
        faults["reason"] = visit.say("Say why, in at most %(most)s characters", most=number(LONGEST_TEXT))
    return faults


def _left(visit: DeskVisit, out: Mapping[str, int]) -> str:
    """Say how many are left out for which reasons; '' where none is."""
    return ", ".join(f"{number(count)} {visit.say(WHY[why])}" for why, count in out.items())


def _result(visit: DeskVisit, choice: Choice) -> str:
    values = {"count": number(choice["done"]), "amount": amount(choice["sum"])}
    if choice["act"] == "assign":
        said = visit.say("%(count)s assigned, %(amount)s", **values)
    else:
        said = visit.say("%(count)s proposals, %(amount)s", **values)
    out: Counter[str] = Counter(choice["out"]) + Counter(choice["late"])
    if not out:
        return f"{said}."
    left = visit.say("%(count)s left out: %(why)s", count=number(out.total()), why=_left(visit, out))
    return f"{said}; {left}."
