"""What came late corrects the closed days it touches: a run of their own, the sealed one as it was."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from paygate.database import Database
from paygate.domain.casework import Act
from reconciliation.closing import ClosedDay, close_day
from reconciliation.engine import match_dirty
from reconciliation.oracle.facts import World
from reconciliation.policy import Policy
from reconciliation.report import list_discrepancies, load_report
from tests.case_facts import NEXT, a_bank_line, a_payment, a_record
from tests.worlds import DAY, DOSSIERS, lay_lines, lay_payments, lay_records, lay_world

NOW = datetime.fromisoformat("2024-06-01T00:00:00+07:00")
FIRST, SECOND = a_payment(1), a_payment(2, dossier_code=DOSSIERS[1])


@pytest.fixture
async def tenant_id(database: Database) -> int:
    """A tenant with two payments of one day, and the bank line of the second."""
    records = [a_record(), a_record(dossier_code=DOSSIERS[1])]
    return await lay_world(database, "haiduong", World([FIRST, SECOND], [a_bank_line(SECOND)], records))


async def close(database: Database, tenant_id: int, day: date = DAY, now: datetime = NOW) -> ClosedDay:
    return await close_day(database, tenant_id, day, Policy(), now)


async def fetch(database: Database, query: str, *arguments: object) -> list[tuple[Any, ...]]:
    async with database.connection() as connection:
        return [tuple(row) for row in await connection.fetch(query, *arguments)]


async def lay_line(database: Database, tenant_id: int, **changes: Any) -> None:
    async with database.connection() as connection:
        await lay_lines(connection, tenant_id, [a_bank_line(FIRST, **changes)])


async def runs(database: Database) -> list[tuple[Any, ...]]:
    return await fetch(database, "SELECT business_date, sequence, kind, run_id, corrects FROM run ORDER BY run_id")


async def test_a_line_that_comes_late_gives_the_closed_day_another_run(database: Database, tenant_id: int) -> None:
    first = await close(database, tenant_id)
    second = await close(database, tenant_id, NEXT)
    before = await fetch(database, "SELECT report::text, digest, closed_at FROM run ORDER BY run_id")
    await lay_line(database, tenant_id)
    third = await close(database, tenant_id, NEXT + timedelta(days=1))
    assert [one["date"] for one in third.corrections] == [str(DAY), str(NEXT)]
    correction = third.corrections[0]
    assert (correction["sequence"], correction["corrects"]) == (2, first.run_id)
    assert correction["classes"]["matched"]["count"] == 2
    assert third.corrections[1]["corrects"] == second.run_id
    assert (await fetch(database, "SELECT report::text, digest, closed_at FROM run ORDER BY run_id"))[:2] == before


async def test_a_day_that_late_facts_do_not_touch_keeps_its_run(database: Database, tenant_id: int) -> None:
    await close(database, tenant_id)
    await close(database, tenant_id, NEXT)
    far = NEXT + timedelta(days=5)
    async with database.connection() as connection:
        await lay_payments(connection, tenant_id, [a_payment(3, business_date=far, dossier_code=DOSSIERS[2])])
    assert (await close(database, tenant_id, far)).corrections == ()


async def test_a_turn_of_the_matcher_notes_the_closed_day_and_the_next_close_corrects_it(
    database: Database, tenant_id: int
) -> None:
    await close(database, tenant_id)
    await lay_line(database, tenant_id, booked_on=DAY)
    await match_dirty(database, tenant_id, Policy())
    assert await fetch(database, "SELECT tenant_id, business_date FROM day_to_correct") == [(tenant_id, DAY)]
    closed = await close(database, tenant_id, NEXT)
    assert [one["date"] for one in closed.corrections] == [str(DAY)]
    assert await fetch(database, "SELECT * FROM day_to_correct") == []


async def test_what_is_judged_again_and_comes_out_the_same_makes_no_run(database: Database, tenant_id: int) -> None:
    await close(database, tenant_id)
    async with database.connection() as connection:
        await connection.execute(
            "INSERT INTO dirty (tenant_id, kind, fact_ids) VALUES ($1, 'payment', '{1,2}')", tenant_id
        )
    assert (await close(database, tenant_id, DAY - timedelta(days=1))).corrections == ()
    assert len(await runs(database)) == 2


async def test_a_record_that_changes_corrects_the_day_of_its_payments(database: Database, tenant_id: int) -> None:
    await close(database, tenant_id)
    async with database.connection() as connection:
        await connection.execute("DELETE FROM procedure_record")
        await lay_records(connection, tenant_id, [a_record(due=1), a_record(dossier_code=DOSSIERS[1])])
    [correction] = (await close(database, tenant_id, NEXT)).corrections
    assert (correction["date"], correction["reasons"]["overpaid"]["count"]) == (str(DAY), 1)


async def test_the_bridge_of_the_runs_has_no_gap_over_corrections(database: Database, tenant_id: int) -> None:
    await close(database, tenant_id)
    await close(database, tenant_id, NEXT + timedelta(days=1))
    await lay_line(database, tenant_id)
    await close(database, tenant_id, NEXT + timedelta(days=2))
    reports = [row[0] for row in await fetch(database, "SELECT report->'proof' FROM run ORDER BY run_id")]
    assert len(reports) == 4
    await check_bridge(database)


async def check_bridge(database: Database) -> None:
    before = 0
    query = "SELECT (report->'proof'->>'opening')::bigint, (report->'proof'->>'opened')::bigint,"
    query += " (report->'proof'->>'closed')::bigint, (report->'proof'->>'closing')::bigint FROM run ORDER BY run_id"
    for opening, opened, closed, closing in await fetch(database, query):
        assert opening == before
        assert opening + opened - closed == closing
        before = closing


async def test_the_report_of_a_day_is_that_of_its_latest_run_and_older_ones_can_be_read(
    database: Database, tenant_id: int
) -> None:
    first = await close(database, tenant_id)
    await lay_line(database, tenant_id)
    second = await close(database, tenant_id)
    async with database.connection() as connection:
        assert await load_report(connection, tenant_id, DAY) == second.report
        assert await load_report(connection, tenant_id, DAY, first.run_id) == first.report
        assert await load_report(connection, tenant_id, NEXT, first.run_id) is None
        assert await load_report(connection, tenant_id + 1, DAY, first.run_id) is None


async def test_a_run_says_what_became_of_each_discrepancy(database: Database, tenant_id: int) -> None:
    await close(database, tenant_id)
    missing = (await close(database, tenant_id, NEXT)).report["discrepancies"]
    assert missing["reasons"]["bank_missing"] == {"new": {"count": 1, "amount": 150_000}}
    stays = (await close(database, tenant_id, NEXT + timedelta(days=1))).report["discrepancies"]
    assert stays["reasons"]["bank_missing"] == {"persisting": {"count": 1, "amount": 150_000}}
    await lay_line(database, tenant_id)
    gone = (await close(database, tenant_id, NEXT + timedelta(days=2))).report["discrepancies"]
    assert gone["reasons"]["bank_missing"] == {"resolved_by_itself": {"count": 1, "amount": 150_000}}
    assert gone["resolved_by_itself"]["amount"] >= 150_000


async def test_what_a_person_resolved_is_counted_as_such(database: Database, tenant_id: int) -> None:
    await close(database, tenant_id, NEXT)
    async with database.connection() as connection:
        await connection.execute(
            "WITH done AS (UPDATE discrepancy SET state = 'resolved', resolved_by = 'Nga', resolved_at = now()"
            " WHERE reason = 'bank_missing' RETURNING *) INSERT INTO discrepancy_event"
            " (tenant_id, discrepancy_id, change, left_state, said)"
            " SELECT tenant_id, discrepancy_id, -amount, 'resolved', $1 FROM done",
            Act.CLOSE,
        )
    told = (await close(database, tenant_id, NEXT + timedelta(days=1))).report["discrepancies"]
    assert told["resolved_by_person"] == {"count": 1, "amount": 150_000}
    await check_bridge(database)


async def test_a_discrepancy_that_comes_back_is_another_that_names_the_former(
    database: Database, tenant_id: int
) -> None:
    await close(database, tenant_id, NEXT)
    await lay_line(database, tenant_id)
    await match_dirty(database, tenant_id, Policy())
    async with database.connection() as connection:
        await lay_payments(connection, tenant_id, [replace(FIRST, payment_id=3, dossier_code=DOSSIERS[2])])
        await lay_lines(connection, tenant_id, [a_bank_line(FIRST, line_id=13)])
    await match_dirty(database, tenant_id, Policy())
    async with database.connection() as connection:
        await connection.execute("DELETE FROM statement_line WHERE line_id IN (11, 13)")
        await connection.execute(
            "INSERT INTO dirty (tenant_id, kind, fact_ids) VALUES ($1, 'payment', '{1}')", tenant_id
        )
    await match_dirty(database, tenant_id, Policy())
    async with database.connection() as connection:
        [resolved], _ = await list_discrepancies(connection, tenant_id, reason="bank_missing", state="resolved")
        live, _ = await list_discrepancies(connection, tenant_id, reason="bank_missing")
    again = next(one for one in live if one["reference"] == FIRST.reference and one["former"])
    assert again["former"] == resolved["id"]
    assert again["id"] != resolved["id"]
    assert (resolved["resolution"], resolved["resolved_by"]) == ("the facts agree now", None)


async def test_a_statement_that_is_overdue_is_a_discrepancy_until_it_comes(database: Database, tenant_id: int) -> None:
    await close(database, tenant_id)
    gaps = "SELECT subject, amount, since, state::text, resolution FROM discrepancy WHERE reason = 'statement_gap'"
    gaps += " ORDER BY discrepancy_id"
    assert await fetch(database, gaps) == []
    await close(database, tenant_id, NEXT)
    [missing] = [row for row in await fetch(database, gaps) if row[0] == f"feed:1:{DAY}"]
    assert missing == (f"feed:1:{DAY}", 0, NEXT, "open", None)
    await lay_line(database, tenant_id, booked_on=DAY)
    closed = await close(database, tenant_id, NEXT + timedelta(days=1))
    [gone] = [row for row in await fetch(database, gaps) if row[0] == f"feed:1:{DAY}"]
    assert gone[3:] == ("resolved", "the fault is gone")
    assert [one["date"] for one in closed.corrections] == [str(DAY)]


async def test_an_empty_statement_that_comes_late_makes_the_closed_day_complete(
    database: Database, tenant_id: int
) -> None:
    quiet = DAY - timedelta(days=1)
    await fetch(database, "UPDATE source SET account_id = 1")
    first = await close(database, tenant_id, quiet)
    assert first.report["status"] == "incomplete"
    for account in (1, 2):
        await fetch(
            database,
            "INSERT INTO statement (tenant_id, account_id, file_hash, ordinal, format, identification, period_from,"
            " period_to, total, lines) VALUES ($1, $2::integer, sha256($2::integer::text::bytea), 0, 'camt', 'S',"
            " $3, $3, 0, 0)",
            tenant_id,
            account,
            quiet,
        )
    [correction] = [one for one in (await close(database, tenant_id)).corrections if one["date"] == str(quiet)]
    assert (correction["status"], correction["corrects"]) == ("matched", first.run_id)


async def test_a_statement_that_does_not_balance_says_how_much_is_not_accounted_for(
    database: Database, tenant_id: int
) -> None:
    await fetch(
        database,
        "UPDATE statement SET opening = 1000, closing = 151500, total = 150000, balanced = false"
        " WHERE account_id = 1 AND period_from = $1",
        NEXT,
    )
    await close(database, tenant_id, NEXT)
    query = "SELECT subject, amount, since FROM discrepancy WHERE reason = 'statement_unbalanced'"
    assert await fetch(database, query) == [(f"feed:1:{NEXT}", 500, NEXT)]


async def test_a_clock_that_goes_back_an_hour_changes_no_judgement(database: Database, tenant_id: int) -> None:
    """Runs are ordered by their numbers, and what is due follows from the days that are closed."""
    noon = datetime.fromisoformat("2024-05-09T12:00:00+07:00")
    first = await close(database, tenant_id, DAY, noon)
    await fetch(database, "UPDATE run SET closed_at = closed_at + interval '2 hours'")
    again = await close(database, tenant_id, DAY, noon - timedelta(hours=1))
    assert (again.new, again.report) == (False, first.report)
    await lay_line(database, tenant_id)
    later = await close(database, tenant_id, DAY, noon - timedelta(hours=1))
    assert later.report["corrects"] == first.run_id
    await check_bridge(database)
    async with database.connection() as connection:
        assert await load_report(connection, tenant_id, DAY) == later.report
