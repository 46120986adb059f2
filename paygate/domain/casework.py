"""What people do about a discrepancy: the kinds of proposals, and the states one goes through."""

from enum import StrEnum


class ProposalKind(StrEnum):
    """What a second person may be asked to approve."""

    LINK = "link"
    SPLIT = "split"
    REFUND = "refund"
    WRITE_OFF = "write_off"
    CORRECT_FLAG = "correct_flag"
    NOT_OURS = "not_ours"


class ProposalState(StrEnum):
    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
