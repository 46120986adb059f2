"""A receiver of deliveries for tests: a real server on loopback that answers as it is told and remembers what came."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Reply = int | Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Came:
    """A delivery as it came."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """Answers with `replies` one after another, and with 204 when they are used up."""

    url: str = ""
    came: list[Came] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.came]

    async def take(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.came.append(Came(headers, await request.read()))
        self.arrived.set()
        reply = self.replies.pop(0) if self.replies else 204
        return web.Response(status=reply) if isinstance(reply, int) else await reply(request)


@asynccontextmanager
async def a_receiver(*replies: Reply) -> AsyncIterator[Receiver]:
    receiver = Receiver(replies=list(replies))
    application = web.Application()
    application.router.add_post("/events", receiver.take)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    address: Any = runner.addresses[0]
    receiver.url = f"http://127.0.0.1:{address[1]}/events"
    try:
        yield receiver
    finally:
        await runner.cleanup()


def asking_to_wait(retry_after: str, status: int = 503) -> Reply:
    async def reply(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Retry-After": retry_after})

    return reply


def pointing_to(location: str) -> Reply:
    async def reply(_: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": location})

    return reply


async def hanging(_: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def breaking_off(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.write(b"HTTP/1.1 200 O")  # type: ignore[attr-defined]
    request.transport.abort()  # type: ignore[attr-defined]
    return web.Response()
