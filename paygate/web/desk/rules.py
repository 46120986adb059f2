"""The rules of the matcher: what is in force, what is proposed, and what another set would make of past days."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final, Protocol

from aiohttp import web

from paygate import jobs
from paygate.access import CHECKERS, MAKERS, naming
from paygate.database import Connection, Database
from paygate.domain.errors import ConflictError, InvalidInputError, NotFoundError, TooLargeError
from paygate.jobs import JobKind
from paygate.rule_choices import LONGEST_REASON, RuleChoices
from paygate.web.desk.door import Door, Page
from paygate.web.desk.forms import Form, read_day
from paygate.web.desk.navigation import WORKERS, say
from paygate.web.desk.sent_files import begin_parts, cut_off
from paygate.web.desk.terms import LEGS
from paygate.web.desk.visit import DeskVisit, Done

LONGEST_FORM: Final = 512 * 1024
"""Bytes of the form that a rule set comes in, as a file or as text."""
BACKTEST_DAYS: Final = 7
"""Days that are suggested for a backtest, the last of them yesterday."""
STATES: Final[Mapping[str, str]] = {
    "in force": say("in force"),
    "proposed": say("Waiting for approval"),
    "replaced": say("replaced"),
    "withdrawn": say("withdrawn"),
    "rejected": say("rejected"),
    "ships": say("ships with paygate"),
}
CHANGES: Final[Mapping[str, str]] = {
    "new": say("Newly matched"),
    "gone": say("No longer matched"),
    "other": say("Matched by another rule or line"),
    "appears": say("Discrepancies that would appear"),
    "vanishes": say("Discrepancies that would vanish"),
    "changes": say("Discrepancies of another amount"),
}


class Rulebook(Protocol):
    """What the matcher tells of its rules. Rule sets have a `version`."""

    def read(self, content: bytes) -> Any:
        """Read a rule set; InvalidInputError or TooLargeError where it is none that can be followed."""

    def read_out(self, rules: Any, language: str, instead_of: Any) -> Any:
        """Say what a rule set does in sentences, and what another says otherwise."""

    def line_of(self, text: str, fault: str) -> int | None:
        """Return the line a fault is about."""

    def reason(self, reason: str, language: str) -> str:
        """Say a discrepancy's reason."""

    def check_days(self, first: date, last: date) -> object:
        """Refuse days of which there is no backtest by InvalidInputError."""

    async def list_choices(self, connection: Connection, tenant_id: int) -> Sequence[Mapping[str, Any]]:
        """Return what was proposed and approved, the oldest first."""

    async def find(self, connection: Connection, tenant_id: int, version: str) -> tuple[Any, str]:
        """Return the rules of a version and the text they were read from; NotFoundError where there are none."""


@dataclass(frozen=True, slots=True)
class RulesPages:
    """`asked` is called when a job was asked for, `changed` when other rules are in force."""

    database: Database
    book: Rulebook
    choices: RuleChoices
    asked: Callable[[], None]
    changed: Callable[[], None]

    async def index(self, visit: DeskVisit) -> web.StreamResponse:
        """Show the rules in force, what waits for approval, and what was before."""
        async with self.database.snapshot() as connection:
            listed = await self.book.list_choices(connection, visit.tenant.tenant_id)
            who = await naming(connection, _names_in(listed))
            (current,) = (one for one in listed if one["state"] == "in force")
            rules, _ = await self.book.find(connection, visit.tenant.tenant_id, current["version"])
        read = self.book.read_out(rules, visit.language, rules)
        proposed = [one for one in listed if one["state"] == "proposed"]
        return visit.render(
            "rules.html",
            who=who,
            read=read,
            current=current,
            proposed=proposed,
            history=listed[::-1],
            states=STATES,
            may_propose=visit.may(MAKERS),
        )

    async def show(self, visit: DeskVisit) -> web.StreamResponse:
        """Show a version beside the one in force: what an approver approves."""
        return await self._shown(visit)

    async def _shown(self, visit: DeskVisit, status: int = HTTPStatus.OK) -> web.Response:
        version, tenant_id = visit.request.match_info["version"], visit.tenant.tenant_id
        async with self.database.snapshot() as connection:
            listed = await self.book.list_choices(connection, tenant_id)
            rules, text = await self.book.find(connection, tenant_id, version)
            in_force = await self._in_force(connection, tenant_id)
            who = await naming(connection, _names_in(listed))
        # A set may be proposed again after it was replaced: what stands last counts.
        choice = next((one for one in reversed(listed) if one["version"] == version), None)
        return visit.render(
            "rules-version.html",
            status=status,
            faults=visit.form.faults,
            answer=visit.form.text("answer"),
            read=self.book.read_out(rules, visit.language, in_force),
            in_force=in_force.version,
            text=text,
            choice=choice,
            who=who,
            states=STATES,
            may_approve=visit.may(CHECKERS),
            may_try=visit.may(MAKERS),
            own_proposal=choice is not None and choice["proposed_by"] == visit.person,
            **_suggested(visit),
        )

    async def ask_new(self, visit: DeskVisit) -> web.StreamResponse:
        """Ask for a rule set, beginning with the one in force or with one that is named."""
        version = visit.request.query.get("from")
        async with self.database.snapshot() as connection:
            tenant_id = visit.tenant.tenant_id
            wanted = version or (await self._in_force(connection, tenant_id)).version
            _, text = await self.book.find(connection, tenant_id, wanted)
        return await self._asking(visit, text)

    async def take(self, visit: DeskVisit) -> web.StreamResponse:
        """Check a rule set; then try it on past days or propose it, as the person asked."""
        visit = replace(visit, form=await _read_upload(visit))
        text = visit.form.secret("file") or visit.form.secret("rules")
        try:
            rules = self.book.read(text.replace("\r\n", "\n").encode())
        except (InvalidInputError, TooLargeError) as error:
            fault = str(error)
            line = self.book.line_of(text, fault)
            return await self._asking(visit, text, fault=fault.partition(": ")[2], line=line)
        match visit.form.text("act"):
            case "try":
                return await self._try(visit, rules, text)
            case "propose":
                return await self._propose(visit, rules, text)
            case _:
                return await self._asking(visit, text, rules=rules)

    async def approve(self, visit: DeskVisit) -> web.StreamResponse:
        """Put a proposed rule set in force."""
        version = visit.request.match_info["version"]

        async def act(connection: Connection) -> Done:
            await self.choices.approve(connection, visit.tenant.tenant_id, version, visit.person)
            told = visit.say("%(version)s is in force; what is open is being judged by it.", version=version)
            return visit.path("/rules"), told

        reply = await visit.once(act)
        self.changed()
        return reply

    async def withdraw(self, visit: DeskVisit) -> web.StreamResponse:
        """Take one's own proposal back."""
        version = visit.request.match_info["version"]

        async def act(connection: Connection) -> Done:
            await self.choices.withdraw(connection, visit.tenant.tenant_id, version, visit.person)
            return visit.path(f"/rules/{version}"), visit.say("%(version)s is withdrawn.", version=version)

        return await visit.once(act)

    async def reject(self, visit: DeskVisit) -> web.StreamResponse:
        """Refuse a proposed rule set, saying why."""
        version, reason = visit.request.match_info["version"], visit.form.text("answer")
        if not reason.strip():
            visit.form.fault("answer", visit.say("Say why; who proposed it will read it."))
        elif len(reason) > LONGEST_REASON:
            visit.form.fault("answer", visit.say("At most %(count)s characters.", count=LONGEST_REASON))
        if visit.form.faults:
            return await self._shown(visit, HTTPStatus.UNPROCESSABLE_ENTITY)

        async def act(connection: Connection) -> Done:
            await self.choices.reject(connection, visit.tenant.tenant_id, version, visit.person, reason)
            return visit.path(f"/rules/{version}"), visit.say("%(version)s is rejected.", version=version)

        return await visit.once(act)

    async def trial(self, visit: DeskVisit) -> web.StreamResponse:
        """Show what a backtest came to, or that it is under way."""
        async with self.database.connection() as connection:
            job = await jobs.find(connection, JobKind.BACKTEST, visit.request.match_info["job"])
            who = await naming(connection, [job.asked_by])
        if job.tenant_id != visit.tenant.tenant_id:
            raise NotFoundError("there is no such job")
        return visit.render(
            "rules-trial.html",
            job=job,
            who=who,
            found=job.result,
            changes=CHANGES,
            legs=LEGS,
            reasons={
                one["reason"]: self.book.reason(one["reason"], visit.language)
                for one in (job.result or {}).get("discrepancies", ())
            },
            may_propose=visit.may(MAKERS),
        )

    def pages(self) -> list[Page]:
        index = "/desk/{tenant}/rules"
        return [
            Page("GET", index, WORKERS, self.index),
            Page("GET", f"{index}/new", MAKERS, self.ask_new),
            Page("POST", f"{index}/new", MAKERS, self.take, upload=True),
            Page("GET", f"{index}/backtests/{{job}}", WORKERS, self.trial),
            Page("GET", f"{index}/{{version}}", WORKERS, self.show),
            Page("POST", f"{index}/{{version}}/approve", CHECKERS, self.approve),
            Page("POST", f"{index}/{{version}}/reject", CHECKERS, self.reject),
            Page("POST", f"{index}/{{version}}/withdraw", MAKERS, self.withdraw),
        ]

    async def _in_force(self, connection: Connection, tenant_id: int) -> Any:
        listed = await self.book.list_choices(connection, tenant_id)
        (version,) = (one["version"] for one in listed if one["state"] == "in force")
        return (await self.book.find(connection, tenant_id, version))[0]

    async def _try(self, visit: DeskVisit, rules: Any, text: str) -> web.StreamResponse:
        try:
            first, last = (read_day(visit.form.text(name)) for name in ("first", "last"))
            self.book.check_days(first, last)
        except InvalidInputError as error:
            return await self._asking(visit, text, rules=rules, faults={"first": visit.reason(error)})
        wanted = {"rules": text.replace("\r\n", "\n"), "from": first.isoformat(), "to": last.isoformat()}

        async def act(connection: Connection) -> Done:
            number = await jobs.ask(connection, visit.tenant.tenant_id, JobKind.BACKTEST, wanted, asked_by=visit.person)
            return visit.path(f"/rules/backtests/{number}"), visit.say("The rules are being tried.")

        reply = await visit.once(act)
        self.asked()
        return reply

    async def _propose(self, visit: DeskVisit, rules: Any, text: str) -> web.StreamResponse:
        content = text.replace("\r\n", "\n").encode()

        async def act(connection: Connection) -> Done:
            await self.choices.propose(connection, visit.tenant.tenant_id, content, rules, visit.person)
            told = visit.say("%(version)s waits for somebody else's approval.", version=rules.version)
            return visit.path(f"/rules/{rules.version}"), told

        try:
            return await visit.once(act)
        except ConflictError as error:
            return await self._asking(visit, text, rules=rules, faults={"rules": visit.reason(error)})

    async def _asking(  # noqa: PLR0913 -- what was sent, and what came of it
        self,
        visit: DeskVisit,
        text: str,
        *,
        rules: Any = None,
        fault: str = "",
        line: int | None = None,
        faults: Mapping[str, str] | None = None,
    ) -> web.Response:
        async with self.database.snapshot() as connection:
            in_force = await self._in_force(connection, visit.tenant.tenant_id)
        found = {"rules": fault} if fault else dict(faults or {})
        return visit.render(
            "rules-new.html",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if found else HTTPStatus.OK,
            text=text,
            read=None if rules is None else self.book.read_out(rules, visit.language, in_force),
            in_force=in_force.version,
            faults=found,
            line=line,
            around=_around(text, line),
            **_suggested(visit),
        )


def _suggested(visit: DeskVisit) -> dict[str, Any]:
    """Return the days of a backtest as they were typed, else the last ones."""
    yesterday = datetime.now(UTC).astimezone(visit.tenant.zone).date() - timedelta(days=1)
    first = yesterday - timedelta(days=BACKTEST_DAYS - 1)
    given = {name: visit.form.text(name) or visit.request.query.get(name, "") for name in ("first", "last")}
    return {"first": given["first"] or f"{first:%d/%m/%Y}", "last": given["last"] or f"{yesterday:%d/%m/%Y}"}


def _names_in(listed: Sequence[Mapping[str, Any]]) -> list[str | None]:
    return [one[name] for one in listed for name in ("proposed_by", "approved_by", "dropped_by")]


def _around(text: str, line: int | None) -> list[tuple[int, str]]:
    """Return the lines around one, by their numbers."""
    if line is None:
        return []
    lines = list(enumerate(text.splitlines(), start=1))
    return lines[max(0, line - 3) : line + 2]


async def _read_upload(visit: DeskVisit) -> Form:
    """Read the form, its file as text."""
    with cut_off():
        parts = await begin_parts(visit, Door.check_token)
        fields = await parts.rest(LONGEST_FORM)
    return Form([(name, _text(value)) for name, value in fields])


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInputError("the file is not text in UTF-8: byte %(start)s", start=error.start) from None
