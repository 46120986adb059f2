"""What is done on a discrepancy's page at once: whose task it is, what is said, what shows it, and what is decided."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from paygate.access import CHECKERS, MAKERS, naming
from paygate.casework import LONGEST_TEXT, Casework, Worker
from paygate.database import Connection
from paygate.domain.errors import ConflictError, InvalidInputError
from paygate.web.desk.discrepancy import LIST, LISTS, CasePages, listed, path
from paygate.web.desk.door import Page
from paygate.web.desk.forms import Form
from paygate.web.desk.visit import DeskVisit, Done

VERSION: Final = "version"
"""The field that holds the last event the person saw."""

Act = Callable[[Connection, Worker, int, int], Awaitable[str]]
"""Acts on a discrepancy as it was seen, and returns what is said of it."""


@dataclass(frozen=True, slots=True)
class CaseActs:
    """The acts. `changed` is called when the matcher has facts to look at again."""

    pages_of: CasePages
    casework: Casework
    changed: Callable[[], None]

    async def assign(self, visit: DeskVisit) -> web.StreamResponse:
        """Make it somebody's task, or nobody's."""
        to = visit.form.text("to") or None

        async def do(connection: Connection, worker: Worker, number: int, version: int) -> str:
            await self.casework.assign(connection, worker, number, version, to)
            who = await naming(connection, [to])
            return visit.say("Assigned to %(person)s.", person=who(to)) if to else visit.say("It is nobody's task now.")

        return await self.act(visit, do)

    async def comment(self, visit: DeskVisit) -> web.StreamResponse:
        """Add what the person says."""
        text = text_of(visit, "text")

        async def do(connection: Connection, worker: Worker, number: int, version: int) -> str:
            await self.casework.comment(connection, worker, number, version, text)
            return visit.say("Your comment is noted.")

        return await self.act(visit, do)

    async def approve(self, visit: DeskVisit) -> web.StreamResponse:
        """Have done what another person proposed."""

        async def do(connection: Connection, worker: Worker, number: int, version: int) -> str:
            done = await self.casework.approve(connection, worker, number, version)
            return visit.say("You approved proposal %(number)s.", number=done.proposal_id)

        return await self.act(visit, do, onward=True, settled=True)

    async def reject(self, visit: DeskVisit) -> web.StreamResponse:
        """Refuse what another person proposed, who reads why."""
        reason = text_of(visit, "answer")

        async def do(connection: Connection, worker: Worker, number: int, version: int) -> str:
            done = await self.casework.reject(connection, worker, number, version, reason)
            return visit.say("You rejected proposal %(number)s; its maker reads why.", number=done.proposal_id)

        return await self.act(visit, do, onward=True)

    async def withdraw(self, visit: DeskVisit) -> web.StreamResponse:
        """Take one's own proposal back."""

        async def do(connection: Connection, worker: Worker, number: int, version: int) -> str:
            done = await self.casework.withdraw(connection, worker, number, version)
            return visit.say("You withdrew proposal %(number)s.", number=done.proposal_id)

        return await self.act(visit, do)

    async def act(
        self, visit: DeskVisit, do: Act, *, onward: bool = False, settled: bool = False
    ) -> web.StreamResponse:
        """Act once and go back to the discrepancy, or `onward` in the list; `settled`: the matcher is to look again.

        Where the form has faults, or the facts have moved, the page is shown as it is now, with what was typed.
        """
        number = visit.number("id")
        worker = Worker.of(visit.session.caller, visit.tenant)

        async def once(connection: Connection) -> Done:
            place = await self._place_after(connection, visit, number) if onward else None
            said = await do(connection, worker, number, version_of(visit.form))
            onto = visit.say("Below is the next discrepancy of the list.") if place else ""
            return address(visit, place or number), f"{said} {onto}".rstrip()

        if visit.form.faults:
            return await self.pages_of.show_again(visit, HTTPStatus.UNPROCESSABLE_ENTITY)
        try:
            answer = await visit.once(once)
        except ConflictError:
            return await self.pages_of.show_again(visit, HTTPStatus.CONFLICT, seen=version_of(visit.form))
        except InvalidInputError as error:
            visit.form.fault("refused", visit.reason(error))
            return await self.pages_of.show_again(visit, HTTPStatus.UNPROCESSABLE_ENTITY)
        if settled:
            self.changed()
        return answer

    async def _place_after(self, connection: Connection, visit: DeskVisit, number: int) -> int | None:
        """Return the next discrepancy of the list the person came from; None where they came from none."""
        if not listed(visit):
            return None
        _, following = await self.pages_of.neighbours(connection, visit, number, listed(visit))
        return following

    def pages(self) -> list[Page]:
        return [
            Page("POST", path("/assign"), MAKERS, self.assign, limited=True),
            Page("POST", path("/comment"), MAKERS, self.comment, limited=True),
            Page("POST", path("/approve"), CHECKERS, self.approve, limited=True),
            Page("POST", path("/reject"), CHECKERS, self.reject, limited=True),
            Page("POST", path("/withdraw"), MAKERS, self.withdraw, limited=True),
        ]


def text_of(visit: DeskVisit, name: str) -> str:
    """Return what a person has to say, noting a fault where it is nothing or too long."""
    text = visit.form.text(name)
    if not text:
        visit.form.fault(name, visit.say("Write a few words; others will read them."))
    if len(text) > LONGEST_TEXT:
        visit.form.fault(name, visit.say("At most %(count)s characters.", count=LONGEST_TEXT))
    return text


def version_of(form: Form) -> int:
    """Return the last event the person saw.

    Raises:
        InvalidInputError: the form does not say.
    """
    given = form.text(VERSION)
    if not given.isascii() or not given.isdigit() or len(given) > len(str(2**63)):
        raise InvalidInputError("the form is not one of ours")
    return int(given)


def address(visit: DeskVisit, number: int, below: str = "") -> str:
    """Return the address of a discrepancy's page, which keeps the list the person came from."""
    query = "?" + urlencode({LIST: listed(visit)}) if listed(visit) else ""
    return visit.path(f"{LISTS}/{number}{below}{query}")
