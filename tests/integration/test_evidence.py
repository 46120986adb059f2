"""What is no booked money of the bank settles no payment, whatever it says."""

from datetime import UTC, date, datetime

import pytest

from paygate.database import Connection, Database
from reconciliation.closing import close_day
from reconciliation.engine import match_dirty
from reconciliation.oracle.facts import LineFact, PaymentFact, RecordFact
from reconciliation.policy import Policy
from tests.worlds import lay_lines, lay_payments, lay_records, lay_tenant

DAY = date(2024, 5, 8)
CODE = "000.00.12.H23-240508-0001"


async def lay_one_of_each(connection: Connection, leg: str) -> int:
    tenant_id = await lay_tenant(connection, "haiduong")
    await lay_records(connection, tenant_id, [RecordFact(CODE, 150_000, "processing")])
    await lay_payments(connection, tenant_id, [PaymentFact(1, "REF000000001", CODE, 150_000, "VND", DAY, 1, 1)])
    await lay_lines(connection, tenant_id, [LineFact(1, 1, 150_000, "VND", DAY, "REF000000001", "")])
    for table in ("statement", "statement_line"):
        await connection.execute(f"UPDATE {table} SET leg = $1", leg)
    return tenant_id


@pytest.mark.parametrize(("leg", "matches"), [("bank", 1), ("settlement", 0), ("treasury", 0)])
@pytest.mark.parametrize("first_load", [True, False])
async def test_only_the_banks_own_line_is_its_evidence_of_a_payment(
    database: Database,
    leg: str,
    matches: int,
    first_load: bool,  # noqa: FBT001 -- which of the two roads the facts take
) -> None:
    async with database.connection() as connection:
        tenant_id = await lay_one_of_each(connection, leg)
        if not first_load:  # something was judged before, so facts are gathered by number and reference
            await connection.execute(
                "INSERT INTO match (tenant_id, leg, fact_id, seats, rule, rule_set, difference)"
                " VALUES ($1, 'bank', 99, 1, 'exact', '', 0)",
                tenant_id,
            )
    await match_dirty(database, tenant_id, Policy())
    async with database.connection() as connection:
        found = await connection.fetchval("SELECT count(*) FROM match WHERE fact_id = 1 AND leg = 'bank'")
        loose = await connection.fetchval("SELECT count(*) FROM loose_fact WHERE leg = 'bank'")
    assert (found, loose) == (matches, 0)


@pytest.mark.parametrize(("leg", "total"), [("bank", 150_000), ("settlement", 0)])
async def test_the_totals_of_a_day_count_the_banks_lines_alone(database: Database, leg: str, total: int) -> None:
    async with database.connection() as connection:
        tenant_id = await lay_one_of_each(connection, leg)
    closed = await close_day(database, tenant_id, DAY, Policy(), datetime(2024, 6, 1, tzinfo=UTC))
    assert closed.report["totals"]["bank"]["amount"] == total
    assert closed.report["proof"]["residual"] == 0
    feeds = {feed.get("account"): feed["complete"] for feed in closed.report["feeds"]}
    assert feeds["1"] is (leg == "bank")
