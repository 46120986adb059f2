"""What pages call the members of closed lists; in English, as the words' files have it."""

from collections.abc import Mapping
from typing import Final

from paygate.web.desk.navigation import say

LEGS: Final[Mapping[str, str]] = {
    "obligation": say("Obligation"),
    "payment": say("Payment"),
    "settlement": say("Settlement"),
    "bank": say("Bank"),
    "treasury": say("Treasury"),
    "receipt": say("Receipt"),
    "report": say("Report flag"),
}
VERDICTS: Final[Mapping[str, str]] = {
    "mismatched": say("Mismatched"),
    "missing": say("Missing"),
    "extra": say("Extra"),
    "duplicate": say("Duplicate"),
    "pending": say("Pending"),
    "refund_due": say("Refund due"),
    "matched": say("Matched"),
}
STATUSES: Final[Mapping[str, str]] = {
    **VERDICTS,
    "unpaid": say("Unpaid"),
    "discrepant": say("Discrepant"),
    "incomplete": say("Incomplete"),
}
"""Of a case, or of a day; each has its shape among the templates' parts."""
UNITS: Final[Mapping[str, str]] = {
    "one_stop": say("one-stop unit"),
    "gateway": say("payment gateway"),
    "bank": say("bank"),
    "treasury": say("treasury"),
    "payer": say("payer"),
    "portal": say("national portal"),
    "ours": say("paygate operations"),
}
"""Who must act on a reason."""
SEVERITIES: Final[Mapping[str, str]] = {"high": say("high"), "medium": say("medium"), "low": say("low")}
STATES: Final[Mapping[str, str]] = {
    "open": say("Open"),
    "assigned": say("Assigned"),
    "proposed": say("Waiting for approval"),
    "resolved": say("Resolved"),
}
"""Of a discrepancy."""
OUTCOMES: Final[Mapping[str, str]] = {
    "paid": say("paid"),
    "payer_left": say("left by the payer"),
    "declined": say("declined"),
    "gateway_fault": say("fault of the gateway"),
    "our_fault": say("fault of ours"),
    "pending": say("awaited"),
}
"""What an attempt to pay came to."""
