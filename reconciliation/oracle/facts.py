"""What the oracle is given, and what it says: facts in memory, numbers as the ledger gave them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from reconciliation.model import Reason


@dataclass(frozen=True, slots=True)
class SourceFact:
    """What a source expects beside the bank's line, in business days after payment, and what its gateway may keep."""

    settlement_days: int | None = None
    treasury_days: int | None = None
    receipt_days: int | None = None
    report_days: int | None = None
    fee_percent: Decimal | None = None
    fee_fixed: int = 0
    fee_borne_by: str = "agency"
    promotions: bool = False
    account_id: int | None = None
    """The bank account into which its gateway pays out."""


@dataclass(frozen=True, slots=True)
class PaymentFact:
    """A payment. `came` tells whether money was taken; `bank_days` None: no bank line is expected.

    `hangs`: no result is known. `given_up_on` is the day on which the questions about its reference ended without one.
    """

    payment_id: int
    reference: str
    dossier_code: str | None
    amount: int
    currency: str
    business_date: date
    account_id: int | None
    bank_days: int | None
    came: bool = True
    conflicting: bool = False
    source_id: int = 1
    hangs: bool = False
    given_up_on: date | None = None
    state: str = "paid"
    """Of money that came: paid, refund_pending, partly_refunded, refunded or reversed."""
    occurred_at: datetime | None = None
    transaction_id: str = ""


@dataclass(frozen=True, slots=True)
class LineFact:
    """A line of any leg, signed. Of a settlement line `amount` is the gross and `booked_on` the day of its batch."""

    line_id: int
    account_id: int
    amount: int
    currency: str
    booked_on: date
    reference: str
    narrative: str
    leg: str = "bank"
    reversal: bool = False
    source_id: int | None = None
    fee: int | None = None
    net: int | None = None
    batch: str | None = None
    dossier_code: str | None = None
    evidence: bool = True


@dataclass(frozen=True, slots=True)
class RecordFact:
    """What a dossier owes and where it stands."""

    dossier_code: str
    due: int
    status: str
    expires_on: date | None = None
    flag: int = 0


@dataclass(frozen=True, slots=True)
class MatchFact:
    """Payments and lines that settle each other. `batch` is the source and code of a batch in the payments' place."""

    rule: str
    payment_ids: tuple[int, ...]
    line_ids: tuple[int, ...]
    difference: int
    leg: str = "bank"
    batch: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class BackFact:
    """What went back by a line: to a payment, or the very money of a credit line."""

    line_id: int
    payment_id: int | None
    credit_line_id: int | None
    amount: int


@dataclass(frozen=True, slots=True)
class DiscrepancyFact:
    """What does not agree: the subject as `kind:id`, the amount at stake, the day from which it holds."""

    subject: str
    reason: Reason
    amount: int
    since: date


@dataclass(frozen=True, slots=True)
class Judgement:
    """Everything the matcher says of a world."""

    matches: frozenset[MatchFact]
    discrepancies: frozenset[DiscrepancyFact]
    back: frozenset[BackFact] = frozenset()


@dataclass(frozen=True, slots=True)
class World:
    """All facts of one tenant."""

    payments: Sequence[PaymentFact]
    lines: Sequence[LineFact]
    records: Sequence[RecordFact]
    sources: Mapping[int, SourceFact] = field(default_factory=dict)
    parted: frozenset[tuple[str, int, int]] = frozenset()
    """Pairs a person has parted: leg, payment, line."""
    parted_payouts: frozenset[tuple[int, str, int]] = frozenset()
    """Batches a person has parted from bank lines: source, code, line."""
    closed: frozenset[tuple[str, Reason, int]] = frozenset()
    """What people have closed: subject, reason and amount as they stood."""
    joined: frozenset[tuple[tuple[int, ...], tuple[int, ...]]] = frozenset()
    """What people have joined: payments and bank lines, each in one joining at most."""
