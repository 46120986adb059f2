"""Statements as they are imported, and what the close of a day and the gauges make of them."""

from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Any

import pytest

from paygate.database import Database
from paygate.directory import AccountEntry, SourceEntry, TenantEntry, store_directory
from paygate.domain.calendar import Calendar
from paygate.domain.legs import Leg
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.statement import StatementEnd, StatementHead, StatementLine
from paygate.statements import import_statements
from reconciliation.arrivals import feed_gauges
from reconciliation.closing import close_day
from reconciliation.policy import Policy
from tests.ledger_facts import Place, a_notice, a_worker, put_notice

ACCOUNT, GATEWAY_ACCOUNT = "001", "002"
DAY = date(2024, 5, 8)
BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)
NOW = datetime(2024, 5, 10, 5, 0, tzinfo=UTC)


@pytest.fixture
async def place(database: Database) -> Place:
    async with database.connection() as connection:
        directory = await store_directory(
            connection,
            {"haiduong": TenantEntry("Hải Dương", "H23", "Asia/Ho_Chi_Minh")},
            {
                ACCOUNT: AccountEntry("haiduong", "970436", "bank"),
                GATEWAY_ACCOUNT: AccountEntry("haiduong", "970436", "gateway", 1, time(10, 0)),
            },
            {"hd": SourceEntry("haiduong", "dvcqg", ACCOUNT, time(), {Leg.BANK: 1}, silent_hours=24)},
        )
    source = directory.sources["hd"]
    return Place(source.tenant.tenant_id, source.source_id, source.account_id or 0)


async def import_day(  # noqa: PLR0913 -- what a statement says
    database: Database,
    place: Place,
    day: date,
    *amounts: int,
    opening: int | None = None,
    closing: int | None = None,
    number: int | None = None,
    file: str = "",
    account: str = ACCOUNT,
    period: date | None = None,
) -> None:
    head = StatementHead(account, f"S{number}", "VND", period, period, opening, closing, number)
    lines = [
        StatementLine(row, day, None, amount, "VND", f"FT{day}{row}", "", "x") for row, amount in enumerate(amounts)
    ]
    async with database.connection() as connection:
        digest = sha256(f"{day}{account}{number}{file}".encode()).digest()
        await import_statements(
            connection, place.tenant_id, [head, *lines, StatementEnd()], file_hash=digest, format="camt"
        )


async def feeds_of(database: Database, place: Place, day: date = DAY) -> dict[str, list[str]]:
    closed = await close_day(database, place.tenant_id, day, Policy(), NOW)
    return {
        str(feed.get("account") or feed.get("source")): [one["fault"] for one in feed["faults"]]
        for feed in closed.report["feeds"]
    }


async def status_of(database: Database, place: Place) -> str:
    return str((await close_day(database, place.tenant_id, DAY, Policy(), NOW)).report["status"])


async def gauges(database: Database, now: datetime = NOW) -> dict[tuple[str, ...], float]:
    async with database.connection() as connection:
        found = await feed_gauges(connection, now, Calendar())
    return {(name, labels[-1]): value for name, labels, value in found}


async def test_a_day_is_incomplete_until_every_expected_statement_is_here(database: Database, place: Place) -> None:
    await import_day(database, place, DAY, 5)
    assert await feeds_of(database, place) == {
        ACCOUNT: [],
        GATEWAY_ACCOUNT: ["statement_missing"],
        "hd": ["source_silent"],
    }
    assert await status_of(database, place) == "incomplete"


async def test_a_statement_that_does_not_join_the_one_before_leaves_the_day_incomplete(
    database: Database, place: Place
) -> None:
    await import_day(database, place, BEFORE, 5, opening=0, closing=5, number=7, period=BEFORE)
    await import_day(database, place, DAY, 3, opening=6, closing=9, number=9, period=DAY)
    assert (await feeds_of(database, place))[ACCOUNT] == ["opening_differs", "statement_gap"]


async def test_the_statement_that_was_left_out_mends_the_day(database: Database, place: Place) -> None:
    await import_day(database, place, BEFORE, 5, opening=0, closing=5, number=7, period=BEFORE)
    await import_day(database, place, AFTER, 3, opening=6, closing=9, number=9, period=AFTER)
    assert (await feeds_of(database, place, AFTER))[ACCOUNT] == ["opening_differs", "statement_gap"]
    await import_day(database, place, DAY, 1, opening=5, closing=6, number=8, period=DAY)
    assert (await feeds_of(database, place, AFTER))[ACCOUNT] == []


async def test_a_file_with_one_row_changed_does_not_pass_as_the_same_day(database: Database, place: Place) -> None:
    await import_day(database, place, DAY, 5, 7)
    await import_day(database, place, DAY, 5, 7, file="the same again")
    assert (await feeds_of(database, place))[ACCOUNT] == []
    await import_day(database, place, DAY, 5, 8, file="one row changed")
    assert (await feeds_of(database, place))[ACCOUNT] == ["statements_differ"]


async def test_a_statement_without_a_period_covers_from_its_first_line_to_its_last(
    database: Database, place: Place
) -> None:
    head, end = StatementHead(ACCOUNT, "S", "VND"), StatementEnd()
    lines = [StatementLine(1, day, None, 5, "VND", f"FT{day}", "", "x") for day in (BEFORE, AFTER)]
    async with database.connection() as connection:
        parts = [head, *lines, end]
        await import_statements(connection, place.tenant_id, parts, file_hash=bytes(32), format="table")
    assert (await feeds_of(database, place))[ACCOUNT] == []


async def test_a_weekend_expects_no_statement_unless_money_came(database: Database, place: Place) -> None:
    saturday = date(2024, 5, 4) + timedelta(days=7)
    closed = await close_day(database, place.tenant_id, saturday, Policy(), datetime(2024, 6, 1, tzinfo=UTC))
    assert [feed["complete"] for feed in closed.report["feeds"]] == [True, True, True]


async def test_a_statement_is_late_once_it_is_due_and_not_here(database: Database, place: Place) -> None:
    assert (await gauges(database))["paygate_feed_late", GATEWAY_ACCOUNT] == 1
    await import_day(database, place, AFTER, 5, account=GATEWAY_ACCOUNT, period=AFTER)
    found = await gauges(database)
    assert found["paygate_feed_late", GATEWAY_ACCOUNT] == 0
    assert found["paygate_statement_age_seconds", GATEWAY_ACCOUNT] == 12 * 3600


async def test_a_source_is_late_when_it_was_silent_too_long(database: Database, place: Place) -> None:
    heard = NOW - timedelta(hours=1)
    async with database.connection() as connection:
        await put_notice(connection, place, a_notice(occurred_at=heard), received_at=heard)
    await a_worker(database).drain(place.tenant_id)
    assert (await gauges(database))["paygate_feed_age_seconds", "hd"] == 3600
    assert (await gauges(database))["paygate_feed_late", "hd"] == 0
    assert (await gauges(database, NOW + timedelta(days=7)))["paygate_feed_late", "hd"] == 1


async def test_a_failed_attempt_breaks_the_silence_too(database: Database, place: Place) -> None:
    failed: dict[str, Any] = {"state": PaymentState.FAILED, "outcome": Outcome.DECLINED}
    async with database.connection() as connection:
        await put_notice(connection, place, a_notice(**failed))
    await a_worker(database).drain(place.tenant_id)
    assert (await feeds_of(database, place))["hd"] == []
