"""What is over its time and settled goes; what is unresolved, and what makes a repeat known, stays."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from paygate import audit, notices
from paygate.database import Database, connect
from paygate.domain.errors import DatabaseUnavailableError, NoLongerKeptError
from paygate.domain.notice import ReceivedNotice, Stored, dedupe_key
from paygate.domain.record import Obligation
from paygate.domain.retention import Kept
from paygate.feed import number_news, read_events
from paygate.inbox import Lane, open_inbox
from paygate.months import make_months
from paygate.records import upsert
from paygate.retention import Tallies, Tally, Trimming
from reconciliation.closing import close_day
from reconciliation.engine import match_dirty
from reconciliation.oracle.facts import LineFact
from reconciliation.policy import Policy
from tests.command_line import paygate, refused
from tests.ledger_facts import NOON, Place, a_failure, a_notice, a_place, a_record, a_worker, put_notice, quarantine
from tests.worlds import lay_lines

EVERYTHING = dict.fromkeys(Kept, 12)
LATER = NOON + timedelta(days=3 * 365)


@pytest.fixture
async def place(database: Database) -> Place:
    """A tenant with the months in which its facts came, and the record of its dossier."""
    await make_months(database, NOON)
    async with database.transaction() as connection:
        place = await a_place(connection)
        await upsert(connection, place.tenant_id, [a_record()])
    return place


async def notify(database: Database, place: Place, **changes: Any) -> int:
    async with database.connection() as connection:
        return await put_notice(connection, place, a_notice(**changes))


async def book(database: Database, place: Place, number: int, reference: str, amount: int = 50_000) -> None:
    line = LineFact(number, place.account_id, amount, "VND", NOON.date(), reference, "")
    async with database.connection() as connection:
        await lay_lines(connection, place.tenant_id, [line])


async def settle(database: Database, place: Place) -> None:
    """Let worker and matcher do all they have to, and tell it to the feed in the month it happened."""
    await a_worker(database).drain(place.tenant_id)
    await match_dirty(database, place.tenant_id, Policy())
    async with database.connection() as connection:
        await connection.execute("UPDATE news SET recorded_at = $1", NOON)
        await number_news(connection, place.tenant_id)


async def trim(database: Database, months: Mapping[Kept, int] = EVERYTHING, **changes: Any) -> Tallies:
    return await Trimming(database, months, LATER, append_audit=audit.append, **changes).run()


async def stored(database: Database) -> dict[Kept, int]:
    async with database.connection() as connection:
        return {
            Kept.NOTICE_BODIES: await connection.fetchval("SELECT count(*) FROM notice WHERE body IS NOT NULL"),
            Kept.PAYMENT_EVENTS: await connection.fetchval("SELECT count(*) FROM payment_event"),
            Kept.MATCH_HISTORY: await connection.fetchval("SELECT count(*) FROM match_history"),
            Kept.FEED: await connection.fetchval("SELECT count(*) FROM event"),
        }


NOTHING = dict.fromkeys(Kept, 0)


async def test_what_is_settled_and_over_its_time_goes(database: Database, place: Place) -> None:
    await notify(database, place)
    await book(database, place, 1, "REF-1")
    await settle(database, place)
    assert await stored(database) == NOTHING | dict.fromkeys((Kept.NOTICE_BODIES, Kept.PAYMENT_EVENTS, Kept.FEED), 1)
    tallies = await trim(database)
    assert await stored(database) == NOTHING
    assert tallies["haiduong", Kept.NOTICE_BODIES] == tallies["haiduong", Kept.PAYMENT_EVENTS] == Tally(1, 0)


@pytest.mark.parametrize("months", [{}, dict.fromkeys(Kept, 0), dict.fromkeys(Kept, 36)], ids=["none", "0", "36"])
async def test_what_is_not_over_its_time_stays(database: Database, place: Place, months: dict[Kept, int]) -> None:
    await notify(database, place)
    await book(database, place, 1, "REF-1")
    await settle(database, place)
    before = await stored(database)
    assert not any(tally.gone for tally in (await trim(database, months)).values())
    assert await stored(database) == before


async def test_a_rehearsal_counts_and_does_nothing(database: Database, place: Place) -> None:
    await notify(database, place)
    await notify(database, place, reference="REF-2", transaction_id="T-2", dossier_code=None)
    await book(database, place, 1, "REF-1")
    await settle(database, place)
    before = await stored(database)
    rehearsed = await trim(database, rehearsal=True)
    assert await stored(database) == before
    assert rehearsed == await trim(database)
    assert rehearsed["haiduong", Kept.PAYMENT_EVENTS] == Tally(gone=1, kept=1)


async def test_a_notice_that_comes_again_after_years_is_still_a_repeat(database: Database, place: Place) -> None:
    await notify(database, place)
    await book(database, place, 1, "REF-1")
    await settle(database, place)
    async with database.connection() as connection:
        row = await connection.fetchrow(
            "SELECT tenant_id, source_id, dedupe_key, body_hash, method, body, headers, key_id, request_id, reference,"
            " transaction_id, said_state, outcome, amount, currency, occurred_at, dossier_code FROM notice"
        )
    await trim(database)
    async with database.connection() as connection:
        again = ReceivedNotice(**dict(row), conflicting=False, received_at=LATER, state="received", reason=None)
        (same,) = await (await Lane.prepare(connection)).store([again])
        (other,) = await (await Lane.prepare(connection)).store([again._replace(body_hash=bytes(32))])
        shown = await notices.show_notice(connection, place.tenant_id, 1)
    assert (same, other) == (Stored.REPEAT, Stored.CONFLICT)
    assert shown["body"] is None


async def test_what_a_live_discrepancy_names_stays_until_it_is_resolved(database: Database, place: Place) -> None:
    await notify(database, place)
    await notify(database, place, reference="REF-2", transaction_id="T-2", amount=20_000)
    await book(database, place, 1, "REF-1")
    await book(database, place, 2, "REF-2", 20_000)
    await settle(database, place)
    before = await stored(database)
    tallies = await trim(database, {Kept.NOTICE_BODIES: 12, Kept.PAYMENT_EVENTS: 12})
    assert await stored(database) == before
    assert tallies["haiduong", Kept.NOTICE_BODIES] == Tally(gone=0, kept=2)
    async with database.transaction() as connection:
        due = Obligation("LP01", "charge", "Lệ phí", 70_000)
        await upsert(connection, place.tenant_id, [a_record(version=2, obligations=(due,))])
    await settle(database, place)
    tallies = await trim(database, {Kept.NOTICE_BODIES: 12, Kept.PAYMENT_EVENTS: 12})
    assert tallies["haiduong", Kept.NOTICE_BODIES] == tallies["haiduong", Kept.PAYMENT_EVENTS] == Tally(gone=2, kept=0)


async def test_money_that_is_loose_or_awaited_keeps_its_notice(database: Database, place: Place) -> None:
    await notify(database, place)
    await settle(database, place)
    assert (await trim(database))["haiduong", Kept.NOTICE_BODIES] == Tally(gone=0, kept=1)
    await close_day(database, place.tenant_id, NOON.date(), Policy(), LATER)
    assert (await trim(database))["haiduong", Kept.NOTICE_BODIES] == Tally(gone=0, kept=1)
    await book(database, place, 1, "REF-1")
    await settle(database, place)
    assert (await trim(database))["haiduong", Kept.NOTICE_BODIES] == Tally(gone=1, kept=0)


async def test_what_has_not_been_judged_keeps_its_notice(database: Database, place: Place) -> None:
    await notify(database, place)
    await book(database, place, 1, "REF-1")
    await a_worker(database).drain(place.tenant_id)
    assert (await trim(database))["haiduong", Kept.PAYMENT_EVENTS] == Tally(gone=0, kept=1)


async def test_what_brought_no_money_is_settled_by_itself(database: Database, place: Place) -> None:
    async with database.connection() as connection:
        await put_notice(connection, place, a_failure())
    await settle(database, place)
    assert (await trim(database))["haiduong", Kept.NOTICE_BODIES] == Tally(gone=1, kept=0)


async def test_a_notice_nobody_could_read_or_apply_keeps_its_bytes(database: Database, place: Place) -> None:
    async with database.connection() as connection:
        await quarantine(connection, place, b"?")
        await put_notice(connection, place, a_notice(), state="dead")
        await put_notice(connection, place, a_notice(reference="REF-3"), state="parked", waits_for=["X"])
    assert (await trim(database))["haiduong", Kept.NOTICE_BODIES] == Tally(gone=0, kept=3)
    assert (await stored(database))[Kept.NOTICE_BODIES] == 3


async def test_another_notice_of_a_payment_that_waits_keeps_what_came_before_it(
    database: Database, place: Place
) -> None:
    await notify(database, place)
    await book(database, place, 1, "REF-1")
    await settle(database, place)
    async with database.connection() as connection:
        await put_notice(connection, place, a_notice(), state="dead", dedupe_key=bytes(32))
    tallies = await trim(database)
    assert (tallies["haiduong", Kept.NOTICE_BODIES], tallies["haiduong", Kept.PAYMENT_EVENTS]) == (
        Tally(gone=0, kept=2),
        Tally(gone=0, kept=1),
    )


async def test_the_feed_keeps_what_an_endpoint_has_yet_to_be_told_and_what_it_would_not_take(
    database: Database, place: Place
) -> None:
    for number in range(1, 6):
        await notify(database, place, reference=f"REF-{number}", transaction_id=f"T-{number}")
    await settle(database, place)
    async with database.connection() as connection:
        await connection.execute(
            "INSERT INTO endpoint (tenant_id, name, sequence) VALUES ($1, 'a', 3), ($1, 'b', 9)", place.tenant_id
        )
        await connection.execute(
            "INSERT INTO dead_letter (tenant_id, endpoint, sequence, attempts, reason) VALUES ($1, 'a', 2, 1, '')",
            place.tenant_id,
        )
    told = (await stored(database))[Kept.FEED]
    tallies = await trim(database, {Kept.FEED: 12})
    assert tallies["haiduong", Kept.FEED] == Tally(gone=2, kept=told - 2)
    async with database.connection() as connection:
        rows = await connection.fetch("SELECT sequence FROM event ORDER BY sequence")
        assert [row["sequence"] for row in rows] == [2, *range(4, told + 1)]
        assert [one.sequence for one in await read_events(connection, place.tenant_id, 3, 2)] == [4, 5]
        with pytest.raises(NoLongerKeptError, match="begin after 3"):
            await read_events(connection, place.tenant_id, 2, 10)


async def test_undone_matches_go_but_for_those_of_what_is_unresolved(database: Database, place: Place) -> None:
    await notify(database, place)
    await book(database, place, 1, "REF-1")
    await settle(database, place)
    async with database.connection() as connection:
        await connection.execute(
            "INSERT INTO match_history (tenant_id, match_id, leg, payment_id, fact_id, seats, rule, rule_set,"
            " difference, matched_at, undone_at) SELECT $1, number, 'bank', payment, line, 1, 'exact', 'r', 0, $2, $2"
            " FROM (VALUES (101, 1, 1), (102, 77, 78), (102, NULL, 79)) AS undone (number, payment, line)",
            place.tenant_id,
            NOON,
        )
        await connection.execute(
            "INSERT INTO discrepancy (tenant_id, case_key, subject, reason, amount, since, due, line_id)"
            " VALUES ($1, 'line:79', 'line:79', 'bank_unexpected', 1, $2, $2, 79)",
            place.tenant_id,
            NOON.date(),
        )
    assert (await trim(database))["haiduong", Kept.MATCH_HISTORY] == Tally(gone=1, kept=2)


async def test_trimming_one_tenant_leaves_the_other_as_it_was(database: Database, place: Place) -> None:
    async with database.transaction() as connection:
        other = await a_place(connection, "hungyen")
        await upsert(connection, other.tenant_id, [a_record()])
    for number, one in enumerate((place, other), start=1):
        await notify(database, one)
        await book(database, one, number, "REF-1")
        await settle(database, one)
    tallies = await trim(database, only=other.tenant_id)
    assert {code for code, _ in tallies} == {"hungyen"}
    assert (await stored(database))[Kept.PAYMENT_EVENTS] == 1
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT DISTINCT tenant_id FROM payment_event") == place.tenant_id


async def test_what_goes_is_written_down_with_who_did_it(database: Database, place: Place) -> None:
    await notify(database, place)
    await book(database, place, 1, "REF-1")
    await settle(database, place)
    await trim(database, {Kept.NOTICE_BODIES: 12}, actor="Lan")
    await trim(database, {Kept.NOTICE_BODIES: 12}, actor="Lan")
    async with database.connection() as connection:
        rows = await connection.fetch("SELECT actor, act, subject FROM audit_entry")
        assert (await audit.verify(connection, place.tenant_id)).broken is None
    assert [tuple(row) for row in rows] == [("Lan", "trimmed", "notice_bodies")]


async def test_who_is_in_the_way_for_too_long_goes_first(
    database: Database, database_url: str, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paygate.retention.MONTH_WAIT", "50ms")
    await notify(database, place)
    await book(database, place, 1, "REF-1")
    await settle(database, place)
    async with connect(database_url) as reader, reader.transaction():
        await reader.fetch("SELECT FROM payment_event")
        with pytest.raises(DatabaseUnavailableError, match="in use"):
            await trim(database, {Kept.PAYMENT_EVENTS: 12})
    assert (await trim(database, {Kept.PAYMENT_EVENTS: 12}))["haiduong", Kept.PAYMENT_EVENTS] == Tally(gone=1, kept=0)


async def test_notices_are_taken_in_and_applied_while_a_piece_is_trimmed(
    database: Database, database_url: str, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paygate.retention.PIECE", 20)
    async with database.connection() as connection:
        for number in range(1, 101):
            await put_notice(connection, place, a_failure(reference=f"OLD{number}"))
    await settle(database, place)
    fresh = [received(place, number) for number in range(1, 301)]
    async with open_inbox(database_url, limit=1000, committed=lambda: None) as inbox:
        await inbox.ready()
        trimming = asyncio.create_task(trim(database))
        answers = [asyncio.get_running_loop().create_future() for _ in fresh]
        for notice, answer in zip(fresh, answers, strict=True):
            inbox.put(notice, answer)
            await asyncio.sleep(0)
        stored_as = await asyncio.gather(*answers)
        await a_worker(database).drain(place.tenant_id)
        tallies = await trimming
    assert tallies["haiduong", Kept.NOTICE_BODIES] == tallies["haiduong", Kept.PAYMENT_EVENTS] == Tally(100, 0)
    assert stored_as == [Stored.NEW] * len(fresh)
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM payment_event WHERE received_at = $1", LATER) == 300


def received(place: Place, number: int) -> ReceivedNotice:
    facts = a_notice(reference=f"NEW{number}", transaction_id=f"N{number}", occurred_at=LATER)
    return ReceivedNotice(
        place.tenant_id,
        place.source_id,
        dedupe_key(facts),
        bytes(32),
        conflicting=False,
        method="POST",
        body=b"new",
        headers=None,
        key_id=0,
        request_id="r",
        received_at=LATER.astimezone(UTC),
        state="received",
        reason=None,
    ).telling(facts._replace(occurred_at=datetime(2027, 5, 1, tzinfo=UTC)))


HOUSE = """
[tenants.haiduong]
name = "Tỉnh Hải Dương"
agency = "H23"
"""


def test_the_command_counts_drops_and_refuses(tmp_path: Path, database_url: str) -> None:
    configuration = f'database_url = "{database_url}"\n{HOUSE}'
    (tmp_path / "paygate.toml").write_text(configuration, encoding="utf-8")
    assert "for ever" in paygate(tmp_path, "trim").stdout
    (tmp_path / "paygate.toml").write_text(configuration + "[retention]\nfeed = 24\n", encoding="utf-8")
    counted = paygate(tmp_path, "trim", "--dry-run", "--json")
    assert json.loads(counted.stdout) == [{"tenant": "haiduong", "what": "feed", "would_go": 0, "unresolved": 0}]
    assert json.loads(paygate(tmp_path, "trim", "--tenant", "haiduong", "--json").stdout)[0]["gone"] == 0
    refused(paygate(tmp_path, "trim", "--tenant", "nobody"), "nobody")
    (tmp_path / "paygate.toml").write_text(configuration + "[retention]\nfeeds = 24\n", encoding="utf-8")
    refused(paygate(tmp_path, "trim"), "did you mean 'feed'?")
