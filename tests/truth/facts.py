"""The facts of a world, and what is true of them.

Numbers are drawn last, so that they carry no order. `scenario` is whose story a fact belongs to: never laid.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal

Leg = Literal["bank", "settlement", "treasury", "receipt"]
HandOver = Literal["treasury", "receipt"]
Tie = Literal["bank", "settlement", "treasury", "receipt", "refund", "reversal"]
"""What joins a group: a leg's match, a refund tied to its payment, a reversal to the credit it takes back."""
BorneBy = Literal["agency", "payer", "gateway"]

DONG: Final = "VND"


@dataclass(slots=True, eq=False)
class Account:
    number: str
    kind: str = "bank"
    account_id: int = 0


@dataclass(slots=True, eq=False)
class Source:
    """A source and the legs it expects, in business days after payment; None: not expected."""

    code: str
    adapter: str
    account: Account | None
    bank: int | None = None
    settlement: int | None = None
    treasury: int | None = None
    receipt: int | None = None
    report: int | None = None
    percent: Decimal | None = None
    fixed: int | None = None
    borne_by: BorneBy | None = None
    promotions: bool = False
    clearing: Account | None = None
    batch_prefix: str = ""
    source_id: int = 0


@dataclass(slots=True, eq=False)
class Record:
    code: str
    due: int
    status: str
    agency: str
    flag: int
    expires_on: date | None = None


@dataclass(slots=True, eq=False)
class Payment:
    source: Source
    reference: str
    transaction: str
    dossier: str | None
    amount: int
    day: date
    at: datetime
    currency: str = DONG
    state: str = "paid"
    contradicted: bool = False
    given_up_on: date | None = None
    scenario: str = ""
    number: int = 0


@dataclass(slots=True, eq=False)
class Line:
    """A line of any leg, signed; of a settlement line `amount` is the gross."""

    leg: Leg
    account: Account
    amount: int
    booked_on: date
    reference: str = ""
    narrative: str = ""
    currency: str = DONG
    reversal: bool = False
    source: Source | None = None
    fee: int | None = None
    net: int | None = None
    batch: str | None = None
    dossier: str | None = None
    document: str | None = None
    evidence: bool = True
    scenario: str = ""
    number: int = 0


@dataclass(slots=True, eq=False)
class Batch:
    """Settlement lines that are paid out as one sum. `code` None: the file gives none, and the day stands for it."""

    source: Source
    code: str
    settled_on: date
    lines: list[Line] = field(default_factory=list)

    @property
    def net(self) -> int:
        return sum(one.amount if one.net is None else one.net for one in self.lines)


@dataclass(slots=True, frozen=True)
class Group:
    """Facts that settle each other, and no others."""

    tie: Tie
    scenario: str
    payments: frozenset[Payment]
    lines: frozenset[Line]
    batch: Batch | None = None


Case = Record | str | Payment | Line | Batch
"""A dossier by its record or its code, or a fact that belongs to none; a batch where its payout differs."""


@dataclass(slots=True, frozen=True)
class Verdict:
    """What a case comes to, and for each of its reasons the amount at stake.

    `batch` is the batch whose payout differs: its reason classes the case, without being told of it again.
    """

    scenario: str
    case: Case
    verdict: str
    reasons: Mapping[str, int]
    batch: Batch | None = None


@dataclass(slots=True)
class World:
    """All facts of one tenant, and the truth."""

    tenant: str
    accounts: list[Account] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    parted: list[tuple[Payment, Line]] = field(default_factory=list)
