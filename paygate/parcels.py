"""Signed notices on their way to a service over HTTP, sent as a source sends: until they are answered."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import aiohttp
from yarl import URL

from paygate.domain.errors import UnreachableError

REQUEST_SECONDS: Final = 30.0
TRY_AGAIN_SECONDS: Final = 1.0
LONGEST_WAIT_SECONDS: Final = 30.0
"""However long a service asks to be left alone."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One signed notice, ready to go. `query` is undecoded."""

    source: str
    method: str
    query: str
    body: bytes
    headers: Mapping[str, str]

    @property
    def content(self) -> bytes:
        """What the service keeps of it: the body, or what a GET carries in its place."""
        return self.query.encode() if self.method == "GET" else self.body


def parcel_of(source: str, method: str, content: bytes, headers: Mapping[str, str]) -> Parcel:
    """Make ready what a simulator wrote."""
    if method == "GET":
        return Parcel(source, method, content.decode("ascii"), b"", headers)
    return Parcel(source, method, "", content, headers)


@asynccontextmanager
async def open_session(connections: int) -> AsyncIterator[aiohttp.ClientSession]:
    """Open what sends over so many connections at once."""
    timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=connections), timeout=timeout) as session:
        yield session


async def send(
    session: aiohttp.ClientSession,
    url: str,
    written: Callable[[], Parcel],
    *,
    tries: int,
    unanswered: Callable[[], None] = lambda: None,
) -> int:
    """Send a notice, written anew each time, and return the status of the answer.

    A service that asks to be left alone for a while is, and one that does not answer is tried again; `unanswered` is
    called each time.

    Raises:
        UnreachableError: it never answered.
    """
    status = None
    for _ in range(tries):
        try:
            status, wait = await _send_once(session, url, written())
        except (aiohttp.ClientError, TimeoutError, OSError):
            unanswered()
            wait = TRY_AGAIN_SECONDS
        else:
            if status != HTTPStatus.SERVICE_UNAVAILABLE:
                return status
        await asyncio.sleep(wait)
    if status is None:
        raise UnreachableError(f"{url} does not answer")
    return status


async def _send_once(session: aiohttp.ClientSession, url: str, parcel: Parcel) -> tuple[int, float]:
    target = URL(f"{url}/v1/notices/{parcel.source}?{parcel.query}".rstrip("?"), encoded=True)
    data = parcel.body or None
    async with session.request(
        parcel.method, target, data=data, headers=parcel.headers, allow_redirects=False
    ) as reply:
        await reply.read()
        return reply.status, _wait(reply.headers.get("Retry-After", ""))


def _wait(asked: str) -> float:
    return min(float(asked), LONGEST_WAIT_SECONDS) if asked.isascii() and asked.isdigit() else TRY_AGAIN_SECONDS
