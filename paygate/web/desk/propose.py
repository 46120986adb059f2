"""Proposing what is to be done about a discrepancy, in two steps: filled in, then looked at once more and sent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from paygate.access import MAKERS
from paygate.casework import Worker
from paygate.database import Connection
from paygate.domain.casework import ProposalKind
from paygate.domain.errors import InvalidInputError, NotFoundError
from paygate.web.desk.case_acts import CaseActs, text_of
from paygate.web.desk.discrepancy import Case, CasePages, listed, path, told
from paygate.web.desk.door import Page
from paygate.web.desk.forms import Form, read_amount
from paygate.web.desk.linking import Linking
from paygate.web.desk.visit import DeskVisit

STEP: Final = "step"
CHECK: Final = "check"
SEND: Final = "send"

Detail = Mapping[str, Any]
ReadDetail = Callable[[DeskVisit, Case], Detail]
"""Reads what a kind of proposal needs beside its reason, and notes what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Proposing:
    """The pages on which proposals are made."""

    cases: CasePages
    acts: CaseActs
    linking: Linking

    async def ask(self, visit: DeskVisit) -> web.StreamResponse:
        """Show the form of a kind of proposal."""
        kind, case = await self._case(visit)
        return await self._form(visit, case, kind, HTTPStatus.OK)

    async def take(self, visit: DeskVisit) -> web.StreamResponse:
        """Take the form: show it again, show what would be sent, or send it."""
        kind, case = await self._case(visit)
        step = visit.form.text(STEP)
        if step not in {CHECK, SEND}:
            return await self._form(visit, case, kind, HTTPStatus.OK)
        detail, joining = await self._detail(visit, case, kind)
        even = joining is not None and joining["even"]
        reason = visit.form.text("reason") if even else text_of(visit, "reason")
        if visit.form.faults:
            return await self._form(visit, case, kind, HTTPStatus.UNPROCESSABLE_ENTITY)
        if step == SEND:
            return await self._send(visit, kind, detail, reason)
        case["joining"] = joining
        fields = _fields(visit.form)
        return visit.render(
            "propose-check.html",
            case=case,
            kind=str(kind),
            detail=detail,
            reason=reason,
            fields=fields,
            listed=listed(visit),
            **told(),
        )

    async def _detail(self, visit: DeskVisit, case: Case, kind: ProposalKind) -> tuple[Detail, Case | None]:
        """Read what a proposal needs beside its reason; of a joining, its sides with their sums too."""
        if kind is ProposalKind.LINK:
            return await self.linking.chosen(visit, case)
        return (READ[kind](visit, case) if kind in READ else {}), None

    async def _send(self, visit: DeskVisit, kind: ProposalKind, detail: Detail, reason: str) -> web.StreamResponse:
        async def do(connection: Connection, worker: Worker, number: int, version: int) -> str:
            done = await self.acts.casework.propose(connection, worker, number, version, kind, detail, reason)
            given = {"number": done.proposal_id}
            return visit.say("Proposal %(number)s sent. Nothing changes until someone else approves it.", **given)

        return await self.acts.act(visit, do, onward=True)

    async def _case(self, visit: DeskVisit) -> tuple[ProposalKind, Case]:
        given = visit.request.match_info["kind"]
        async with self.cases.database.snapshot() as connection:
            case = await self.cases.read(connection, visit, visit.number("id"))
        if given not in case["kinds"]:
            raise NotFoundError("this cannot be proposed here")
        return ProposalKind(given), case

    async def _form(self, visit: DeskVisit, case: Case, kind: ProposalKind, status: HTTPStatus) -> web.Response:
        beside = await self.linking.sides(visit, case) if kind is ProposalKind.LINK else {}
        return visit.render(
            "propose.html",
            status=status,
            case=case,
            kind=str(kind),
            values=visit.form.values(),
            faults=visit.form.faults,
            version=visit.form.text("version") or case["version"],
            listed=listed(visit),
            **beside,
            **told(),
        )

    def pages(self) -> list[Page]:
        where = path("/propose/{kind}")
        return [
            Page("GET", where, MAKERS, self.ask, limited=True),
            Page("POST", where, MAKERS, self.take, limited=True),
        ]


def _fields(form: Form) -> list[tuple[str, str]]:
    """Return what is to be sent again when it has been looked at: all but what proves the form itself."""
    return [(name, value) for name, value in form.pairs() if name not in {"csrf", "once", STEP}]


def _refund(visit: DeskVisit, case: Case) -> Detail:
    try:
        amount = read_amount(visit.form.text("amount"))
    except InvalidInputError:
        visit.form.fault("amount", visit.say("Write an amount such as 150000 or 150.000."))
        return {}
    if not 0 < amount <= case["amount"]:
        visit.form.fault("amount", visit.say("At least 1 ₫, and at most what is at stake."))
    return {"amount": amount}


def _split(visit: DeskVisit, case: Case) -> Detail:
    known = {str(one["match_id"]) for one in case["matches"]}
    given = visit.form.text("match")
    if given not in known:
        visit.form.fault("match", visit.say("Choose the match that is to be undone."))
        return {}
    return {"match": int(given)}


def _flag(visit: DeskVisit, case: Case) -> Detail:
    given = visit.form.text("flag")
    if given not in {"0", "1", "2"} or int(given) == case["record"]["online_payment_flag"]:
        visit.form.fault("flag", visit.say("Choose another flag than the record has."))
        return {}
    return {"flag": int(given)}


READ: Final[Mapping[ProposalKind, ReadDetail]] = {
    ProposalKind.REFUND: _refund,
    ProposalKind.SPLIT: _split,
    ProposalKind.CORRECT_FLAG: _flag,
}
