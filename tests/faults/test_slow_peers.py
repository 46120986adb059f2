"""Peers that take their time: each is cut at its deadline, and honest ones do not notice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import uvloop

from paygate.web.server import Limits
from tests.served import NOTICES, Served, a_service, signed

QUICK = Limits(head_seconds=0.2, body_seconds=0.4, request_seconds=0.8, connections=20)


@pytest.fixture
async def impatient(database_url: str) -> AsyncIterator[Served]:
    async with a_service(database_url, limits=QUICK) as one:
        yield one


async def seconds_until_closed(served: Served, *pieces: bytes, pause: float = 0.05) -> tuple[float, bytes]:
    """Send pieces one after another for as long as the connection lives."""
    loop = asyncio.get_running_loop()
    reader, writer = await asyncio.open_connection(*served.address)
    began = loop.time()

    async def dribble() -> None:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(pause)

    dribbling = asyncio.create_task(dribble())
    answer = b""
    with suppress(ConnectionResetError):  # what is sent after the cut is answered by a reset
        while piece := await asyncio.wait_for(reader.read(65536), 5):
            answer += piece
    took = loop.time() - began
    dribbling.cancel()
    writer.close()
    return took, answer


async def test_a_connection_that_says_nothing_is_cut(impatient: Served) -> None:
    took, _ = await seconds_until_closed(impatient)
    assert QUICK.head_seconds <= took < 1


async def test_a_head_that_dribbles_is_cut(impatient: Served) -> None:
    took, answer = await seconds_until_closed(impatient, *[b"POST / HTTP/1.1\r\n"], *[b"X-A: b\r\n"] * 100)
    assert QUICK.head_seconds <= took < 1
    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_the_head_of_a_second_request_that_dribbles_is_cut_too(impatient: Served) -> None:
    first = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    took, answer = await seconds_until_closed(impatient, first, b"POST / HTTP/1.1\r\n", *[b"X-A: b\r\n"] * 100)
    assert took < 1
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in answer


async def test_a_body_that_dribbles_is_cut(impatient: Served) -> None:
    head = f"POST {NOTICES} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n".encode()
    took, answer = await seconds_until_closed(impatient, head, *[b"{"] * 100)
    assert QUICK.body_seconds <= took < 1.5
    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_an_idle_connection_that_has_sent_a_request_is_not_cut_as_slow(impatient: Served) -> None:
    reader, writer = await asyncio.open_connection(*impatient.address)
    for _ in range(2):
        writer.write(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
        await reader.readuntil(b"}")
        await asyncio.sleep(QUICK.head_seconds * 3)
    writer.close()


async def test_slow_senders_do_not_hold_up_honest_ones(impatient: Served) -> None:
    slow = [await asyncio.open_connection(*impatient.address) for _ in range(10)]
    for _, writer in slow:
        writer.write(b"POST / HTTP/1.1\r\nX")
    assert (await impatient.post(signed()))[0] == 200
    for _, writer in slow:
        writer.close()


async def turned_away(served: Served) -> bytes:
    held = [await asyncio.open_connection(*served.address) for _ in range(QUICK.connections)]
    reader, writer = await asyncio.open_connection(*served.address)
    answer = await asyncio.wait_for(reader.read(), 5)
    for _, one in [*held, (reader, writer)]:
        one.close()
    return answer


async def test_more_connections_than_allowed_are_told_to_come_later(impatient: Served) -> None:
    assert (await turned_away(impatient)).startswith(b"HTTP/1.1 503 ")


def test_the_loop_that_serves_cuts_and_turns_away_as_the_loop_of_the_tests_does(database_url: str) -> None:
    async def cut_and_turned_away() -> tuple[bytes, bytes]:
        async with a_service(database_url, limits=QUICK) as served:
            _, late = await seconds_until_closed(served, b"POST / HTTP/1.1\r\n")
            return await turned_away(served), late

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        away, late = runner.run(cut_and_turned_away())
    assert away.startswith(b"HTTP/1.1 503 ")
    assert late.startswith(b"HTTP/1.1 408 ")
