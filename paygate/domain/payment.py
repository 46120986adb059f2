"""A payment, folded from what its notices say: any order, repetition and batching of them folds to the same payment.

The highest rung of the ladder any notice reached is the payment's state. Its amount, currency, time and outcome are
those of the *winning* notice: the one on that rung which happened first, then of the smallest amount, then by currency
and outcome. Its dossier is the one known on the surest evidence. All three are joins of a total order, which is why
news may come late, twice and shuffled.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import NamedTuple

from paygate.domain.lifecycle import MONEY_CAME, Outcome, PaymentState, advance
from paygate.domain.text import dossier_code_in


class Evidence(IntEnum):
    """How the dossier of a payment is known, the surest first."""

    REQUESTED = 0
    TOLD = 1
    DESCRIBED = 2
    CONTAINED = 3


class Dossier(NamedTuple):
    """A dossier a payment is for; of two, the lesser is the surer."""

    evidence: Evidence
    code: str


class Said(NamedTuple):
    """What one notice says of a payment. `occurred_at` is when the notice came where the source gives no time."""

    state: PaymentState
    outcome: Outcome
    amount: int
    currency: str
    occurred_at: datetime
    dossier: Dossier | None = None
    conflicting: bool = False


class Payment(NamedTuple):
    """A payment as far as its notices tell it, in the same fields."""

    state: PaymentState
    outcome: Outcome
    amount: int
    currency: str
    occurred_at: datetime
    dossier: Dossier | None = None
    conflicting: bool = False


class PaymentIdentity(NamedTuple):
    """What makes notices speak of one payment. A second transaction under one reference is a second payment."""

    source_id: int
    reference: str
    transaction_id: str


class DueNotice(NamedTuple):
    """A notice on its way from the inbox into the ledger."""

    notice_id: int
    identity: PaymentIdentity
    received_at: datetime
    said: Said

    @property
    def brings_money(self) -> bool:
        """Whether it must wait for its dossier's record: a failed attempt needs none."""
        return self.said.state in MONEY_CAME


@dataclass(slots=True)
class Applied:
    """What became of a batch of notices.

    `parked` names for each waiting notice the keys, of its reference and of its dossier, any of which wakes it.
    `unnamed` notices are settled too, but the record of their payment's dossier has not come; by these keys it will be
    linked when it does.
    `placed` holds the keys of references whose payment's dossier became known or another: who is parked under them may
    go on. `reached` holds tenant, source and outcome of each payment that newly came to that outcome, `entered` the
    arrival times of the notices that are new in the ledger, `changed` the payments that are not as before.
    """

    settled: list[int] = field(default_factory=list)
    parked: dict[int, tuple[str, ...]] = field(default_factory=dict)
    unnamed: dict[int, tuple[str, ...]] = field(default_factory=dict)
    placed: list[str] = field(default_factory=list)
    reached: list[tuple[str, str, Outcome]] = field(default_factory=list)
    entered: list[datetime] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)

    def add(self, other: "Applied") -> None:
        self.settled += other.settled
        self.parked |= other.parked
        self.unnamed |= other.unnamed
        self.placed += other.placed
        self.reached += other.reached
        self.entered += other.entered
        self.changed += other.changed


def fold(payment: Payment | None, said: Said) -> Payment:
    """Return the payment after one more notice of it."""
    if payment is None:
        return Payment(*said)
    winner = said if _wins(said, payment) else payment
    return Payment(
        state=advance(payment.state, said.state),
        outcome=winner.outcome,
        amount=winner.amount,
        currency=winner.currency,
        occurred_at=winner.occurred_at,
        dossier=surest(payment.dossier, said.dossier),
        conflicting=payment.conflicting or said.conflicting,
    )


def _wins(said: Said, payment: Payment) -> bool:
    if said.state is payment.state:
        return _precedence(said) < _precedence(payment)
    return advance(payment.state, said.state) is said.state


def _precedence(one: Said | Payment) -> tuple[datetime, int, str, str]:
    return one.occurred_at, one.amount, one.currency, one.outcome


def surest(*dossiers: Dossier | None) -> Dossier | None:
    """Return the dossier known on the surest evidence; between equals, the first by its code."""
    return min((one for one in dossiers if one is not None), default=None)


def dossier_said(told: str | None, texts: Iterable[str]) -> Dossier | None:
    """Return the dossier a notice names: in its own field, else as the only code in one of its free texts."""
    if told:
        return Dossier(Evidence.TOLD, told)
    for text in texts:
        if code := dossier_code_in(text):
            return Dossier(Evidence.DESCRIBED, code)
    return None
