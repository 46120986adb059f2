"""A served paygate for tests: configured, listening, and with a database that can be cut off or frozen."""

import asyncio
import atexit
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit

import aiohttp

from adapters import registry
from paygate.access import Role, issue_token
from paygate.app import Role as ServiceRole
from paygate.app import serve
from paygate.database import connect
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.notice import NoticeFacts
from paygate.settings import Settings
from paygate.web.server import DEFAULT_LIMITS, Limits

SECRET: Final = "a secret for tests"
DVCQG_OPTIONS: Final = {"partner_code": "DVC-TEST"}
VNPAY_OPTIONS: Final = {"terminal_code": "PAYGATE1"}
NOTICES: Final = "/v1/notices/hd-dvcqg"
NOON: Final = datetime(2024, 5, 8, 5, 0, tzinfo=UTC)

_numbers = itertools.count(1)

DATA = Path(tempfile.gettempdir()) / f"paygate-served-{os.getpid()}"
"""Where the services of this process put what is uploaded to them; made by the first that needs it."""
atexit.register(shutil.rmtree, DATA, ignore_errors=True)


def settings_for(database_url: str, **changes: Any) -> Settings:
    """Configure two tenants, the first with a source of two kinds; the secrets stand in the environment."""
    os.environ["PAYGATE_TEST_SECRET"] = SECRET
    source = {"tenant": "haiduong", "account": "001", "secrets": ("env:PAYGATE_TEST_SECRET",), "legs": {"bank": 1}}
    given: dict[str, Any] = {
        "database_url": database_url,
        "data_dir": DATA / urlsplit(database_url).path.strip("/"),
        "tenants": {
            "haiduong": {"name": "Tỉnh Hải Dương", "agency": "H23"},
            "haiphong": {"name": "Thành phố Hải Phòng", "agency": "H24"},
        },
        "accounts": {"001": {"tenant": "haiduong", "bank": "970436"}},
        "sources": {
            "hd-dvcqg": {**source, "adapter": "dvcqg", **DVCQG_OPTIONS},
            "hd-vnpay": {**source, "adapter": "vnpay", **VNPAY_OPTIONS},
        },
    }
    return Settings(**(given | changes))


@dataclass(frozen=True)
class Served:
    """A service that listens, and a session to call it with."""

    url: str
    session: aiohttp.ClientSession
    database_url: str

    async def token(self, tenant: str, role: Role) -> Mapping[str, str]:
        """Return the headers of a new caller."""
        async with connect(self.database_url) as connection:
            tenant_id = await connection.fetchval("SELECT tenant_id FROM tenant WHERE code = $1", tenant)
            token = await issue_token(connection, f"{tenant}-{role}-{next(_numbers)}", role, tenant_id)
        return {"Authorization": f"Bearer {token}"}

    async def fetchval(self, query: str, *arguments: object) -> Any:
        async with connect(self.database_url) as connection:
            return await connection.fetchval(query, *arguments)

    async def post(self, body: bytes, path: str = NOTICES, headers: Mapping[str, str] | None = None) -> tuple[int, Any]:
        async with self.session.post(self.url + path, data=body, headers=headers) as reply:
            return reply.status, await reply.json(content_type=None)

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        return str(parts.hostname), int(parts.port or 0)


@asynccontextmanager
async def a_service(
    database_url: str,
    *,
    through: str | None = None,
    role: ServiceRole = "web",
    limits: Limits = DEFAULT_LIMITS,
    port: int = 0,
    **settings: Any,
) -> AsyncIterator[Served]:
    """Serve from a database, reached over the URL `through` where one is given."""
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    configured = settings_for(through or database_url, **settings)
    serving = asyncio.create_task(
        serve(configured, host="127.0.0.1", port=port, role=role, ready=ready.set_result, stop=stop, limits=limits)
    )
    await asyncio.wait({serving, ready}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        await serving
    try:
        async with aiohttp.ClientSession() as session:
            yield Served(await ready, session, database_url)
    finally:
        stop.set()
        await serving


def a_paid_notice(**changes: Any) -> NoticeFacts:
    """Say that a payment of its own was paid."""
    number = next(_numbers)
    facts: dict[str, Any] = {
        "reference": f"REF{number:09}",
        "transaction_id": f"T{number}",
        "state": PaymentState.PAID,
        "outcome": Outcome.PAID,
        "amount": 150_000,
        "currency": "VND",
        "occurred_at": NOON,
        "description": "THANH TOAN HO SO 000.00.12.H23-240508-0001",
    }
    return NoticeFacts(**(facts | changes))


def signed(facts: NoticeFacts | None = None) -> bytes:
    """Shape and sign a CONFIRM as the national platform does."""
    simulator = registry.simulator("dvcqg", SECRET.encode(), DVCQG_OPTIONS)
    return simulator.request(facts or a_paid_notice(), NOON)[1]


class Line:
    """A wire to the database that a test can cut, freeze and mend."""

    def __init__(self, target: Path, folder: Path) -> None:
        self._target = target
        self._socket = folder / target.name
        self._peers: set[asyncio.Task[None]] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._server: asyncio.AbstractServer | None = None

    async def mend(self) -> None:
        self._flows.set()
        if self._server is None:
            self._server = await asyncio.start_unix_server(self._join, self._socket)

    async def cut(self) -> None:
        """Refuse new connections and drop those there are."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._socket.unlink(missing_ok=True)
        peers = list(self._peers)
        for peer in peers:
            peer.cancel()
        await asyncio.gather(*peers, return_exceptions=True)

    def freeze(self) -> None:
        """Keep every connection and let nothing through: a server that does not answer."""
        self._flows.clear()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._peers.add(task)
        with suppress(OSError, asyncio.CancelledError):
            far_reader, far_writer = await asyncio.open_unix_connection(self._target)
            flows = [
                asyncio.create_task(self._flow(reader, far_writer)),
                asyncio.create_task(self._flow(far_reader, writer)),
            ]
            try:
                await asyncio.wait(flows, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in flows:
                    one.cancel()
                await asyncio.gather(*flows, return_exceptions=True)
                far_writer.close()
        writer.close()
        self._peers.discard(task)

    async def _flow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self._flows.wait()
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def a_line_to(database_url: str, folder: Path) -> AsyncIterator[tuple[str, Line]]:
    """Yield a URL that leads to the database over a line, and the line. The server must listen on a Unix socket."""
    parts = urlsplit(database_url)
    host = parse_qs(parts.query)["host"][0]
    port = parse_qs(parts.query).get("port", ["5432"])[0]
    line = Line(Path(host) / f".s.PGSQL.{port}", folder)
    await line.mend()
    try:
        yield urlunsplit(parts._replace(query=f"host={quote(str(folder))}&port={port}")), line
    finally:
        await line.cut()
