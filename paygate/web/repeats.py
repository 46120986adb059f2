"""`Idempotency-Key`: a request that was answered is answered again, and what it asked for is done once.

The key, what is done and the reply are one transaction, so that no crash can part them. A request that was refused
has done nothing and holds no key. Keys belong to a caller, a tenant and a route.
"""

import json
import re
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any, Final

import asyncpg
from aiohttp import web

from paygate.database import Connection, Database, load_queries
from paygate.domain.errors import InvalidInputError, RepeatDiffersError, RepeatInProgressError
from paygate.domain.parties import Tenant
from paygate.web.routes import Visit

QUERIES: Final = load_queries("paygate.sql", "queries/repeats.sql")

HEADER: Final = "Idempotency-Key"
KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
KEPT_HOURS: Final = 48
WAIT_SECONDS: Final = 1
"""For a twin that another process works on; one of this process is told to come again at once."""

Scope = tuple[int, str, str, str]
Answer = tuple[int, dict[str, Any]]
"""Status and JSON."""


class Repeats:
    """The replies that may be asked for again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._under_way: set[Scope] = set()

    async def once(
        self, visit: Visit, tenant: Tenant, content: bytes, create: Callable[[Connection], Awaitable[Answer]]
    ) -> web.Response:
        """Do what a request asks for, inside one transaction, unless its key says that it was done.

        `content` is the request's body, or the hash of one too large to hold.

        Raises:
            InvalidInputError: the key is not one.
            RepeatDiffersError: the key came before, with another request.
            RepeatInProgressError: its twin is not answered yet.
        """
        key = _key(visit.request)
        if key is None:
            async with self._database.transaction() as connection:
                status, said = await create(connection)
            return web.json_response(said, status=status)
        scope = (tenant.tenant_id, visit.caller.person, f"{visit.request.method} {visit.request.path}", key)
        if scope in self._under_way:
            raise RepeatInProgressError("the request with this key is being worked on")
        self._under_way.add(scope)
        try:
            return await self._once(scope, _request_hash(visit.request, content), create)
        finally:
            self._under_way.discard(scope)

    async def _once(
        self, scope: Scope, request_hash: bytes, create: Callable[[Connection], Awaitable[Answer]]
    ) -> web.Response:
        async with self._database.transaction() as connection:
            if not await _take(connection, scope, request_hash):
                return await _reply_again(connection, scope, request_hash)
            status, said = await create(connection)
            body = json.dumps(said).encode()
            await connection.execute(QUERIES["store_reply"], *scope, status, body)
        return _written(status, body)


async def forget_replies(connection: Connection) -> None:
    """Drop what is older than anyone repeats."""
    await connection.execute(QUERIES["forget_replies"], KEPT_HOURS)


def _key(request: web.Request) -> str | None:
    given = request.headers.getall(HEADER, [])
    if not given:
        return None
    if len(given) > 1 or not KEY.fullmatch(given[0]):
        raise InvalidInputError(f"{HEADER} is one name of 1 to 255 printable ASCII characters without spaces")
    return given[0]


def _request_hash(request: web.Request, content: bytes) -> bytes:
    query = request.query_string.encode("utf-8", "surrogateescape")
    return sha256(b"%d %s %s" % (len(query), query, content)).digest()


async def _take(connection: Connection, scope: Scope, request_hash: bytes) -> bool:
    await connection.execute(QUERIES["bound_wait"], f"{WAIT_SECONDS}s")
    try:
        taken = await connection.fetchval(QUERIES["take_key"], *scope, request_hash)
    except asyncpg.LockNotAvailableError:
        raise RepeatInProgressError("the request with this key is being worked on") from None
    await connection.execute(QUERIES["bound_wait"], "0")
    return taken is not None


async def _reply_again(connection: Connection, scope: Scope, request_hash: bytes) -> web.Response:
    row = await connection.fetchrow(QUERIES["read_reply"], *scope)
    if row is None:  # it was dropped between the two looks
        raise RepeatInProgressError("try again")
    if row["request_hash"] != request_hash:
        raise RepeatDiffersError(f"the {HEADER} was used for another request")
    return _written(row["status"], row["body"])


def _written(status: int, body: bytes) -> web.Response:
    return web.Response(status=status, body=body, content_type="application/json", charset="utf-8")
