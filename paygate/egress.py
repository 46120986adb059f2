"""The one way out: every request that paygate makes goes through here, and none goes where it should not.

A URL may come from a configuration, a name's address from anybody. So each name is resolved here, every address it has
is looked at, and the connection is made to the very addresses that were looked at: a name that answers otherwise the
second time is not asked a second time. Redirects are answers, proxies of the environment are not used, cookies are not
kept, and time, size and connections are bounded.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from paygate.domain.errors import EgressRefusedError, UnreachableError
from paygate.domain.reach import Allowed, read_host

CONNECT_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 20.0
"""From the look-up of the name to the last byte of the answer."""
ANSWER_LIMIT: Final = 256 * 1024
"""Bytes of an answer; a longer one is no answer."""
CONNECTIONS: Final = 32
URL_LIMIT: Final = 8 * 1024
"""Characters of a URL."""

USER_AGENT: Final = "paygate"

Resolve = Callable[[str, int], Awaitable[Sequence[tuple[socket.AddressFamily, str]]]]
"""Returns the addresses a name has, each with its family."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status.

    The names of `headers` are in lower case, the first of a name counts. `body` is as sent, packed where it was packed,
    and empty where it was not asked for.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


async def system_resolve(name: str, port: int) -> Sequence[tuple[socket.AddressFamily, str]]:
    """Ask the operating system."""
    found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return [(family, str(sockaddr[0])) for family, _, _, _, sockaddr in found]


class _GuardedResolver(AbstractResolver):
    """Resolves names to addresses that may be asked; a name of which one address may not is refused as a whole."""

    def __init__(self, allowed: Allowed, resolve: Resolve) -> None:
        self._allowed = allowed
        self._resolve = resolve

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 -- both are asked for
    ) -> list[ResolveResult]:
        name = host.lower()
        found = await self._resolve(name, port)
        for _, text in found:
            if "%" in text:
                raise EgressRefusedError(f"{name} is at {text}, a link-local address")
            self._allowed.refuse(ip_address(text), name)
        return [
            ResolveResult(hostname=host, host=text, port=port, family=kind, proto=0, flags=int(socket.AI_NUMERICHOST))
            for kind, text in found
        ]

    async def close(self) -> None:
        """Nothing is held."""


def read_url(text: str, allowed: Allowed) -> URL:
    """Read a URL that may be asked, as far as that can be told without resolving its name.

    Raises:
        EgressRefusedError: it is no absolute http(s) URL, carries a user or a fragment, is http to a host that is not
            listed, or leads to an address that may not be asked.
    """
    if len(text) > URL_LIMIT or not text.isascii() or not text.isprintable() or " " in text:
        raise EgressRefusedError("a URL is printable ASCII without spaces, of bounded length")
    try:
        url = URL(text, encoded=True)  # a query string may be signed: not a byte of it may change
        host = read_host(url.host or "")
    except ValueError as error:
        raise EgressRefusedError(f"the URL cannot be read: {error}") from None
    if url.scheme not in ("http", "https"):
        raise EgressRefusedError("a URL begins with https://, or http:// where its host is listed")
    if "@" in url.raw_authority or url.raw_fragment:
        raise EgressRefusedError("a URL carries neither user nor fragment here")
    listed = host in allowed.names if isinstance(host, str) else allowed.lists(host)
    if url.scheme == "http" and not listed:
        raise EgressRefusedError(f"{host} is asked over https alone, unless egress_allowed lists it")
    if not isinstance(host, str):
        allowed.refuse(host)
    return url


class Egress:
    """Sends requests to where they may go."""

    def __init__(self, session: aiohttp.ClientSession, allowed: Allowed) -> None:
        self._session = session
        self._allowed = allowed

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, *, read_body: bool = True
    ) -> Answer:
        """Send one request and return the answer, a redirect or an error's included.

        `read_body=False` waits for the status and the headers alone.

        Raises:
            EgressRefusedError: it may not leave; trying again does not help.
            UnreachableError: no answer, half an answer, or more than `ANSWER_LIMIT` of it.
        """
        target = read_url(url, self._allowed)
        try:
            async with self._session.request(
                method, target, headers=headers, data=body or None, allow_redirects=False
            ) as response:
                names = {name.lower(): value for name, value in reversed([*response.headers.items()])}
                return Answer(response.status, names, await _read(response) if read_body else b"")
        except TimeoutError:
            raise UnreachableError(f"{target.host} has not answered in time") from None
        except (aiohttp.ClientError, OSError) as error:
            raise UnreachableError(f"{target.host}: {_said(error)}") from None


async def _read(response: aiohttp.ClientResponse) -> bytes:
    parts, size = [], 0
    async for part in response.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > ANSWER_LIMIT:
            response.close()
            raise UnreachableError(f"{response.url.host} answers with more than {ANSWER_LIMIT} bytes")
    return b"".join(parts)


def _said(error: Exception) -> str:
    # The URL may hold a signature, and some of aiohttp's errors quote it.
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ClientOSError):
        return f"{type(error).__name__}: {error.strerror or error.errno}"
    return type(error).__name__


@asynccontextmanager
async def open_egress(allowed: Sequence[str] = (), *, resolve: Resolve = system_resolve) -> AsyncIterator[Egress]:
    """Open the way out. `allowed` lists networks, addresses and names, as `egress_allowed` in the configuration does.

    Raises:
        ValueError: an entry of `allowed` cannot be read.
    """
    listed = Allowed.read(allowed)
    # A connection serves one request: no wait for one that a receiver closes unseen, and every request is looked at.
    options: dict[str, Any] = {"limit": CONNECTIONS, "use_dns_cache": False, "force_close": True}
    connector = aiohttp.TCPConnector(resolver=_GuardedResolver(listed, resolve), **options)
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=TOTAL_SECONDS, sock_connect=CONNECT_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
        auto_decompress=False,
        trust_env=False,
    ) as session:
        yield Egress(session, listed)
