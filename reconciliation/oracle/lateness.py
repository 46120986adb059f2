"""What came, but after it was due."""

from collections.abc import Collection, Iterable

from reconciliation.model import Reason
from reconciliation.oracle.dossiers import AddBusinessDays
from reconciliation.oracle.facts import DiscrepancyFact, MatchFact, World


def judge_lateness(world: World, matches: Collection[MatchFact], add: AddBusinessDays) -> Iterable[DiscrepancyFact]:
    """Say of each payment with a bank line of its own whether the last of them was booked after it was due."""
    payments = {one.payment_id: one for one in world.payments}
    booked = {line.line_id: line.booked_on for line in world.lines}
    for match in matches:
        for payment in (payments[number] for number in match.payment_ids if match.leg == "bank"):
            last = max(booked[line] for line in match.line_ids)
            if payment.bank_days is not None and last > add(payment.business_date, payment.bank_days):
                yield DiscrepancyFact(f"payment:{payment.payment_id}", Reason.LATE, payment.amount, last)
