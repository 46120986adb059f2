"""How each leg of a dossier is seen: present, missing, differing, not expected, or not due."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from paygate.domain.legs import Leg
from paygate.domain.lifecycle import MONEY_CAME, PaymentState
from reconciliation.model import Reason

Standing = Literal["present", "missing", "differs", "not_expected", "not_due"]

LACKS: Final[Mapping[Leg, frozenset[Reason]]] = {
    Leg.SETTLEMENT: frozenset({Reason.SETTLEMENT_MISSING}),
    Leg.BANK: frozenset({Reason.BANK_MISSING, Reason.REVERSED}),
    Leg.TREASURY: frozenset({Reason.TREASURY_NOT_SENT}),
    Leg.RECEIPT: frozenset({Reason.RECEIPT_MISSING}),
}
"""What is said where a leg's line is due and is not there."""

_SUMS: Final = frozenset({Reason.OVERPAID, Reason.UNDERPAID, Reason.DUPLICATE_PAYMENT})
_CONTRADICTED: Final = frozenset({Reason.NOTICES_CONFLICT, Reason.CURRENCY_DIFFERS})
_KEPT_OTHERWISE: Final = frozenset({Reason.FEE_DIFFERS, Reason.NET_DIFFERS})
_HANDED_OVER: Final = frozenset({Leg.TREASURY, Leg.RECEIPT})
_DIFFERING: Final = frozenset({"by_hand", "reference", "reference_other_account", "settlement_batch"})
"""Rules by which facts are joined that do not agree, or need not."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A payment's match in a leg: the rule, and Σ payments − Σ lines of the whole match."""

    rule: str
    difference: int

    def differs(self, leg: Leg) -> bool:
        """Tell whether a person is to look at it: of what is handed over, less may be all that was to be."""
        if leg in _HANDED_OVER:
            return self.difference < 0
        return self.rule == "reference_other_account" or (self.rule in _DIFFERING and self.difference != 0)


@dataclass(frozen=True, slots=True)
class ShownPayment:
    """A payment as far as its legs tell of it. `days`: business days until each leg is due that its source expects."""

    state: PaymentState
    amount: int
    refunded: int
    days: Mapping[Leg, int]
    joined: Mapping[Leg, Joined]
    taken_back: bool = False

    @property
    def came(self) -> bool:
        return self.state in MONEY_CAME

    @property
    def kept(self) -> int:
        """What the payer has not got back."""
        return 0 if self.taken_back or not self.came else max(self.amount - self.refunded, 0)

    @property
    def status(self) -> PaymentState:
        """Return its state as it is shown, with what went back."""
        if not self.came or self.amount <= 0:
            return self.state
        if self.taken_back:
            return PaymentState.REVERSED
        if self.refunded >= self.amount:
            return PaymentState.REFUNDED
        return PaymentState.PARTLY_REFUNDED if self.refunded else self.state


@dataclass(frozen=True, slots=True)
class ShownRecord:
    """A dossier's record as far as its legs tell of it."""

    due: int
    flag: int


def see_legs(
    record: ShownRecord | None,
    payments: Sequence[ShownPayment],
    reasons: Collection[Reason],
    closed: Collection[Reason] = (),
) -> dict[Leg, Standing]:
    """Say of each leg the least good of what it is for the dossier's payments.

    `reasons` are those of the dossier's own: what is wrong with a whole batch shows where its payments are joined.
    `closed` are those that people have closed: nobody waits for such a leg any more.
    """
    came = [one for one in payments if one.came]
    return {
        Leg.OBLIGATION: _obligation(record, came, reasons),
        Leg.PAYMENT: _payment(record, came, reasons),
        **{leg: _of_lines(leg, came, reasons, closed) for leg in LACKS},
        Leg.REPORT: _report(record, came, reasons, closed),
    }


def _obligation(record: ShownRecord | None, came: Sequence[ShownPayment], reasons: Collection[Reason]) -> Standing:
    if record is None:
        return "missing"
    if record.due == 0 and not came:
        return "not_expected"
    return "differs" if _SUMS.intersection(reasons) else "present"


def _payment(record: ShownRecord | None, came: Sequence[ShownPayment], reasons: Collection[Reason]) -> Standing:
    if came:
        return "differs" if _CONTRADICTED.intersection(reasons) else "present"
    return "missing" if record is not None and record.due > 0 else "not_expected"


def _of_lines(
    leg: Leg, came: Sequence[ShownPayment], reasons: Collection[Reason], closed: Collection[Reason]
) -> Standing:
    joined = [one.joined[leg] for one in came if leg in one.joined]
    if LACKS[leg].intersection(reasons):
        return "missing"
    if any(one.differs(leg) for one in joined) or (leg is Leg.SETTLEMENT and _KEPT_OTHERWISE.intersection(reasons)):
        return "differs"
    if any(_waits(leg, one) for one in came) and LACKS[leg].isdisjoint(closed):
        return "not_due"
    return "present" if joined else "not_expected"


def _waits(leg: Leg, payment: ShownPayment) -> bool:
    """Tell whether a leg is yet to come: of the whole sum where it is handed over, of the payment elsewhere."""
    if leg not in payment.days:
        return False
    joined = payment.joined.get(leg)
    if leg in _HANDED_OVER:
        return payment.kept > 0 and (joined is None or joined.difference > 0)
    return joined is None


def _report(
    record: ShownRecord | None, came: Sequence[ShownPayment], reasons: Collection[Reason], closed: Collection[Reason]
) -> Standing:
    if not any(Leg.REPORT in one.days and one.kept > 0 for one in came):
        return "not_expected"
    if record is not None and record.flag:
        return "present"
    if {Reason.FLAG_NOT_SYNCED, Reason.RECORD_MISSING}.intersection(reasons):
        return "missing"
    return "not_expected" if Reason.FLAG_NOT_SYNCED in closed else "not_due"
