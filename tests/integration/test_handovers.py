"""What was handed over or receipted, when it is called off, or when a person says that it is another's."""

import pytest

from paygate.database import Database
from reconciliation.engine import hold_tenant, match_changes
from reconciliation.oracle.facts import SourceFact, World
from reconciliation.policy import Policy
from tests.case_facts import AMOUNT, a_bank_line, a_payment, a_receipt, a_record, a_treasury_line, days_later
from tests.worlds import lay_world, mark_dirty

PAID = a_payment()
WORLD = World(
    [PAID],
    [a_bank_line(PAID), a_treasury_line(PAID), a_receipt(PAID)],
    [a_record()],
    {1: SourceFact(treasury_days=1, receipt_days=1)},
)
RECEIPT = 41


@pytest.fixture
async def tenant_id(database: Database) -> int:
    number = await lay_world(database, "haiduong", WORLD)
    assert await judged(database, number) == set()
    return number


async def judged(database: Database, tenant_id: int) -> set[tuple[str, int]]:
    async with hold_tenant(database, tenant_id) as connection:
        await match_changes(connection, tenant_id, Policy(), days_later(30))
    async with database.connection() as connection:
        rows = await connection.fetch(
            "SELECT reason, amount FROM discrepancy WHERE tenant_id = $1 AND state <> 'resolved'", tenant_id
        )
    return {(row["reason"], row["amount"]) for row in rows}


async def test_a_receipt_that_is_cancelled_later_is_missing(database: Database, tenant_id: int) -> None:
    async with database.connection() as connection:
        await connection.execute("UPDATE statement_line SET evidence = false WHERE line_id = $1", RECEIPT)
        await mark_dirty(connection, tenant_id, "line", [RECEIPT])
    assert await judged(database, tenant_id) == {("receipt_missing", AMOUNT)}


async def test_a_receipt_that_a_person_has_parted_stays_apart(database: Database, tenant_id: int) -> None:
    async with database.connection() as connection:
        await connection.execute(
            "INSERT INTO parted (tenant_id, leg, payment_id, fact_id, parted_by, reason)"
            " VALUES ($1, 'receipt', $2, $3, 'an officer', 'another dossier''s')",
            tenant_id,
            PAID.payment_id,
            RECEIPT,
        )
        await mark_dirty(connection, tenant_id, "line", [RECEIPT])
    apart = {("receipt_missing", AMOUNT), ("receipt_unexpected", AMOUNT)}
    assert await judged(database, tenant_id) == apart
    async with database.connection() as connection:
        await mark_dirty(connection, tenant_id, "payment", [PAID.payment_id])
    assert await judged(database, tenant_id) == apart


async def test_a_flag_that_is_synced_late_resolves_by_itself(database: Database) -> None:
    world = World([PAID], [a_bank_line(PAID)], [a_record(flag=0)], {1: SourceFact(report_days=1)})
    tenant_id = await lay_world(database, "haiduong", world)
    assert await judged(database, tenant_id) == {("flag_not_synced", AMOUNT)}
    async with database.connection() as connection:
        await connection.execute("UPDATE procedure_record SET online_payment_flag = 1 WHERE tenant_id = $1", tenant_id)
        await connection.execute(
            "INSERT INTO dirty (tenant_id, kind, codes) VALUES ($1, 'dossier', $2)", tenant_id, [PAID.dossier_code]
        )
    assert await judged(database, tenant_id) == set()
