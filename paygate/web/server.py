"""The listener: aiohttp with the deadlines and limits it does not have itself.

aiohttp keeps a connection for as long as its peer dribbles bytes. Here each connection notes when the head of its
next request began to arrive and when the request it answers began, and one sweeper cuts those that are overdue.
"""

import asyncio
import errno
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, cast

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import HttpRequestParser, HttpRequestParserPy
from aiohttp.web_protocol import RequestHandler

from paygate.domain.errors import ConfigurationError
from paygate.telemetry import Event, log
from paygate.web.notices import PREFIX
from paygate.web.problems import Handler, answering_in_problems, respond_to_unread

BACKLOG: Final = 1024
COLLECTOR_THRESHOLDS: Final = (50_000, 50, 100)
SWEEPS_PER_DEADLINE: Final = 4

_TOO_SLOW: Final = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_TOO_MANY: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 2\r\nConnection: close\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one peer may take of us, in seconds and in connections."""

    head_seconds: float = 5.0
    body_seconds: float = 10.0
    request_seconds: float = 30.0
    idle_seconds: float = 75.0
    shutdown_seconds: float = 10.0
    connections: int = 4096

    @property
    def sweep_seconds(self) -> float:
        return min(1.0, min(self.head_seconds, self.body_seconds, self.request_seconds) / SWEEPS_PER_DEADLINE)


DEFAULT_LIMITS: Final = Limits()


class Connection(RequestHandler):
    """One peer's connection, watched."""

    __slots__ = ("_allowed", "_head_began", "_request_began", "_watch")

    def __init__(self, server: web.Server, watch: "Watch", **options: Any) -> None:
        super().__init__(server, **options)
        self._watch = watch
        self._head_began = 0.0
        self._request_began = 0.0
        self._allowed = 0.0

    def allow(self, seconds: float) -> None:
        """Give the request under way so long instead of what every request is given, where that is less."""
        self._allowed = seconds

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._watch.admit(self):
            self._head_began = self._loop.time()
            super().connection_made(transport)
        else:
            self._force_close = True
            stream = cast("asyncio.Transport", transport)  # uvloop's transports are of no such class
            stream.write(_TOO_MANY)
            stream.close()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._watch.forget(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        waiter = self._waiter
        super().data_received(data)
        if waiter is not None and not self._head_began and not waiter.done():
            self._head_began = self._loop.time()

    def resume_reading(self, resume_parser: bool = True) -> None:  # noqa: FBT001, FBT002 -- the signature is aiohttp's
        # A body that is read whole asks for this each time, paused or not, and the parser would run over nothing.
        if self._reading_paused:
            super().resume_reading(resume_parser)

    def _handle_request(
        self,
        request: web.BaseRequest,
        start_time: float | None,
        request_handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
    ) -> Any:
        self._head_began = 0.0
        self._request_began = self._loop.time()
        self._allowed = 0.0
        return super()._handle_request(request, start_time, request_handler)

    def cut_if_overdue(self, now: float, limits: Limits) -> None:
        """Close the connection when what it waits for should have come."""
        late = self._late(now, limits)
        if late is None or self.transport is None:
            return
        log.info(Event.CONNECTION_CUT, late=late)
        if late == "request":
            self.transport.abort()
        else:
            self.transport.write(_TOO_SLOW)
            self.force_close()

    def _late(self, now: float, limits: Limits) -> str | None:
        if not self._request_in_progress:
            return "head" if self._head_began and now - self._head_began > limits.head_seconds else None
        age = now - self._request_began
        if age > max(limits.request_seconds, self._allowed):
            return "request"
        request = self._current_request
        unread = request is not None and not request.content.is_eof()
        return "body" if unread and age > max(limits.body_seconds, self._allowed) else None

    def handle_error(
        self,
        request: web.BaseRequest,  # noqa: ARG002 -- the signature is aiohttp's
        status: int = 500,  # noqa: ARG002
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002
    ) -> web.StreamResponse:
        """Answer what never reached a handler; aiohttp would echo and log the peer's own bytes."""
        response = respond_to_unread(exc if isinstance(exc, Exception) else HttpProcessingError())
        response.force_close()
        return response

    def log_exception(self, *args: Any, **kw: Any) -> None:  # noqa: ARG002
        """Name the error alone, for the same reason."""
        log.error(Event.UNHANDLED, error=type(kw.get("exc_info")).__name__)


def allow_longer(request: web.BaseRequest, seconds: float) -> None:
    """Let a request whose caller is known take longer to arrive and be answered than strangers' may."""
    if isinstance(request.protocol, Connection):
        request.protocol.allow(seconds)


class Watch:
    """All connections of a listener, and the sweeper that cuts the overdue."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._connections: set[Connection] = set()

    def admit(self, connection: Connection) -> bool:
        if len(self._connections) >= self._limits.connections:
            return False
        self._connections.add(connection)
        return True

    def forget(self, connection: Connection) -> None:
        self._connections.discard(connection)

    async def sweep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._limits.sweep_seconds)
            now = loop.time()
            for connection in tuple(self._connections):
                connection.cut_if_overdue(now, self._limits)


def _answering(receive: Handler | None, otherwise: Handler) -> Handler:
    """Take notices past the router."""
    if receive is None:
        return answering_in_problems(otherwise)

    def choose(request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        return receive(request) if request.raw_path.startswith(PREFIX) else otherwise(request)

    return answering_in_problems(choose)


class _Site(web.TCPSite):
    """A listening socket whose connections are watched."""

    def __init__(self, runner: web.AppRunner, host: str, port: int, watch: Watch, limits: Limits) -> None:
        super().__init__(runner, host, port, backlog=BACKLOG)
        self._watch = watch
        self._limits = limits

    async def start(self) -> None:
        await web.BaseSite.start(self)
        server = self._runner.server
        if server is None:
            raise RuntimeError("the runner is not set up")
        loop = asyncio.get_running_loop()

        def connection() -> Connection:
            return Connection(
                server,
                self._watch,
                loop=loop,
                keepalive_timeout=self._limits.idle_seconds,
                lingering_time=min(2.0, self._limits.body_seconds),
                auto_decompress=False,
                access_log=None,
            )

        self._server = await loop.create_server(connection, self._host, self._port, backlog=self._backlog)


def settle_memory() -> None:
    """Spare the requests to come the garbage collector's passes over what will live as long as the process."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTOR_THRESHOLDS)


def check_parser() -> None:
    """Refuse to face the network with the parser that half of aiohttp's known holes are in.

    Raises:
        ConfigurationError: aiohttp runs without its C parser.
    """
    if HttpRequestParser is HttpRequestParserPy:
        raise ConfigurationError("aiohttp has no C parser here; install a wheel of it, or unset AIOHTTP_NO_EXTENSIONS")


@asynccontextmanager
async def listen(
    application: web.Application, receive: Handler | None, host: str, port: int, limits: Limits = DEFAULT_LIMITS
) -> AsyncIterator[str]:
    """Serve the application and yield its URL; on leaving, answer what is under way and close.

    `receive` answers the notices, where there is an inbox.

    Raises:
        ConfigurationError: the port is in use, or the host is not ours.
    """
    check_parser()
    watch = Watch(limits)
    runner = web.AppRunner(application, shutdown_timeout=limits.shutdown_seconds)
    await runner.setup()
    if runner.server is not None:
        runner.server.request_handler = _answering(receive, runner.server.request_handler)
    sweeper = asyncio.create_task(watch.sweep(), name="sweeper")
    try:
        site = _Site(runner, host, port, watch, limits)
        await _start(site, host, port)
        address = runner.addresses[0]
        yield f"http://{_bracketed(address[0])}:{address[1]}"
    finally:
        await runner.cleanup()
        sweeper.cancel()


async def _start(site: _Site, host: str, port: int) -> None:
    try:
        await site.start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ConfigurationError(f"port {port} on {host} is in use; choose another with --port") from error
        raise ConfigurationError(f"cannot listen on {host}:{port}: {error.strerror or error}") from error


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
