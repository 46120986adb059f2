"""The states of notices, payments and discrepancies: each machine is one table and one door.

News about a payment comes late, twice and in any order. The payment table is therefore a ladder: news moves a
payment up or leaves it where it is, and any order of the same news ends on the same rung. A correction that goes
down is not news but a decision a person takes, and is no part of this table.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class NoticeState(StrEnum):
    RECEIVED = "received"
    PARKED = "parked"
    RETRYING = "retrying"
    QUARANTINED = "quarantined"
    APPLIED = "applied"
    DEAD = "dead"


class PaymentState(StrEnum):
    INITIATED = "initiated"
    PENDING = "pending"
    ABANDONED = "abandoned"
    EXPIRED = "expired"
    FAILED = "failed"
    PAID = "paid"
    REFUND_PENDING = "refund_pending"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"
    REVERSED = "reversed"


class Outcome(StrEnum):
    """What an attempt to pay came to, for success rates that blame the right party."""

    PAID = "paid"
    PAYER_LEFT = "payer_left"
    DECLINED = "declined"
    GATEWAY_FAULT = "gateway_fault"
    OUR_FAULT = "our_fault"
    PENDING = "pending"


class DiscrepancyState(StrEnum):
    OPEN = "open"
    ASSIGNED = "assigned"
    PROPOSED = "proposed"
    RESOLVED = "resolved"


NOTICE_TRANSITIONS: Final[dict[NoticeState, frozenset[NoticeState]]] = {
    NoticeState.RECEIVED: frozenset(
        {NoticeState.APPLIED, NoticeState.PARKED, NoticeState.RETRYING, NoticeState.QUARANTINED}
    ),
    NoticeState.PARKED: frozenset({NoticeState.APPLIED, NoticeState.RETRYING, NoticeState.QUARANTINED}),
    NoticeState.RETRYING: frozenset(
        {NoticeState.APPLIED, NoticeState.PARKED, NoticeState.QUARANTINED, NoticeState.DEAD}
    ),
    NoticeState.QUARANTINED: frozenset({NoticeState.APPLIED, NoticeState.PARKED, NoticeState.RETRYING}),
    NoticeState.DEAD: frozenset({NoticeState.APPLIED, NoticeState.PARKED, NoticeState.RETRYING}),
    NoticeState.APPLIED: frozenset(),
}

_LADDER: Final = tuple(PaymentState)

PAYMENT_TRANSITIONS: Final[dict[PaymentState, frozenset[PaymentState]]] = {
    state: frozenset(_LADDER[rung + 1 :]) for rung, state in enumerate(_LADDER)
}

DISCREPANCY_TRANSITIONS: Final[dict[DiscrepancyState, frozenset[DiscrepancyState]]] = {
    DiscrepancyState.OPEN: frozenset({DiscrepancyState.ASSIGNED, DiscrepancyState.RESOLVED}),
    DiscrepancyState.ASSIGNED: frozenset({DiscrepancyState.OPEN, DiscrepancyState.PROPOSED, DiscrepancyState.RESOLVED}),
    DiscrepancyState.PROPOSED: frozenset({DiscrepancyState.ASSIGNED, DiscrepancyState.RESOLVED}),
    DiscrepancyState.RESOLVED: frozenset(),
}

MONEY_CAME: Final = frozenset(
    {
        PaymentState.PAID,
        PaymentState.REFUND_PENDING,
        PaymentState.PARTLY_REFUNDED,
        PaymentState.REFUNDED,
        PaymentState.REVERSED,
    }
)
"""States in which the payer's money was taken, whatever became of it after."""


def advance(state: PaymentState, news: PaymentState) -> PaymentState:
    """Return the state of a payment after `news` of it: up the ladder, or unmoved by old news."""
    return news if news in PAYMENT_TRANSITIONS[state] else state


def draw(transitions: Mapping[StrEnum, frozenset[StrEnum]]) -> str:
    """Return a state machine's table as a Mermaid diagram, its edges in the order of the states."""
    edges = [
        f"    {state} --> {news}"
        for state, reachable in transitions.items()
        for news in sorted(reachable, key=list(type(state)).index)
    ]
    return "\n".join(["stateDiagram-v2", *edges])
