"""What a dossier must still pay, as far as the ledger knows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from paygate.domain.lifecycle import PaymentState
from paygate.domain.money import DONG
from paygate.domain.record import Obligation, ProcedureRecord, RecordStatus

CLOSED: Final = frozenset({RecordStatus.REFUSED, RecordStatus.WITHDRAWN, RecordStatus.STOPPED})
"""Whose money would have to be given back."""

HELD: Final = frozenset({PaymentState.PAID, PaymentState.REFUND_PENDING, PaymentState.PARTLY_REFUNDED})
"""States in which the payer's money is with us. One partly refunded counts whole: rather ask for too little."""

UNDER_WAY: Final = {PaymentState.INITIATED: timedelta(minutes=15), PaymentState.PENDING: timedelta(hours=24)}
"""How long an attempt may still become a payment: until then nobody is asked to pay a second time."""


class NothingDue(StrEnum):
    """Why a dossier has nothing to pay now."""

    NOT_REQUIRED = "not_required"
    PAID = "paid"
    CLOSED = "closed"
    EXPIRED = "expired"
    UNDER_WAY = "under_way"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A payment of the dossier as it stands in the ledger. `amount` in minor units."""

    state: PaymentState
    amount: int
    currency: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Beneficiary:
    """Into which account a source's money goes. `bank` is the bank's code."""

    number: str
    bank: str
    holder: str


@dataclass(frozen=True, slots=True)
class Payable:
    """What a dossier must pay, line by line, and to whom."""

    record: ProcedureRecord
    lines: tuple[Obligation, ...]
    beneficiary: Beneficiary

    @property
    def amount(self) -> int:
        return sum(line.amount for line in self.lines)


def judge_payable(
    record: ProcedureRecord, attempts: Sequence[Attempt], now: datetime, today: date
) -> tuple[Obligation, ...] | NothingDue:
    """Return the lines that are still due, or why there are none. `today` is the tenant's business day.

    Money in another currency is not offset: it is for an officer to say what it pays, and until then nothing is asked.
    """
    if not record.due:
        return NothingDue.NOT_REQUIRED
    paid = sum(one.amount for one in attempts if one.state in HELD and one.currency == DONG)
    if paid >= record.due:
        return NothingDue.PAID
    if record.status in CLOSED:
        return NothingDue.CLOSED
    if record.expires_on is not None and today > record.expires_on:
        return NothingDue.EXPIRED
    if any(_may_still_pay(one, now) for one in attempts):
        return NothingDue.UNDER_WAY
    return tuple(_remaining(record.obligations, paid))


def _may_still_pay(attempt: Attempt, now: datetime) -> bool:
    if attempt.state in HELD:
        return attempt.currency != DONG
    return attempt.state in UNDER_WAY and now - attempt.occurred_at < UNDER_WAY[attempt.state]


def _remaining(lines: Iterable[Obligation], paid: int) -> Iterable[Obligation]:
    """Take what was paid off the lines, the first first."""
    for line in lines:
        taken = min(line.amount, paid)
        paid -= taken
        if line.amount > taken:
            yield replace(line, amount=line.amount - taken)
