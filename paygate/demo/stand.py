"""The server under demonstration, and those who call it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from paygate.access import Role, issue_token
from paygate.app import Service, open_service, serve
from paygate.demo.desk import Desk
from paygate.demo.sources import TENANT, configure
from paygate.settings import Settings


@dataclass(frozen=True, slots=True)
class Stand:
    """`folder` takes the files; `token` is the officer's, for whoever wants to look around afterwards."""

    url: str
    folder: Path
    service: Service
    one_stop: Desk
    officer: Desk
    token: str

    @property
    def tenant_id(self) -> int:
        return self.service.directory.tenant(TENANT).tenant_id


@asynccontextmanager
async def open_stand(folder: Path, database_url: str) -> AsyncIterator[Stand]:
    """Serve the sample province on a free port and give its one-stop system and an officer their tokens.

    Raises:
        ConfigurationError, DatabaseUnavailableError: as `serve`.
    """
    settings = configure(folder, database_url)
    async with open_service(settings) as service, _serving(settings) as url, aiohttp.ClientSession() as session:
        one_stop = await _token(service, "demo one-stop system", Role.SERVICE)
        officer = await _token(service, "demo officer", Role.OFFICER)
        yield Stand(url, folder, service, Desk(session, url, one_stop), Desk(session, url, officer), officer)


@asynccontextmanager
async def _serving(settings: Settings) -> AsyncIterator[str]:
    urls: list[str] = []
    decided, stop = asyncio.Event(), asyncio.Event()

    def ready(url: str) -> None:
        urls.append(url)
        decided.set()

    server = asyncio.create_task(
        serve(settings, host=settings.host, port=settings.port, role="all", ready=ready, stop=stop), name="server"
    )
    server.add_done_callback(lambda _: decided.set())
    try:
        await decided.wait()
        if not urls:
            await server
        yield urls[0]
    finally:
        stop.set()
        await server


async def _token(service: Service, name: str, role: Role) -> str:
    async with service.database.connection() as connection:
        return await issue_token(connection, name, role, service.directory.tenant(TENANT).tenant_id)
