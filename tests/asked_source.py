"""A source that answers questions over HTTP on loopback, as the real one does or as badly as a test wants it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Any, Final

from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters import registry
from paygate.database import Database
from paygate.directory import AccountEntry, SourceEntry, TenantEntry, store_directory
from paygate.domain.errors import UnreachableError
from paygate.domain.inquiry import Query
from paygate.domain.legs import Leg
from paygate.domain.notice import NoticeFacts
from paygate.domain.parties import Source
from paygate.egress import Answer, open_egress
from paygate.inbox import store_within
from paygate.inquiry import Poller, Questioned, Send

SECRET: Final = b"a secret for tests"
OPTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "dvcqg": {"partner_code": "DVC-TEST"},
    "vnpay": {"terminal_code": "PAYGATE1"},
    "momo": {"partner_code": "MOMOTEST", "access_key": "F8BBA842ECF85"},
    "zalopay": {"app_id": 2553, "key1": "a key"},
}

Misbehave = Callable[[web.Request, web.Response], Awaitable[web.StreamResponse]]


@dataclass
class AskedSource:
    """What it knows by reference, what it was asked, and how it may go wrong."""

    kind: str
    known: dict[str, NoticeFacts] = field(default_factory=dict)
    questions: list[bytes] = field(default_factory=list)
    misbehave: Misbehave | None = None
    url: str = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.questions.append(body)
        respondent = registry.respondent(self.kind, SECRET, OPTIONS[self.kind])
        reply = respondent.answer(Query(body, {}), self.known.get, datetime.now(UTC))
        good = web.Response(status=reply.status, body=reply.body, content_type=reply.content_type)
        return await self.misbehave(request, good) if self.misbehave else good


@asynccontextmanager
async def an_asked_source(kind: str = "vnpay") -> AsyncIterator[AskedSource]:
    source = AskedSource(kind)
    application = web.Application()
    application.router.add_post("/query", source.answer)
    async with TestServer(application) as server:
        source.url = str(server.make_url("/query"))
        yield source


async def a_place_asked(database: Database, asked: AskedSource, *, cut_off: time = time(0, 0)) -> Source:
    """A tenant whose one source is this one."""
    async with database.connection() as connection:
        directory = await store_directory(
            connection,
            {"haiduong": TenantEntry("Hải Dương", "H23", "Asia/Ho_Chi_Minh")},
            {"001": AccountEntry("haiduong", "970436", "bank")},
            {"hd": SourceEntry("haiduong", asked.kind, "001", cut_off, {Leg.BANK: 1})},
        )
    return directory.sources["hd"]


def questioned(source: Source, asked: AskedSource, *, rate: float = 1000.0, expiry_hours: int = 72) -> Questioned:
    inquirer = registry.inquirer(asked.kind, [SECRET], OPTIONS[asked.kind])
    return Questioned(source, inquirer, asked.url, rate, expiry_hours)


def a_poller(database: Database, one: Questioned, send: Send, changed: Callable[[], None] = lambda: None) -> Poller:
    return Poller(database, [one], send=send, store=store_within, changed=changed, draw=lambda: 0.0)


@asynccontextmanager
async def loopback() -> AsyncIterator[Send]:
    """The real way out, with loopback allowed and a second's patience."""
    async with open_egress(["127.0.0.0/8"]) as egress:

        async def send(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
            try:
                return await asyncio.wait_for(egress.send(method, url, headers, body), 1.0)
            except TimeoutError:
                raise UnreachableError("no answer in time") from None

        yield send
