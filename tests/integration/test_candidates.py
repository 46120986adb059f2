"""Suggestions beside a discrepancy: looked up for a page, shown with their reasons, and nothing is joined by them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from paygate.database import Database
from reconciliation.closing import close_day
from reconciliation.oracle.facts import LineFact, PaymentFact
from reconciliation.policy import Policy
from reconciliation.report import list_discrepancies, record_view
from tests.worlds import DOSSIERS, lay_lines, lay_payments, lay_tenant

DAY = date(2024, 5, 8)
NEXT = DAY + timedelta(days=1)
NOW = datetime(2024, 6, 1, tzinfo=UTC)


@pytest.fixture
async def tenant_id(database: Database) -> int:
    """A payment whose line is missing; beside it lines that may be it, and some that cannot."""
    payment = PaymentFact(1, "REF000000001", DOSSIERS[0], 150_000, "VND", DAY, 1, 1)
    lines = [
        LineFact(1, 1, 150_000, "VND", DAY, "", "NOP TIEN"),
        LineFact(2, 1, 150_000, "VND", NEXT, "", "NGUYEN VAN AN NOP TIEN"),
        LineFact(3, 1, 150_001, "VND", DAY, "", "ANOTHER AMOUNT"),
        LineFact(4, 2, 150_000, "VND", DAY, "", "ANOTHER ACCOUNT"),
        LineFact(5, 1, 150_000, "VND", DAY + timedelta(days=16), "", "TOO LATE"),
        LineFact(6, 1, -150_000, "VND", DAY, "", "A DEBIT"),
        LineFact(7, 1, 150_000, "USD", DAY, "", "ANOTHER CURRENCY"),
    ]
    async with database.connection() as connection:
        number = await lay_tenant(connection, "haiduong")
        await lay_payments(connection, number, [payment])
        await lay_lines(connection, number, lines)
        await connection.execute("UPDATE statement_line SET counterparty = 'NGUYEN VAN AN' WHERE line_id = 2")
    await close_day(database, number, NEXT, Policy(), NOW)
    return number


async def told(database: Database, tenant_id: int, description: str) -> None:
    """Let a notice of the payment say something."""
    async with database.connection() as connection:
        notice = await connection.fetchval(
            "INSERT INTO notice (tenant_id, source_id, dedupe_key, body_hash, conflicting, method, body, headers,"
            " key_id, request_id, received_at, state, description)"
            " VALUES ($1, 1, sha256('x'), sha256('x'), false, 'POST', 'x', '{}', 0, 'x', now(), 'applied', $2)"
            " RETURNING notice_id",
            tenant_id,
            description,
        )
        await connection.execute(
            "INSERT INTO payment_event (tenant_id, payment_id, notice_id, received_at, said_state, left_state, outcome,"
            " amount, currency, occurred_at) VALUES ($1, 1, $2, now(), 'paid', 'paid', 'paid', 150000, 'VND', now())",
            tenant_id,
            notice,
        )


async def shown(database: Database, tenant_id: int, reason: str) -> Any:
    async with database.connection() as connection:
        items, _ = await list_discrepancies(connection, tenant_id, reason=reason)
    return items


async def test_lines_of_the_account_and_amount_are_suggested_the_nearest_day_first(
    database: Database, tenant_id: int
) -> None:
    (missing,) = await shown(database, tenant_id, "bank_missing")
    assert [(one["line_id"], one["score"]) for one in missing["suggestions"]] == [(1, 40), (2, 37)]
    assert [why["en"] for why in missing["suggestions"][1]["why"]] == [
        "the same account and amount",
        "booked 1 days after payment",
    ]


async def test_the_payers_name_in_a_notice_tells_twins_apart(database: Database, tenant_id: int) -> None:
    await told(database, tenant_id, "Nguyễn Văn An nộp phí")
    (missing,) = await shown(database, tenant_id, "bank_missing")
    assert [one["line_id"] for one in missing["suggestions"]] == [2, 1]
    assert "the sender's name agrees by 100 %" in [why["en"] for why in missing["suggestions"][0]["why"]]


async def test_a_line_is_suggested_the_payment_it_may_be_of(database: Database, tenant_id: int) -> None:
    suggested = {
        one["amount"]: [other["payment"] for other in one["suggestions"]]
        for one in await shown(database, tenant_id, "bank_unexpected")
    }
    assert suggested[150_001] == []
    async with database.connection() as connection:
        rows = await connection.fetch(
            "SELECT discrepancy_id, line_id FROM discrepancy WHERE reason = 'bank_unexpected'"
        )
    line_of = {row["discrepancy_id"]: row["line_id"] for row in rows}
    found = {line_of[one["id"]]: one["suggestions"] for one in await shown(database, tenant_id, "bank_unexpected")}
    assert [number for number, suggestions in sorted(found.items()) if suggestions] == [1, 2]
    assert found[1][0]["payment"] == "REF000000001"
    assert found[1][0]["dossier_code"] == DOSSIERS[0]


async def test_a_dossier_shows_them_too(database: Database, tenant_id: int) -> None:
    async with database.connection() as connection:
        view = await record_view(connection, tenant_id, DOSSIERS[0])
    assert view is not None
    found = {one["reason"]: [other["line_id"] for other in one["suggestions"]] for one in view["discrepancies"]}
    assert found["bank_missing"] == [1, 2]
    assert found["record_missing"] == []


async def test_what_a_person_has_parted_is_not_suggested_again(database: Database, tenant_id: int) -> None:
    async with database.connection() as connection:
        await connection.execute(
            "INSERT INTO parted (tenant_id, leg, payment_id, fact_id, parted_by, reason)"
            " VALUES ($1, 'bank', 1, 1, 'lan', 'of another payer')",
            tenant_id,
        )
    (missing,) = await shown(database, tenant_id, "bank_missing")
    assert [one["line_id"] for one in missing["suggestions"]] == [2]


async def test_nothing_is_joined_by_a_suggestion(database: Database, tenant_id: int) -> None:
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM match") == 0
