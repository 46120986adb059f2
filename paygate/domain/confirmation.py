"""Payments that booked money confirms, where a source's own word is not enough.

A payment is confirmed by the one line that says the same of account, reference, amount and currency, if nothing else
lays claim to either. Decisions alone: facts in, facts out.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from paygate.domain.errors import UnreadableNoticeError
from paygate.domain.lifecycle import MONEY_CAME, Outcome, PaymentState
from paygate.domain.notice import NoticeFacts, RawNotice


class Place(NamedTuple):
    """Where payments and lines meet. `reference_key` is the reference as the matcher compares it."""

    reference_key: str
    account_id: int
    currency: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A payment that has its money, or hangs. `money_confirms`: its source says so of itself."""

    payment_id: int
    source_id: int
    place: Place
    reference: str
    transaction_id: str
    state: PaymentState
    amount: int
    occurred_at: datetime
    money_confirms: bool

    @property
    def waits(self) -> bool:
        """Whether booked money would make it paid."""
        return self.money_confirms and self.state is PaymentState.PENDING and self.amount > 0

    def as_headers(self) -> Mapping[str, str]:
        """Write what is kept beside the booking, which does not say whose it is."""
        return {
            "reference": self.reference,
            "transaction_id": self.transaction_id,
            "occurred_at": self.occurred_at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Booking:
    """A line of a bank's statement. `amount` is signed; `statement` names the file and the statement in it."""

    line_id: int
    place: Place
    account: str
    statement: Mapping[str, str]
    row: int
    reference: str
    bank_reference: str
    entry_reference: str
    booked_on: date
    value_on: date | None
    amount: int
    reversal: bool

    def as_body(self) -> bytes:
        """Write the line, always in the same bytes, without what is the payer's: that stays with the line itself."""
        told = {
            "account": self.account,
            "amount": self.amount,
            "bank_reference": self.bank_reference,
            "booked_on": self.booked_on.isoformat(),
            "currency": self.place.currency,
            "entry_reference": self.entry_reference,
            "line": self.line_id,
            "reference": self.reference,
            "row": self.row,
            "statement": dict(self.statement),
            "value_on": self.value_on and self.value_on.isoformat(),
        }
        return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def confirmed(claims: Iterable[Claim], bookings: Iterable[Booking]) -> list[tuple[Claim, Booking]]:
    """Return the payments whose money has come beyond doubt, each with the line that says so, by their numbers."""
    claimed: defaultdict[Place, list[Claim]] = defaultdict(list)
    booked: defaultdict[Place, list[Booking]] = defaultdict(list)
    for claim in claims:
        claimed[claim.place].append(claim)
    for booking in bookings:
        booked[booking.place].append(booking)
    found = [pair for place in claimed for pair in _confirmed_at(claimed[place], booked[place])]
    return sorted(found, key=lambda pair: pair[0].payment_id)


def _confirmed_at(claims: Sequence[Claim], bookings: Sequence[Booking]) -> Iterable[tuple[Claim, Booking]]:
    came = [one for one in bookings if one.amount > 0 and not one.reversal]
    left = Counter(one.amount for one in came)
    left.subtract(-one.amount for one in bookings if one.amount < 0)  # money that went back confirms nothing
    left.subtract(one.amount for one in claims if one.state in MONEY_CAME)
    if any(left[one.amount] < 0 for one in claims if one.state in MONEY_CAME):
        return  # a payment under this reference lacks its money: a line of another amount may be meant for it
    hanging = Counter(one.amount for one in claims if one.state not in MONEY_CAME)
    for claim in claims:
        if claim.waits and hanging[claim.amount] == 1 and left[claim.amount] == 1:
            same = [one for one in came if one.amount == claim.amount]
            yield claim, max(same, key=lambda one: (one.booked_on, one.line_id))


def translate(raw: RawNotice) -> NoticeFacts:
    """Say in our words what a booking says of the payment it is kept for: that it is paid.

    The payment's time stays its own: a statement tells a day, and that of the bank.

    Raises:
        UnreadableNoticeError: it is not what is kept of a booking.
    """
    try:
        told = json.loads(raw.body)
        return NoticeFacts(
            raw.headers["reference"],
            raw.headers["transaction_id"],
            PaymentState.PAID,
            Outcome.PAID,
            amount=int(told["amount"]),
            currency=str(told["currency"]),
            occurred_at=datetime.fromisoformat(raw.headers["occurred_at"]),
        )
    except (ValueError, KeyError, TypeError):
        raise UnreadableNoticeError("it is not what is kept of a booking") from None
