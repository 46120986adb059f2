"""The servers `paygate bench intake` compares, each a process of its own: `python -m … MODE DATABASE_URL`.

`bare` is aiohttp reading the body and answering a fixed text; `ours` is the intake as served; `single` is the same
code with one commit for each notice, over the service's pool.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import time
from typing import Final

import uvloop
from aiohttp import web

from adapters import registry
from paygate.access import Caller
from paygate.database import Database, connect, open_database
from paygate.directory import SourceEntry, TenantEntry, store_directory
from paygate.domain.errors import UnknownCallerError
from paygate.domain.notice import ReceivedNotice, Stored
from paygate.inbox import QUERIES, open_inbox
from paygate.intake import Inbox, Intake, Sender
from paygate.web.notices import NoticeDoor
from paygate.web.routes import build_application
from paygate.web.server import listen, settle_memory

HOST: Final = "127.0.0.1"
SOURCE: Final = "bench-dvcqg"
PATH: Final = f"/v1/notices/{SOURCE}"
KIND: Final = "dvcqg"
SECRET: Final = b"a secret to measure with"
OPTIONS: Final = {"partner_code": "DVC-TEST"}
INBOX_LIMIT: Final = 10_000

_FIXED: Final = json.dumps({"MaLoi": "00", "MoTaLoi": "Thành công"}).encode()


class OneByOne:
    """The inbox most services would have: each notice takes a connection of the service's pool, and its own commit."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tasks: set[asyncio.Task[None]] = set()

    def put(self, notice: ReceivedNotice, answer: asyncio.Future[Stored]) -> None:
        task = asyncio.create_task(self._store(notice, answer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _store(self, notice: ReceivedNotice, answer: asyncio.Future[Stored]) -> None:
        async with self._database.connection() as connection:
            new = await connection.fetch(QUERIES["insert_notices"], [notice])
        answer.set_result(Stored.NEW if new else Stored.REPEAT)


@asynccontextmanager
async def _bare(_: str) -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=_FIXED, content_type="application/json")

    application = web.Application()
    application.add_routes([web.post("/v1/notices/{source}", answer)])
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    try:
        yield f"http://{HOST}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _ours(database_url: str) -> AsyncIterator[str]:
    async with (
        open_inbox(database_url, limit=INBOX_LIMIT, committed=_nothing) as inbox,
        _serving(database_url, inbox) as url,
    ):
        yield url


@asynccontextmanager
async def _single(database_url: str) -> AsyncIterator[str]:
    async with open_database(database_url) as database, _serving(database_url, OneByOne(database)) as url:
        yield url


@asynccontextmanager
async def _serving(database_url: str, inbox: Inbox) -> AsyncIterator[str]:
    async with connect(database_url) as connection:
        directory = await store_directory(
            connection,
            {"bench": TenantEntry("Bench", "H00", "Asia/Ho_Chi_Minh")},
            {},
            {SOURCE: SourceEntry("bench", KIND, None, time(0), {})},
        )
    sender = Sender.of(directory.sources[SOURCE], registry.build(KIND, [SECRET], OPTIONS))
    door = NoticeDoor(Intake(inbox), {SOURCE: sender})
    application = build_application([], [], _nobody, _nobody_at_desk, directory.tenants)
    async with listen(application, door.receive, HOST, 0) as url:
        yield url


async def _nobody(token: str) -> Caller:
    raise UnknownCallerError(token)


async def _nobody_at_desk(request: web.Request) -> Caller | None:  # noqa: ARG001 -- the shape is the desk's
    return None


def _nothing() -> None:
    """No worker is woken: what is measured is the intake."""


SERVERS: Final[dict[str, Callable[[str], AbstractAsyncContextManager[str]]]] = {
    "bare": _bare,
    "ours": _ours,
    "single": _single,
}


async def _serve(mode: str, database_url: str) -> None:
    loop = asyncio.get_running_loop()
    async with SERVERS[mode](database_url) as url:
        settle_memory()
        sys.stdout.write(url + "\n")
        sys.stdout.flush()
        await loop.run_in_executor(None, sys.stdin.read)


def main(arguments: list[str]) -> None:
    mode, database_url = arguments
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(mode, database_url))


if __name__ == "__main__":
    main(sys.argv[1:])
