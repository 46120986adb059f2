"""A bank statement: lines, balances, and what was wrong with it."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from paygate.domain.legs import Leg

TABLE_FORMAT: Final = "table"
"""The one format whose files may be read for several legs, by a mapping for each."""


class StatementKind(StrEnum):
    """What a bank sends a statement as. The same movement may be told in each of them.

    A statement is whole: it covers its days. A report (camt.052, MT942) tells how a day goes while it lasts, a
    notification (camt.054) tells single entries; neither proves that nothing else was booked.
    """

    STATEMENT = "statement"
    REPORT = "report"
    NOTIFICATION = "notification"


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One booked movement. `amount` is signed, in minor units: credits are positive.

    `row` is where it stands in its file, counted from 1: the entry of a camt file, the line of a CSV.
    `entry_reference` is what the bank calls the entry to which the line belongs, alone or with others, in whatever kind
    of statement it tells it; "" where the bank gives its entries no names of their own.
    """

    row: int
    booked_on: date
    value_on: date | None
    amount: int
    currency: str
    bank_reference: str
    reference: str
    narrative: str
    counterparty: str = ""
    reversal: bool = False
    entry_reference: str = ""


@dataclass(frozen=True, slots=True)
class SettlementLine(StatementLine):
    """What a gateway settled of one payment; `amount` is the gross, negative where it gave a payment back.

    `net` is what it pays out of it, `fee` what it kept, None where the file does not tell; `batch` names what is paid
    out as one sum. `booked_on` is the day it is settled, `value_on` the day it was paid.
    """

    fee: int | None = None
    net: int | None = None
    batch: str | None = None


@dataclass(frozen=True, slots=True)
class HandoverLine(StatementLine):
    """What was handed over to the treasury, or what a receipt was issued for.

    `document` is the number of the order or receipt. `evidence` is False where its status says that it did not come
    about, or that it did and was cancelled: then it is `taken_back`, the line it was and evidence no more.
    """

    dossier_code: str | None = None
    document: str | None = None
    evidence: bool = True
    taken_back: bool = False


@dataclass(frozen=True, slots=True)
class StatementHead:
    """Opens a statement within a file: what is known before its lines. Balances are signed minor units."""

    account: str | None
    identification: str
    currency: str | None
    period_from: date | None = None
    period_to: date | None = None
    opening: int | None = None
    closing: int | None = None
    sequence: int | None = None
    """Its number among the statements of its account, as the bank counts them."""
    page: int | None = None
    """Its place among the parts of one number, from 1, where the bank sends a statement in parts."""
    leg: Leg | None = None
    """What it is evidence of, where the format says so rather than the kind of the account."""
    layout: str = ""
    """How the file was understood, a line each, where a person has to judge that."""
    kind: StatementKind = StatementKind.STATEMENT
    source: str | None = None
    """Code of the source whose gateway settled all this; "" for the only one that can have; None: the account tells."""


@dataclass(frozen=True, slots=True)
class StatementEnd:
    """Closes a statement: what only its end can tell. A field that is None leaves the head's."""

    opening: int | None = None
    closing: int | None = None
    period_from: date | None = None
    period_to: date | None = None
    account: str | None = None
    currency: str | None = None
    entries: int | None = None
    """How many entries stood there, where that differs from the lines and refused rows."""
    trailer_agrees: bool | None = None
    """Whether what its trailer says of counts and sums is what stands there; None where no trailer says anything."""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that cannot be read, with its reason; its neighbours are not affected."""

    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class Warned:
    """Something odd that did not stop the reading."""

    text: str


StatementPart = StatementHead | StatementLine | SettlementLine | HandoverLine | RefusedRow | Warned | StatementEnd
"""A parser yields, per statement: one head, its lines and refused rows in file order, one end."""


@dataclass(slots=True)
class StatementSummary:
    """What one statement of a file came to."""

    account: str | None
    identification: str
    currency: str | None
    entries: int = 0
    lines: int = 0
    known: int = 0
    total: int = 0
    opening: int | None = None
    closing: int | None = None
    refused: list[RefusedRow] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    sequence: int | None = None
    page: int | None = None
    leg: Leg | None = None
    trailer_agrees: bool | None = None
    layout: str = ""
    kind: StatementKind = StatementKind.STATEMENT
    source: str | None = None

    @property
    def balanced(self) -> bool | None:
        """Whether opening + lines = closing and no trailer says otherwise; None without balances and such a trailer."""
        if self.trailer_agrees is False:
            return False
        if self.opening is None or self.closing is None:
            return None
        return self.opening + self.total == self.closing
