"""A closed day through its life: late facts, another close, another tenant."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from paygate.database import Connection, Database
from paygate.domain.errors import InvalidInputError
from paygate.domain.money import MAX_AMOUNT
from reconciliation import closing, engine
from reconciliation.closing import ClosedDay, close_day
from reconciliation.engine import match_dirty
from reconciliation.oracle.facts import LineFact, PaymentFact, RecordFact
from reconciliation.policy import Policy
from reconciliation.report import list_discrepancies, load_report, record_view
from tests.worlds import lay_lines, lay_payments, lay_records, lay_tenant

DAY = date(2024, 5, 8)
NEXT = DAY + timedelta(days=1)
NOW = datetime(2024, 6, 1, tzinfo=UTC)
CODES = ("000.00.12.H23-240508-0001", "000.00.12.H23-240508-0002")


def payment(number: int, **changes: object) -> PaymentFact:
    facts = {
        "payment_id": number,
        "reference": f"REF{number:09}",
        "dossier_code": CODES[(number - 1) % len(CODES)],
        "amount": 150_000,
        "currency": "VND",
        "business_date": DAY,
        "account_id": 1,
        "bank_days": 1,
    }
    return PaymentFact(**{**facts, **changes})  # type: ignore[arg-type]


def line(number: int, **changes: object) -> LineFact:
    facts = {
        "line_id": number,
        "account_id": 1,
        "amount": 150_000,
        "currency": "VND",
        "booked_on": NEXT,
        "reference": f"REF{number:09}",
        "narrative": "",
    }
    return LineFact(**{**facts, **changes})  # type: ignore[arg-type]


@pytest.fixture
async def tenant_id(database: Database) -> int:
    async with database.connection() as connection:
        number = await lay_tenant(connection, "haiduong")
        await lay_payments(connection, number, [payment(1), payment(2)])
        await lay_records(connection, number, [RecordFact(code, 150_000, "processing") for code in CODES])
    return number


async def test_the_largest_amounts_that_are_kept_keep_no_day_from_being_closed(database: Database) -> None:
    numbers = range(1, 41)
    async with database.connection() as connection:
        tenant_id = await lay_tenant(connection, "haiduong")
        await lay_payments(connection, tenant_id, [payment(number, amount=MAX_AMOUNT) for number in numbers])
        lines = [line(number, amount=MAX_AMOUNT) for number in numbers if number % 4]
        await lay_lines(connection, tenant_id, lines)
    closed = await close(database, tenant_id)
    assert closed.report["totals"]["payments"] == {"count": 40, "amount": 40 * MAX_AMOUNT}
    assert closed.report["proof"]["residual"] == 0


async def close(database: Database, tenant_id: int, day: date = DAY) -> ClosedDay:
    return await close_day(database, tenant_id, day, Policy(), NOW)


async def add_lines(database: Database, tenant_id: int, *lines: LineFact) -> None:
    async with database.connection() as connection:
        await lay_lines(connection, tenant_id, lines)


async def verdict(database: Database, tenant_id: int, code: str) -> tuple[str, list[str]]:
    async with database.connection() as connection:
        view = await record_view(connection, tenant_id, code)
    assert view is not None
    return view["verdict"], [one["reason"] for one in view["discrepancies"]]


async def test_a_bank_line_that_is_not_due_leaves_the_case_pending(database: Database, tenant_id: int) -> None:
    closed = await close(database, tenant_id)
    assert closed.report["classes"]["pending"] == {"count": 2, "amount": 300_000}
    assert await verdict(database, tenant_id, CODES[0]) == ("pending", [])


async def test_a_bank_line_that_is_due_is_missing(database: Database, tenant_id: int) -> None:
    await close(database, tenant_id)
    await close(database, tenant_id, NEXT)
    assert await verdict(database, tenant_id, CODES[0]) == ("missing", ["bank_missing"])


async def test_the_report_of_a_day_is_judged_as_of_its_own_closing(database: Database, tenant_id: int) -> None:
    first = await close(database, tenant_id)
    await close(database, tenant_id, NEXT)
    again = await close(database, tenant_id)
    assert (again.new, again.report) == (False, first.report)


async def test_a_late_line_resolves_only_what_it_touches(database: Database, tenant_id: int) -> None:
    await close(database, tenant_id)
    await close(database, tenant_id, NEXT)
    await add_lines(database, tenant_id, line(1))
    counts = await match_dirty(database, tenant_id, Policy())
    assert (counts.resolved, counts.opened, counts.changed) == (1, 0, 0)
    assert await verdict(database, tenant_id, CODES[0]) == ("matched", [])
    assert await verdict(database, tenant_id, CODES[1]) == ("missing", ["bank_missing"])


async def test_late_facts_give_a_closed_day_a_new_run_and_keep_the_old_one(database: Database, tenant_id: int) -> None:
    first = await close(database, tenant_id)
    await add_lines(database, tenant_id, line(1))
    second = await close(database, tenant_id)
    assert second.new
    assert second.report["classes"]["matched"]["count"] == 1
    async with database.connection() as connection:
        runs = await connection.fetch(
            "SELECT run_id, sequence FROM run WHERE tenant_id = $1 ORDER BY sequence", tenant_id
        )
        assert [(row["run_id"], row["sequence"]) for row in runs] == [(first.run_id, 1), (second.run_id, 2)]
        assert await load_report(connection, tenant_id, DAY) == second.report


async def test_a_discrepancy_keeps_its_number_over_runs(database: Database, tenant_id: int) -> None:
    await close(database, tenant_id, NEXT)
    async with database.connection() as connection:
        before, _ = await list_discrepancies(connection, tenant_id, reason="bank_missing")
    await close(database, tenant_id, NEXT + timedelta(days=1))
    async with database.connection() as connection:
        after, _ = await list_discrepancies(connection, tenant_id, reason="bank_missing")
    assert [one["id"] for one in before] == [one["id"] for one in after]


async def test_two_closes_at_once_make_one_run(database: Database, tenant_id: int) -> None:
    closed = await asyncio.gather(*(close(database, tenant_id) for _ in range(3)))
    assert len({one.run_id for one in closed}) == 1
    assert sum(one.new for one in closed) == 1


async def test_a_second_payment_reopens_a_settled_reference(database: Database, tenant_id: int) -> None:
    await add_lines(database, tenant_id, line(1))
    await match_dirty(database, tenant_id, Policy())
    async with database.connection() as connection:
        await lay_payments(connection, tenant_id, [payment(3, dossier_code=CODES[0], reference="REF000000001")])
    await match_dirty(database, tenant_id, Policy())
    assert (await verdict(database, tenant_id, CODES[0]))[1] == ["duplicate_payment", "ambiguous", "ambiguous"]
    async with database.connection() as connection:
        kept = await connection.fetchval("SELECT count(*) FROM match_history WHERE tenant_id = $1", tenant_id)
    assert kept == 1


async def test_a_day_that_has_yet_to_come_is_not_closed(database: Database, tenant_id: int) -> None:
    with pytest.raises(InvalidInputError, match="has yet to come"):
        await close(database, tenant_id, date(2024, 6, 2))


async def test_a_missing_statement_makes_the_day_incomplete(database: Database, tenant_id: int) -> None:
    closed = await close(database, tenant_id)
    assert closed.report["status"] == "incomplete"
    [feed] = [one for one in closed.report["feeds"] if one.get("account") == "1"]
    assert not feed["complete"]
    assert [fault["fault"] for fault in feed["faults"]] == ["statement_missing"]


async def test_another_tenants_facts_settle_nothing(database: Database, tenant_id: int) -> None:
    async with database.connection() as connection:
        other = await lay_tenant(connection, "bacninh")
        await lay_lines(connection, other, [line(1), line(2)])
    await match_dirty(database, other, Policy())
    await close(database, tenant_id, NEXT)
    assert await verdict(database, tenant_id, CODES[0]) == ("missing", ["bank_missing"])


async def test_an_exempt_dossier_with_nothing_due_is_matched(database: Database, tenant_id: int) -> None:
    async with database.connection() as connection:
        await lay_records(connection, tenant_id, [RecordFact("000.00.12.H23-240508-0009", 0, "processing")])
    assert await verdict(database, tenant_id, "000.00.12.H23-240508-0009") == ("matched", [])


async def test_the_database_itself_refuses_to_use_a_fact_twice(database: Database, tenant_id: int) -> None:
    insert = (
        "INSERT INTO match (tenant_id, leg, payment_id, fact_id, seats, rule, rule_set, difference)"
        " VALUES ($1, 'bank', $2, $3, 1, 'exact', 'x', 0)"
    )
    async with database.connection() as connection:
        await connection.execute(insert, tenant_id, 1, 1)
        for payment_id, line_id in ((1, 2), (2, 1)):
            with pytest.raises(Exception, match="duplicate key"):
                await connection.execute(insert, tenant_id, payment_id, line_id)


async def test_a_payment_that_arrives_during_a_close_does_not_disturb_its_proof(
    database: Database, tenant_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = engine.match_changes

    async def then_a_payment_arrives(connection: Connection, *arguments: object) -> object:
        counts = await judged(connection, *arguments)  # type: ignore[arg-type]
        async with database.connection() as another:
            await lay_payments(another, tenant_id, [payment(3, business_date=DAY)])
        return counts

    monkeypatch.setattr(closing, "match_changes", then_a_payment_arrives)
    closed = await close(database, tenant_id)
    assert (closed.report["proof"]["residual"], closed.report["totals"]["payments"]["count"]) == (0, 2)
    monkeypatch.undo()
    again = await close(database, tenant_id)
    assert (again.report["proof"]["residual"], again.report["totals"]["payments"]["count"]) == (0, 3)
