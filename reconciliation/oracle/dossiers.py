"""What each dossier owes against what was paid for it, and where it stands."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date

from reconciliation.model import Reason
from reconciliation.oracle.facts import DiscrepancyFact, PaymentFact, RecordFact, World

AddBusinessDays = Callable[[date, int], date]


def judge_dossiers(
    world: World, record_wait_days: int, recorded_days: int, add: AddBusinessDays
) -> Iterable[DiscrepancyFact]:
    records = {one.dossier_code: one for one in world.records}
    paid = defaultdict(list)
    for payment in world.payments:
        if payment.came and payment.dossier_code is None:
            since = add(payment.business_date, record_wait_days)
            yield DiscrepancyFact(f"payment:{payment.payment_id}", Reason.RECORD_MISSING, payment.amount, since)
        elif payment.came and payment.dossier_code and payment.currency == "VND":
            paid[payment.dossier_code].append(payment)
    for code, payments in paid.items():
        total = sum(one.amount for one in payments)
        first, last = (choose(one.business_date for one in payments) for choose in (min, max))
        if code not in records:
            yield DiscrepancyFact(f"dossier:{code}", Reason.RECORD_MISSING, total, add(first, record_wait_days))
            continue
        record = records[code]
        if found := _judge_sums(record, payments, total):
            yield DiscrepancyFact(f"dossier:{code}", *found, last)
        if record.status == "payment_requested":
            yield DiscrepancyFact(f"dossier:{code}", Reason.PAID_NOT_RECORDED, total, add(last, recorded_days))


def _judge_sums(record: RecordFact, payments: Sequence[PaymentFact], total: int) -> tuple[Reason, int] | None:
    late = sum(one.amount for one in payments if record.expires_on and one.business_date > record.expires_on)
    if record.status in ("withdrawn", "refused"):
        return Reason.RECORD_CLOSED, total
    if late:
        return Reason.OBLIGATION_EXPIRED, late
    if total < record.due:
        return Reason.UNDERPAID, record.due - total
    if total > record.due:
        twice = record.due > 0 and sum(one.amount == record.due for one in payments) > 1
        return (Reason.DUPLICATE_PAYMENT if twice else Reason.OVERPAID), total - record.due
    return None
