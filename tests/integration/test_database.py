"""The way to PostgreSQL, under the conditions in which it is not smooth."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import asyncpg
import pytest

from paygate.database import (
    ACQUIRE_SECONDS,
    RELEASE_SECONDS,
    Database,
    check_durability,
    connect,
    load_queries,
    migrate,
    migrations,
    open_database,
)
from paygate.domain.errors import (
    ConfigurationError,
    DatabaseUnavailableError,
    InvalidInputError,
    UnsafeDatabaseError,
)
from paygate.embedded import embedded_database

MIGRATE = "import asyncio, sys; from paygate.database import migrate; print(len(asyncio.run(migrate(sys.argv[1]))))"

MARGIN_SECONDS = 2.0
"""What a loaded machine may add to a bound."""


@pytest.fixture(scope="module")
def throwaway_url() -> Iterator[str]:
    """The URL of a server whose own settings may be spoilt."""
    with tempfile.TemporaryDirectory(prefix="paygate-test-") as folder, embedded_database(Path(folder)) as url:
        yield url


async def execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def durability(url: str) -> str:
    """Return the refusal, or "" when the database is fit to be used."""
    async with connect(url) as connection:
        try:
            await check_durability(connection)
        except UnsafeDatabaseError as refusal:
            return str(refusal)
    return ""


async def test_migrations_are_applied_once_though_two_processes_start_at_once(unmigrated_url: str) -> None:
    starting = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", MIGRATE, unmigrated_url, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    applied = [int((await process.communicate())[0]) for process in starting]
    assert sorted(applied) == [0, len(migrations())]


async def test_a_database_that_is_up_to_date_is_left_alone(database_url: str) -> None:
    assert await migrate(database_url) == []


async def test_a_schema_newer_than_the_program_is_refused(database_url: str) -> None:
    await execute(database_url, "INSERT INTO schema_migration (number, name) VALUES (9999, '9999_from_the_future.sql')")
    with pytest.raises(ConfigurationError, match="holds migration 9999, which this version does not know"):
        await migrate(database_url)


async def test_the_lock_of_the_migrations_is_given_back_after_a_refusal(database_url: str) -> None:
    await execute(database_url, "INSERT INTO schema_migration (number, name) VALUES (9999, '9999_from_the_future.sql')")
    for _ in range(2):
        with pytest.raises(ConfigurationError):
            await asyncio.wait_for(migrate(database_url), 5)


def test_migrations_are_numbered_without_gaps() -> None:
    assert [number for number, _, _ in migrations()] == list(range(1, len(migrations()) + 1))


async def test_a_durable_database_is_accepted(database_url: str) -> None:
    assert await durability(database_url) == ""


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
async def test_a_server_that_forgets_at_a_power_cut_is_refused_in_one_line(throwaway_url: str, setting: str) -> None:
    await execute(throwaway_url, f"ALTER SYSTEM SET {setting} = off", "SELECT pg_reload_conf()")
    try:
        refusal = await refused_within(throwaway_url, 5)
    finally:
        await execute(throwaway_url, f"ALTER SYSTEM RESET {setting}", "SELECT pg_reload_conf()")
    assert refusal == f"{setting} is 'off' in the database: an acknowledged notice could be lost; set it to 'on'"


async def refused_within(url: str, seconds: float) -> str:
    """Wait for the refusal: a server reads its settings again a moment after it is told to."""
    async with asyncio.timeout(seconds):
        while not (refusal := await durability(url)):  # noqa: ASYNC110 -- the server tells nobody that it has read them
            await asyncio.sleep(0.05)
    return refusal


@pytest.mark.parametrize("value", ["off", "local", "remote_write"])
async def test_a_role_that_does_not_wait_for_its_commits_is_refused_in_one_line(throwaway_url: str, value: str) -> None:
    await execute(throwaway_url, f"ALTER ROLE postgres SET synchronous_commit = {value}")
    try:
        refusal = await durability(throwaway_url)
    finally:
        await execute(throwaway_url, "ALTER ROLE postgres RESET synchronous_commit")
    assert refusal.startswith(f"synchronous_commit is '{value}' in the database: ")
    assert "\n" not in refusal


async def test_nobody_waits_for_a_connection_without_end(database_url: str) -> None:
    async with open_database(database_url, size=1) as database, database.connection():
        asked = monotonic()
        with pytest.raises(DatabaseUnavailableError):
            async with database.connection():
                pass
        assert monotonic() - asked < ACQUIRE_SECONDS + MARGIN_SECONDS


async def test_a_connection_is_lent_again_after_somebody_waited_in_vain(database_url: str) -> None:
    async with open_database(database_url, size=1) as database:
        async with database.connection():
            with pytest.raises(DatabaseUnavailableError):
                async with database.connection():
                    pass
        async with database.connection() as connection:
            assert await connection.fetchval("SELECT 1") == 1


async def test_a_frozen_server_does_not_hold_up_who_gives_its_connection_back(database_url: str) -> None:
    async with open_database(database_url, size=2) as database:
        async with database.connection() as other, database.connection() as connection:
            frozen = await connection.fetchval("SELECT pg_backend_pid()")
            assert await other.fetchval("SELECT pg_backend_pid()") != frozen
        asked = monotonic()
        os.kill(frozen, signal.SIGSTOP)
        try:
            with pytest.raises(DatabaseUnavailableError):
                await asyncio.gather(*(ask_for_at_most(database, 0.5) for _ in range(2)))
            waited = monotonic() - asked
        finally:
            os.kill(frozen, signal.SIGCONT)
    assert waited < 0.5 + RELEASE_SECONDS + MARGIN_SECONDS


async def ask_for_at_most(database: Database, seconds: float) -> None:
    async with database.connection() as connection:
        await connection.execute("SELECT pg_sleep(0.1)", timeout=seconds)


async def test_a_frozen_server_does_not_hold_up_who_closes_the_pool(database_url: str) -> None:
    async with open_database(database_url, size=1) as database:
        async with database.connection() as connection:
            frozen = await connection.fetchval("SELECT pg_backend_pid()")
        os.kill(frozen, signal.SIGSTOP)
        closed = monotonic()
    try:
        assert monotonic() - closed < RELEASE_SECONDS + MARGIN_SECONDS
    finally:
        os.kill(frozen, signal.SIGCONT)


async def test_a_connection_that_the_server_cut_is_replaced(database_url: str) -> None:
    async with open_database(database_url, size=1) as database:
        with pytest.raises(DatabaseUnavailableError):
            async with database.connection() as connection:
                await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        async with database.connection() as connection:
            assert await connection.fetchval("SELECT 1") == 1


async def test_what_fails_inside_a_transaction_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(asyncpg.UniqueViolationError):
        async with database.transaction() as connection:
            await connection.executemany("INSERT INTO person (name) VALUES ($1)", [("An",), ("An",)])
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM person") == 0


async def test_our_own_mistakes_are_not_taken_for_an_absent_database(database: Database) -> None:
    with pytest.raises(asyncpg.UndefinedTableError):
        async with database.connection() as connection:
            await connection.execute("SELECT * FROM no_such_table")


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(DatabaseUnavailableError, match="the database does not answer"):
        async with open_database("postgresql://127.0.0.1:1/paygate"):
            pass


@pytest.mark.parametrize("url", ["postgresql://127.0.0.1:many/paygate", "mysql://127.0.0.1/paygate"])
async def test_a_url_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        async with open_database(url):
            pass


async def test_a_database_that_does_not_exist_is_refused(server_url: str, database_url: str) -> None:
    with pytest.raises(ConfigurationError, match="the database refused us"):
        async with connect(database_url.replace("paygate_test", "paygate_nowhere")):
            pass


def test_queries_are_loaded_by_their_names() -> None:
    assert "store_tenant" in load_queries("paygate.sql", "queries/directory.sql")


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("SELECT $1::bigint * 2", 2**62),
        ("SELECT sum(n)::bigint FROM unnest(ARRAY[$1::bigint, $1]) AS n", 2**62),
        ("SELECT $1::bigint::integer", 2**31),
        ("SELECT date '9999-12-31' + $1::integer", 2**31 - 1),
        ("SELECT $1::bigint", 2**63),
        ("SELECT $1::integer[]", [2**31]),
        ("SELECT $1::text", "a\0b"),
        ("SELECT $1::text", "\ud800"),
    ],
)
async def test_a_value_that_no_column_holds_is_the_sender_s_mistake(
    database: Database, query: str, value: object
) -> None:
    with pytest.raises(InvalidInputError, match="that cannot be kept"):
        async with database.connection() as connection:
            await connection.fetchval(query, value)


@pytest.mark.parametrize(("query", "value"), [("SELECT $1::bigint", "1"), ("SELECT 1 / $1::integer", 0)])
async def test_a_mistake_of_ours_is_not_taken_for_the_sender_s(database: Database, query: str, value: object) -> None:
    with pytest.raises(asyncpg.DataError):
        async with database.connection() as connection:
            await connection.fetchval(query, value)
