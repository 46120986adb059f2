"""Mappings at the desk: made on a sample with what is read of it beside, proposed by one and approved by another."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, BinaryIO, Final, Protocol

from aiohttp import web

from paygate import mapping_drafts, mappings
from paygate.access import CHECKERS, Role, naming
from paygate.database import Connection, Database
from paygate.domain.errors import ConfigurationError, InvalidInputError, NotFoundError, TooLargeError
from paygate.domain.parties import Account, Source
from paygate.domain.table_columns import COLUMNS
from paygate.mapping_drafts import Draft
from paygate.mappings import MappingVersion, Proposed, readable_name
from paygate.uploads import Uploads
from paygate.web.desk import mapping_form as fields
from paygate.web.desk.door import Page
from paygate.web.desk.forms import Form
from paygate.web.desk.navigation import PEOPLE, say
from paygate.web.desk.sent_files import CheckToken, Sent, sent_file
from paygate.web.desk.visit import DeskVisit, Done, see_other

MAPPERS: Final = frozenset({Role.OFFICER, Role.OPERATOR, Role.ADMIN})
SAMPLE_LIMIT: Final = 16 * 1024 * 1024
"""Bytes of a file that a mapping is tried on: each look at the form reads it."""
STATES: Final[Mapping[str, tuple[str, str]]] = {
    "open": ("pending", say("Waiting for approval")),
    "approved": ("matched", say("Approved")),
    "rejected": ("mismatched", say("Rejected")),
    "withdrawn": ("unpaid", say("Withdrawn")),
}
NOTHING: Final[Mapping[str, Any]] = {
    "container": {"sheet": "", "others": []},
    "raw": [],
    "header": {"row": 0, "headings": []},
    "doubts": [],
    "read": [],
    "whole": None,
    "error": None,
    "file": "",
}
"""What a page is told of a sample of which nothing could be read."""
DOUBTS: Final[Mapping[str, str]] = {
    "day": say("a day"),
    "money": say("an amount"),
    "in": say("money in"),
    "out": say("money out"),
}


class TrySample(Protocol):
    """Reads a sample, opened as typed, by a mapping or by none; blocks.

    Raises:
        InvalidInputError: it cannot be read so.
    """

    def __call__(
        self, file: BinaryIO, opening: tuple[str, str, str | int | None, int, int], content: Mapping[str, Any] | None, /
    ) -> Mapping[str, Any]: ...


class CheckMapping(Protocol):
    """Refuses what a tenant's files cannot be read by; raises ConfigurationError."""

    def __call__(self, tenant: str, content: Mapping[str, Any], /) -> None: ...


@dataclass(frozen=True, slots=True)
class Reading:
    """What the pages are handed: the configured mappings of a tenant by name, and what tries and checks one."""

    configured: Callable[[str], Mapping[str, Mapping[str, Any]]]
    try_sample: TrySample
    check: CheckMapping


@dataclass(frozen=True, slots=True)
class MappingPages:
    database: Database
    uploads: Uploads
    accounts: Mapping[str, Account]
    sources: Mapping[str, Source]
    reading: Reading
    check_token: CheckToken

    async def index(self, visit: DeskVisit) -> web.StreamResponse:
        """Show every mapping, and the form that begins one."""
        return await self._index(visit, Form(()))

    async def begin(self, visit: DeskVisit) -> web.StreamResponse:
        """Take a sample in and begin a mapping on it, from nothing or from one that is there."""
        form = Form(())
        try:
            async with sent_file(visit, self.uploads, self.check_token) as sent:
                form = sent.visit.form
                return await self._begin(sent)
        except TooLargeError:
            raise
        except InvalidInputError as error:
            form.fault("file", visit.reason(error))
        return await self._index(visit, form, HTTPStatus.UNPROCESSABLE_ENTITY)

    async def edit(self, visit: DeskVisit) -> web.StreamResponse:
        """Show the form, and what is read of the sample by what it says."""
        async with self.database.connection() as connection:
            draft = await mapping_drafts.find(connection, visit.tenant.tenant_id, visit.session.person_id)
        return await self._editor(visit, draft, Form(()))

    async def change(self, visit: DeskVisit) -> web.StreamResponse:
        """Keep what was typed; propose it, where that was asked for and nothing is wrong with it."""
        tenant_id, person_id = visit.tenant.tenant_id, visit.session.person_id
        said = fields.typed(visit.form)
        async with self.database.transaction() as connection:
            draft = await mapping_drafts.find(connection, tenant_id, person_id)
            await mapping_drafts.keep(connection, tenant_id, person_id, said)
        if visit.form.text("act") != "propose":
            return see_other(visit.path("/mappings/draft"))
        draft = Draft(draft.upload, draft.file_name, said)
        found = await self._try(visit, draft, visit.form)
        self._check_whole(visit, found)
        if visit.form.faults:
            return await self._editor(visit, draft, visit.form, HTTPStatus.UNPROCESSABLE_ENTITY)
        reply = await visit.once(self._proposing(visit, said, {**found, "file": draft.file_name}))
        self.uploads.remove(draft.upload)
        return reply

    async def one(self, visit: DeskVisit) -> web.StreamResponse:
        """Show a version: what it says, what its maker saw, and who decided."""
        async with self.database.snapshot() as connection:
            found = await mappings.find_version(connection, visit.tenant.tenant_id, visit.number("mapping"))
            who = await naming(connection, [found.proposed_by, found.decided_by])
        own = found.proposed_by == visit.person
        return visit.render(
            "mapping.html",
            one=found,
            who=who,
            state=STATES[found.state],
            content=_in_words(visit, found.content),
            found={**NOTHING, **found.sample},
            words=fields.FIELDS,
            doubts=DOUBTS,
            own=own,
            may_decide=visit.may(CHECKERS) and not own,
        )

    async def configured(self, visit: DeskVisit) -> web.StreamResponse:
        """Show a mapping of the configuration, which only its file changes."""
        name = visit.request.match_info["name"]
        known = self.reading.configured(visit.tenant.code)
        if name not in known:
            raise NotFoundError("there is no such mapping")
        return visit.render("mapping-configured.html", name=name, content=_in_words(visit, known[name]))

    async def approve(self, visit: DeskVisit) -> web.StreamResponse:
        """Let files be read by a version from now on."""

        async def decide(connection: Connection) -> MappingVersion:
            number = visit.number("mapping")
            return await mappings.approve(connection, visit.tenant.tenant_id, number, visit.person)

        return await self._decided(visit, decide, say("%(name)s v%(version)s is approved; files are read by it now."))

    async def reject(self, visit: DeskVisit) -> web.StreamResponse:
        """Send a version back with the reason."""

        async def decide(connection: Connection) -> MappingVersion:
            number, answer = visit.number("mapping"), visit.form.text("answer")
            return await mappings.reject(connection, visit.tenant.tenant_id, number, visit.person, answer)

        return await self._decided(visit, decide, say("%(name)s v%(version)s is rejected."))

    async def withdraw(self, visit: DeskVisit) -> web.StreamResponse:
        """Take one's own proposal back."""

        async def decide(connection: Connection) -> MappingVersion:
            number = visit.number("mapping")
            return await mappings.withdraw(connection, visit.tenant.tenant_id, number, visit.person)

        return await self._decided(visit, decide, say("%(name)s v%(version)s is withdrawn."))

    def pages(self) -> list[Page]:
        index = "/desk/{tenant}/mappings"
        return [
            Page("GET", index, PEOPLE, self.index),
            Page("POST", index, MAPPERS, self.begin, upload=True),
            Page("GET", f"{index}/draft", MAPPERS, self.edit),
            Page("POST", f"{index}/draft", MAPPERS, self.change),
            Page("GET", f"{index}/configured/{{name}}", PEOPLE, self.configured),
            Page("GET", f"{index}/{{mapping}}", PEOPLE, self.one),
            Page("POST", f"{index}/{{mapping}}/approve", CHECKERS, self.approve),
            Page("POST", f"{index}/{{mapping}}/reject", CHECKERS, self.reject),
            Page("POST", f"{index}/{{mapping}}/withdraw", MAPPERS, self.withdraw),
        ]

    async def _index(self, visit: DeskVisit, form: Form, status: HTTPStatus = HTTPStatus.OK) -> web.StreamResponse:
        async with self.database.connection() as connection:
            versions = await mappings.list_versions(connection, visit.tenant.tenant_id)
            who = await naming(connection, [one[name] for one in versions for name in ("proposed_by", "decided_by")])
        configured = self.reading.configured(visit.tenant.code)
        latest = {one["name"]: one for one in reversed(versions)}
        starts = [(str(one["mapping_id"]), f"{one['name']} v{one['version']}") for one in latest.values()]
        return visit.render(
            "mappings.html",
            status=status,
            form=form,
            who=who,
            versions=[(one, *STATES[one["state"]]) for one in versions],
            configured=configured,
            starts=[*starts, *((f"configured:{name}", name) for name in configured)],
            legs=fields.LEGS,
            may_make=visit.may(MAPPERS),
            limit=SAMPLE_LIMIT,
        )

    async def _begin(self, sent: Sent) -> web.StreamResponse:
        visit, upload = sent.visit, sent.upload
        if upload is None or upload.size > SAMPLE_LIMIT:
            fault = say("Choose a file.") if upload is None else say("A sample is smaller; cut the file's end off.")
            visit.form.fault("file", visit.say(fault))
            return await self._index(visit, visit.form, HTTPStatus.UNPROCESSABLE_ENTITY)

        async def act(connection: Connection) -> Done:
            content = await self._start(connection, visit)
            draft = Draft(upload.name, sent.name, content)
            before = await mapping_drafts.begin(connection, visit.tenant.tenant_id, visit.session.person_id, draft)
            upload.keep()
            if before is not None:
                self.uploads.remove(before)
            return visit.path("/mappings/draft"), ""

        return await visit.once(act)

    async def _start(self, connection: Connection, visit: DeskVisit) -> dict[str, str]:
        chosen = visit.form.text("start")
        if chosen.startswith("configured:"):
            name = chosen.removeprefix("configured:")
            return {**fields.typed_of(self.reading.configured(visit.tenant.code).get(name, {})), "name": "", "note": ""}
        if chosen.isascii() and chosen.isdecimal() and len(chosen) <= len(str(2**31)):
            found = await mappings.find_version(connection, visit.tenant.tenant_id, int(chosen))
            return {**fields.typed_of(found.content), "name": found.name, "note": ""}
        return {**fields.typed_of({}), "name": "", "note": ""}

    async def _try(self, visit: DeskVisit, draft: Draft, form: Form) -> Mapping[str, Any]:
        """Read the sample by what was typed, and note what is wrong in the form."""
        content = fields.content_of(draft.content)
        begun = bool(content["columns"])
        if begun:
            for name, message in fields.faults_of(visit, content):
                form.fault(name, message)
            if not form.faults:
                try:
                    self.reading.check(visit.tenant.code, content)
                except ConfigurationError as error:
                    form.fault("leg", visit.reason(error))
        usable = content if begun and not form.faults else None
        opening = (
            content["delimiter"],
            content["encoding"],
            content["sheet"],
            fields.number_of(draft.content["header_row"]),
            content["header_rows"],
        )
        try:
            with self.uploads.open(draft.upload) as file:
                return await asyncio.to_thread(self.reading.try_sample, file, opening, usable)
        except InvalidInputError as error:
            return {"error": visit.reason(error)}

    @staticmethod
    def _check_whole(visit: DeskVisit, found: Mapping[str, Any]) -> None:
        """Refuse to propose what reads nothing, or names every payment the same."""
        form = visit.form
        if not form.text("name"):
            form.fault("name", visit.say("Give it a name."))
        whole = found.get("whole")
        if form.faults:
            return
        if "error" in found:
            form.fault("leg", found["error"])
        elif whole is None:
            form.fault("col-booked_on", visit.say("Choose the columns first."))
        elif not whole["lines"]:
            form.fault("leg", visit.say("No row of the sample could be read."))
        elif whole["same"]:
            form.fault("col-reference", visit.say("Every row has the same reference: the column names no payment."))

    def _proposing(self, visit: DeskVisit, said: Mapping[str, str], sample: Mapping[str, Any]) -> Any:
        async def act(connection: Connection) -> Done:
            name = readable_name(said["name"])
            if name in self.reading.configured(visit.tenant.code):
                raise InvalidInputError("the configuration has a mapping %(name)r; choose another name", name=name)
            proposed = Proposed(name, fields.content_of(said), sample, said["note"].strip()[: mappings.LONGEST_NOTE])
            made = await mappings.propose(connection, visit.tenant.tenant_id, proposed, visit.person)
            await mapping_drafts.drop(connection, visit.tenant.tenant_id, visit.session.person_id)
            told = visit.say(
                "%(name)s v%(version)s was sent. Nothing changes until someone else approves it.",
                name=made.name,
                version=made.version,
            )
            return visit.path(f"/mappings/{made.mapping_id}"), told

        return act

    async def _editor(
        self, visit: DeskVisit, draft: Draft, form: Form, status: HTTPStatus = HTTPStatus.OK
    ) -> web.StreamResponse:
        found = await self._try(visit, draft, form)
        said = draft.content
        leg = said["leg"] if said["leg"] in COLUMNS else fields.STARTS["leg"]
        own = visit.tenant.tenant_id
        headings = list(dict.fromkeys(text for text in found.get("header", {}).get("headings", ()) if text))
        chosen = [said[name] for name in said if name.startswith(fields.COLUMN) and said[name]]
        return visit.render(
            "mapping-editor.html",
            status=status,
            form=form,
            said=said,
            file=draft.file_name,
            found={**NOTHING, **found},
            columns=[(one, one) for one in (*headings, *(one for one in dict.fromkeys(chosen) if one not in headings))],
            ours=[(name, fields.FIELDS[name]) for name in COLUMNS[leg]],
            words=fields.FIELDS,
            doubts=DOUBTS,
            choices={
                "leg": fields.said_in_language(visit, list(fields.LEGS.items())),
                "delimiter": fields.said_in_language(visit, fields.DELIMITERS),
                "encoding": list(fields.ENCODINGS),
                "date_format": fields.said_in_language(visit, fields.DATE_FORMATS),
                "thousands": fields.said_in_language(visit, fields.THOUSANDS),
                "decimal": fields.said_in_language(visit, fields.DECIMALS),
                "account": sorted((number, number) for number, one in self.accounts.items() if one.tenant_id == own),
                "source": sorted((code, code) for code, one in self.sources.items() if one.tenant.tenant_id == own),
            },
        )

    @staticmethod
    async def _decided(visit: DeskVisit, decide: Callable[[Connection], Any], words: str) -> web.StreamResponse:
        async def act(connection: Connection) -> Done:
            one = await decide(connection)
            return visit.path(f"/mappings/{one.mapping_id}"), visit.say(words, name=one.name, version=one.version)

        return await visit.once(act)


def _in_words(visit: DeskVisit, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping for a page: its columns by our fields' words, and all else that is set, in its own words."""
    columns: Sequence[tuple[str, str]] = [
        (visit.say(fields.FIELDS[name]), heading) for name, heading in content["columns"].items()
    ]
    rest = {
        name: value for name, value in content.items() if name != "columns" and value not in (None, "", [], (), False)
    }
    shown = {name: " · ".join(value) if isinstance(value, list | tuple) else value for name, value in rest.items()}
    return {"leg": visit.say(fields.LEGS[str(content.get("leg", "bank"))]), "columns": columns, "rest": shown}
