"""Parcels are sent as sources send: until they are answered."""

import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from paygate import parcels
from paygate.domain.errors import UnreachableError
from paygate.parcels import Parcel, open_session, parcel_of, send

POSTED = parcel_of("s", "POST", b'{"a":1}', {"x-signature": "q"})
ASKED = parcel_of("s", "GET", b"vnp_Amount=1&vnp_OrderInfo=a%2Bb+c", {})


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parcels, "TRY_AGAIN_SECONDS", 0.01)


@asynccontextmanager
async def a_server(answers: Sequence[web.Response]) -> AsyncIterator[tuple[str, list[tuple[str, str, bytes]]]]:
    """Answer in this order, and note what came."""
    came: list[tuple[str, str, bytes]] = []
    waiting = iter(answers)

    async def take(request: web.Request) -> web.Response:
        came.append((request.method, request.raw_path, await request.read()))
        return next(waiting)

    application = web.Application()
    application.router.add_route("*", "/v1/notices/s", take)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", came
    finally:
        await runner.cleanup()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@pytest.mark.parametrize(
    ("parcel", "path", "body"),
    [(POSTED, "/v1/notices/s", b'{"a":1}'), (ASKED, "/v1/notices/s?vnp_Amount=1&vnp_OrderInfo=a%2Bb+c", b"")],
)
async def test_the_bytes_that_were_signed_are_the_bytes_that_arrive(parcel: Parcel, path: str, body: bytes) -> None:
    async with a_server([web.Response(status=204)]) as (url, came), open_session(1) as session:
        assert await send(session, url, lambda: parcel, tries=1) == 204
    assert came == [(parcel.method, path, body)]
    assert parcel.content in (path.encode() + body)


async def test_told_to_come_back_later_it_does_and_is_written_anew() -> None:
    written: list[int] = []

    def write() -> Parcel:
        written.append(len(written))
        return POSTED

    later = [web.Response(status=503, headers={"Retry-After": after}) for after in ("0", "soon")]
    async with a_server([*later, web.Response()]) as (url, _), open_session(1) as session:
        assert await send(session, url, write, tries=5) == 200
    assert len(written) == 3


async def test_when_the_tries_are_over_the_last_answer_counts() -> None:
    later = [web.Response(status=503, headers={"Retry-After": "0"}) for _ in range(2)]
    async with a_server(later) as (url, _), open_session(1) as session:
        assert await send(session, url, lambda: POSTED, tries=2) == 503


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    moved = web.Response(status=307, headers={"Location": "/v1/notices/s"})
    async with a_server([moved, web.Response()]) as (url, came), open_session(1) as session:
        assert await send(session, url, lambda: POSTED, tries=2) == 307
    assert len(came) == 1


async def test_a_service_that_never_answers_is_named_after_the_last_try() -> None:
    tried: list[None] = []
    async with open_session(1) as session:
        with pytest.raises(UnreachableError, match="does not answer"):
            await send(
                session,
                f"http://127.0.0.1:{free_port()}",
                lambda: POSTED,
                tries=3,
                unanswered=lambda: tried.append(None),
            )
    assert len(tried) == 3
