"""A backtest says what another rule set would make of past days, and leaves them as they are."""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from paygate.database import Connection, Database
from paygate.domain.errors import InvalidInputError
from paygate.domain.money import dong
from reconciliation.backtest import QUERIES, Days, backtest
from reconciliation.closing import close_day
from reconciliation.oracle.facts import LineFact, PaymentFact, RecordFact
from reconciliation.policy import Policy
from reconciliation.rules.model import RuleSet
from reconciliation.rules.reading import shipped_rules
from tests.rule_sets import changed
from tests.worlds import DOSSIERS, lay_lines, lay_payments, lay_records, lay_tenant

DAY = date(2024, 5, 8)
NEXT = DAY + timedelta(days=1)
NOW = datetime(2024, 6, 1, tzinfo=UTC)
DAYS = Days(DAY, NEXT)
TOLERANT = changed(tolerance={"enabled": True, "dong": 1_000, "percent": Decimal(1)})
DEAF = changed(**{name: {"enabled": False} for name in ("narrative_dossier", "narrative_cut", "sum_narrative")})
"""It takes no dossier code out of a narrative."""


def payment(number: int, **changes: Any) -> PaymentFact:
    facts = {
        "payment_id": number,
        "reference": f"REF{number:09}",
        "dossier_code": DOSSIERS[(number - 1) % len(DOSSIERS)],
        "amount": 150_000,
        "currency": "VND",
        "business_date": DAY,
        "account_id": 1,
        "bank_days": 1,
    }
    return PaymentFact(**{**facts, **changes})


def line(number: int, amount: int, reference: str, narrative: str = "") -> LineFact:
    return LineFact(number, 1, amount, "VND", NEXT, reference, narrative)


@pytest.fixture
async def tenant_id(database: Database) -> int:
    """Two closed days: a line 500 dong short of its payment, and one that names its payment by the dossier alone."""
    async with database.connection() as connection:
        number = await lay_tenant(connection, "haiduong")
        await lay_payments(connection, number, [payment(1), payment(2)])
        await lay_lines(
            connection, number, [line(1, 149_500, "REF000000001"), line(2, 150_000, "", f"NOP {DOSSIERS[1]}")]
        )
        await lay_records(connection, number, [RecordFact(code, 150_000, "processing") for code in DOSSIERS[:2]])
    for day in (DAY, NEXT):
        await close_day(database, number, day, Policy(), NOW)
    return number


async def attempt(database: Database, tenant_id: int, candidate: RuleSet, days: Days = DAYS) -> Any:
    return await backtest(database, tenant_id, Policy(), candidate=candidate, days=days, examples=3)


def counted(found: Any) -> list[tuple[Any, ...]]:
    matches = [(one["change"], one["before"], one["after"], one["count"], one["amount"]) for one in found["matches"]]
    return [*matches, *((one["change"], one["reason"], one["count"], one["amount"]) for one in found["discrepancies"])]


async def contents(connection: Connection) -> dict[str, list[str]]:
    """Every row of every table, as text."""
    tables = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    return {
        row["relname"]: sorted(
            one["text"] for one in await connection.fetch(f"SELECT t::text AS text FROM {row['relname']} AS t")
        )
        for row in tables
    }


async def test_the_rules_in_force_would_change_nothing(database: Database, tenant_id: int) -> None:
    found = await attempt(database, tenant_id, shipped_rules())
    assert (counted(found), found["contradicts"]) == ([], [])


async def test_a_tolerance_shows_what_it_would_let_pass(database: Database, tenant_id: int) -> None:
    found = await attempt(database, tenant_id, TOLERANT)
    assert counted(found) == [
        ("other", "reference", "tolerance", 1, 150_000),
        ("vanishes", "amount_differs", 1, 500),
    ]
    assert found["matches"][0]["examples"][0]["en"] == (
        f"REF000000001, dossier {DOSSIERS[0]}, {dong(150_000)}: would be joined with line 1 of 09/05/2024,"
        f" {dong(149_500)} by another rule"
    )
    assert "would vanish" in found["discrepancies"][0]["examples"][0]["en"]


async def test_what_is_of_another_currency_is_added_to_no_sum_of_dong(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(QUERIES["create_backtest_tables"])
        await connection.execute(
            """INSERT INTO tried_match (change, leg, after, amount, currency)
               SELECT 'new', 'bank', 'exact', one.amount, one.currency
               FROM (VALUES (150000, 'VND'), (50000, 'VND'), (1050, 'USD'), (7, 'JPY')) AS one (amount, currency)"""
        )
        await connection.execute(
            "INSERT INTO tried_discrepancy VALUES ('appears', 1, 'currency_differs', 150000, 'USD')"
        )
        for name, expected in (
            ("sum_tried_matches", (4, 200_000, {"USD": 1_050, "JPY": 7})),
            ("sum_tried_discrepancies", (1, 0, {"USD": 150_000})),
        ):
            (found,) = await connection.fetch(QUERIES[name])
            assert (found["count"], found["amount"], json.loads(found["others"])) == expected


async def test_what_would_no_longer_match_is_named_with_what_it_opens(database: Database, tenant_id: int) -> None:
    found = await attempt(database, tenant_id, DEAF)
    assert counted(found) == [
        ("gone", "narrative_dossier", None, 1, 150_000),
        ("appears", "bank_missing", 1, 150_000),
        ("appears", "bank_unexpected", 1, 150_000),
    ]


async def test_other_days_are_left_out(database: Database, tenant_id: int) -> None:
    week_later = DAY + timedelta(days=7)
    found = await attempt(database, tenant_id, DEAF, Days(week_later, week_later))
    assert counted(found) == []


async def test_it_changes_nothing_whatever_waits_to_be_judged(database: Database, tenant_id: int) -> None:
    async with database.connection() as connection:
        await lay_payments(connection, tenant_id, [payment(3)])
        await lay_lines(connection, tenant_id, [line(3, 150_000, "REF000000003")])
        before = await contents(connection)
    found = await attempt(database, tenant_id, TOLERANT)
    async with database.connection() as connection:
        assert await contents(connection) == before
    assert ("new", None, "exact", 1, 150_000) not in counted(found)


async def test_two_at_once_agree_and_let_facts_come_in(database: Database, tenant_id: int) -> None:
    async def come_in() -> None:
        for number in range(100, 120):
            async with database.transaction() as connection:
                await connection.execute("SET LOCAL lock_timeout = '2s'")
                await lay_payments(connection, tenant_id, [payment(number, dossier_code=None)])

    first, second, _ = await asyncio.gather(
        attempt(database, tenant_id, DEAF), attempt(database, tenant_id, DEAF), come_in()
    )
    assert counted(first) == counted(second)


async def test_what_a_person_has_parted_is_said_to_be_contradicted(database: Database, tenant_id: int) -> None:
    async with database.connection() as connection:
        await lay_payments(connection, tenant_id, [payment(3)])
        await lay_lines(connection, tenant_id, [line(3, 150_000, "REF000000003")])
        await connection.execute(
            "INSERT INTO parted (tenant_id, leg, payment_id, fact_id, parted_by, reason)"
            " VALUES ($1, 'bank', 3, 3, 'lan', 'of another payer')",
            tenant_id,
        )
    (one,) = (await attempt(database, tenant_id, TOLERANT))["contradicts"]
    assert (one["reference"], one["line"], one["parted_by"]) == ("REF000000003", "3", "lan")
    assert one["en"].endswith(
        f"{dong(150_000)}: would be joined again with line 3 of 09/05/2024, {dong(150_000)}, which lan parted"
    )
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM parted") == 1


@pytest.mark.parametrize(("first", "last"), [(NEXT, DAY), (DAY, DAY + timedelta(days=92)), (date.min, date.max)])
def test_days_are_bounded(first: date, last: date) -> None:
    with pytest.raises(InvalidInputError, match="is not between one and 92 days"):
        Days(first, last)
