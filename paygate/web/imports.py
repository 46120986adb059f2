"""Statements as systems and officers hand them in: taken in whole, read in the background, told of when asked."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, NamedTuple, Protocol

from aiohttp import web

from paygate import jobs
from paygate.access import Role
from paygate.database import Connection, Database
from paygate.domain.errors import InvalidInputError, NotFoundError
from paygate.domain.parties import Account, Tenant
from paygate.jobs import Job, JobKind
from paygate.mappings import Chosen
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


class ChooseMapping(Protocol):
    """Finds a mapping that a tenant's files may be read by.

    Raises:
        InvalidInputError: there is none of that name.
    """

    async def __call__(self, connection: Connection, tenant_id: int, name: str, /) -> Chosen: ...


@dataclass(frozen=True, slots=True)
class Readable:
    """What a statement may be: the formats by name, and what finds a mapping by its name."""

    formats: Collection[str]
    choose_mapping: ChooseMapping


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
        wanted = await self._wanted(visit.request, tenant)
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

    async def _wanted(self, request: web.Request, tenant: Tenant) -> dict[str, Any]:
        query = request.query
        if unknown := sorted(query.keys() - _OPTIONS):
            raise InvalidInputError(f"{unknown[0][:40]!r} is no option here; there is {', '.join(sorted(_OPTIONS))}")
        if request.content_type.startswith("multipart/"):
            raise InvalidInputError("the file itself is the body, not a form that holds it")
        asked = Asked(query.get("format"), query.get("mapping"), query.get("account"))
        async with self.database.connection() as connection:
            return await wanted_of(connection, tenant, asked, self.readable, self.accounts)


class Asked(NamedTuple):
    """What a caller says of a file; None: nothing."""

    format: str | None
    mapping: str | None
    account: str | None


async def wanted_of(
    connection: Connection, tenant: Tenant, asked: Asked, readable: Readable, accounts: Mapping[str, Account]
) -> dict[str, Any]:
    """Return what a job is to read a file as. A mapping is read in the version that is approved now.

    Raises:
        InvalidInputError: there is no such format or mapping.
        NotFoundError: the tenant has no such account.
    """
    form = _listed("format", asked.format, readable.formats)
    account = asked.account
    if account is not None and getattr(accounts.get(account), "tenant_id", None) != tenant.tenant_id:
        raise NotFoundError(f"the tenant has no account {account[:40]!r}")
    wanted: dict[str, Any] = {"format": form, "mapping": asked.mapping, "version": None, "account": account}
    if asked.mapping is not None:
        chosen = await readable.choose_mapping(connection, tenant.tenant_id, asked.mapping)
        wanted |= {"version": chosen.version, "account": account or chosen.content["account"]}
    return wanted


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
