"""A database of a measurement's own, gone when it ends."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import psutil

from paygate.database import connect, migrate
from paygate.embedded import embedded_database

_AGED: Final = (
    "ALTER SYSTEM SET min_wal_size = '1GB'",
    "SELECT pg_reload_conf()",
    "CREATE TABLE written AS SELECT repeat('x', 1000) AS text FROM generate_series(1, 800000)",
    "DROP TABLE written",
    "CHECKPOINT",
)
"""Makes a server of a moment ago like one that has run for a day: it writes over old files of its log, and need not
stop for new ones."""


@contextmanager
def fresh_database(server_url: str | None) -> Iterator[str]:
    """Make a migrated database on the server at `server_url`, or on an embedded one in a temporary folder."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="paygate-bench-"))
        server = server_url or stack.enter_context(embedded_database(Path(folder)))
        if server_url is None:
            asyncio.run(_execute(server, *_AGED))
        name = f"paygate_bench_{psutil.Process().pid}"
        asyncio.run(_execute(server, f"CREATE DATABASE {name}"))
        url = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        try:
            asyncio.run(migrate(url))
            yield url
        finally:
            asyncio.run(_execute(server, f"DROP DATABASE {name} WITH (FORCE)"))


async def _execute(url: str, *statements: str) -> None:
    async with connect(url) as connection:
        for statement in statements:
            await connection.execute(statement)
