"""Tables that are kept in months: months are made ahead, and what nobody foresaw is not lost."""

import asyncio
from datetime import UTC, date, datetime

import asyncpg
import pytest

from paygate.database import Database, connect, migrate, migrations
from paygate.months import AHEAD, PARTED, make_months
from tests.ledger_facts import a_place

NOW = datetime(2024, 5, 31, 23, 30, tzinfo=UTC)

ADD_EVENT = (
    "INSERT INTO event (tenant_id, sequence, kind, subject, body, recorded_at) VALUES (1, $1, 'k', 's', '{}', $2)"
)


async def lies_in(database: Database, table: str) -> list[str]:
    async with database.connection() as connection:
        rows = await connection.fetch(f"SELECT tableoid::regclass::text AS part FROM {table} ORDER BY 1")
    return [row["part"] for row in rows]


async def test_months_are_made_ahead_and_only_once(database: Database) -> None:
    assert await make_months(database, NOW) == len(PARTED) * (1 + AHEAD)
    assert await make_months(database, NOW) == 0


async def test_two_processes_that_make_months_at_once_make_each_once(database: Database) -> None:
    made = await asyncio.gather(*(make_months(database, NOW) for _ in range(3)))
    assert sum(made) == len(PARTED) * (1 + AHEAD)


async def test_what_comes_in_a_month_nobody_foresaw_is_kept_and_moved_when_the_month_is_made(
    database: Database,
) -> None:
    async with database.connection() as connection:
        await connection.execute(ADD_EVENT, 1, datetime(2024, 5, 1, tzinfo=UTC))
        await connection.execute(ADD_EVENT, 2, datetime(2019, 1, 1, tzinfo=UTC))
    assert await lies_in(database, "event") == ["event_rest", "event_rest"]
    await make_months(database, NOW)
    assert await lies_in(database, "event") == ["event_202405", "event_rest"]
    async with database.connection() as connection:
        await connection.execute(ADD_EVENT, 3, datetime(2024, 8, 31, 23, 59, tzinfo=UTC))
    assert await lies_in(database, "event") == ["event_202405", "event_202408", "event_rest"]


async def test_a_month_that_cannot_be_had_is_left_to_the_next_call(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paygate.months.WAIT", "50ms")
    async with connect(database_url) as other, other.transaction():
        await other.execute(ADD_EVENT, 1, NOW)
        assert await make_months(database, NOW) == (len(PARTED) - 1) * (1 + AHEAD)
    assert await make_months(database, NOW) == 1 + AHEAD
    assert await lies_in(database, "event") == ["event_202405"]


async def test_a_notice_has_one_event_whatever_month_it_lies_in(database: Database) -> None:
    add = (
        "INSERT INTO payment_event (tenant_id, payment_id, notice_id, received_at, said_state, left_state, outcome,"
        " amount, currency, occurred_at) VALUES (1, 1, 1, $1, 'paid', 'paid', 'paid', 1, 'VND', $1)"
    )
    async with database.connection() as connection:
        await connection.execute(add, NOW)
    await make_months(database, NOW)
    async with database.connection() as connection:
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute(add, NOW)
        await connection.execute(add.replace("(1, 1, 1", "(1, 1, 2"), NOW)
        assert await connection.fetchval("SELECT count(DISTINCT event_id) FROM payment_event") == 2


async def test_what_was_stored_before_the_months_were_is_in_them_afterwards(
    unmigrated_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = migrations()
    monkeypatch.setattr("paygate.database.migrations", lambda: [one for one in whole if one[0] < 10])
    await migrate(unmigrated_url)
    async with connect(unmigrated_url) as connection:
        place = await a_place(connection)
        for number, day in enumerate((date(2023, 12, 31), date(2024, 2, 1)), start=1):
            await connection.execute(
                "INSERT INTO notice (tenant_id, source_id, dedupe_key, body_hash, method, body, key_id, request_id,"
                " received_at, state) VALUES ($1, $2, $3, $3, 'POST', '', 0, 'r', $4, 'applied')",
                place.tenant_id,
                place.source_id,
                bytes([number]) * 32,
                datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
            )
        await connection.execute(
            "INSERT INTO payment_event (tenant_id, payment_id, notice_id, said_state, left_state, outcome, amount,"
            " currency, occurred_at) SELECT tenant_id, notice_id, notice_id, 'paid', 'paid', 'paid', 1, 'VND',"
            " received_at FROM notice"
        )
        await connection.execute(ADD_EVENT, 1, NOW)
    monkeypatch.setattr("paygate.database.migrations", lambda: whole)
    await migrate(unmigrated_url)
    async with connect(unmigrated_url) as connection:
        found = await connection.fetch(
            "SELECT tableoid::regclass::text AS part, event_id FROM payment_event"
            " UNION ALL SELECT tableoid::regclass::text, sequence FROM event ORDER BY 1"
        )
        assert [tuple(row) for row in found] == [
            ("event_202405", 1),
            ("payment_event_202312", 1),
            ("payment_event_202402", 2),
        ]
        following = await connection.fetchval(
            "INSERT INTO payment_event (tenant_id, payment_id, notice_id, received_at, said_state, left_state, outcome,"
            " amount, currency, occurred_at) VALUES (1, 1, 9, now(), 'paid', 'paid', 'paid', 1, 'VND', now())"
            " RETURNING event_id"
        )
    assert following == 3
