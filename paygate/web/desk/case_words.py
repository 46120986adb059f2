"""The officers' words for what stands in a case: its legs, its rules, its states and what people did."""

from collections.abc import Mapping
from typing import Final

from paygate.web.desk.navigation import say
from paygate.web.desk.terms import LEGS, STATES

STANDINGS: Final[Mapping[str, tuple[str, str]]] = {
    "present": ("matched", say("Present")),
    "missing": ("missing", say("Missing")),
    "differs": ("mismatched", say("Differs")),
    "not_expected": ("unpaid", say("Not expected")),
    "not_due": ("pending", say("Not due yet")),
}
"""How a leg stands: the shape it has, and the word."""
RULES: Final[Mapping[str, str]] = {
    "exact": say("same reference, account and amount"),
    "sum_reference": say("same reference and account, several facts whose sums agree"),
    "reference": say("same reference and account, another amount"),
    "tolerance": say("same reference and account, another amount within the tolerance"),
    "reference_other_account": say("same reference and amount, another account"),
    "narrative_reference": say("the line's narrative holds the payment's reference"),
    "narrative_dossier": say("the line's narrative holds the dossier code"),
    "narrative_cut": say("the line holds a reference or dossier code cut short"),
    "sum_narrative": say("lines name payments in full, and their sums agree"),
    "settlement_batch": say("a bank line pays out a settlement batch"),
    "promotion": say("more settled than was paid: the gateway adds what a promotion took off"),
    "by_hand": say("joined by hand"),
}
TRIED: Final[Mapping[str, str]] = {
    "open": say("Every rule was tried: none finds its other side."),
    "ambiguous_reference": say("The rules by reference find several answers that are equally good; none was taken."),
    "ambiguous_narrative": say("The rules by narrative find several answers that are equally good; none was taken."),
    "ambiguous_sum": say("Several sums are equally good; none was taken."),
    "narrative": say("A rule by narrative has joined it."),
    "sum": say("A rule of sums has joined it."),
    "taken_back": say("It came and was taken back."),
    "tied": say("It is a refund that belongs to a payment."),
}
"""Where the matcher has left a fact, by what it calls it."""
PAYMENT_STATES: Final[Mapping[str, str]] = {
    "initiated": say("begun"),
    "pending": say("awaited"),
    "abandoned": say("given up by the payer"),
    "expired": say("expired"),
    "failed": say("failed"),
    "paid": say("paid"),
    "refund_pending": say("refund under way"),
    "partly_refunded": say("partly refunded"),
    "refunded": say("refunded"),
    "reversed": say("taken back"),
}
RECORD_STATES: Final[Mapping[str, str]] = {
    "new": say("new"),
    "received": say("received"),
    "refused": say("refused"),
    "processing": say("being processed"),
    "supplement": say("to be supplemented"),
    "payment_requested": say("payment requested"),
    "withdrawn": say("withdrawn"),
    "stopped": say("stopped"),
    "done": say("done"),
    "returned": say("result handed out"),
}
EVENTS: Final[Mapping[str, str]] = {
    "opened": say("opened by the matcher"),
    "changed": say("changed by late facts"),
    "resolved by itself": say("resolved by itself: the facts agree"),
    "assigned": say("assigned"),
    "unassigned": say("taken from everyone"),
    "commented": say("commented"),
    "attached": say("evidence attached"),
    "proposed": say("proposed"),
    "withdrawn": say("proposal withdrawn"),
    "rejected": say("proposal rejected"),
    "approved": say("proposal approved"),
    "closed": say("proposal approved: closed"),
}
KINDS: Final[Mapping[str, str]] = {
    "link": say("Link by hand"),
    "split": say("Split"),
    "refund": say("Refund"),
    "write_off": say("Write off"),
    "correct_flag": say("Correct the flag"),
    "not_ours": say("Not ours"),
    "reopen": say("Reopen"),
}
PROPOSAL_STATES: Final[Mapping[str, str]] = {
    "open": say("waiting for approval"),
    "approved": say("approved"),
    "rejected": say("rejected"),
    "withdrawn": say("withdrawn"),
}

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "leg": LEGS,
    "rule": RULES,
    "tried": TRIED,
    "state": STATES,
    "payment": PAYMENT_STATES,
    "record": RECORD_STATES,
    "event": EVENTS,
    "kind": KINDS,
    "proposal": PROPOSAL_STATES,
}
"""What templates look up; a name without a word stands for itself."""
