"""Which payments a reference's refunds return, where there are several of either."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, order=True)
class Refund:
    """What went back by one line: the first comes first."""

    booked_on: date
    line_id: int
    amount: int


@dataclass(frozen=True, slots=True, order=True)
class Returnable:
    """A payment that came: the latest is returned first."""

    business_date: date
    occurred_at: datetime
    transaction_id: str
    payment_id: int
    amount: int


Part = tuple[int, int, int]
"""Of a line, to a payment, this much."""


def allot(refunds: Iterable[Refund], payments: Iterable[Returnable]) -> list[Part]:
    """Allot refunds to payments that come to as much or more.

    A refund of a payment's very amount returns the latest such payment; what is left returns the latest payments first.
    """
    latest = sorted(payments, reverse=True)
    room = {one.payment_id: one.amount for one in latest}
    parts, left = [], []
    for refund in sorted(refunds):
        whole = next((one for one in latest if room[one.payment_id] == one.amount == refund.amount), None)
        if whole is None:
            left.append(refund)
        else:
            room[whole.payment_id] = 0
            parts.append((refund.line_id, whole.payment_id, refund.amount))
    return [*parts, *(part for refund in left for part in _spread(refund, latest, room))]


def _spread(refund: Refund, latest: Sequence[Returnable], room: dict[int, int]) -> Iterator[Part]:
    rest = refund.amount
    for one in latest:
        part = min(room[one.payment_id], rest)
        if part > 0:
            room[one.payment_id] -= part
            rest -= part
            yield refund.line_id, one.payment_id, part
