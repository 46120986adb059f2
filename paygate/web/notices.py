"""`/v1/notices/{source}`: the source's own format in, the source's own reply out."""

import itertools
import os
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from paygate.domain.errors import NotFoundError, TemporaryError
from paygate.domain.notice import NO_HEADERS, RawNotice
from paygate.intake import Inbox, Sender, receive
from paygate.telemetry import NOTICE_SECONDS

BODY_LIMIT: Final = 64 * 1024
"""Bytes of one notice."""
REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}\Z")

_numbers = itertools.count(1)
_process = f"{os.getpid():x}-{time.time_ns():x}"


def request_id(request: web.Request) -> str:
    """Return the caller's X-Request-Id if it is a plain one, else one of this process's own."""
    given = request.headers.get("X-Request-Id")
    if given is not None and REQUEST_ID.match(given):
        return given
    return f"{_process}-{next(_numbers)}"


def refuse_encoded(request: web.Request) -> None:
    """A signature covers the bytes its sender saw, and a packed body can be a bomb: neither is unpacked.

    Raises:
        web.HTTPUnsupportedMediaType: the body is encoded.
    """
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise web.HTTPUnsupportedMediaType


class NoticeDoor:
    """Where sources knock."""

    def __init__(self, inbox: Inbox, senders: Mapping[str, Sender]) -> None:
        self._inbox = inbox
        self._senders = senders
        self._seconds = {code: NOTICE_SECONDS.labels(code) for code in senders}

    async def receive(self, request: web.Request) -> web.Response:
        """Answer one notice."""
        started = time.perf_counter()
        code = request.match_info["source"]
        sender = self._senders.get(code)
        if sender is None:
            raise NotFoundError("there is no such source")
        try:
            raw = await _read(request, sender)
            reply = await receive(self._inbox, sender, raw, datetime.now(UTC), request_id(request))
        except TemporaryError:
            sender.counted["unavailable"].inc()
            raise
        except web.HTTPException:
            sender.counted["refused"].inc()
            raise
        self._seconds[code].observe(time.perf_counter() - started)
        return web.Response(status=reply.status, body=reply.body, content_type=reply.content_type)


async def _read(request: web.Request, sender: Sender) -> RawNotice:
    method = request.method
    if method not in sender.adapter.methods:
        raise web.HTTPMethodNotAllowed(method, sorted(sender.adapter.methods))
    refuse_encoded(request)
    if method == "GET":
        body = request.raw_path.partition("?")[2].encode("utf-8", "surrogateescape")
    else:
        body = await request.read()
    return RawNotice(method, body, _signed_headers(request, sender))


def _signed_headers(request: web.Request, sender: Sender) -> Mapping[str, str]:
    names = sender.adapter.signed_headers
    if not names:
        return NO_HEADERS
    return {name: request.headers[name] for name in names if name in request.headers}


def routes(door: NoticeDoor) -> list[web.RouteDef]:
    # Every method: which of them a source uses is its adapter's knowledge.
    return [web.route("*", "/v1/notices/{source}", door.receive)]
