"""What people do about a discrepancy: their acts as one table and one door, and the kinds of proposals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from paygate.domain.errors import ConflictError, worded
from paygate.domain.lifecycle import DiscrepancyState


class Act(StrEnum):
    """An act, as the event of a discrepancy says it."""

    ASSIGN = "assigned"
    UNASSIGN = "unassigned"
    COMMENT = "commented"
    ATTACH = "attached"
    PROPOSE = "proposed"
    WITHDRAW = "withdrawn"
    REJECT = "rejected"
    APPROVE = "approved"
    CLOSE = "closed"
    """Approved, with nothing left to wait for."""


QUIET: Final = frozenset({Act.ASSIGN, Act.UNASSIGN, Act.COMMENT, Act.ATTACH})
"""Acts that leave the facts and the proposal as they were: what was seen before them still holds."""

STATES: Final[Mapping[DiscrepancyState, Mapping[Act, DiscrepancyState]]] = {
    DiscrepancyState.OPEN: {
        Act.ASSIGN: DiscrepancyState.ASSIGNED,
        Act.COMMENT: DiscrepancyState.OPEN,
        Act.ATTACH: DiscrepancyState.OPEN,
    },
    DiscrepancyState.ASSIGNED: {
        Act.ASSIGN: DiscrepancyState.ASSIGNED,
        Act.UNASSIGN: DiscrepancyState.OPEN,
        Act.COMMENT: DiscrepancyState.ASSIGNED,
        Act.ATTACH: DiscrepancyState.ASSIGNED,
        Act.PROPOSE: DiscrepancyState.PROPOSED,
    },
    DiscrepancyState.PROPOSED: {
        Act.ASSIGN: DiscrepancyState.PROPOSED,
        Act.COMMENT: DiscrepancyState.PROPOSED,
        Act.ATTACH: DiscrepancyState.PROPOSED,
        Act.WITHDRAW: DiscrepancyState.ASSIGNED,
        Act.REJECT: DiscrepancyState.ASSIGNED,
        Act.APPROVE: DiscrepancyState.ASSIGNED,
        Act.CLOSE: DiscrepancyState.RESOLVED,
    },
    DiscrepancyState.RESOLVED: {
        Act.PROPOSE: DiscrepancyState.RESOLVED,
        Act.WITHDRAW: DiscrepancyState.RESOLVED,
        Act.REJECT: DiscrepancyState.RESOLVED,
        Act.APPROVE: DiscrepancyState.RESOLVED,
    },
}
"""What each act makes of a discrepancy; an act that is not listed is refused.

What was done about a resolved one is undone by a proposal, too; it is not opened again, another is.
"""

_REFUSED: Final = {
    DiscrepancyState.OPEN: worded("it cannot be %(act)s: it is assigned to nobody"),
    DiscrepancyState.ASSIGNED: worded("it cannot be %(act)s: there is no open proposal"),
    DiscrepancyState.PROPOSED: worded("it cannot be %(act)s: a proposal is open"),
    DiscrepancyState.RESOLVED: worded("it cannot be %(act)s: it is resolved"),
}


def state_after(state: DiscrepancyState, act: Act) -> DiscrepancyState:
    """Return the state of a discrepancy after an act of a person's.

    Raises:
        ConflictError: the act is not one of its state.
    """
    if act not in STATES[state]:
        raise ConflictError(_REFUSED[state], act=act)
    return STATES[state][act]


class ProposalKind(StrEnum):
    """What a second person may be asked to approve."""

    LINK = "link"
    SPLIT = "split"
    REFUND = "refund"
    WRITE_OFF = "write_off"
    CORRECT_FLAG = "correct_flag"
    NOT_OURS = "not_ours"
    REOPEN = "reopen"


CLOSING: Final = frozenset({ProposalKind.WRITE_OFF, ProposalKind.NOT_OURS})
"""Kinds that close a discrepancy when they are approved; after the others, the facts have to agree."""
UNDOING: Final = frozenset({ProposalKind.SPLIT, ProposalKind.REOPEN})
"""Kinds that may be proposed about what is resolved: it stays so, and what does not agree then is another."""


class ProposalState(StrEnum):
    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a maker proposes. `detail` is JSON: what the kind needs to be done. `amount` None: the discrepancy's."""

    kind: ProposalKind
    detail: Mapping[str, Any]
    reason: str
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A discrepancy as a person saw it who acts on it now. `version` is the number of the last event they saw.

    `agencies` are those the person is limited to; None: to none.
    """

    tenant_id: int
    discrepancy_id: int
    version: int
    person: str
    agencies: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What an act came to: the state and version it left, the proposal it was about, and what is told of it."""

    state: DiscrepancyState
    version: int
    proposal_id: int | None
    told: Mapping[str, Any]
