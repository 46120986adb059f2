"""A database of a measurement's own, gone when it ends."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psutil

from paygate.database import connect, migrate
from paygate.embedded import embedded_database


@contextmanager
def fresh_database(server_url: str | None) -> Iterator[str]:
    """Make a migrated database on the server at `server_url`, or on an embedded one in a temporary folder."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="paygate-bench-"))
        server = server_url or stack.enter_context(embedded_database(Path(folder)))
        name = f"paygate_bench_{psutil.Process().pid}"
        asyncio.run(_execute(server, f"CREATE DATABASE {name}"))
        url = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        try:
            asyncio.run(migrate(url))
            yield url
        finally:
            asyncio.run(_execute(server, f"DROP DATABASE {name} WITH (FORCE)"))


async def _execute(url: str, statement: str) -> None:
    async with connect(url) as connection:
        await connection.execute(statement)
