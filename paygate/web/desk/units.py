"""The officers' words for the units that must act, and for what an attempt to pay came to."""

from collections.abc import Mapping
from typing import Final

from paygate.web.desk.navigation import say

UNITS: Final[Mapping[str, str]] = {
    "portal": say("national portal"),
    "gateway": say("payment gateway"),
    "bank": say("bank"),
    "one_stop": say("one-stop unit"),
    "treasury": say("treasury"),
    "payer": say("payer"),
    "ours": say("paygate operations"),
}
OUTCOMES: Final[Mapping[str, str]] = {
    "paid": say("paid"),
    "payer_left": say("left by the payer"),
    "declined": say("declined"),
    "gateway_fault": say("fault of the gateway"),
    "our_fault": say("fault of ours"),
    "pending": say("awaited"),
}
