"""Closes that meet each other, a statement on its way, or their own end: a day is closed whole, once, or not at all."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from paygate.database import Database, connect
from reconciliation.closing import ClosedDay, close_day
from reconciliation.oracle.facts import World
from reconciliation.policy import Policy
from reconciliation.verification import verify_run
from tests.case_facts import a_bank_line, a_payment, a_record
from tests.worlds import DAY, lay_lines, lay_world

NOW = datetime(2024, 6, 1, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
PAYMENTS = [a_payment(number) for number in (1, 2)]
CLOSE = f"""
import asyncio, sys
from datetime import UTC, date, datetime
from paygate.database import open_database
from reconciliation.closing import close_day
from reconciliation.policy import Policy

async def work():
    async with open_database(sys.argv[1], size=1) as database:
        closed = await close_day(database, int(sys.argv[2]), date({DAY.year}, {DAY.month}, {DAY.day}), Policy(),
                                 datetime(2024, 6, 1, tzinfo=UTC))
    print("closed" if closed.new else "nothing is new", closed.run_id, file=sys.stderr)

asyncio.run(work())
"""


@pytest.fixture
async def tenant_id(database: Database) -> int:
    lines = [a_bank_line(one, booked_on=DAY) for one in PAYMENTS]
    return await lay_world(database, "haiduong", World(PAYMENTS, lines, [a_record()]))


async def a_close(database_url: str, tenant_id: int) -> asyncio.subprocess.Process:
    """Begin a close in a process of its own."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        CLOSE,
        database_url,
        str(tenant_id),
        cwd=ROOT,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )


async def close(database: Database, tenant_id: int) -> ClosedDay:
    return await close_day(database, tenant_id, DAY, Policy(), NOW)


async def count(database_url: str, table: str) -> int:
    async with connect(database_url) as connection:
        found: int = await connection.fetchval(f"SELECT count(*) FROM {table}")
    return found


async def test_of_two_processes_that_close_a_day_at_once_one_finds_nothing_new(
    database_url: str, tenant_id: int
) -> None:
    processes = [await a_close(database_url, tenant_id) for _ in range(2)]
    said = [(await one.communicate())[1].decode().splitlines()[-1] for one in processes]
    assert [one.returncode for one in processes] == [0, 0]
    number = said[0].split()[-1]
    assert sorted(said) == [f"closed {number}", f"nothing is new {number}"]
    assert await count(database_url, "run") == 1


async def test_a_close_that_is_killed_leaves_nothing_half(
    database: Database, database_url: str, tenant_id: int
) -> None:
    async with connect(database_url) as held, held.transaction():
        await held.execute("LOCK TABLE run IN EXCLUSIVE MODE")  # so that it stands still where it stores its run
        process = await a_close(database_url, tenant_id)
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'run'::regclass"
        async with asyncio.timeout(30):
            while not await held.fetchval(waiting):  # noqa: ASYNC110 -- what it waits for is in another process
                await asyncio.sleep(0.05)
        process.kill()
        await process.communicate()
    for table in ("run", "match", "discrepancy", "loose_fact", "day_to_correct"):
        assert await count(database_url, table) == 0
    closed = await close(database, tenant_id)
    assert (closed.new, closed.report["proof"]["residual"]) == (True, 0)
    assert (await verify_run(database, closed.run_id, Policy())).difference is None


async def test_a_close_sees_all_of_a_statement_that_is_loading_or_nothing(
    database: Database, database_url: str, tenant_id: int
) -> None:
    more = [a_bank_line(one, line_id=30 + one.payment_id, reference="", booked_on=DAY) for one in PAYMENTS]
    async with connect(database_url) as loading:
        async with loading.transaction():
            await lay_lines(loading, tenant_id, more)
            before = await close(database, tenant_id)
        after = await close(database, tenant_id)
    seen = [one.report["totals"]["bank"]["count"] for one in (before, after)]
    assert seen == [2, 4]
    assert after.report["corrects"] == before.run_id
    assert [one.report["proof"]["residual"] for one in (before, after)] == [0, 0]
