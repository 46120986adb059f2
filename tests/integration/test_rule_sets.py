"""Rule sets in the database: proposed by one, put in force by another, and what that has judged again."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from paygate.database import Database
from paygate.domain.errors import ConflictError, IntegrityError, NotAllowedError, NotFoundError
from reconciliation.closing import close_day
from reconciliation.engine import match_dirty
from reconciliation.oracle.facts import LineFact, PaymentFact, RecordFact
from reconciliation.policy import Policy
from reconciliation.report import load_report
from reconciliation.rule_sets import approve_rules, find_rules, in_force, list_choices, propose_rules
from reconciliation.rules.reading import read_rules, shipped_content, shipped_rules
from tests.worlds import DOSSIERS, lay_lines, lay_payments, lay_records, lay_tenant

DAY = date(2024, 5, 8)
NOW = datetime(2024, 6, 1, tzinfo=UTC)
FILE = shipped_content().replace(b'"2026-2"', b'"hd"').replace(b"enabled = false", b"enabled = true")
"""As it ships, with a tolerance of 1,000 dong."""
TOLERANT = read_rules(FILE, "hd.toml")


@pytest.fixture
async def tenant_id(database: Database) -> int:
    """A tenant with a payment whose line is 500 dong short, and one whose line is 5,000 short."""
    async with database.connection() as connection:
        number = await lay_tenant(connection, "haiduong")
        payments = [
            PaymentFact(one, f"REF{one:09}", DOSSIERS[one], 150_000, "VND", DAY, 1, 1, source_id=1) for one in (1, 2)
        ]
        lines = [
            LineFact(one, 1, 150_000 - short, "VND", DAY + timedelta(days=1), f"REF{one:09}", "")
            for one, short in ((1, 500), (2, 5_000))
        ]
        await lay_payments(connection, number, payments)
        await lay_lines(connection, number, lines)
        await lay_records(connection, number, [RecordFact(DOSSIERS[one], 150_000, "processing") for one in (1, 2)])
    return number


async def propose(database: Database, tenant_id: int, person: str = "lan", content: bytes = FILE) -> None:
    async with database.transaction() as connection:
        await propose_rules(connection, tenant_id, content, read_rules(content, "x"), person)


async def approve(database: Database, tenant_id: int, person: str = "minh", version: str = TOLERANT.version) -> None:
    async with database.transaction() as connection:
        await approve_rules(connection, tenant_id, version, person)


async def live(database: Database, tenant_id: int) -> list[tuple[str, str, int]]:
    async with database.connection() as connection:
        rows = await connection.fetch(
            "SELECT subject, reason, amount FROM discrepancy WHERE tenant_id = $1 AND state <> 'resolved'"
            " ORDER BY subject",
            tenant_id,
        )
    return [tuple(row) for row in rows]


async def rules_of_matches(database: Database, tenant_id: int) -> list[tuple[int, str, str]]:
    async with database.connection() as connection:
        rows = await connection.fetch(
            "SELECT payment_id, rule, rule_set FROM match WHERE tenant_id = $1 ORDER BY payment_id", tenant_id
        )
    return [tuple(row) for row in rows]


async def version_in_force(database: Database, tenant_id: int) -> str:
    async with database.connection() as connection:
        return (await in_force(connection, tenant_id, Policy())).rules.version


async def test_without_a_choice_the_set_that_ships_is_in_force(database: Database, tenant_id: int) -> None:
    assert await version_in_force(database, tenant_id) == shipped_rules().version


async def test_a_proposal_alone_changes_nothing(database: Database, tenant_id: int) -> None:
    await propose(database, tenant_id)
    assert await version_in_force(database, tenant_id) == shipped_rules().version


async def test_what_another_person_approves_is_in_force_for_that_tenant_alone(
    database: Database, tenant_id: int
) -> None:
    await propose(database, tenant_id)
    await approve(database, tenant_id)
    async with database.connection() as connection:
        other = await lay_tenant(connection, "hungyen")
    assert await version_in_force(database, tenant_id) == TOLERANT.version
    assert await version_in_force(database, other) == shipped_rules().version


async def test_who_proposed_a_set_never_approves_it(database: Database, tenant_id: int) -> None:
    await propose(database, tenant_id)
    with pytest.raises(NotAllowedError, match="lan has proposed"):
        await approve(database, tenant_id, "lan")
    with pytest.raises(asyncpg.CheckViolationError):
        async with database.connection() as connection:
            await connection.execute("UPDATE rule_set_choice SET approved_by = proposed_by, approved_at = now()")
    assert await version_in_force(database, tenant_id) == shipped_rules().version


async def test_a_set_is_approved_once(database: Database, tenant_id: int) -> None:
    await propose(database, tenant_id)
    done = await asyncio.gather(
        approve(database, tenant_id, "minh"), approve(database, tenant_id, "hoa"), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in done) == ["NoneType", "NotFoundError"]


async def test_a_set_that_waits_or_is_in_force_is_not_proposed_again(database: Database, tenant_id: int) -> None:
    await propose(database, tenant_id)
    with pytest.raises(ConflictError, match="waits for approval already"):
        await propose(database, tenant_id, "hoa")
    await approve(database, tenant_id)
    with pytest.raises(ConflictError, match="is in force already"):
        await propose(database, tenant_id)


async def test_the_set_that_ships_can_be_gone_back_to(database: Database, tenant_id: int) -> None:
    await propose(database, tenant_id)
    await approve(database, tenant_id)
    await propose(database, tenant_id, content=shipped_content())
    await approve(database, tenant_id, version=shipped_rules().version)
    assert await version_in_force(database, tenant_id) == shipped_rules().version
    async with database.connection() as connection:
        listed = [(one["version"], one["state"]) for one in await list_choices(connection, tenant_id)]
    assert listed == [
        (shipped_rules().version, "ships"),
        (TOLERANT.version, "replaced"),
        (shipped_rules().version, "in force"),
    ]


async def test_a_set_that_was_tampered_with_is_not_followed(database: Database, tenant_id: int) -> None:
    await propose(database, tenant_id)
    await approve(database, tenant_id)
    async with database.connection() as connection:
        await connection.execute("UPDATE rule_set SET body = replace(body, 'dong = 1000', 'dong = 9000')")
    with pytest.raises(IntegrityError, match="somebody has changed it"):
        await match_dirty(database, tenant_id, Policy())


async def test_every_version_that_a_result_names_is_found_again(database: Database, tenant_id: int) -> None:
    await propose(database, tenant_id)
    async with database.connection() as connection:
        assert (await find_rules(connection, tenant_id, TOLERANT.version)).digest == TOLERANT.digest
        assert await find_rules(connection, tenant_id, shipped_rules().version) is shipped_rules()
        with pytest.raises(NotFoundError):
            await find_rules(connection, tenant_id, "x-00000000")


async def test_what_is_open_is_judged_by_the_new_rules(database: Database, tenant_id: int) -> None:
    await match_dirty(database, tenant_id, Policy())
    assert await live(database, tenant_id) == [
        ("payment:1", "amount_differs", 500),
        ("payment:2", "amount_differs", 5_000),
    ]
    await propose(database, tenant_id)
    await approve(database, tenant_id)
    await match_dirty(database, tenant_id, Policy())
    assert await live(database, tenant_id) == [("payment:2", "amount_differs", 5_000)]
    assert await rules_of_matches(database, tenant_id) == [
        (1, "tolerance", TOLERANT.version),
        (2, "reference", shipped_rules().version),
    ]


async def test_a_closed_day_changes_only_when_it_is_closed_again(database: Database, tenant_id: int) -> None:
    sealed = await close_day(database, tenant_id, DAY, Policy(), NOW)
    await propose(database, tenant_id)
    await approve(database, tenant_id)
    await match_dirty(database, tenant_id, Policy())
    async with database.connection() as connection:
        assert await load_report(connection, tenant_id, DAY) == sealed.report
    again = await close_day(database, tenant_id, DAY, Policy(), NOW)
    assert (sealed.report["rule_set"], again.report["rule_set"]) == (shipped_rules().version, TOLERANT.version)
    assert again.report["proof"]["residual"] == 0
    assert again.report["classes"]["matched"]["count"] == 1


async def test_what_a_name_alone_had_joined_is_judged_by_the_new_rules_too(database: Database, tenant_id: int) -> None:
    deaf = shipped_content()
    for kind in (b'kind = "narrative_dossier"\n', b'kind = "sum_narrative"\n'):
        deaf = deaf.replace(kind, kind + b"enabled = false\n")
    async with database.connection() as connection:
        named = LineFact(3, 1, 150_000, "VND", DAY + timedelta(days=1), "", f"NOP {DOSSIERS[3]}")
        await lay_payments(connection, tenant_id, [PaymentFact(3, "R", DOSSIERS[3], 150_000, "VND", DAY, 1, 1)])
        await lay_lines(connection, tenant_id, [named])
    await close_day(database, tenant_id, DAY + timedelta(days=1), Policy(), NOW)
    assert (3, "narrative_dossier", shipped_rules().version) in await rules_of_matches(database, tenant_id)
    await propose(database, tenant_id, content=deaf)
    await approve(database, tenant_id, version=read_rules(deaf, "x").version)
    await match_dirty(database, tenant_id, Policy())
    found = await live(database, tenant_id)
    assert ("payment:3", "bank_missing", 150_000) in found
    assert ("line:3", "bank_unexpected", 150_000) in found
