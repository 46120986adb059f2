"""Each reason of the closed list has a story that ends in it and in no other, with the verdict the contract gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Final

import pytest

from paygate.database import Database
from paygate.domain.calendar import Calendar
from paygate.domain.statement import StatementEnd, StatementHead, StatementLine
from paygate.statements import import_statements
from reconciliation.closing import close_day
from reconciliation.engine import hold_tenant, match_changes
from reconciliation.model import Reason, Verdict
from reconciliation.oracle import judge
from reconciliation.oracle.facts import LineFact, PaymentFact, RecordFact, SourceFact, World
from reconciliation.oracle.lateness import judge_lateness
from reconciliation.policy import Policy
from reconciliation.report import record_view
from tests.case_facts import (
    AMOUNT,
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
from tests.worlds import DAY, lay_payments, lay_tenant, lay_world

AS_OF: Final = days_later(30)
NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
POLICY: Final = Policy()

PAID: Final = a_payment()
BOOKED: Final = a_bank_line(PAID)
AGREED: Final = World([PAID], [BOOKED], [a_record()])
SCHEDULE: Final = SourceFact(settlement_days=1, fee_percent=Decimal("0.85"), account_id=1)
FEE: Final = 1_275


@dataclass(frozen=True)
class Scenario:
    """A small world of one case. The case is the dossier, else the `line` which belongs to none."""

    verdict: Verdict
    payments: Sequence[PaymentFact] = (PAID,)
    lines: Sequence[LineFact] = (BOOKED,)
    records: Sequence[RecordFact] = (a_record(),)
    source: SourceFact = field(default_factory=SourceFact)
    line: LineFact | None = None

    @property
    def world(self) -> World:
        lines = [*self.lines, *([self.line] if self.line else [])]
        return World(self.payments, lines, self.records, {1: self.source})


def alone(line: LineFact, verdict: Verdict = Verdict.EXTRA) -> Scenario:
    return Scenario(verdict, (), (), (), line=line)


SCENARIOS: Final[Mapping[Reason, Scenario]] = {
    Reason.RECORD_CLOSED: Scenario(Verdict.REFUND_DUE, records=[a_record(status="withdrawn")]),
    Reason.OBLIGATION_EXPIRED: Scenario(Verdict.REFUND_DUE, records=[a_record(expires_on=days_later(-1))]),
    Reason.DUPLICATE_PAYMENT: Scenario(
        Verdict.DUPLICATE,
        payments=[PAID, twice := a_payment(2, account_id=2, source_id=2)],
        lines=[BOOKED, a_bank_line(twice)],
    ),
    Reason.CURRENCY_DIFFERS: Scenario(
        Verdict.MISMATCHED, payments=[dollars := a_payment(currency="USD")], lines=[a_bank_line(dollars)]
    ),
    Reason.NOTICES_CONFLICT: Scenario(Verdict.MISMATCHED, payments=[a_payment(conflicting=True)]),
    Reason.OVERPAID: Scenario(Verdict.MISMATCHED, records=[a_record(due=AMOUNT - 50_000)]),
    Reason.UNDERPAID: Scenario(Verdict.MISMATCHED, records=[a_record(due=AMOUNT + 50_000)]),
    Reason.AMOUNT_DIFFERS: Scenario(Verdict.MISMATCHED, lines=[a_bank_line(PAID, amount=AMOUNT - 1_000)]),
    Reason.WRONG_ACCOUNT: Scenario(Verdict.MISMATCHED, lines=[a_bank_line(PAID, account_id=2)]),
    Reason.PAID_NOT_RECORDED: Scenario(Verdict.MISMATCHED, records=[a_record(status="payment_requested")]),
    Reason.FLAG_NOT_SYNCED: Scenario(Verdict.MISMATCHED, records=[a_record(flag=0)], source=SourceFact(report_days=1)),
    Reason.RECORD_MISSING: Scenario(Verdict.EXTRA, records=[]),
    Reason.BANK_MISSING: Scenario(Verdict.MISSING, lines=[]),
    Reason.TREASURY_NOT_SENT: Scenario(Verdict.MISSING, source=SourceFact(treasury_days=2)),
    Reason.RECEIPT_MISSING: Scenario(Verdict.MISSING, source=SourceFact(receipt_days=2)),
    Reason.BANK_UNEXPECTED: alone(BOOKED),
    Reason.TREASURY_UNEXPECTED: alone(a_treasury_line(PAID)),
    Reason.RECEIPT_UNEXPECTED: alone(a_receipt(PAID)),
    Reason.AMBIGUOUS: Scenario(
        Verdict.PENDING,
        payments=[PAID, a_payment(2, reference=PAID.reference)],
        lines=[a_bank_line(PAID), a_bank_line(PAID, line_id=18), a_bank_line(PAID, line_id=19)],
        records=[a_record(due=2 * AMOUNT)],
    ),
    Reason.NEVER_CONFIRMED: Scenario(
        Verdict.PENDING, payments=[a_payment(came=False, hangs=True, given_up_on=NEXT)], lines=[]
    ),
    Reason.LATE: Scenario(Verdict.MATCHED, lines=[a_bank_line(PAID, booked_on=days_later(5))]),
    Reason.REVERSED: Scenario(
        Verdict.MISSING,
        lines=[BOOKED, a_bank_line(PAID, line_id=19, amount=-AMOUNT, booked_on=days_later(2), reversal=True)],
    ),
    Reason.REFUND_UNMATCHED: alone(a_bank_line(PAID, amount=-AMOUNT), Verdict.MISMATCHED),
    Reason.SETTLEMENT_MISSING: Scenario(Verdict.MISSING, source=SCHEDULE),
    Reason.SETTLEMENT_UNEXPECTED: alone(a_settlement_line(PAID, batch=None)),
    Reason.FEE_DIFFERS: Scenario(
        Verdict.MISMATCHED,
        lines=[a_settlement_line(PAID, fee=FEE + 725), a_payout(AMOUNT - FEE - 725)],
        source=SCHEDULE,
    ),
    Reason.NET_DIFFERS: Scenario(
        Verdict.MISMATCHED,
        lines=[a_settlement_line(PAID, fee=FEE), a_payout(AMOUNT - FEE - 1_000)],
        source=SCHEDULE,
    ),
}
"""The story of every reason that is found in a case."""

FEEDS: Final[Mapping[Reason, Sequence[tuple[date, int, int]]]] = {
    Reason.STATEMENT_GAP: [(DAY, 0, AMOUNT), (NEXT, AMOUNT + 1_000, 2 * AMOUNT + 1_000)],
    Reason.STATEMENT_UNBALANCED: [(DAY, 0, AMOUNT), (NEXT, AMOUNT, 2 * AMOUNT + 1_000)],
}
"""What is found in an account's statements, each of one line: of each day, opening and closing balance."""


def test_every_reason_has_its_story() -> None:
    assert set(SCENARIOS) | set(FEEDS) == set(Reason)


@pytest.mark.parametrize("reason", SCENARIOS)
async def test_a_story_ends_in_its_reason_alone(database: Database, reason: Reason) -> None:
    scenario = SCENARIOS[reason]
    tenant_id = await lay_world(database, "haiduong", scenario.world)
    async with hold_tenant(database, tenant_id) as connection:
        await match_changes(connection, tenant_id, POLICY, AS_OF)
    assert await reasons_of(database, tenant_id) == (set() if reason is Reason.LATE else {reason})
    assert await verdict_of(database, tenant_id, scenario) == scenario.verdict


@pytest.mark.parametrize("reason", SCENARIOS)
def test_the_oracle_tells_the_same_story(reason: Reason) -> None:
    world = SCENARIOS[reason].world
    judgement = judge(world, POLICY.rules, as_of=AS_OF, record_wait_days=1, add=Calendar().add)
    late = {one.reason for one in judge_lateness(world, judgement.matches, Calendar().add)}
    assert {one.reason for one in judgement.discrepancies} | late == {reason}


async def test_where_every_leg_agrees_nothing_is_said(database: Database) -> None:
    source = SourceFact(settlement_days=1, treasury_days=2, receipt_days=1, report_days=1)
    lines = [BOOKED, a_settlement_line(PAID, batch=None), a_treasury_line(PAID), a_receipt(PAID)]
    tenant_id = await lay_world(database, "haiduong", World([PAID], lines, [a_record()], {1: source}))
    async with hold_tenant(database, tenant_id) as connection:
        await match_changes(connection, tenant_id, POLICY, AS_OF)
    assert await reasons_of(database, tenant_id) == set()


async def test_what_came_late_is_noted_and_settled_at_once(database: Database) -> None:
    tenant_id = await lay_world(database, "haiduong", SCENARIOS[Reason.LATE].world)
    async with hold_tenant(database, tenant_id) as connection:
        await match_changes(connection, tenant_id, POLICY, AS_OF)
    async with database.connection() as connection:
        (note,) = await connection.fetch(
            "SELECT reason, state::text, resolution, amount, since FROM discrepancy WHERE tenant_id = $1", tenant_id
        )
    assert tuple(note) == ("late", "resolved", "it came late", AMOUNT, days_later(5))


@pytest.mark.parametrize("reason", FEEDS)
async def test_a_faulty_feed_is_said_of_its_account_and_day(database: Database, reason: Reason) -> None:
    async with database.connection() as connection:
        tenant_id = await lay_tenant(connection, "haiduong")
        await lay_payments(connection, tenant_id, [PAID, a_payment(2, business_date=NEXT)])
        for number, (day, opening, closing) in enumerate(FEEDS[reason], 1):
            booked = StatementLine(1, day, None, AMOUNT, "VND", "", f"HD24050800000{number}", "")
            head = StatementHead("1", f"{day}", "VND", day, day, opening, closing)
            file = sha256(f"{day}".encode()).digest()
            parts = [head, booked, StatementEnd()]
            await import_statements(connection, tenant_id, parts, file_hash=file, format="camt")
    await close_day(database, tenant_id, NEXT, POLICY, NOW)
    async with database.connection() as connection:
        found = await connection.fetch(
            "SELECT subject, reason, source_ids FROM discrepancy WHERE tenant_id = $1 AND subject LIKE 'feed:%'",
            tenant_id,
        )
    assert [tuple(row) for row in found] == [(f"feed:1:{NEXT}", reason, [1])]


async def reasons_of(database: Database, tenant_id: int) -> set[Reason]:
    async with database.connection() as connection:
        rows = await connection.fetch(
            "SELECT reason FROM discrepancy WHERE tenant_id = $1 AND state <> 'resolved'", tenant_id
        )
    return {Reason(row["reason"]) for row in rows}


async def verdict_of(database: Database, tenant_id: int, scenario: Scenario) -> str:
    """Return how the dossier is shown; of a lone line, the class under which its day's report counts it."""
    if scenario.line:
        closed = await close_day(database, tenant_id, scenario.line.booked_on, POLICY, NOW)
        (verdict,) = (name for name, one in closed.report["classes"].items() if one["count"])
        return str(verdict)
    async with database.connection() as connection:
        view = await record_view(connection, tenant_id, DOSSIER)
    assert view is not None
    return str(view["verdict"])
