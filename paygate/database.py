"""The way to PostgreSQL: a bounded pool, named queries, migrations, and the driver's errors in our words."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from enum import IntEnum
from importlib import resources
from types import MappingProxyType
from typing import Final, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from paygate.domain.errors import (
    ConfigurationError,
    DatabaseUnavailableError,
    InvalidInputError,
    UnsafeDatabaseError,
)

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

ACQUIRE_SECONDS: Final = 2.0
RELEASE_SECONDS: Final = 2.0
CONNECT_SECONDS: Final = 5.0
COMMAND_SECONDS: Final = 30.0
OLDEST_SERVER: Final = 15
SESSION_SETTINGS: Final = {"application_name": "paygate", "temp_buffers": "256MB"}
"""`temp_buffers` is the matcher's working memory, taken only by a session that uses it; it cannot be set later."""

_MIGRATION_LOCK: Final = 7_305_201_177
_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)

_UNAVAILABLE: Final = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InsufficientResourcesError,  # 53*: disk full, too many connections
    asyncpg.OperatorInterventionError,  # 57P*: shutting down, crashed, starting up
    asyncpg.TransactionRollbackError,  # 40*: serialization, deadlock
    asyncpg.LockNotAvailableError,
    asyncpg.ReadOnlySQLTransactionError,  # a standby, or a primary that has just been demoted
    asyncpg.IdleInTransactionSessionTimeoutError,  # we stood still too long and the server let our rows go
)
_UNKEEPABLE: Final = (
    asyncpg.CharacterNotInRepertoireError,  # U+0000 in a text
    asyncpg.UntranslatableCharacterError,  # U+0000 in JSON
)
_BEYOND: Final = (
    asyncpg.NumericValueOutOfRangeError,  # a number, or a sum of numbers, wider than its column
    asyncpg.DatetimeFieldOverflowError,  # a day that no calendar of the server's has
)


class TenantLock(IntEnum):
    """What a tenant's transactions take turns at: the first key of an advisory lock, tenant_id being the second."""

    RECORDS = 7301
    IMPORTS = 7303
    MATCHING = 7304
    JOBS = 7305
    PEOPLE = 7306
    MAPPINGS = 7316
    WAITING = 7302  # the ledger looks for records, in common; a record's arrival wakes who waits for it, alone


SEATS: Final = (7321, 7322, 7323)
"""Where acts on matches wait for the matcher, as first keys of advisory locks, whichever tenant's the matches are.

With what a process does in the background, which takes four connections at most, fewer than a pool has: pages are shown
meanwhile.
"""
SEATS_OF_ALL: Final = 0
"""Their second key, in place of a tenant."""


def load_queries(package: str, file: str) -> Mapping[str, str]:
    """Read a file of queries: each `-- name: x` line begins one, and a comment line beneath it says why."""
    text = resources.files(package).joinpath(file).read_text(encoding="utf-8")
    parts = _NAME.split(text)[1:]
    return MappingProxyType(dict(zip(parts[::2], (part.strip() for part in parts[1::2]), strict=True)))


@contextmanager
def our_errors() -> Iterator[None]:
    """Raise the driver's errors in our words; let programming errors pass.

    Raises:
        DatabaseUnavailableError: it may succeed when tried again.
        InvalidInputError: a value is one that no column holds.
    """
    try:
        yield
    except asyncpg.ClientConfigurationError:  # an InterfaceError that no second try mends
        raise
    except _UNKEEPABLE as error:
        raise InvalidInputError("it holds a character that cannot be kept") from error
    except asyncpg.DataError as error:
        # The driver says so of an argument that it cannot write; one of the wrong type is a mistake of ours.
        if not isinstance(error, _BEYOND) and not isinstance(error.__cause__, OverflowError | ValueError):
            raise
        raise InvalidInputError("it holds a value that cannot be kept") from error
    except _UNAVAILABLE as error:
        raise DatabaseUnavailableError(f"the database does not answer: {type(error).__name__}: {error}") from error


class Database:
    """A pool whose every wait is bounded."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection.

        Raises:
            DatabaseUnavailableError: none to be had in time, or it failed while in use.
        """
        with our_errors():
            connection = await self._pool.acquire(timeout=ACQUIRE_SECONDS)
            try:
                yield connection
            finally:
                await self._release(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Lend a connection inside a transaction."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Connection]:
        """Lend a connection whose statements all see the facts of one moment, and change none."""
        async with self.connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            yield connection

    async def _release(self, connection: "PoolConnectionProxy[asyncpg.Record]") -> None:
        # A frozen server lets release() wait for ever on a second connection, so it is cut instead.
        try:
            async with asyncio.timeout(RELEASE_SECONDS):
                await asyncio.shield(self._pool.release(connection))
        except TimeoutError:
            connection.terminate()


@asynccontextmanager
async def open_database(url: str, *, size: int = 8) -> AsyncIterator[Database]:
    """Open a pool of up to `size` connections and close it in bounded time.

    Raises:
        DatabaseUnavailableError: the server cannot be reached.
        ConfigurationError: the URL cannot be used.
    """
    try:
        with our_errors():
            pool = await asyncpg.create_pool(
                url,
                min_size=1,
                max_size=size,
                timeout=CONNECT_SECONDS,
                command_timeout=COMMAND_SECONDS,
                server_settings=SESSION_SETTINGS,
            )
    except (asyncpg.PostgresError, ValueError) as error:
        raise ConfigurationError(f"the database refused us: {error}") from error
    try:
        yield Database(pool)
    finally:
        try:
            async with asyncio.timeout(RELEASE_SECONDS):
                await pool.close()
        except TimeoutError:
            pool.terminate()


@asynccontextmanager
async def connect(
    url: str, *, command_seconds: float | None = None
) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Open one connection of one's own, for work that is long or that holds a session lock."""
    try:
        with our_errors():
            connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS, command_timeout=command_seconds)
    except (asyncpg.PostgresError, ValueError) as error:
        raise ConfigurationError(f"the database refused us: {error}") from error
    try:
        with our_errors():
            yield connection
    finally:
        try:
            async with asyncio.timeout(RELEASE_SECONDS):
                await connection.close()
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection.terminate()


def migrations() -> list[tuple[int, str, str]]:
    """Return number, name and text of every migration, in order."""
    folder = resources.files("paygate").joinpath("sql/migrations")
    found = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda entry: entry.name)
    return [(int(entry.name[:4]), entry.name, entry.read_text(encoding="utf-8")) for entry in found]


async def migrate(url: str) -> list[str]:
    """Bring the schema forward and return what was applied. Two processes may call it at once.

    Raises:
        ConfigurationError: the server is too old, or holds a schema newer than this program.
    """
    async with connect(url) as connection:
        if connection.get_server_version().major < OLDEST_SERVER:
            raise ConfigurationError(f"PostgreSQL {OLDEST_SERVER} or newer is needed")
        await connection.execute("SELECT pg_advisory_lock($1)", _MIGRATION_LOCK)
        try:
            return await _apply_missing(connection)
        finally:
            await connection.execute("SELECT pg_advisory_unlock($1)", _MIGRATION_LOCK)


async def _apply_missing(connection: "asyncpg.Connection[asyncpg.Record]") -> list[str]:
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_migration"
        " (number integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    done = {row["number"] for row in await connection.fetch("SELECT number FROM schema_migration")}
    known = migrations()
    if unknown := done - {number for number, _, _ in known}:
        raise ConfigurationError(f"the database holds migration {max(unknown)}, which this version does not know")
    applied = []
    for number, name, text in known:
        if number in done:
            continue
        async with connection.transaction():
            await connection.execute(text)
            await connection.execute("INSERT INTO schema_migration (number, name) VALUES ($1, $2)", number, name)
        applied.append(name)
    return applied


async def check_durability(connection: Connection) -> None:
    """Refuse a database that acknowledges what a power cut can take back.

    Raises:
        UnsafeDatabaseError: `fsync`, `full_page_writes` or `synchronous_commit` is off for this role.
    """
    for setting, safe in (
        ("fsync", ("on",)),
        ("full_page_writes", ("on",)),
        ("synchronous_commit", ("on", "remote_apply")),
    ):
        value = await connection.fetchval("SELECT current_setting($1)", setting)
        if value not in safe:
            raise UnsafeDatabaseError(
                f"{setting} is {value!r} in the database: an acknowledged notice could be lost; set it to 'on'"
            )
