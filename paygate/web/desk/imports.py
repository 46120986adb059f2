"""Statements at the desk: handed in, followed while they are read, and what came of them, row by row."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Protocol

from aiohttp import web

from paygate import jobs
from paygate.access import Role, naming
from paygate.database import Connection, Database
from paygate.domain.errors import InvalidInputError, NotFoundError, TooLargeError
from paygate.domain.formulas import guard
from paygate.domain.parties import Account
from paygate.jobs import Job, JobKind, JobState
from paygate.mappings import Chosen, list_approved
from paygate.statement_lists import NEWEST, Joint, Statement, list_statements, read_statement, statements_of
from paygate.uploads import UPLOAD_LIMIT, Uploads
from paygate.web.desk.door import Page
from paygate.web.desk.files import CSV, attached
from paygate.web.desk.forms import Form
from paygate.web.desk.navigation import PEOPLE, say
from paygate.web.desk.sent_files import CheckToken, Sent, sent_file
from paygate.web.desk.visit import DeskVisit, Done
from paygate.web.imports import Asked, Readable, wanted_of

HANDERS: Final = frozenset({Role.OFFICER, Role.OPERATOR, Role.ADMIN})
"""Who may hand statements in."""
JOBS_SHOWN: Final = 10
ROWS_SHOWN: Final = 50
"""Refused rows, and warnings, on a page; the file has them all."""
LEGS: Final[Mapping[str, str]] = {
    "bank": say("bank"),
    "settlement": say("settlement"),
    "treasury": say("treasury"),
    "receipt": say("receipt"),
}
STATES: Final[Mapping[JobState, tuple[str, str]]] = {
    JobState.WAITING: ("pending", say("Waiting to be read")),
    JobState.RUNNING: ("pending", say("Being read")),
    JobState.DONE: ("matched", say("Read")),
    JobState.FAILED: ("mismatched", say("Refused")),
}
"""The shape and the word of each."""


class NameMappings(Protocol):
    """Names the mappings of the configuration that a tenant's files may be read by."""

    def __call__(self, tenant: str, /) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class ImportPages:
    """`asked` is called when there is a job to be done; `configured` names the mappings of the configuration."""

    database: Database
    uploads: Uploads
    readable: Readable
    accounts: Mapping[str, Account]
    configured: NameMappings
    check_token: CheckToken
    asked: Callable[[], None]

    async def index(self, visit: DeskVisit) -> web.StreamResponse:
        """Show the form, what is being read, and what was."""
        return await self._index(visit, Form(()))

    async def hand_in(self, visit: DeskVisit) -> web.StreamResponse:
        """Take a file in and have it read."""
        try:
            async with sent_file(visit, self.uploads, self.check_token) as sent:
                reply = await self._take(sent)
        except TooLargeError:
            raise
        except InvalidInputError as error:
            form = Form(())
            form.fault("file", visit.reason(error))
            return await self._index(visit, form, HTTPStatus.UNPROCESSABLE_ENTITY)
        self.asked()
        return reply

    async def progress(self, visit: DeskVisit) -> web.StreamResponse:
        """Show how an import stands, and at its end what came of it."""
        async with self.database.snapshot() as connection:
            job = await self._job(connection, visit)
            who = await naming(connection, [job.asked_by])
            found: list[Statement] = []
            if job.state is JobState.DONE:
                found = await statements_of(connection, visit.tenant.tenant_id, bytes.fromhex(job.wanted["sha256"]))
        return visit.render(
            "import.html",
            job=job,
            who=who,
            state=STATES[job.state],
            result=job.result,
            statements=[_shown(one) for one in found],
            legs=LEGS,
            under_way=job.state in {JobState.WAITING, JobState.RUNNING},
        )

    async def statement(self, visit: DeskVisit) -> web.StreamResponse:
        """Show a statement: its balance, how it joins the one before, and what was refused."""
        async with self.database.snapshot() as connection:
            found = await read_statement(connection, visit.tenant.tenant_id, visit.number("statement"))
            who = await naming(connection, [found.facts["imported_by"]])
        return visit.render("statement.html", one=_shown(found), who=who, legs=LEGS, most=ROWS_SHOWN)

    async def refused(self, visit: DeskVisit) -> web.StreamResponse:
        """Hand out the rows that were refused, as a file that a spreadsheet opens and executes nothing of."""
        number = visit.number("statement")
        async with self.database.connection() as connection:
            found = await read_statement(connection, visit.tenant.tenant_id, number)
        sink = io.StringIO()
        writer = csv.writer(sink)
        writer.writerow([visit.say("Row"), visit.say("Reason")])
        writer.writerows([row["row"], guard(row["reason"])] for row in found.facts["refused"])
        return attached(sink.getvalue().encode("utf-8-sig", "backslashreplace"), f"statement-{number}-refused.csv", CSV)

    def pages(self) -> list[Page]:
        index = "/desk/{tenant}/imports"
        return [
            Page("GET", index, PEOPLE, self.index),
            Page("POST", index, HANDERS, self.hand_in, upload=True),
            Page("GET", f"{index}/statements/{{statement}}", PEOPLE, self.statement),
            Page("GET", f"{index}/statements/{{statement}}/refused.csv", PEOPLE, self.refused),
            Page("GET", f"{index}/{{job}}", PEOPLE, self.progress),
        ]

    async def _index(self, visit: DeskVisit, form: Form, status: HTTPStatus = HTTPStatus.OK) -> web.StreamResponse:
        tenant_id = visit.tenant.tenant_id
        own = {number: one for number, one in self.accounts.items() if one.tenant_id == tenant_id}
        query = visit.request.query
        account = own.get(query.get("of", ""))
        before = query.get("before", "")
        given = int(before) if before.isascii() and before.isdecimal() and len(before) < len(str(NEWEST)) else NEWEST
        async with self.database.snapshot() as connection:
            stored = await list_approved(connection, tenant_id)
            asked = await jobs.recent(connection, tenant_id, JobKind.STATEMENT, JOBS_SHOWN)
            who = await naming(connection, [one.asked_by for one in asked])
            rows, more = await list_statements(connection, tenant_id, account.account_id if account else None, given)
        return visit.render(
            "imports.html",
            status=status,
            form=form,
            may_hand_in=visit.may(HANDERS),
            accounts=[(number, number) for number in sorted(own)],
            account=account.number if account else "",
            formats=[(name, name) for name in self.readable.formats],
            mappings=self._mappings(visit, stored),
            who=who,
            jobs=[(job, *STATES[job.state]) for job in asked],
            rows=rows,
            more=more,
            legs=LEGS,
            limit=UPLOAD_LIMIT,
        )

    def _mappings(self, visit: DeskVisit, stored: Sequence[Chosen]) -> list[tuple[str, str]]:
        configured = self.configured(visit.tenant.code)
        own = [(one.name, f"{one.name} · v{one.version}") for one in stored if one.name not in configured]
        return [*own, *((name, name) for name in configured)]

    async def _take(self, sent: Sent) -> web.StreamResponse:
        visit, upload = sent.visit, sent.upload
        if upload is None:
            visit.form.fault("file", visit.say("Choose a file."))
            return await self._index(visit, visit.form, HTTPStatus.UNPROCESSABLE_ENTITY)
        asked = Asked(*(visit.form.text(name) or None for name in ("format", "mapping", "account")))
        tenant = visit.tenant

        async def act(connection: Connection) -> Done:
            wanted = await wanted_of(connection, tenant, asked, self.readable, self.accounts)
            said = {**wanted, "sha256": upload.digest.hex(), "name": sent.name}
            number = await jobs.ask(
                connection,
                tenant.tenant_id,
                JobKind.STATEMENT,
                said,
                asked_by=visit.person,
                upload=upload.name,
            )
            # Before the commit: a commit whose answer is lost may have happened, and its job needs the file.
            upload.keep()
            return visit.path(f"/imports/{number}"), ""

        return await visit.once(act)

    @staticmethod
    async def _job(connection: Connection, visit: DeskVisit) -> Job:
        job = await jobs.find(connection, JobKind.STATEMENT, visit.request.match_info["job"])
        if job.tenant_id != visit.tenant.tenant_id:
            raise NotFoundError("there is no such job")
        return job


def _shown(found: Statement) -> dict[str, Any]:
    return {**found.facts, "before": found.before, "joint": found.joint, "joints": Joint}
