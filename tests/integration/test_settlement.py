"""What gateways settle and pay out, told as stories: what is said of them, and how the day's proof takes them apart."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from paygate.database import Database
from reconciliation.closing import close_day
from reconciliation.engine import match_dirty
from reconciliation.oracle.facts import LineFact, PaymentFact, RecordFact, SourceFact
from reconciliation.policy import Policy
from tests.case_facts import (
    AMOUNT,
    BATCH,
    NEXT,
    a_bank_line,
    a_payment,
    a_payout,
    a_record,
    a_settlement_line,
    days_later,
)
from tests.integration.test_close import NOW
from tests.worlds import DAY, DOSSIERS, lay_lines, lay_payments, lay_records, lay_sources, lay_tenant, mark_dirty

FEE = 1_275
SCHEDULE = SourceFact(settlement_days=1, fee_percent=Decimal("0.85"))
PAID = a_payment()
OTHER = a_payment(2, dossier_code=DOSSIERS[1])
BOTH = 2 * (AMOUNT - FEE)


class Desk:
    """A tenant with two paid dossiers, whose day is closed again whenever something was told."""

    def __init__(self, database: Database, tenant_id: int) -> None:
        self.database = database
        self.tenant_id = tenant_id

    async def tell(self, *facts: PaymentFact | LineFact) -> None:
        async with self.database.connection() as connection:
            await lay_payments(connection, self.tenant_id, [one for one in facts if isinstance(one, PaymentFact)])
            await lay_lines(connection, self.tenant_id, [one for one in facts if isinstance(one, LineFact)])
        await match_dirty(self.database, self.tenant_id, Policy())

    async def close(self, day: date = DAY) -> dict[str, Any]:
        return (await close_day(self.database, self.tenant_id, day, Policy(), NOW)).report

    async def said(self) -> list[tuple[str, int]]:
        """Return what is said of cases, and not of the feeds: no statement is laid here."""
        async with self.database.connection() as connection:
            rows = await connection.fetch(
                "SELECT reason, amount FROM discrepancy WHERE tenant_id = $1 AND state <> 'resolved'"
                " AND reason NOT LIKE 'statement%' ORDER BY reason, amount",
                self.tenant_id,
            )
        return [(row["reason"], row["amount"]) for row in rows]

    async def rules(self) -> list[str]:
        async with self.database.connection() as connection:
            rows = await connection.fetch("SELECT rule FROM match WHERE tenant_id = $1 ORDER BY rule", self.tenant_id)
        return [row["rule"] for row in rows]


async def a_desk(database: Database, source: SourceFact = SCHEDULE) -> Desk:
    async with database.connection() as connection:
        tenant_id = await lay_tenant(connection, "haiduong")
        await lay_sources(connection, tenant_id, {1: source})
        await lay_records(connection, tenant_id, [a_record(), RecordFact(DOSSIERS[1], AMOUNT, "processing", flag=1)])
    desk = Desk(database, tenant_id)
    await desk.tell(PAID, OTHER)
    return desk


def settled(payment: PaymentFact, **changes: Any) -> LineFact:
    return a_settlement_line(payment, fee=FEE, **changes)


async def test_one_bank_line_for_a_batch_settles_every_payment_in_it(database: Database) -> None:
    desk = await a_desk(database)
    await desk.tell(settled(PAID), settled(OTHER), a_payout(BOTH))
    booked, paid = await desk.close(NEXT), await desk.close()
    assert await desk.said() == []
    assert paid["classes"]["matched"] == {"count": 2, "amount": 2 * AMOUNT}
    assert booked["totals"]["settlement"] == {"count": 2, "amount": 2 * AMOUNT, "fee": 2 * FEE, "net": BOTH}
    assert booked["proof"]["items"] == {"other_day": -2 * AMOUNT, "gateway_fee": 2 * FEE}
    assert paid["proof"]["items"] == {"other_day": 2 * AMOUNT}
    assert (booked["proof"]["residual"], paid["proof"]["residual"]) == (0, 0)


async def test_a_batch_paid_out_short_is_one_discrepancy_and_the_trouble_of_every_case_in_it(
    database: Database,
) -> None:
    desk = await a_desk(database)
    await desk.tell(settled(PAID), settled(OTHER), a_payout(BOTH - 1_000))
    booked, paid = await desk.close(NEXT), await desk.close()
    assert await desk.said() == [("net_differs", 1_000)]
    assert paid["classes"]["mismatched"] == {"count": 2, "amount": 2 * AMOUNT}
    assert paid["reasons"] == {"net_differs": {"count": 2, "amount": 1_000}}
    assert booked["proof"]["items"] == {"other_day": -2 * AMOUNT, "gateway_fee": 2 * FEE, "net_differs": 1_000}
    assert booked["proof"]["residual"] == 0


async def test_a_settlement_told_after_its_money_takes_back_what_was_said_of_both(database: Database) -> None:
    desk = await a_desk(database)
    await desk.tell(a_payout(BOTH))
    await desk.close(days_later(3))
    missing = [("bank_missing", AMOUNT)] * 2 + [("bank_unexpected", BOTH)] + [("settlement_missing", AMOUNT)] * 2
    assert await desk.said() == missing
    await desk.tell(settled(PAID), settled(OTHER))
    assert await desk.said() == []


async def test_a_line_that_grows_a_batch_after_it_was_paid_out_shows_what_is_lacking(database: Database) -> None:
    desk = await a_desk(database)
    await desk.tell(settled(PAID), a_payout(AMOUNT - FEE))
    await desk.close(days_later(3))
    await desk.tell(settled(OTHER))
    assert await desk.said() == [("net_differs", AMOUNT - FEE)]


async def test_a_payment_that_the_line_names_takes_it_from_the_batch(database: Database) -> None:
    desk = await a_desk(database)
    third = a_payment(3, amount=BOTH, dossier_code=None)
    narrative = f"QUYET TOAN {BATCH} {third.reference}"
    await desk.tell(settled(PAID), settled(OTHER), a_payout(BOTH, narrative=narrative))
    await desk.close(days_later(3))
    assert await desk.said() == []
    await desk.tell(third)
    assert await desk.rules() == ["exact", "exact", "narrative_reference"]
    said = [("bank_missing", AMOUNT)] * 2 + [("record_missing", BOTH), ("settlement_missing", BOTH)]
    assert await desk.said() == said


async def test_a_batch_and_a_line_that_a_person_parted_stay_apart(database: Database) -> None:
    desk = await a_desk(database)
    await desk.tell(settled(PAID), a_payout(AMOUNT - FEE))
    async with database.connection() as connection:
        await connection.execute(
            "INSERT INTO parted (tenant_id, leg, batch_id, fact_id, parted_by, reason)"
            " SELECT tenant_id, leg, batch_id, fact_id, 'An', 'another batch' FROM match"
            " WHERE tenant_id = $1 AND batch_id IS NOT NULL",
            desk.tenant_id,
        )
        await mark_dirty(connection, desk.tenant_id, "line", [a_payout(0).line_id])
    await match_dirty(database, desk.tenant_id, Policy())
    assert await desk.rules() == ["exact"]
    assert ("bank_unexpected", AMOUNT - FEE) in await desk.said()


async def test_without_its_rule_no_batch_is_paid_out_and_its_line_is_open_again(database: Database) -> None:
    desk = await a_desk(database)
    await desk.tell(settled(PAID), a_payout(AMOUNT - FEE))
    rules = [rule for rule in Policy().rules.rules if rule.kind != "settlement_batch"]
    policy = Policy(rules=Policy().rules.model_copy(update={"rules": tuple(rules)}))
    async with database.connection() as connection:
        await mark_dirty(connection, desk.tenant_id, "line", [settled(PAID).line_id])
    await match_dirty(database, desk.tenant_id, policy)
    assert await desk.rules() == ["exact"]
    assert ("bank_unexpected", AMOUNT - FEE) in await desk.said()


async def test_where_two_batches_are_of_one_sum_no_line_is_taken_until_a_name_decides(database: Database) -> None:
    desk = await a_desk(database)
    lines = [a_payout(AMOUNT - FEE, line_id=10 + number, narrative="QUYET TOAN") for number in (0, 1)]
    await desk.tell(settled(PAID, batch="LO-0001"), settled(OTHER, batch="LO-0002"), *lines)
    assert await desk.said() == [("ambiguous", AMOUNT - FEE)] * 2
    await desk.tell(a_payout(AMOUNT - FEE, line_id=12, narrative="QUYET TOAN LO-0002"))
    assert await desk.rules() == ["exact", "exact", "settlement_batch"]
    assert await desk.said() == [("ambiguous", AMOUNT - FEE)] * 2


async def test_the_day_of_a_batch_in_a_narrative_is_no_name_for_another_amount(database: Database) -> None:
    desk = await a_desk(database)
    batch = NEXT.isoformat()
    await desk.tell(settled(PAID, batch=batch), a_payout(20_000, narrative=f"CK NGAY {batch}"))
    assert await desk.said() == [("bank_unexpected", 20_000)]


@pytest.mark.parametrize("amount", [142_000, 156_000])
async def test_a_lone_line_within_five_per_cent_of_a_lone_batch_is_its_payout(database: Database, amount: int) -> None:
    desk = await a_desk(database)
    await desk.tell(settled(PAID), a_payout(amount, narrative=""))
    assert await desk.said() == [("net_differs", abs(AMOUNT - FEE - amount))]


async def test_another_line_near_by_leaves_an_unnamed_batch_open(database: Database) -> None:
    desk = await a_desk(database)
    await desk.tell(settled(PAID), a_payout(145_000, narrative=""))
    assert "settlement_batch" in await desk.rules()
    await desk.tell(a_payout(70_000, line_id=11, narrative=""))
    assert await desk.rules() == ["exact"]
    assert await desk.said() == [("bank_unexpected", 70_000), ("bank_unexpected", 145_000)]


@pytest.mark.parametrize(("fee", "wrong"), [(1_279, 0), (1_280, 0), (1_278, 1), (1_281, 1), (0, 1_279)])
async def test_a_fee_may_be_rounded_either_way_and_no_further(database: Database, fee: int, wrong: int) -> None:
    desk = await a_desk(database, SourceFact(settlement_days=1, fee_percent=Decimal("0.8533")))
    await desk.tell(a_settlement_line(PAID, fee=fee))
    assert await desk.said() == ([("fee_differs", wrong)] if wrong else [])


@pytest.mark.parametrize(
    ("borne_by", "fee", "net", "said"),
    [
        ("payer", FEE, AMOUNT, []),
        ("payer", FEE, AMOUNT - FEE, [("net_differs", FEE)]),
        ("gateway", 0, AMOUNT, []),
        ("gateway", FEE, AMOUNT, [("fee_differs", FEE)]),
        ("agency", FEE, AMOUNT, [("net_differs", FEE)]),
    ],
)
async def test_who_bears_the_fee_decides_what_is_paid_out(
    database: Database, borne_by: str, fee: int, net: int, said: list[tuple[str, int]]
) -> None:
    source = SourceFact(settlement_days=1, fee_percent=Decimal("0.85"), fee_borne_by=borne_by)
    desk = await a_desk(database, source)
    await desk.tell(a_settlement_line(PAID, fee=fee, net=net))
    assert await desk.said() == said


async def test_a_settlement_of_another_gross_differs_from_what_was_paid(database: Database) -> None:
    desk = await a_desk(database, SourceFact(settlement_days=1))
    await desk.tell(a_settlement_line(PAID, amount=AMOUNT - 500, net=AMOUNT - 500))
    assert await desk.said() == [("amount_differs", 500)]


@pytest.mark.parametrize(
    ("agreed", "name", "said"),
    [
        (SourceFact(settlement_days=1, promotions=True), "promotion", ("overpaid", 20_000)),
        (SourceFact(settlement_days=1), "amount_differs", ("amount_differs", 20_000)),
    ],
)
async def test_what_a_gateway_adds_counts_for_the_dossier_where_promotions_are_agreed(
    database: Database, agreed: SourceFact, name: str, said: tuple[str, int]
) -> None:
    desk = await a_desk(database, agreed)
    await desk.tell(a_settlement_line(PAID, amount=AMOUNT + 20_000, net=AMOUNT + 20_000), a_payout(AMOUNT + 20_000))
    booked = await desk.close(NEXT)
    missing = [("bank_missing", AMOUNT), ("settlement_missing", AMOUNT)]
    assert await desk.said() == sorted([said, *missing])
    assert booked["proof"]["items"] == {"other_day": -AMOUNT, name: -20_000}
    assert booked["proof"]["residual"] == 0


async def test_a_promotion_makes_up_for_what_the_payer_was_spared(database: Database) -> None:
    desk = await a_desk(database, SourceFact(settlement_days=1, promotions=True))
    spared = a_payment(3, amount=AMOUNT - 20_000, dossier_code="H23.12-240508-0001")
    async with database.connection() as connection:
        await lay_records(connection, desk.tenant_id, [a_record(dossier_code="H23.12-240508-0001")])
    await desk.tell(spared)
    assert ("underpaid", 20_000) in await desk.said()
    await desk.tell(a_settlement_line(spared, amount=AMOUNT, net=AMOUNT))
    assert ("underpaid", 20_000) not in await desk.said()


async def test_what_the_bank_paid_both_ways_is_named_in_the_proof(database: Database) -> None:
    desk = await a_desk(database)
    await desk.tell(a_bank_line(PAID), settled(PAID), settled(OTHER), a_payout(BOTH, line_id=90))
    booked = await desk.close(NEXT)
    assert booked["proof"]["items"] == {
        "other_day": -2 * AMOUNT,
        "gateway_fee": FEE,
        "settled_twice": -(AMOUNT - FEE),
    }
    assert booked["proof"]["residual"] == 0


async def test_a_line_of_no_payment_in_a_batch_is_named_in_the_proof(database: Database) -> None:
    desk = await a_desk(database)
    stranger = settled(a_payment(3), line_id=29)
    await desk.tell(settled(PAID), stranger, a_payout(BOTH))
    booked = await desk.close(NEXT)
    assert await desk.said() == [
        ("bank_missing", AMOUNT),
        ("settlement_missing", AMOUNT),
        ("settlement_unexpected", AMOUNT),
    ]
    assert booked["proof"]["items"]["settlement_unexpected"] == -(AMOUNT - FEE)
    assert booked["proof"]["residual"] == 0
