"""A person undoes one match: its facts are free and nothing else is, the history says who and why, and back again."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from paygate import audit
from paygate.access import Role
from paygate.database import SEATS, Connection, Database, TenantLock, connect, open_database
from paygate.domain.errors import ConflictError, DatabaseUnavailableError, InvalidInputError, NotFoundError
from paygate.matches import Matches
from reconciliation import parting
from reconciliation.engine import hold_tenant, match_dirty
from reconciliation.oracle.facts import World
from reconciliation.parting import rejoin_match, take_turn, undo_match
from reconciliation.policy import Policy
from tests.case_facts import a_bank_line, a_payment, a_record
from tests.command_line import paygate, refused
from tests.integration.test_commands import TENANT, house
from tests.served import Served, a_service
from tests.worlds import DOSSIERS, lay_lines, lay_payments, lay_tenant, lay_world

assert house  # a fixture, used by its name

FIRST, SECOND = a_payment(1), a_payment(2, dossier_code=DOSSIERS[1])


@pytest.fixture
async def tenant_id(database: Database) -> int:
    """A tenant with two payments, each matched with a line of its own."""
    world = World([FIRST, SECOND], [a_bank_line(FIRST), a_bank_line(SECOND)], [a_record()])
    number = await lay_world(database, "haiduong", world)
    await match_dirty(database, number, Policy())
    return number


def the_matches(database: Database) -> Matches:
    return Matches(database, undo_match, rejoin_match)


async def fetch(database: Database, query: str, *arguments: object) -> list[tuple[object, ...]]:
    async with database.connection() as connection:
        return [tuple(row) for row in await connection.fetch(query, *arguments)]


async def match_of(database: Database, tenant_id: int, payment_id: int = 1) -> int:
    [(found,)] = await fetch(
        database, "SELECT match_id FROM match WHERE tenant_id = $1 AND payment_id = $2", tenant_id, payment_id
    )
    assert isinstance(found, int)
    return found


async def undo(database: Database, tenant_id: int, match_id: int) -> bool:
    return await the_matches(database).undo(tenant_id, match_id, person="Nga", reason="another payer's money")


async def test_an_undone_match_stands_in_the_history_with_who_and_why(database: Database, tenant_id: int) -> None:
    match_id = await match_of(database, tenant_id)
    assert await undo(database, tenant_id, match_id)
    kept = await fetch(database, "SELECT match_id, payment_id, fact_id, rule, undone_by, reason FROM match_history")
    assert kept == [(match_id, 1, 11, "exact", "Nga", "another payer's money")]
    parted = await fetch(database, "SELECT leg::text, payment_id, batch_id, fact_id, match_id, parted_by FROM parted")
    assert parted == [("bank", 1, None, 11, match_id, "Nga")]


async def test_undoing_frees_the_facts_of_the_match_and_nothing_else(database: Database, tenant_id: int) -> None:
    other = await match_of(database, tenant_id, 2)
    await undo(database, tenant_id, await match_of(database, tenant_id))
    assert await fetch(database, "SELECT kind, fact_ids FROM dirty") == [("payment", [1]), ("line", [11])]
    assert await match_of(database, tenant_id, 2) == other


async def test_what_is_undone_twice_is_undone_and_written_down_once(database: Database, tenant_id: int) -> None:
    match_id = await match_of(database, tenant_id)
    assert [await undo(database, tenant_id, match_id) for _ in range(2)] == [True, False]
    async with database.connection() as connection:
        entries = await connection.fetch("SELECT actor, act, subject FROM audit_entry")
        assert (await audit.verify(connection, tenant_id)).broken is None
    assert [tuple(row) for row in entries] == [("Nga", "match_undone", f"match:{match_id}")]


async def test_an_undoing_that_is_taken_back_parts_nothing(database: Database, tenant_id: int) -> None:
    match_id = await match_of(database, tenant_id)
    await undo(database, tenant_id, match_id)
    await match_dirty(database, tenant_id, Policy())
    matches = the_matches(database)
    again = [await matches.rejoin(tenant_id, match_id, person="Nga", reason="it was right") for _ in range(2)]
    assert again == [True, False]
    assert await fetch(database, "SELECT * FROM parted") == []
    await match_dirty(database, tenant_id, Policy())
    assert await match_of(database, tenant_id) != match_id


async def test_a_match_that_was_rejoined_has_another_number_to_be_undone_by(database: Database, tenant_id: int) -> None:
    match_id = await match_of(database, tenant_id)
    await undo(database, tenant_id, match_id)
    await the_matches(database).rejoin(tenant_id, match_id, person="Nga", reason="it was right")
    with pytest.raises(ConflictError, match="no longer holds"):
        await undo(database, tenant_id, match_id)


async def test_a_match_the_facts_have_undone_cannot_be_undone(database: Database, tenant_id: int) -> None:
    match_id = await match_of(database, tenant_id)
    async with database.connection() as connection:
        await lay_payments(connection, tenant_id, [a_payment(3, reference=FIRST.reference)])
    await match_dirty(database, tenant_id, Policy())
    with pytest.raises(ConflictError, match="no longer holds"):
        await undo(database, tenant_id, match_id)
    with pytest.raises(NotFoundError, match="nobody has undone"):
        await the_matches(database).rejoin(tenant_id, match_id, person="Nga", reason="x")


async def test_another_tenants_match_does_not_exist(database: Database, tenant_id: int) -> None:
    match_id = await match_of(database, tenant_id)
    async with database.connection() as connection:
        other = await lay_tenant(connection, "bacninh")
    with pytest.raises(NotFoundError, match="no such match"):
        await undo(database, other, match_id)
    with pytest.raises(NotFoundError, match="no such match"):
        await the_matches(database).rejoin(other, match_id, person="Nga", reason="x")
    assert await match_of(database, tenant_id) == match_id


async def test_a_match_of_too_many_pairs_is_left_alone(
    database: Database, tenant_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parting, "MOST_PAIRS", 0)
    match_id = await match_of(database, tenant_id)
    with pytest.raises(InvalidInputError, match="has 1 pairs; at most 0"):
        await undo(database, tenant_id, match_id)
    assert await match_of(database, tenant_id) == match_id


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501, "two\nlines", "a\0b"])
async def test_nothing_is_undone_without_a_reason(database: Database, tenant_id: int, reason: str) -> None:
    match_id = await match_of(database, tenant_id)
    with pytest.raises(InvalidInputError, match="say why"):
        await the_matches(database).undo(tenant_id, match_id, person="Nga", reason=reason)
    assert await match_of(database, tenant_id) == match_id


async def test_nothing_is_undone_while_the_matcher_is_at_work(
    database: Database, tenant_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parting, "WAIT_SECONDS", 0.05)
    match_id = await match_of(database, tenant_id)
    async with hold_tenant(database, tenant_id):
        with pytest.raises(DatabaseUnavailableError, match="the matcher is at work"):
            await undo(database, tenant_id, match_id)
    assert await undo(database, tenant_id, match_id)


async def lay_a_match(connection: Connection) -> int:
    await lay_payments(connection, 1, [FIRST])
    await lay_lines(connection, 1, [a_bank_line(FIRST)])
    match_id: int = await connection.fetchval(
        "INSERT INTO match (tenant_id, leg, payment_id, fact_id, seats, rule, rule_set, difference)"
        " VALUES (1, 'bank', 1, 11, 1, 'exact', 'x', 0) RETURNING match_id"
    )
    return match_id


async def post(served: Served, path: str, body: bytes, *, role: Role, tenant: str = "haiduong") -> tuple[int, object]:
    headers = {**await served.token(tenant, role), "Content-Type": "application/json"}
    return await served.post(body, path, headers)


async def test_over_http_an_approver_undoes_and_rejoins_and_an_officer_does_not(database_url: str) -> None:
    async with a_service(database_url) as served:
        async with connect(database_url) as connection:
            match_id = await lay_a_match(connection)
        why, path = b'{"reason": "another payer"}', f"/v1/matches/{match_id}"
        assert (await post(served, f"{path}/undo", why, role=Role.OFFICER))[0] == 403
        assert (await post(served, f"{path}/undo", why, role=Role.ADMIN, tenant="haiphong"))[0] == 404
        assert (await post(served, f"{path}/undo", b"{}", role=Role.APPROVER))[0] == 400
        assert (await post(served, f"{path}/undo", b'{"reason": "a\\u0000"}', role=Role.APPROVER))[0] == 400
        assert (await post(served, "/v1/matches/999/undo", why, role=Role.APPROVER))[0] == 404
        assert (await post(served, f"/v1/matches/{'9' * 19}/undo", why, role=Role.APPROVER))[0] == 404
        done = await post(served, f"{path}/undo", why, role=Role.APPROVER)
        assert done == (200, {"id": match_id, "state": "undone", "new": True})
        done = await post(served, f"{path}/rejoin", why, role=Role.ADMIN)
        assert done == (200, {"id": match_id, "state": "rejoined", "new": True})
        assert (await post(served, f"{path}/undo", why, role=Role.APPROVER))[0] == 409


async def test_on_the_command_line_a_match_is_undone_by_whose_token_it_is(house: Path, database_url: str) -> None:
    token = paygate(house, "people", "token", "Nga", "--role", "approver", *TENANT).stdout.strip()
    officer = paygate(house, "people", "token", "An", "--role", "officer", *TENANT).stdout.strip()
    async with open_database(database_url, size=1) as database, database.connection() as connection:
        match_id = await lay_a_match(connection)
    words = ("matches", "undo", str(match_id), *TENANT, "--reason", "another payer")
    refused(paygate(house, *words), "PAYGATE_TOKEN")
    refused(paygate(house, *words, PAYGATE_TOKEN="x"), "not known")
    refused(paygate(house, *words, PAYGATE_TOKEN=officer), "may not do this")
    done = paygate(house, *words, PAYGATE_TOKEN=token)
    assert (done.returncode, done.stdout) == (0, f"match {match_id} is undone\n")
    words = ("matches", "rejoin", str(match_id), *TENANT, "--reason", "it was right")
    done = paygate(house, *words, PAYGATE_TOKEN=token)
    assert (done.returncode, done.stdout) == (0, f"match {match_id} is rejoined\n")
    async with open_database(database_url, size=1) as database, database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM audit_entry WHERE actor = 'Nga'") == 2


async def test_the_matchers_of_several_tenants_leave_connections_for_pages(
    database: Database, database_url: str, tenant_id: int
) -> None:
    other = await lay_world(database, "haiphong", World([], [], []))
    async with connect(database_url) as holder, open_database(database_url) as of_a_service:
        await holder.execute("SELECT pg_advisory_lock($1, $2)", TenantLock.MATCHING, tenant_id)
        await holder.execute("SELECT pg_advisory_lock($1, $2)", TenantLock.MATCHING, other)

        async def act(of_tenant: int) -> bool:
            try:
                async with of_a_service.transaction() as connection:
                    await take_turn(connection, of_tenant)
            except DatabaseUnavailableError:
                return False
            return True

        acts = [asyncio.create_task(act(number)) for number in (tenant_id, other) * 8]
        for _ in range(500):
            if sum(one.done() for one in acts) == len(acts) - len(SEATS):
                break
            await asyncio.sleep(0.02)
        async with AsyncExitStack() as stack:
            for _ in range(5):  # what is done in the background, and a page
                page = await stack.enter_async_context(of_a_service.connection())
                assert await page.fetchval("SELECT true")
        await holder.execute("SELECT pg_advisory_unlock_all()")
        assert sum(await asyncio.gather(*acts)) == len(SEATS)
