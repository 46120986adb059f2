"""What a stored run rests on is held against it: whatever was changed behind its back is found, and named."""

from datetime import UTC, datetime

import pytest

from paygate.database import Database
from paygate.domain.errors import ConflictError, NotFoundError
from reconciliation.closing import ClosedDay, close_day
from reconciliation.oracle.facts import SourceFact, World
from reconciliation.parting import undo_match
from reconciliation.policy import Policy
from reconciliation.verification import Verified, verify_run
from tests.case_facts import AMOUNT, NEXT, a_bank_line, a_payment, a_payout, a_record, a_settlement_line
from tests.worlds import DAY, DOSSIERS, lay_lines, lay_world

NOW = datetime(2024, 6, 1, tzinfo=UTC)
FIRST, SECOND = a_payment(1), a_payment(2, dossier_code=DOSSIERS[1])


@pytest.fixture
async def tenant_id(database: Database) -> int:
    """A tenant with two payments of one day; the second one's money never came, and its record says less is due."""
    records = [a_record(), a_record(dossier_code=DOSSIERS[1], due=100_000)]
    return await lay_world(database, "haiduong", World([FIRST, SECOND], [a_bank_line(FIRST, booked_on=DAY)], records))


async def close(database: Database, tenant_id: int) -> ClosedDay:
    return await close_day(database, tenant_id, DAY, Policy(), NOW)


async def verify(database: Database, run_id: int) -> Verified:
    return await verify_run(database, run_id, Policy())


async def execute(database: Database, statement: str, *arguments: object) -> None:
    async with database.connection() as connection:
        await connection.execute(statement, *arguments)


async def test_a_run_that_nobody_touched_agrees(database: Database, tenant_id: int) -> None:
    closed = await close(database, tenant_id)
    verified = await verify(database, closed.run_id)
    assert (verified.difference, verified.cases, verified.superseded_by) == (None, 2, None)
    assert verified.digest == closed.report["digest"]


async def test_a_run_agrees_that_rests_on_a_payout_which_a_person_has_undone(database: Database) -> None:
    lines = [a_settlement_line(FIRST), a_payout(AMOUNT)]
    source = SourceFact(settlement_days=1, account_id=1)
    tenant_id = await lay_world(database, "haiduong", World([FIRST], lines, [a_record()], {1: source}))
    await close(database, tenant_id)
    async with database.transaction() as connection:
        match_id = await connection.fetchval("SELECT match_id FROM match WHERE batch_id IS NOT NULL")
        await undo_match(connection, tenant_id, match_id, person="An", reason="another batch's")
    closed = await close_day(database, tenant_id, NEXT, Policy(), NOW)
    assert closed.report["reasons"].keys() == {"bank_unexpected"}
    assert (await verify(database, closed.run_id)).difference is None


@pytest.mark.parametrize(
    ("tampering", "named"),
    [
        ("UPDATE payment SET amount = amount + 1 WHERE payment_id = 1", "match (bank, exact)"),
        ("UPDATE statement_line SET amount = amount + 1 WHERE line_id = 11", "match (bank, exact)"),
        ("UPDATE discrepancy SET amount = amount - 1 WHERE reason = 'overpaid'", "overpaid of 49999"),
        ("DELETE FROM discrepancy WHERE reason = 'overpaid'", "overpaid of 50000"),
        ("DELETE FROM match", "match (bank, exact)"),
        ("UPDATE match SET difference = 1", "line 11, difference 0: the facts make it"),
        ("UPDATE match SET rule_set = 'x'", "facts digest"),
        ("UPDATE procedure_record SET due = 150000", "overpaid of 50000"),
        ("UPDATE payment SET transaction_id = 'another' WHERE payment_id = 1", "facts digest"),
        ("DELETE FROM run_case WHERE 'overpaid' = ANY (reasons)", "listed classes mismatched"),
        ("UPDATE run_case SET amounts = '{1}' WHERE reasons = '{overpaid}'", "listed reasons overpaid amount: 50000"),
        ("UPDATE run SET status = 'matched'", "the report says status"),
        ("UPDATE run SET digest = 'x'", "the report says digest"),
        (
            "UPDATE run SET report = replace(report::text, '150000', '150001')::json",
            "the report is not the one that was sealed",
        ),
        ("UPDATE run SET report = '{}'", "the report says date None"),
        (
            "UPDATE run SET report = jsonb_set(report::jsonb, '{proof,opening}', '7')::json",
            "it opens with 7, and the run before closed with 0",
        ),
    ],
)
async def test_what_was_changed_behind_its_back_is_found(
    database: Database, tenant_id: int, tampering: str, named: str
) -> None:
    closed = await close(database, tenant_id)
    await execute(database, tampering)
    difference = (await verify(database, closed.run_id)).difference
    assert difference is not None
    assert named in difference


async def test_an_amount_that_was_changed_on_both_sides_is_found_by_the_seal(
    database: Database, tenant_id: int
) -> None:
    closed = await close(database, tenant_id)
    await execute(database, "UPDATE payment SET amount = 150001 WHERE payment_id = 1")
    await execute(database, "UPDATE statement_line SET amount = 150001 WHERE line_id = 11")
    await execute(database, "UPDATE procedure_record SET due = 150001 WHERE dossier_code = $1", FIRST.dossier_code)
    difference = (await verify(database, closed.run_id)).difference
    assert difference is not None
    assert "150000" in difference
    assert "150001" in difference


async def test_of_a_superseded_run_it_says_by_which_and_its_seal_still_shows_a_change(
    database: Database, tenant_id: int
) -> None:
    first = await close(database, tenant_id)
    async with database.connection() as connection:
        await lay_lines(connection, tenant_id, [a_bank_line(SECOND, booked_on=DAY)])
    second = await close(database, tenant_id)
    verified = await verify(database, first.run_id)
    assert (verified.difference, verified.superseded_by) == (None, second.run_id)
    await execute(
        database,
        "UPDATE run SET report = replace(report::text, '300000', '300001')::json WHERE run_id = $1",
        first.run_id,
    )
    assert (await verify(database, first.run_id)).difference is not None


async def test_facts_that_no_close_has_judged_are_no_difference(database: Database, tenant_id: int) -> None:
    closed = await close(database, tenant_id)
    async with database.connection() as connection:
        await lay_lines(connection, tenant_id, [a_bank_line(SECOND, booked_on=NEXT)])
    with pytest.raises(ConflictError, match="reconcile first"):
        await verify(database, closed.run_id)


async def test_there_is_no_run_of_that_number(database: Database) -> None:
    with pytest.raises(NotFoundError, match="there is no run 7"):
        await verify(database, 7)


async def test_a_day_stays_verified_after_later_days_are_closed(database: Database, tenant_id: int) -> None:
    closed = await close(database, tenant_id)
    await close_day(database, tenant_id, NEXT, Policy(), NOW)
    verified = await verify(database, closed.run_id)
    assert (verified.difference, verified.superseded_by) == (None, None)
