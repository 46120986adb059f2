"""Whatever reason it has, what people close stays closed, counts as agreed, and leaves nothing unexplained."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from paygate.database import Database, open_database
from reconciliation.closing import close_day
from reconciliation.model import Reason
from reconciliation.policy import Policy
from reconciliation.report import load_report
from reconciliation.verification import verify_run
from tests.casework import Office, let_in
from tests.province import DAYS

NOW = datetime(2024, 6, 1, tzinfo=UTC)


@pytest.fixture
async def told(province_url: str) -> AsyncIterator[Database]:
    async with open_database(province_url, size=4) as opened:
        yield opened


@pytest.fixture
async def office(told: Database) -> Office:
    async with told.connection() as connection:
        tenant_id = await connection.fetchval("SELECT tenant_id FROM tenant WHERE code = 'haiduong'")
    return await let_in(told, tenant_id)


async def settle_everything(office: Office) -> dict[str, int]:
    """Have two people close all that is live, and return the amount of each reason, in dong."""
    rows = await office.fetch(
        "SELECT discrepancy_id, reason, dong(amount, currency) AS amount FROM discrepancy WHERE state <> 'resolved'"
    )
    closed: dict[str, int] = {}
    for number, row in enumerate(rows):
        await office.propose(row["discrepancy_id"], ("write_off", "not_ours")[number % 2])
        await office.act("binh", "approve", row["discrepancy_id"])
        closed[row["reason"]] = closed.get(row["reason"], 0) + row["amount"]
    await office.match()
    return closed


async def report_of(office: Office, day: str) -> dict[str, Any]:
    async with office.database.connection() as connection:
        report = await load_report(connection, office.tenant_id, date.fromisoformat(day))
    assert report is not None
    return report


async def test_every_reason_can_be_closed_and_every_day_still_proves_itself(office: Office) -> None:
    closed = await settle_everything(office)
    assert len(closed) >= 20
    assert await office.fetch("SELECT FROM discrepancy WHERE state <> 'resolved'") == []
    before = (await office.fetch("SELECT max(run_id) FROM run"))[0][0]
    await close_day(office.database, office.tenant_id, date.fromisoformat(DAYS[-1]), Policy(), NOW)
    # Of the days that are reported again for it, the first counts what people have done since the run before.
    rows = await office.fetch("SELECT report FROM run WHERE run_id > $1 ORDER BY run_id", before)
    runs = [json.loads(row["report"]) for row in rows]
    assert sum(run["discrepancies"]["resolved_by_person"]["amount"] for run in runs) == sum(closed.values())
    assert runs[-1]["proof"]["closing"] == 0
    assert await office.fetch("SELECT FROM discrepancy WHERE state <> 'resolved'") == []
    for day in DAYS:
        report = await report_of(office, day)
        assert report["proof"]["residual"] == 0, day
        assert report["reasons"] == {}, day
        assert {name for name, of in report["classes"].items() if of["count"]} <= {"matched", "pending"}, day
        assert (await verify_run(office.database, report["run"], Policy())).difference is None, day


async def test_what_people_closed_is_not_opened_again_when_all_is_judged_anew(office: Office) -> None:
    await settle_everything(office)
    async with office.database.connection() as connection:
        await connection.execute(
            "INSERT INTO dirty (tenant_id, kind, fact_ids)"
            " SELECT $1::integer, 'payment', array_agg(payment_id) FROM payment"
            " UNION ALL SELECT $1, 'line', array_agg(line_id) FROM statement_line",
            office.tenant_id,
        )
        await connection.execute(
            "INSERT INTO dirty (tenant_id, kind, codes)"
            " SELECT $1::integer, 'dossier', array_agg(dossier_code) FROM procedure_record",
            office.tenant_id,
        )
    await office.match()
    assert await office.fetch("SELECT subject, reason FROM discrepancy WHERE state <> 'resolved'") == []


async def test_what_is_reopened_counts_as_open_again_and_the_days_still_prove_themselves(office: Office) -> None:
    closed = await settle_everything(office)
    await close_day(office.database, office.tenant_id, date.fromisoformat(DAYS[-1]), Policy(), NOW)
    rows = await office.fetch("SELECT discrepancy_id FROM discrepancy WHERE resolved_by IS NOT NULL")
    for row in rows:
        await office.propose(row["discrepancy_id"], "reopen")
        await office.act("binh", "approve", row["discrepancy_id"])
    await office.match()
    await close_day(office.database, office.tenant_id, date.fromisoformat(DAYS[-1]), Policy(), NOW)
    assert (await amount_of_live(office)) == sum(closed.values())
    for day in DAYS:
        report = await report_of(office, day)
        assert report["proof"]["residual"] == 0, day
        assert (await verify_run(office.database, report["run"], Policy())).difference is None, day


async def amount_of_live(office: Office) -> int:
    rows = await office.fetch(
        "SELECT sum(dong(amount, currency))::bigint AS amount FROM discrepancy WHERE state <> 'resolved'"
    )
    amount: int = rows[0]["amount"]
    return amount


async def test_whatever_two_people_do_by_hand_the_days_still_prove_themselves(office: Office) -> None:
    free = "SELECT fact_id FROM loose_fact WHERE leg = $1 AND standing <> 'matched' AND amount > 0 ORDER BY fact_id"
    [payment, *_] = await office.fetch(free, "payment")
    line = (await office.fetch("SELECT * FROM discrepancy WHERE subject LIKE 'line:%' AND state = 'open'"))[0]
    linked = {"payments": [payment["fact_id"]], "lines": [line["line_id"]]}
    await office.settle(line["discrepancy_id"], "link", linked)
    split = (
        await office.fetch(
            "SELECT d.discrepancy_id, m.match_id FROM discrepancy AS d JOIN match AS m ON m.payment_id = d.payment_id"
            " WHERE m.leg = 'bank' AND d.state = 'open' AND m.rule <> 'by_hand' ORDER BY 1 LIMIT 1"
        )
    )[0]
    await office.settle(split["discrepancy_id"], "split", {"match": split["match_id"]})
    await office.settle((await office.live(Reason.OVERPAID))["discrepancy_id"], "refund", {"amount": 1})
    await office.settle((await office.live(Reason.FLAG_NOT_SYNCED))["discrepancy_id"], "correct_flag", {"flag": 1})
    assert await office.fetch("SELECT FROM match WHERE rule = 'by_hand'")
    before = (await office.fetch("SELECT max(run_id) FROM run"))[0][0]
    await close_day(office.database, office.tenant_id, date.fromisoformat(DAYS[-1]), Policy(), NOW)
    for run in await office.fetch("SELECT run_id, business_date FROM run WHERE run_id > $1", before):
        assert (await verify_run(office.database, run["run_id"], Policy())).difference is None, run["business_date"]
        assert (await report_of(office, run["business_date"].isoformat()))["proof"]["residual"] == 0
