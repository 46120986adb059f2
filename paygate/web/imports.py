"""Statements as systems and officers hand them in: taken in whole, read in the background, told of when asked."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from paygate import jobs
from paygate.access import Role
from paygate.database import Connection, Database
from paygate.domain.errors import InvalidInputError, NotFoundError
from paygate.domain.parties import Account, Tenant
from paygate.jobs import Job, JobKind
from paygate.uploads import Upload, Uploads
from paygate.web.repeats import Answer, Repeats
from paygate.web.routes import Route, Visit
from paygate.web.server import allow_longer

IMPORTERS: Final = frozenset({Role.SERVICE, Role.OFFICER, Role.ADMIN})
UPLOAD_SECONDS: Final = 900.0
"""For a whole file, which most other requests are much shorter than."""
PAUSE_SECONDS: Final = 10.0
"""Between two pieces of a file."""
PIECE: Final = 65536
_OPTIONS: Final = frozenset({"tenant", "account", "format", "mapping"})


@dataclass(frozen=True, slots=True)
class Readable:
    """What a statement may be: the formats by name, and each mapping with the account it is for, if it is for one."""

    formats: Collection[str]
    mappings: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class ImportRoutes:
    """`asked` is called when there is a job to be done."""

    database: Database
    repeats: Repeats
    uploads: Uploads
    readable: Readable
    accounts: Mapping[str, Account]
    asked: Callable[[], None]

    async def post(self, visit: Visit) -> web.Response:
        """Take a file in and have it read."""
        tenant = visit.tenant()
        wanted = self._wanted(visit.request, tenant)
        allow_longer(visit.request, UPLOAD_SECONDS)
        async with self.uploads.receive(tenant.tenant_id, _pieces(visit.request)) as upload:
            reply = await self.repeats.once(visit, tenant, upload.digest, self._asking(visit, tenant, wanted, upload))
        self.asked()
        return reply

    async def get(self, visit: Visit) -> web.Response:
        """Tell how an import stands."""
        job = await job_of(visit, self.database, JobKind.STATEMENT)
        return web.json_response(_shown(job))

    def routes(self) -> list[Route]:
        return [
            Route("POST", "/v1/statements", IMPORTERS, self.post),
            Route("GET", "/v1/imports/{id}", IMPORTERS, self.get),
        ]

    def _asking(self, visit: Visit, tenant: Tenant, wanted: Mapping[str, Any], upload: Upload) -> Any:
        async def create(connection: Connection) -> Answer:
            said = {**wanted, "sha256": upload.digest.hex()}
            job_id = await jobs.ask(
                connection,
                tenant.tenant_id,
                JobKind.STATEMENT,
                said,
                asked_by=visit.caller.person,
                upload=upload.name,
            )
            # Before the commit: a commit whose answer is lost may have happened, and its job needs the file.
            upload.keep()
            return HTTPStatus.ACCEPTED, {"id": job_id}

        return create

    def _wanted(self, request: web.Request, tenant: Tenant) -> dict[str, str | None]:
        query = request.query
        if unknown := sorted(query.keys() - _OPTIONS):
            raise InvalidInputError(f"{unknown[0][:40]!r} is no option here; there is {', '.join(sorted(_OPTIONS))}")
        if request.content_type.startswith("multipart/"):
            raise InvalidInputError("the file itself is the body, not a form that holds it")
        form = _listed("format", query.get("format"), self.readable.formats)
        mapping = _listed("mapping", query.get("mapping"), self.readable.mappings)
        account = query.get("account")
        if account is not None and getattr(self.accounts.get(account), "tenant_id", None) != tenant.tenant_id:
            raise NotFoundError(f"the tenant has no account {account[:40]!r}")
        if account is None and mapping is not None:
            account = self.readable.mappings[mapping]
        return {"format": form, "mapping": mapping, "account": account}


async def job_of(visit: Visit, database: Database, kind: JobKind) -> Job:
    """Find the job a path names, as far as the caller may know of it.

    Raises:
        NotFoundError: there is none, or it is another tenant's.
        NotAllowedError: it is their tenant's, and their role may not see it.
    """
    async with database.connection() as connection:
        job = await jobs.find(connection, kind, visit.request.match_info["id"])
    if job.tenant not in visit.caller.grants:
        raise NotFoundError("there is no such job")
    visit.tenant(job.tenant)
    return job


def _listed(what: str, name: str | None, known: Collection[str]) -> str | None:
    if name is not None and name not in known:
        raise InvalidInputError(f"there is no {what} {name[:40]!r}; there is {', '.join(sorted(known)) or 'none'}")
    return name


async def _pieces(request: web.Request) -> AsyncIterator[bytes]:
    while True:
        try:
            async with asyncio.timeout(PAUSE_SECONDS):
                piece = await request.content.read(PIECE)
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
        if not piece:
            return
        yield piece


def _shown(job: Job) -> dict[str, Any]:
    read = dict(job.result or {})
    refused = read.pop("refused", [])
    return {
        "id": job.job_id,
        "tenant": job.tenant,
        "state": job.state,
        "progress": {"lines": job.progress},
        "reason": job.reason,
        "asked_at": job.asked_at.isoformat(),
        "finished_at": job.finished_at.isoformat() if job.finished_at else None,
        "read": read or None,
        "refused": refused,
    }
