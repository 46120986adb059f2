"""A payment, folded from what its notices say: any order, repetition and batching of them folds to the same payment.

The highest rung of the ladder any notice reached is the payment's state. Its amount, currency, time and outcome are
those of the *winning* notice on that rung: an answer to a question of ours before a notice, and of several answers that
to the latest question; then the one which happened first, then of the smallest amount, then by currency and outcome.
Its dossier is the one known on the surest evidence. All three are joins of a total order, which is why news may come
late, twice and shuffled; whether it is contradicted is said of what they came to.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum
from typing import Final, NamedTuple

from paygate.domain.lifecycle import MONEY_CAME, Outcome, PaymentState, advance
from paygate.domain.text import dossier_code_in

CLOCKS_APART: Final = timedelta(minutes=5)
"""How far a source's clock may lie behind ours before a failure counts as answered after the payment came about."""
DENIALS: Final = frozenset({PaymentState.ABANDONED, PaymentState.EXPIRED, PaymentState.FAILED})
_LAST: Final = datetime.max.replace(tzinfo=UTC)


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
    """What one notice says of a payment. `occurred_at` is when the notice came where the source gives no time.

    `asked_at` is when we asked, where it is an answer and did not come by itself.
    """

    state: PaymentState
    outcome: Outcome
    amount: int
    currency: str
    occurred_at: datetime
    dossier: Dossier | None = None
    conflicting: bool = False
    asked_at: datetime | None = None


class Payment(NamedTuple):
    """A payment as far as its notices tell it, in the same fields; `asked_at` is the winning answer's.

    `denied_at` is the latest question that was answered with a failure.
    """

    state: PaymentState
    outcome: Outcome
    amount: int
    currency: str
    occurred_at: datetime
    dossier: Dossier | None = None
    conflicting: bool = False
    asked_at: datetime | None = None
    denied_at: datetime | None = None

    @property
    def contradicted(self) -> bool:
        """Whether two notices contradict each other, or a source denied, when asked, money that it had told of.

        A failure that was answered before the payment came about is no denial: a late success is legal.
        """
        if self.conflicting or self.state not in MONEY_CAME or self.denied_at is None:
            return self.conflicting
        return self.denied_at > self.occurred_at + CLOCKS_APART


class Received(NamedTuple):
    """A payment whose money came, as far as it is compared with what others say came. `occurred_at` is aware."""

    payment_id: int
    reference: str
    transaction_id: str
    amount: int
    currency: str
    occurred_at: datetime
    business_date: date


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
        return Payment(*said, denied_at=_denial(said))
    winner = said if _wins(said, payment) else payment
    return Payment(
        state=advance(payment.state, said.state),
        outcome=winner.outcome,
        amount=winner.amount,
        currency=winner.currency,
        occurred_at=winner.occurred_at,
        dossier=surest(payment.dossier, said.dossier),
        conflicting=payment.conflicting or said.conflicting,
        asked_at=winner.asked_at,
        denied_at=max(filter(None, (payment.denied_at, _denial(said))), default=None),
    )


def _denial(said: Said) -> datetime | None:
    return said.asked_at if said.state in DENIALS else None


def _wins(said: Said, payment: Payment) -> bool:
    if said.state is payment.state:
        return _precedence(said) < _precedence(payment)
    return advance(payment.state, said.state) is said.state


def _precedence(one: Said | Payment) -> tuple[timedelta, datetime, int, str, str]:
    age = timedelta.max if one.asked_at is None else _LAST - one.asked_at
    return age, one.occurred_at, one.amount, one.currency, one.outcome


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
