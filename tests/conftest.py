"""What every test may ask for: a real PostgreSQL, and in it a fresh database with the schema in place."""

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from paygate.database import Database, migrate, open_database
from paygate.embedded import embedded_database
from tests.province import tell_province

SHARED = Path(__file__).parents[2] / "shared"
"""Real inputs that lie beside the project where it is developed; tests that read them are skipped elsewhere."""

MEMORY = Path("/dev/shm")
ROOM = 4 * 1024**3
"""Bytes that the servers of a few processes may take."""

_numbers = itertools.count(1)


def _sibling(url: str, name: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{name}"))


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.hookimpl(tryfirst=True)  # before pytest looks at -m
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses the server, so that it can be run against another one alone."""
    for item in items:
        if "server_url" in getattr(item, "fixturenames", ()):
            item.add_marker("database")


def memory() -> str | None:
    """Return a folder in memory where there is room: a database for each test is made eight times as fast there."""
    return str(MEMORY) if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM else None


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The URL of the server tests run on: PAYGATE_TEST_DATABASE_URL, else an embedded one of this session's own."""
    if url := os.environ.get("PAYGATE_TEST_DATABASE_URL"):
        yield url
        return
    # Not below pytest's own folder: another session closes that to other users, and as root the server is another user.
    with (
        tempfile.TemporaryDirectory(prefix="paygate-test-", dir=memory()) as folder,
        embedded_database(Path(folder)) as url,
    ):
        yield url


@pytest.fixture(scope="session")
def template(server_url: str) -> Iterator[str]:
    """The name of a migrated database from which each test's own is copied."""
    name = f"paygate_template_{os.getpid()}"
    asyncio.run(_execute(server_url, f"CREATE DATABASE {name}"))
    asyncio.run(migrate(_sibling(server_url, name)))
    yield name
    asyncio.run(_execute(server_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def database_url(server_url: str, template: str) -> Iterator[str]:
    """The URL of an empty, migrated database of this test's own."""
    name = f"paygate_test_{os.getpid()}_{next(_numbers)}"
    asyncio.run(_execute(server_url, f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield _sibling(server_url, name)
    asyncio.run(_execute(server_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def told_template(server_url: str, template: str) -> Iterator[str]:
    """The name of a database in which every story of the contract was told and the days were closed."""
    name = f"paygate_told_{os.getpid()}"
    asyncio.run(_execute(server_url, f"CREATE DATABASE {name} TEMPLATE {template}"))
    asyncio.run(tell_province(_sibling(server_url, name)))
    yield name
    asyncio.run(_execute(server_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def province_url(server_url: str, told_template: str) -> Iterator[str]:
    """The URL of a copy of that database, this test's own."""
    name = f"paygate_province_{os.getpid()}_{next(_numbers)}"
    asyncio.run(_execute(server_url, f"CREATE DATABASE {name} TEMPLATE {told_template}"))
    yield _sibling(server_url, name)
    asyncio.run(_execute(server_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def unmigrated_url(server_url: str) -> Iterator[str]:
    """The URL of a database of this test's own that has no schema yet."""
    name = f"paygate_bare_{os.getpid()}_{next(_numbers)}"
    asyncio.run(_execute(server_url, f"CREATE DATABASE {name}"))
    yield _sibling(server_url, name)
    asyncio.run(_execute(server_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url, size=4) as opened:
        yield opened


@pytest.fixture(scope="session")
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the real inputs do not lie beside this checkout")
    return SHARED
