"""`/v1/notices/{source}`: the source's own format in, the source's own reply out.

This is the road every notice takes, so it goes beside aiohttp's router and its response objects, each of which costs
as much as checking a signature.
"""

import itertools
import os
import re
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from aiohttp import HttpVersion11, web

from paygate.domain.errors import NotFoundError, TemporaryError
from paygate.domain.notice import NO_HEADERS, RawNotice, Reply
from paygate.intake import Intake, Sender
from paygate.telemetry import NOTICE_SECONDS

PREFIX: Final = "/v1/notices/"
BODY_LIMIT: Final = 64 * 1024
"""Bytes of one notice."""
NO_CONTENT: Final = int(HTTPStatus.NO_CONTENT)
REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}\Z")

_numbers = itertools.count(1)
_process = f"{os.getpid():x}-{time.time_ns():x}"


def request_id(request: web.BaseRequest) -> str:
    """Return the caller's X-Request-Id if it is a plain one, else one of this process's own."""
    given = request.headers.get("X-Request-Id")
    if given is not None and REQUEST_ID.match(given):
        return given
    return f"{_process}-{next(_numbers)}"


def refuse_encoded(request: web.BaseRequest) -> None:
    """A signature covers the bytes its sender saw, and a packed body can be a bomb: neither is unpacked.

    Raises:
        web.HTTPUnsupportedMediaType: the body is encoded.
    """
    encoding = request.headers.get("Content-Encoding")
    if encoding is not None and encoding.lower() != "identity":
        raise web.HTTPUnsupportedMediaType


class PlainReply(web.StreamResponse):
    """A short reply on a connection that stays open, written in one piece."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    @property
    def keep_alive(self) -> bool:
        return True

    async def prepare(self, request: web.BaseRequest) -> None:
        if request.transport is None:
            raise ConnectionResetError
        head = _head(self._reply.status, self._reply.content_type, int(time.time()))
        body = self._reply.body
        request.transport.write(b"%sContent-Length: %d\r\n\r\n%s" % (head, len(body), body))
        if request.protocol.writing_paused:
            await request.writer.drain()

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing is left to write."""


@lru_cache(maxsize=64)
def _head(status: int, content_type: str, second: int) -> bytes:
    date = formatdate(second, usegmt=True)
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: {content_type}\r\nDate: {date}\r\n".encode()


class NoticeDoor:
    """Where sources knock."""

    def __init__(self, intake: Intake, senders: Mapping[str, Sender]) -> None:
        self._intake = intake
        self._senders = senders
        self._seconds = {code: NOTICE_SECONDS.labels(code) for code in senders}

    async def receive(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one notice, whose path begins with `PREFIX`."""
        started = time.perf_counter()
        code, _, query = request.raw_path[len(PREFIX) :].partition("?")
        sender = self._senders.get(code)
        if sender is None:
            raise NotFoundError("there is no such source")
        try:
            raw = await _read(request, sender, query)
            reply = await self._intake.receive(sender, raw, datetime.now(UTC), request_id(request))
        except TemporaryError:
            sender.counted["unavailable"].inc()
            raise
        except web.HTTPException:
            sender.counted["refused"].inc()
            raise
        self._seconds[code].observe(time.perf_counter() - started)
        return _written(request, reply)


def _written(request: web.BaseRequest, reply: Reply) -> web.StreamResponse:
    plain = request.version == HttpVersion11 and request.keep_alive and reply.status != NO_CONTENT
    if plain:
        return PlainReply(reply)
    return web.Response(status=reply.status, body=reply.body, content_type=reply.content_type)


async def _read(request: web.BaseRequest, sender: Sender, query: str) -> RawNotice:
    method, adapter = request.method, sender.adapter
    if method not in adapter.methods:
        raise web.HTTPMethodNotAllowed(method, sorted(adapter.methods))
    refuse_encoded(request)
    content = request.content
    if method == "GET":
        body = query.encode("utf-8", "surrogateescape")
    elif content.is_eof():
        body = content.read_nowait()
    else:
        body = await request.read()
    if len(body) > BODY_LIMIT:
        raise web.HTTPRequestEntityTooLarge(BODY_LIMIT)
    return RawNotice(method, body, _signed_headers(request, adapter.signed_headers))


def _signed_headers(request: web.BaseRequest, names: Iterable[str]) -> Mapping[str, str]:
    if not names:
        return NO_HEADERS
    return {name: request.headers[name] for name in names if name in request.headers}
