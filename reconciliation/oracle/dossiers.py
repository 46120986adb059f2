"""What each dossier owes against what is kept of what was paid for it, and where it stands."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from reconciliation.model import Reason
from reconciliation.oracle.facts import DiscrepancyFact, PaymentFact, RecordFact, World
from reconciliation.oracle.returns import Returned

AddBusinessDays = Callable[[date, int], date]


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment, what is kept of it, and what its gateway adds where anything is."""

    payment: PaymentFact
    kept: int
    added: int
    gone_back: bool

    @property
    def counted(self) -> int:
        return self.kept + (self.added if self.kept else 0)


def judge_dossiers(  # noqa: PLR0913, PLR0917 -- each tells another thing of what was paid
    world: World,
    returned: Mapping[int, Returned],
    added: Mapping[int, int],
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
            one = Paid(payment, kept, added.get(payment.payment_id, 0), gone_back=bool(back) and kept == 0)
            paid[payment.dossier_code].append(one)
    for code, payments in paid.items():
        if all(one.gone_back for one in payments):
            continue
        total = sum(one.kept for one in payments)
        first, last = (choose(one.payment.business_date for one in payments) for choose in (min, max))
        if code not in records:
            yield DiscrepancyFact(f"dossier:{code}", Reason.RECORD_MISSING, total, add(first, record_wait_days))
            continue
        record = records[code]
        if found := _judge_sums(record, payments, total):
            yield DiscrepancyFact(f"dossier:{code}", *found, last)
        if record.status == "payment_requested":
            yield DiscrepancyFact(f"dossier:{code}", Reason.PAID_NOT_RECORDED, total, add(last, recorded_days))


def _judge_sums(record: RecordFact, payments: Sequence[Paid], total: int) -> tuple[Reason, int] | None:
    late = sum(one.kept for one in payments if record.expires_on and one.payment.business_date > record.expires_on)
    if record.status in ("withdrawn", "refused"):
        return (Reason.RECORD_CLOSED, total) if total > 0 else None
    if late:
        return Reason.OBLIGATION_EXPIRED, late
    counted = sum(one.counted for one in payments)
    if counted < record.due:
        return Reason.UNDERPAID, record.due - counted
    if counted > record.due:
        whole = sum(one.payment.amount + one.added == record.due and one.kept > 0 for one in payments)
        twice = record.due > 0 and whole > 1
        return (Reason.DUPLICATE_PAYMENT if twice else Reason.OVERPAID), counted - record.due
    return None
