"""What people do about discrepancies, over HTTP."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Final, Protocol
from urllib.parse import quote

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from paygate.access import CHECKERS, MAKERS
from paygate.casework import LARGEST_ID, Casework, Worker
from paygate.database import Connection, Database
from paygate.domain.casework import Done, ProposalKind
from paygate.domain.errors import InvalidInputError, NotFoundError
from paygate.domain.evidence import LARGEST, read_evidence
from paygate.web.records import read_body
from paygate.web.repeats import Answer, Repeats
from paygate.web.routes import READERS, Route, Visit

NUMBER: Final = r"{id:[0-9]{1,18}}"
FILE: Final = r"{file:[0-9]{1,18}}"

_DIGITS: Final = re.compile(r"[0-9]{1,18}")

Act = Callable[[Connection, Worker, int], Awaitable[Done | None]]


class ViewDiscrepancy(Protocol):
    """Shows a discrepancy with its events and files; None where there is none, or another agency's."""

    async def __call__(
        self, connection: Connection, tenant_id: int, discrepancy_id: int, agencies: Sequence[str] | None
    ) -> dict[str, Any] | None: ...


class Seen(BaseModel):
    """The `version` that the list, or the discrepancy itself, had when the person looked."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    version: Annotated[int, Field(ge=0, le=LARGEST_ID)]


class Assignment(Seen):
    """Whose task it is to be; null: nobody's."""

    to: str | None


class Comment(Seen):
    text: str


class Refusal(Seen):
    reason: str


class Proposal(Seen):
    """`detail` is what the kind needs: see `paygate.casework.DETAILS`."""

    kind: Annotated[ProposalKind, Field(strict=False)]
    detail: dict[str, Any] = {}
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CaseworkRoutes:
    """The acts on a discrepancy. `changed` is called when the matcher may have facts to look at again."""

    database: Database
    repeats: Repeats
    casework: Casework
    view: ViewDiscrepancy
    changed: Callable[[], None]

    async def show(self, visit: Visit) -> web.Response:
        """Show one discrepancy."""
        tenant = visit.tenant()
        async with self.database.snapshot() as connection:
            found = await self.view(connection, tenant.tenant_id, _number(visit), visit.agencies(tenant))
        if found is None:
            raise NotFoundError("there is no such discrepancy")
        return web.json_response(found)

    async def assign(self, visit: Visit) -> web.Response:
        visit.tenant()
        given = read_body(Assignment, await visit.request.read())
        return await self._act(
            visit,
            lambda connection, worker, one: self.casework.assign(connection, worker, one, given.version, given.to),
        )

    async def comment(self, visit: Visit) -> web.Response:
        visit.tenant()
        given = read_body(Comment, await visit.request.read())
        return await self._act(
            visit,
            lambda connection, worker, one: self.casework.comment(connection, worker, one, given.version, given.text),
        )

    async def propose(self, visit: Visit) -> web.Response:
        visit.tenant()
        given = read_body(Proposal, await visit.request.read())

        async def act(connection: Connection, worker: Worker, one: int) -> Done:
            said = (given.kind, given.detail, given.reason)
            return await self.casework.propose(connection, worker, one, given.version, *said)

        return await self._act(visit, act, HTTPStatus.CREATED)

    async def withdraw(self, visit: Visit) -> web.Response:
        visit.tenant()
        given = read_body(Seen, await visit.request.read())
        return await self._act(
            visit, lambda connection, worker, one: self.casework.withdraw(connection, worker, one, given.version)
        )

    async def approve(self, visit: Visit) -> web.Response:
        visit.tenant()
        given = read_body(Seen, await visit.request.read())
        reply = await self._act(
            visit, lambda connection, worker, one: self.casework.approve(connection, worker, one, given.version)
        )
        self.changed()
        return reply

    async def reject(self, visit: Visit) -> web.Response:
        visit.tenant()
        given = read_body(Refusal, await visit.request.read())
        return await self._act(
            visit,
            lambda connection, worker, one: self.casework.reject(connection, worker, one, given.version, given.reason),
        )

    async def attach(self, visit: Visit) -> web.Response:
        """Keep the body as a file; `?version=` and `?name=` say the rest."""
        visit.tenant()
        query, request = visit.request.query, visit.request.clone(client_max_size=LARGEST + 1)
        version = _version(query.get("version", ""))
        evidence = read_evidence(query.get("name", ""), request.content_type, await request.read())

        async def act(connection: Connection, worker: Worker, one: int) -> Done:
            return await self.casework.attach(connection, worker, one, version, evidence)

        return await self._act(visit, act, HTTPStatus.CREATED, evidence.digest)

    async def file(self, visit: Visit) -> web.Response:
        """Hand a file out as it was attached: to be kept, never shown as a page of ours."""
        worker = Worker.of(visit.caller, visit.tenant())
        number = int(visit.request.match_info["file"])
        async with self.database.connection() as connection:
            evidence = await self.casework.evidence(connection, worker, _number(visit), number)
        return web.Response(
            body=evidence.body, headers={"Content-Type": evidence.media_type, **download_headers(evidence.name)}
        )

    async def _act(
        self, visit: Visit, act: Act, status: int = HTTPStatus.OK, content: bytes | None = None
    ) -> web.Response:
        tenant, number = visit.tenant(), _number(visit)
        worker = Worker.of(visit.caller, tenant)

        async def create(connection: Connection) -> Answer:
            return status, _told(number, await act(connection, worker, number))

        return await self.repeats.once(visit, tenant, content or await visit.request.read(), create)

    def routes(self) -> list[Route]:
        one = f"/v1/discrepancies/{NUMBER}"
        return [
            Route("GET", one, READERS, self.show, limited=True),
            Route("POST", f"{one}/assign", MAKERS, self.assign, limited=True),
            Route("POST", f"{one}/comment", MAKERS, self.comment, limited=True),
            Route("POST", f"{one}/evidence", MAKERS, self.attach, limited=True),
            Route("GET", f"{one}/evidence/{FILE}", READERS, self.file, limited=True),
            Route("POST", f"{one}/propose", MAKERS, self.propose, limited=True),
            Route("POST", f"{one}/withdraw", MAKERS, self.withdraw, limited=True),
            Route("POST", f"{one}/approve", CHECKERS, self.approve, limited=True),
            Route("POST", f"{one}/reject", CHECKERS, self.reject, limited=True),
        ]


def download_headers(name: str) -> dict[str, str]:
    """Return what makes a browser keep a file instead of showing it. `name` is one that `read_evidence` made."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    return {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "no-store",
    }


def _number(visit: Visit) -> int:
    return int(visit.request.match_info["id"])


def _version(text: str) -> int:
    if not _DIGITS.fullmatch(text):
        raise InvalidInputError("say which version you saw: ?version=")
    return int(text)


def _told(number: int, done: Done | None) -> dict[str, Any]:
    if done is None:
        return {"id": number, "new": False}
    return {
        "id": number,
        "new": True,
        "state": done.state,
        "version": done.version,
        "proposal": done.proposal_id,
    }
