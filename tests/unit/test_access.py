"""People, their tokens, and what a token may reach."""

import pytest

from paygate.access import Caller, Grant, Role, add_person, authenticate, issue_token
from paygate.database import Database
from paygate.domain.errors import InvalidInputError, NotAllowedError, NotFoundError, UnknownCallerError
from tests.ledger_facts import a_place

OFFICERS = frozenset({Role.OFFICER})
OFFICER = Grant(OFFICERS)


async def test_a_token_tells_who_calls_and_as_what(database: Database) -> None:
    async with database.connection() as connection:
        place = await a_place(connection)
        token = await issue_token(connection, "Lan", Role.OFFICER, place.tenant_id)
        assert await authenticate(connection, token) == Caller("Lan", {"haiduong": OFFICER})


async def test_a_token_is_long_random_and_recognisable(database: Database) -> None:
    async with database.connection() as connection:
        place = await a_place(connection)
        tokens = {await issue_token(connection, "Lan", Role.OFFICER, place.tenant_id) for _ in range(3)}
    assert len(tokens) == 3
    assert all(token.startswith("pg_") and len(token) >= 3 + 43 for token in tokens)


async def test_only_the_hash_of_a_token_is_kept(database: Database) -> None:
    async with database.connection() as connection:
        place = await a_place(connection)
        token = await issue_token(connection, "Lan", Role.OFFICER, place.tenant_id)
        rows = await connection.fetch(
            "SELECT api_token::text AS row FROM api_token UNION ALL SELECT person::text FROM person"
        )
    assert rows
    assert not any(token[3:20] in row["row"] for row in rows)


@pytest.mark.parametrize("token", ["", "pg_guess", "pg_" + "a" * 5000, "\ud800", "\0"])
async def test_a_token_nobody_issued_is_nobodys(database: Database, token: str) -> None:
    async with database.connection() as connection:
        with pytest.raises(UnknownCallerError):
            await authenticate(connection, token)


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE api_token SET revoked_at = now()",
        "UPDATE person SET disabled = true",
        "DELETE FROM person_role",
    ],
)
async def test_a_token_that_was_revoked_or_whose_person_left_is_nobodys(database: Database, spoil: str) -> None:
    async with database.connection() as connection:
        token = await issue_token(connection, "Lan", Role.OFFICER, (await a_place(connection)).tenant_id)
        await connection.execute(spoil)
        with pytest.raises(UnknownCallerError):
            await authenticate(connection, token)


async def test_a_person_who_left_is_given_no_new_token(database: Database) -> None:
    async with database.connection() as connection:
        place = await a_place(connection)
        await add_person(connection, "Lan", Role.OFFICER, place.tenant_id)
        await connection.execute("UPDATE person SET disabled = true")
        with pytest.raises(NotAllowedError):
            await issue_token(connection, "Lan", Role.OFFICER, place.tenant_id)


async def test_a_person_is_added_once(database: Database) -> None:
    async with database.connection() as connection:
        tenant_id = (await a_place(connection)).tenant_id
        first = await add_person(connection, "Lan", Role.OFFICER, tenant_id)
        assert await add_person(connection, "Lan", Role.AUDITOR, tenant_id) == first


def test_a_caller_of_one_tenant_need_not_name_it() -> None:
    assert Caller("Lan", {"haiduong": OFFICER}).tenant(None, OFFICERS) == "haiduong"


def test_a_caller_of_several_tenants_must_name_one() -> None:
    with pytest.raises(InvalidInputError):
        Caller("Lan", {"haiduong": OFFICER, "haiphong": OFFICER}).tenant(None, OFFICERS)


def test_another_tenant_does_not_exist() -> None:
    with pytest.raises(NotFoundError):
        Caller("Lan", {"haiduong": OFFICER}).tenant("haiphong", OFFICERS)


def test_another_role_is_not_enough() -> None:
    with pytest.raises(NotAllowedError):
        Caller("Lan", {"haiduong": Grant(frozenset({Role.AUDITOR}))}).tenant("haiduong", OFFICERS)
