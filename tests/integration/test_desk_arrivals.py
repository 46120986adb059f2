"""Which feed of a day is here, which is due, and how late it is, as the first page and the dossier tell it."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from paygate.database import Connection, Database
from paygate.domain.calendar import Calendar
from reconciliation.desk.arrivals import due_day, look_out, see_feeds

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
DAY = date(2024, 5, 8)
DUE = datetime(2024, 5, 9, 9, 0, tzinfo=ZONE)
MISSING = {"fault": "statement_missing", "due": "2024-05-09 09:00"}


async def configured(connection: Connection) -> None:
    """Lay in an account whose statement is due at nine on the next business day, and a source that speaks hourly."""
    await connection.execute(
        "INSERT INTO tenant (code, name, agency_code, timezone) VALUES ('t', 't', 'H23', 'Asia/Ho_Chi_Minh')"
    )
    await connection.execute(
        """INSERT INTO account (tenant_id, number, bank, kind, statement_days, statement_by)
           VALUES (1, '001', '9', 'bank', 1, $1)""",
        time(9),
    )
    await connection.execute(
        """INSERT INTO source (tenant_id, code, adapter, silent_hours, last_notice_at)
           VALUES (1, 'vnpay', 'vnpay', 2, $1)""",
        DUE - timedelta(hours=1),
    )


async def came(connection: Connection, at: datetime, *, leg: str = "bank", kind: str = "statement") -> None:
    await connection.execute(
        """INSERT INTO statement (tenant_id, account_id, file_hash, ordinal, format, identification, total, lines,
               period_from, period_to, imported_at, leg, kind)
           VALUES (1, 1, sha256($1::text::bytea), 1, 'f', 'i', 0, 0, $2, $2, $3, $4::text::leg,
               $5::text::statement_kind)""",
        f"{at}{leg}{kind}",
        DAY,
        at,
        leg,
        kind,
    )


async def seen(connection: Connection, now: datetime, *sealed: Mapping[str, Any], day: date = DAY) -> list[Any]:
    return await see_feeds(connection, 1, day, zone=ZONE, now=now, calendar=Calendar(), sealed=sealed)


async def test_a_statement_is_awaited_then_late_by_the_minute_then_here(database: Database) -> None:
    async with database.transaction() as connection:
        await configured(connection)
        before, _ = await seen(connection, DUE - timedelta(minutes=1))
        late, _ = await seen(connection, DUE + timedelta(minutes=70))
        await came(connection, DUE + timedelta(minutes=71))
        here, _ = await seen(connection, DUE + timedelta(minutes=80))
    assert (before["standing"], before["late"], before["due"]) == ("not_due", None, DUE)
    assert (late["standing"], late["late"]) == ("late", timedelta(minutes=70))
    assert (here["standing"], here["late"], here["came_at"]) == ("here", None, DUE + timedelta(minutes=71))


async def test_what_is_no_statement_of_the_account_covers_nothing(database: Database) -> None:
    async with database.transaction() as connection:
        await configured(connection)
        await came(connection, DUE, leg="settlement")
        await came(connection, DUE, kind="report")
        account, _ = await seen(connection, DUE + timedelta(hours=1))
    assert account["standing"] == "late"


async def test_at_a_weekend_no_statement_is_awaited(database: Database) -> None:
    async with database.transaction() as connection:
        await configured(connection)
        account, _ = await seen(connection, DUE + timedelta(days=9), day=date(2024, 5, 12))
    assert (account["standing"], account["late"]) == ("not_expected", None)


async def test_a_statement_that_came_after_the_close_is_told_as_such(database: Database) -> None:
    async with database.transaction() as connection:
        await configured(connection)
        still, _ = await seen(connection, DUE, {"account": "001", "faults": [MISSING]})
        await came(connection, DUE)
        after, _ = await seen(connection, DUE, {"account": "001", "faults": [MISSING]})
    assert not still["came_after_close"]
    assert after["came_after_close"]


async def test_what_the_run_doubted_is_told_in_both_languages(database: Database) -> None:
    doubt = {"fault": "statement_unbalanced", "statement": "SK1", "difference": 5}
    async with database.transaction() as connection:
        await configured(connection)
        await came(connection, DUE)
        account, _ = await seen(connection, DUE, {"account": "001", "faults": [doubt]})
    assert account["standing"] == "faulty"
    assert account["faults"] == [{"vi": "sao kê SK1 không cân", "en": "statement SK1 does not balance"}]


async def test_a_source_is_late_by_the_hours_beyond_its_silence(database: Database) -> None:
    async with database.transaction() as connection:
        await configured(connection)
        _, soon = await seen(connection, DUE + timedelta(hours=1))
        _, late = await seen(connection, DUE + timedelta(hours=3))
    assert (soon["standing"], soon["late"]) == ("here", None)
    assert (late["standing"], late["late"]) == ("late", timedelta(hours=2))


async def test_a_source_that_never_told_anything_is_not_said_to_be_here(database: Database) -> None:
    async with database.transaction() as connection:
        await configured(connection)
        await connection.execute("UPDATE source SET last_notice_at = NULL")
        _, source = await seen(connection, DUE)
    assert (source["standing"], source["came_at"], source["late"]) == ("unheard", None, None)


async def test_an_answer_waits_for_what_is_late_or_yet_to_come(database: Database) -> None:
    async with database.transaction() as connection:
        await configured(connection)
        place = {"zone": ZONE, "calendar": Calendar()}
        awaited = await look_out(connection, 1, now=DUE - timedelta(hours=1), **place)  # type: ignore[arg-type]
        await came(connection, DUE)
        nothing = await look_out(connection, 1, now=DUE, **place)  # type: ignore[arg-type]
    assert [one["account"] for one in awaited] == ["001"]
    assert nothing == []


def test_the_day_that_should_be_closed_is_the_business_day_before_today() -> None:
    monday = datetime(2024, 5, 13, 0, 30, tzinfo=ZONE)
    assert due_day(monday, ZONE, Calendar()) == date(2024, 5, 10)
