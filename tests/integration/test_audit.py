"""The chain of acts holds, and no change to it goes unseen."""

import asyncio

import pytest

from paygate import audit
from paygate.database import Database

DETAIL = {"số": 1, "ratio": 0.5, "names": ["Nga", None], "nested": {"b": True, "a": 1}}


async def acts(database: Database, tenant_id: int = 1, count: int = 3) -> None:
    for _ in range(count):
        async with database.transaction() as connection:
            await audit.append(connection, tenant_id, "nga", "replayed", "notices", DETAIL)


async def the_break(database: Database, tenant_id: int = 1) -> audit.Break | None:
    async with database.connection() as connection:
        return (await audit.verify(connection, tenant_id)).broken


async def test_a_chain_nobody_touched_holds(database: Database) -> None:
    await acts(database)
    assert await the_break(database) is None


async def test_a_chain_that_has_not_begun_holds(database: Database) -> None:
    assert await the_break(database) is None


async def test_numbers_are_gapless_although_many_append_at_once_and_one_gives_up(database: Database) -> None:
    async def give_up() -> None:
        async with database.transaction() as connection:
            await audit.append(connection, 1, "nga", "replayed", "notices", {})
            raise LookupError

    await asyncio.gather(*(acts(database) for _ in range(3)), give_up(), return_exceptions=True)
    async with database.connection() as connection:
        rows = await connection.fetch("SELECT number FROM audit_entry ORDER BY number")
    assert [row["number"] for row in rows] == list(range(1, 10))
    assert await the_break(database) is None


async def test_tenants_have_chains_of_their_own(database: Database) -> None:
    await acts(database, 1)
    await acts(database, 2, count=1)
    async with database.connection() as connection:
        await connection.execute("DELETE FROM audit_entry WHERE tenant_id = 1")
    assert await the_break(database, 2) is None
    assert await the_break(database, 1) is not None


@pytest.mark.parametrize(
    ("tampering", "number"),
    [
        ("UPDATE audit_entry SET actor = 'hga' WHERE number = 2", 2),
        ("UPDATE audit_entry SET detail = jsonb_set(detail, '{nested,a}', '2') WHERE number = 2", 2),
        ("UPDATE audit_entry SET recorded_at = recorded_at + interval '1 microsecond' WHERE number = 2", 2),
        ("UPDATE audit_entry SET digest = set_bit(digest, 7, 1 - get_bit(digest, 7)) WHERE number = 2", 2),
        ("DELETE FROM audit_entry WHERE number = 2", 2),
        ("DELETE FROM audit_entry WHERE number = 1", 1),
        ("DELETE FROM audit_entry WHERE number = 3", 3),
        ("DELETE FROM audit_entry", 1),
        ("DELETE FROM audit_head", 4),
        (
            (
                "UPDATE audit_entry SET number = 10 - number WHERE number IN (2, 3);"
                "UPDATE audit_entry SET number = number - 5 WHERE number IN (7, 8)"
            ),
            2,
        ),
        (
            (
                "INSERT INTO audit_entry SELECT tenant_id, 4, actor, act, subject, detail, recorded_at, digest, digest"
                " FROM audit_entry WHERE number = 3"
            ),
            4,
        ),
    ],
)
async def test_tampering_is_found_where_it_begins(database: Database, tampering: str, number: int) -> None:
    await acts(database)
    async with database.connection() as connection:
        await connection.execute(tampering)
    found = await the_break(database)
    assert found is not None
    assert found.number == number
