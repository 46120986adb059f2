"""One dossier with all its legs, as officers and systems see it over HTTP."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from paygate.access import Role
from paygate.database import Database
from reconciliation.closing import close_day
from reconciliation.engine import hold_tenant, match_changes
from reconciliation.oracle.facts import LineFact, RecordFact, SourceFact, World
from reconciliation.policy import Policy
from tests.case_facts import (
    AMOUNT,
    BATCH,
    DOSSIER,
    NEXT,
    a_bank_line,
    a_payment,
    a_payout,
    a_receipt,
    a_record,
    a_settlement_line,
    a_treasury_line,
    days_later,
)
from tests.served import Served, a_service
from tests.worlds import DAY, lay_world

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PAID = a_payment()
SOURCE = SourceFact(treasury_days=2, receipt_days=1, report_days=1)
FEE = 1_275
NET = replace(SOURCE, settlement_days=1, fee_percent=Decimal("0.85"))
LINES = (a_bank_line(PAID), a_treasury_line(PAID), a_receipt(PAID))


async def shown(
    database: Database,
    database_url: str,
    lines: Sequence[LineFact],
    record: RecordFact,
    source: SourceFact | None = None,
) -> Any:
    await lay(database, World([PAID], lines, [record], {1: source or SOURCE}))
    async with a_service(database_url, accounts={}, sources={}) as served:
        return await ask(served, f"/v1/records/{DOSSIER}?tenant=haiduong")


async def lay(database: Database, world: World) -> int:
    tenant_id = await lay_world(database, "haiduong", world)
    async with hold_tenant(database, tenant_id) as connection:
        await match_changes(connection, tenant_id, Policy(), days_later(30))
    return tenant_id


async def ask(served: Served, route: str) -> Any:
    headers = await served.token("haiduong", Role.OFFICER)
    async with served.session.get(f"{served.url}{route}", headers=headers) as reply:
        assert reply.status == 200
        return await reply.json()


async def test_a_dossier_whose_legs_agree_shows_each_with_its_line(database: Database, database_url: str) -> None:
    dossier = await shown(database, database_url, LINES, a_record())
    assert dossier["verdict"] == "matched"
    assert dossier["legs"] == {
        "obligation": "present",
        "payment": "present",
        "settlement": "not_expected",
        "bank": "present",
        "treasury": "present",
        "receipt": "present",
        "report": "present",
    }
    assert [(one["leg"], one["line"], one["amount"], one["rule"]) for one in dossier["matches"]] == [
        ("bank", "11", AMOUNT, "exact"),
        ("treasury", "31", AMOUNT, "exact"),
        ("receipt", "41", AMOUNT, "exact"),
    ]
    assert {one["reference"] for one in dossier["matches"]} == {PAID.reference}


async def test_a_dossier_shows_which_leg_lacks_what(database: Database, database_url: str) -> None:
    lines = [a_bank_line(PAID), a_treasury_line(PAID, amount=AMOUNT - 50_000), a_receipt(PAID, amount=AMOUNT + 1)]
    dossier = await shown(database, database_url, lines, a_record(flag=0))
    legs = {leg: said for leg, said in dossier["legs"].items() if said not in ("present", "not_expected")}
    assert legs == {"treasury": "missing", "receipt": "differs", "report": "missing"}
    assert {(one["reason"], one["amount"]) for one in dossier["discrepancies"]} == {
        ("treasury_not_sent", 50_000),
        ("amount_differs", 1),
        ("flag_not_synced", AMOUNT),
    }
    assert dossier["verdict"] == "mismatched"


@pytest.mark.parametrize(
    ("back", "status", "treasury"),
    [
        ({"amount": -AMOUNT}, "refunded", "differs"),
        ({"amount": -50_000}, "partly_refunded", "present"),
        ({"amount": -AMOUNT, "reversal": True}, "reversed", "differs"),
    ],
)
async def test_a_payment_shows_that_it_went_back(
    database: Database, database_url: str, back: dict[str, Any], status: str, treasury: str
) -> None:
    kept = 0 if treasury == "differs" else AMOUNT - 50_000
    lines = [a_bank_line(PAID), a_bank_line(PAID, line_id=19, booked_on=days_later(2), **back)]
    lines.append(a_treasury_line(PAID, amount=kept or AMOUNT))
    dossier = await shown(database, database_url, lines, a_record(due=kept))
    assert [one["status"] for one in dossier["payments"]] == [status]
    assert dossier["legs"]["treasury"] == treasury


async def test_a_line_of_any_leg_is_named_where_it_belongs_to_nothing(database: Database, database_url: str) -> None:
    await lay(database, World([], LINES, [], {1: SOURCE}))
    async with a_service(database_url, accounts={}, sources={}) as served:
        listed = await ask(served, "/v1/discrepancies?tenant=haiduong")
    found = {one["reason"]: (one["reference"], one["account"], one["line"]) for one in listed["items"]}
    assert found == {
        "bank_unexpected": (PAID.reference, "1", "11"),
        "treasury_unexpected": (PAID.reference, "treasury", "31"),
        "receipt_unexpected": (PAID.reference, "receipt", "41"),
    }


async def test_the_report_of_a_day_sums_every_leg(database: Database, database_url: str) -> None:
    halves = [a_receipt(PAID, line_id=number, amount=AMOUNT // 2) for number in (41, 42)]
    not_sent = a_treasury_line(PAID, line_id=39, evidence=False)
    tenant_id = await lay(database, World([PAID], [a_bank_line(PAID), *halves, not_sent], [a_record()], {1: SOURCE}))
    await close_day(database, tenant_id, DAY, Policy(), NOW)
    await close_day(database, tenant_id, NEXT, Policy(), NOW)
    async with a_service(database_url, accounts={}, sources={}) as served:
        first, second = [(await ask(served, f"/v1/reports/haiduong/{day}"))["totals"] for day in (DAY, NEXT)]
    assert first.pop("settlement") == {"count": 0, "amount": 0, "fee": 0, "net": 0}
    whole, nothing = {"count": 1, "amount": AMOUNT}, {"count": 0, "amount": 0}
    assert {leg for leg, one in first.items() if one == whole} == {"obligation", "payments", "report"}
    assert {leg for leg, one in first.items() if one == nothing} == {"bank", "treasury", "receipt"}
    assert (second["bank"], second["receipt"], second["treasury"]) == (whole, {"count": 2, "amount": AMOUNT}, nothing)


async def test_a_dossier_paid_out_in_a_batch_shows_the_banks_line_of_the_batch(
    database: Database, database_url: str
) -> None:
    settled = a_settlement_line(PAID, fee=FEE)
    lines = [settled, a_payout(AMOUNT - FEE), a_treasury_line(PAID), a_receipt(PAID)]
    dossier = await shown(database, database_url, lines, a_record(), NET)
    assert (dossier["verdict"], dossier["discrepancies"]) == ("matched", [])
    assert set(dossier["legs"].values()) == {"present"}
    assert [(one["leg"], one["line"], one["amount"], one["rule"]) for one in dossier["matches"]] == [
        ("settlement", "21", AMOUNT, "exact"),
        ("bank", "10", AMOUNT - FEE, "settlement_batch"),
        ("treasury", "31", AMOUNT, "exact"),
        ("receipt", "41", AMOUNT, "exact"),
    ]
    assert {one["reference"] for one in dossier["matches"]} == {PAID.reference}


async def test_a_batch_paid_out_short_is_the_trouble_of_each_dossier_in_it(
    database: Database, database_url: str
) -> None:
    lines = [a_settlement_line(PAID, fee=FEE), a_payout(AMOUNT - FEE - 1_000), a_treasury_line(PAID), a_receipt(PAID)]
    await lay(database, World([PAID], lines, [a_record()], {1: NET}))
    async with a_service(database_url, accounts={}, sources={}) as served:
        dossier = await ask(served, f"/v1/records/{DOSSIER}?tenant=haiduong")
        listed = await ask(served, "/v1/discrepancies?tenant=haiduong")
    assert {leg for leg, said in dossier["legs"].items() if said != "present"} == {"bank"}
    assert (dossier["verdict"], dossier["legs"]["bank"]) == ("mismatched", "differs")
    (shown,), (item,) = dossier["discrepancies"], listed["items"]
    assert shown == item
    assert (item["reason"], item["amount"], item["reference"]) == ("net_differs", 1_000, BATCH)
    assert (item["account"], item["line"]) == ("1", "10")
