"""What failing to sign in costs, and that nobody is locked out by it for good."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from paygate import attempts
from paygate.access import Role, add_person
from paygate.attempts import PAUSES, Attempt, Kind
from paygate.database import Database
from paygate.domain.errors import PausedError
from tests.ledger_facts import a_place

NOW = datetime(2024, 5, 8, 7, 0, tzinfo=UTC)
HERE = "203.0.113.9"


async def a_try(
    database: Database, at: float = 0, name: str = "Lan", browser: str = "", address: str = HERE
) -> Attempt:
    async with database.transaction() as connection:
        return await attempts.take_try(connection, name, browser, address, NOW + timedelta(seconds=at))


async def pause_of(database: Database, at: float = 0, **who: str) -> int:
    with pytest.raises(PausedError) as caught:
        await a_try(database, at, **who)
    return caught.value.seconds


async def test_each_failure_costs_what_the_table_says(database: Database) -> None:
    at, waited = 0.0, []
    for _ in range(11):
        await a_try(database, at)
        try:
            await a_try(database, at)
        except PausedError as error:
            waited.append(error.seconds)
            at += error.seconds
        else:
            waited += [0, 0]
    assert waited == [0, 0, 0, 0, 30, 60, 120, 300, 900, 900, 900, 900, 900]


async def test_tries_within_a_pause_are_not_looked_at_and_do_not_prolong_it(database: Database) -> None:
    for _ in range(5):
        await a_try(database)
    assert [await pause_of(database, at) for at in (0, 10, 29.5)] == [30, 20, 1]
    await a_try(database, 30)


async def test_tries_that_come_at_once_do_not_outrun_the_count(database: Database) -> None:
    found = await asyncio.gather(*(a_try(database) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(one, Attempt) for one in found) == 5
    assert sum(isinstance(one, PausedError) for one in found) == 15


async def test_one_name_is_paused_however_it_is_written_and_from_wherever(database: Database) -> None:
    for number, name in enumerate(("Lan", "LAN", " lan", "lan ", "lAn")):
        await a_try(database, name=name, address=f"198.51.100.{number}")
    assert await pause_of(database, address="192.0.2.1") == 30
    await a_try(database, name="Ánh")


async def test_whoever_tries_many_names_is_paused_by_address(database: Database) -> None:
    for number in range(30):
        await a_try(database, name=f"name {number}")
    assert await pause_of(database, name="one more") == 60
    await a_try(database, name="one more", address="192.0.2.1")


async def test_strangers_do_not_lock_a_person_out_of_a_browser_they_use(database: Database) -> None:
    async with database.transaction() as connection:
        person_id = await add_person(connection, "Lan", Role.OFFICER, (await a_place(connection)).tenant_id)
        await attempts.know_browser(connection, person_id, "her browser", NOW)
    for number in range(40):
        try:
            await a_try(database, name="Lan" if number % 2 else f"name {number}")
        except PausedError:
            continue
    assert await pause_of(database) > 0
    for _ in range(5):
        await a_try(database, browser="her browser")
    assert await pause_of(database, browser="her browser") == 30  # and yet it is no way around the table


async def test_another_persons_browser_is_a_strangers(database: Database) -> None:
    async with database.transaction() as connection:
        person_id = await add_person(connection, "Ánh", Role.OFFICER, (await a_place(connection)).tenant_id)
        await attempts.know_browser(connection, person_id, "her browser", NOW)
    for _ in range(5):
        await a_try(database)
    assert await pause_of(database, browser="her browser") == 30


async def test_who_signs_in_begins_anew_and_leaves_the_others_of_the_address_counted(database: Database) -> None:
    for number in range(28):
        await a_try(database, name=f"name {number}")
    for _ in range(3):
        attempt = await a_try(database)
        async with database.transaction() as connection:
            await attempts.succeed(connection, attempt, NOW)
    for _ in range(2):
        await a_try(database)
    assert await pause_of(database) == 60


@pytest.mark.parametrize(("name", "seconds"), [("Lan", 86_401), ("nobody", 86_401)])
async def test_failures_are_forgotten_after_a_quiet_day(database: Database, name: str, seconds: int) -> None:
    for _ in range(5):
        await a_try(database, name=name)
    for _ in range(4):
        await a_try(database, seconds, name=name)
    await a_try(database, seconds, name=name)
    async with database.transaction() as connection:
        await attempts.forget_old(connection, NOW + timedelta(seconds=3 * seconds))
        assert await connection.fetchval("SELECT count(*) FROM sign_in_pause") == 0


def test_no_pause_is_longer_than_a_quarter_of_an_hour_and_none_shrinks() -> None:
    for table in PAUSES.values():
        assert list(table) == sorted(table)
        assert max(table) <= 900


async def test_only_hashes_of_what_was_typed_are_kept(database: Database) -> None:
    await a_try(database, name="my password by mistake")
    async with database.connection() as connection:
        kept = await connection.fetchval("SELECT string_agg(p::text, '') FROM sign_in_pause AS p")
    assert "mistake" not in kept
    assert HERE not in kept


async def test_every_kind_of_pause_is_one_the_database_knows(database: Database) -> None:
    async with database.connection() as connection:
        known = await connection.fetchval(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'sign_in_pause_kind_check'"
        )
    assert all(f"'{kind}'" in known for kind in Kind)
    assert known.count("::text") - 1 == len(Kind) or known.count("'") // 2 == len(Kind)
