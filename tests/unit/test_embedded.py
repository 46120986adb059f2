"""The embedded PostgreSQL as several real processes share it."""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from paygate.domain.errors import ConfigurationError
from paygate.embedded import embedded_database

USER = """
import pathlib, sys
from paygate.embedded import embedded_database
with embedded_database(pathlib.Path(sys.argv[1])) as url:
    print(url, flush=True)
    sys.stdin.read()
"""
"""Says the database's URL and uses it until its input ends."""

Process = subprocess.Popen[str]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the server may enter although, as root, it is another user: pytest's own are closed."""
    with tempfile.TemporaryDirectory(prefix="paygate-test-") as name:
        yield Path(name)


@pytest.fixture
def use(folder: Path) -> Iterator[Callable[[], tuple[Process, str]]]:
    """Start a process that uses the embedded database of this test, and wait for its URL."""
    started: list[Process] = []

    def start() -> tuple[Process, str]:
        process = subprocess.Popen(
            [sys.executable, "-c", USER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        leave(process)
    if running(folder):
        server(folder).kill()


def leave(process: Process) -> None:
    process.communicate(timeout=60)


def kill(process: Process) -> None:
    process.kill()
    leave(process)


def server(folder: Path) -> psutil.Process:
    return psutil.Process(int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0]))


def running(folder: Path) -> bool:
    try:
        return server(folder).is_running()
    except (FileNotFoundError, psutil.NoSuchProcess):
        return False


def answers(url: str) -> bool:
    async def ask() -> bool:
        connection = await asyncpg.connect(url)
        try:
            return bool(await connection.fetchval("SELECT true"))
        finally:
            await connection.close()

    return asyncio.run(ask())


def test_the_first_starts_the_server_the_second_joins_it_and_the_last_stops_it(
    use: Callable[[], tuple[Process, str]], folder: Path
) -> None:
    first, first_url = use()
    started = server(folder)
    second, second_url = use()
    assert (second_url, server(folder)) == (first_url, started)
    leave(first)
    assert answers(second_url)
    leave(second)
    assert not running(folder)


def test_a_server_left_behind_by_a_killed_process_is_taken_over(
    use: Callable[[], tuple[Process, str]], folder: Path
) -> None:
    killed, url = use()
    left_behind = server(folder)
    kill(killed)
    assert answers(url)
    heir, heirs_url = use()
    assert server(folder) == left_behind
    assert answers(heirs_url)
    leave(heir)
    assert not running(folder)


def test_what_was_committed_is_found_after_process_and_server_were_killed(
    use: Callable[[], tuple[Process, str]], folder: Path
) -> None:
    async def execute(url: str, statement: str) -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    killed, url = use()
    asyncio.run(execute(url, "CREATE TABLE kept AS SELECT 1 AS number"))
    server(folder).kill()
    kill(killed)
    _, url = use()
    assert asyncio.run(execute(url, "SELECT number FROM kept")) == 1


def test_notes_left_by_a_crash_are_not_believed_though_their_number_is_now_another_process(
    use: Callable[[], tuple[Process, str]], folder: Path
) -> None:
    crashed, _ = use()
    data = folder / "postgres"
    notes = [data / "postmaster.pid", *data.glob(".s.PGSQL.*.lock")]
    texts = [note.read_text() for note in notes]
    number = str(server(folder).pid)
    server(folder).kill()
    kill(crashed)
    for note, text in zip(notes, texts, strict=True):
        note.write_text(text.replace(number, "1", 1))
    heir, url = use()
    assert answers(url)
    leave(heir)


def test_a_folder_that_cannot_be_used_is_named_in_one_line(folder: Path) -> None:
    (folder / "taken").write_text("a file")
    with (
        pytest.raises(ConfigurationError, match=r"taken.*does not start") as caught,
        embedded_database(folder / "taken"),
    ):
        pass
    assert "\n" not in str(caught.value)
