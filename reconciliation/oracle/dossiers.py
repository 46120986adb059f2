"""What each dossier owes against what is kept of what was paid for it, and where it stands."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from reconciliation.model import Reason
from reconciliation.oracle.facts import DiscrepancyFact, PaymentFact, RecordFact, World
from reconciliation.oracle.returns import Returned

AddBusinessDays = Callable[[date, int], date]
Paid = tuple[PaymentFact, int]
"""A payment, and what is kept of it."""


def judge_dossiers(
    world: World,
    returned: Mapping[int, Returned],
    record_wait_days: int,
    recorded_days: int,
    add: AddBusinessDays,
) -> Iterable[DiscrepancyFact]:
    records = {one.dossier_code: one for one in world.records}
    paid = defaultdict(list)
    for payment in world.payments:
        back = returned.get(payment.payment_id)
        kept = back.kept if back else payment.amount
        if payment.came and payment.dossier_code is None and not (back and kept == 0):
            since = add(payment.business_date, record_wait_days)
            yield DiscrepancyFact(f"payment:{payment.payment_id}", Reason.RECORD_MISSING, kept, since)
        elif payment.came and payment.dossier_code and payment.currency == "VND":
            paid[payment.dossier_code].append((payment, kept))
    for code, payments in paid.items():
        if all(one.payment_id in returned and kept == 0 for one, kept in payments):
            continue
        total = sum(kept for _, kept in payments)
        first, last = (choose(one.business_date for one, _ in payments) for choose in (min, max))
        if code not in records:
            yield DiscrepancyFact(f"dossier:{code}", Reason.RECORD_MISSING, total, add(first, record_wait_days))
            continue
        record = records[code]
        if found := _judge_sums(record, payments, total):
            yield DiscrepancyFact(f"dossier:{code}", *found, last)
        if record.status == "payment_requested":
            yield DiscrepancyFact(f"dossier:{code}", Reason.PAID_NOT_RECORDED, total, add(last, recorded_days))


def _judge_sums(record: RecordFact, payments: Sequence[Paid], total: int) -> tuple[Reason, int] | None:
    late = sum(kept for one, kept in payments if record.expires_on and one.business_date > record.expires_on)
    if record.status in ("withdrawn", "refused"):
        return (Reason.RECORD_CLOSED, total) if total > 0 else None
    if late:
        return Reason.OBLIGATION_EXPIRED, late
    if total < record.due:
        return Reason.UNDERPAID, record.due - total
    if total > record.due:
        twice = record.due > 0 and sum(one.amount == record.due and kept > 0 for one, kept in payments) > 1
        return (Reason.DUPLICATE_PAYMENT if twice else Reason.OVERPAID), total - record.due
    return None
