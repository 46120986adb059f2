"""“I paid, and it says unpaid”: what a case answers a citizen, and until when who must act."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from paygate.domain.lifecycle import PaymentState
from paygate.domain.record import RecordStatus

Case = Mapping[str, Any]

_CAME: Final = frozenset({PaymentState.PAID, PaymentState.REFUND_PENDING, PaymentState.PARTLY_REFUNDED})
_GONE_BACK: Final = frozenset({PaymentState.REFUNDED, PaymentState.REVERSED})
_UNCONFIRMED: Final = frozenset({PaymentState.INITIATED, PaymentState.PENDING})
_RECORDERS: Final = "one_stop"
"""The unit that records a payment in its dossier."""


class Kind(StrEnum):
    RECORDED = "recorded"
    NOT_RECORDED = "not_recorded"
    NO_RECORD = "no_record"
    NO_DOSSIER = "no_dossier"
    PAID_TWICE = "paid_twice"
    CLOSED = "closed"
    EXPIRED = "expired"
    UNDERPAID = "underpaid"
    OVERPAID = "overpaid"
    NOT_BOOKED = "not_booked"
    LOOKED_INTO = "looked_into"
    AMONG_OFFICES = "among_offices"
    REFUNDED = "refunded"
    TAKEN_BACK = "taken_back"
    NOTHING_DUE = "nothing_due"
    UNCONFIRMED = "unconfirmed"
    DECLINED = "declined"
    UNKNOWN = "unknown"
    NOT_YET = "not_yet"
    NOT_RECEIVED = "not_received"


_TROUBLES: Final = {
    "record_closed": Kind.CLOSED,
    "obligation_expired": Kind.EXPIRED,
    "duplicate_payment": Kind.PAID_TWICE,
    "reversed": Kind.TAKEN_BACK,
    "underpaid": Kind.UNDERPAID,
    "overpaid": Kind.OVERPAID,
    "paid_not_recorded": Kind.NOT_RECORDED,
    "record_missing": Kind.NO_RECORD,
    "bank_missing": Kind.NOT_BOOKED,
}
"""What a live reason answers, the one a citizen asks after first."""


_AMONG_OFFICES: Final = frozenset(
    {"flag_not_synced", "fee_differs", "net_differs", "settlement_missing", "treasury_not_sent", "receipt_missing"}
)
"""What offices, gateways and banks have among themselves: the payer has paid, and the dossier says so."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said, with which values: amounts in minor units, moments aware, feeds by name.

    Who must act, a person by name or else a unit, and the day until which, ISO 8601; all None where nobody must.
    """

    kind: Kind
    values: Mapping[str, Any] = field(default_factory=dict)
    person: str | None = None
    unit: str | None = None
    until: str | None = None


def answer(case: Case, now: datetime) -> Answer:
    """Answer for a case, as the reader of cases has it."""
    came = [one for one in case["payments"] if one["status"] in _CAME]
    if came:
        return _received(case, came)
    back = [one for one in case["payments"] if one["status"] in _GONE_BACK]
    if back:
        taken = back[-1]["status"] == PaymentState.REVERSED
        return _acted_on(case, Kind.TAKEN_BACK if taken else Kind.REFUNDED, _values(back))
    return _not_received(case, now)


def _received(case: Case, came: Sequence[Case]) -> Answer:
    values = _values(came)
    live = {one["reason"]: one for one in case["discrepancies"]}
    for reason, kind in _TROUBLES.items():
        if reason in live:
            return _acted_by(live[reason], kind, values)
    if case["dossier_code"] is None:
        return _acted_on(case, Kind.NO_DOSSIER, values)
    if case.get("status") is None:
        return Answer(Kind.NO_RECORD, values, unit=_RECORDERS, until=_day(case["expected_by"]))
    if case["status"] == RecordStatus.PAYMENT_REQUESTED:
        return Answer(Kind.NOT_RECORDED, values, unit=_RECORDERS, until=_day(case["expected_by"]))
    if not live:
        return Answer(Kind.RECORDED, values)
    return _acted_on(case, Kind.AMONG_OFFICES if live.keys() <= _AMONG_OFFICES else Kind.LOOKED_INTO, values)


def _not_received(case: Case, now: datetime) -> Answer:
    if case.get("status") is not None and (case["exempt"] or not case["obligations"]):
        return Answer(Kind.NOTHING_DUE)
    hanging = [one for one in case["payments"] if one["status"] in _UNCONFIRMED]
    if hanging:
        return _acted_on(case, Kind.UNCONFIRMED, _values(hanging))
    if case["payments"]:
        return Answer(Kind.DECLINED, _values(case["payments"]))
    late = [one for one in case["outlook"] if one["late"]]
    if late:
        feed = max(late, key=lambda one: one["late"])
        return Answer(Kind.UNKNOWN, {"feed": _name(feed), "since": now - feed["late"]})
    dues = [one["due"] for one in case["outlook"] if one["due"]]
    return Answer(Kind.NOT_YET, {"until": min(dues)}) if dues else Answer(Kind.NOT_RECEIVED)


def _name(feed: Case) -> str:
    return f"…{feed['account'][-4:]}" if "account" in feed else str(feed["source"])


def _day(day: Any) -> str | None:
    return day.isoformat() if day else None


def _values(payments: Sequence[Case]) -> dict[str, Any]:
    """Sum payments of the latest's currency, and tell of the latest."""
    latest = payments[-1]
    alike = [one["amount"] for one in payments if one["currency"] == latest["currency"]]
    shown = {"at": datetime.fromisoformat(latest["paid_at"]), "source": latest["source"]}
    return {"amount": sum(alike), "currency": latest["currency"], "count": len(alike), **shown}


def _acted_on(case: Case, kind: Kind, values: Mapping[str, Any]) -> Answer:
    """Answer with who must act on the weightiest of what does not agree, if anything."""
    found = case["discrepancies"]
    return _acted_by(found[0], kind, values) if found else Answer(kind, values)


def _acted_by(found: Case, kind: Kind, values: Mapping[str, Any]) -> Answer:
    said = {**values, "at_stake": found["amount"], "reason": {"vi": found["vi"], "en": found["en"]}}
    return Answer(kind, said, found["assignee"], found["responsible"], found["due"])


def say(message: str) -> str:
    """Mark a message for the words' files; it is said where a language is known."""
    return message


class Wording(NamedTuple):
    """The shape an answer is shown by, and its sentences for the officer and to the citizen."""

    state: str
    officer: str
    citizen: str


_ARRIVED: Final = say("Your payment of %(amount)s has arrived. Please do not pay again.")
_SETTLED: Final = say("Your payment of %(amount)s has arrived and is recorded. There is nothing more to pay.")

WORDS: Final[Mapping[Kind, Wording]] = {
    Kind.RECORDED: Wording(
        "matched",
        say("RECEIVED %(amount)s at %(at)s through %(source)s, and recorded in the dossier."),
        _SETTLED,
    ),
    Kind.NOT_RECORDED: Wording(
        "mismatched",
        say("RECEIVED %(amount)s at %(at)s through %(source)s. The dossier has NOT recorded it yet."),
        _ARRIVED,
    ),
    Kind.NO_RECORD: Wording(
        "extra",
        say("RECEIVED %(amount)s at %(at)s through %(source)s. The one-stop unit has NOT sent the dossier's record."),
        _ARRIVED,
    ),
    Kind.NO_DOSSIER: Wording(
        "extra",
        say("RECEIVED %(amount)s at %(at)s through %(source)s. Which dossier it is for is not known yet."),
        say("Your payment of %(amount)s has arrived. Please tell us your dossier's code; do not pay again."),
    ),
    Kind.PAID_TWICE: Wording(
        "duplicate",
        say("PAID TWICE: %(amount)s in %(count)s payments, the latest at %(at)s. %(at_stake)s is to be refunded."),
        say("Your payment arrived more than once. %(at_stake)s will be refunded; please do not pay again."),
    ),
    Kind.CLOSED: Wording(
        "refund_due",
        say("RECEIVED %(amount)s at %(at)s for a dossier that is withdrawn or refused. It is to be refunded."),
        say("Your payment of %(amount)s has arrived, but the dossier is closed. It will be refunded."),
    ),
    Kind.EXPIRED: Wording(
        "refund_due",
        say("RECEIVED %(amount)s at %(at)s, after the time to pay was over. It is to be refunded."),
        say("Your payment of %(amount)s came after the time to pay was over. It will be refunded."),
    ),
    Kind.UNDERPAID: Wording(
        "mismatched",
        say("RECEIVED %(amount)s at %(at)s through %(source)s. %(at_stake)s is still to be paid."),
        say("%(amount)s has arrived. %(at_stake)s is still to be paid."),
    ),
    Kind.OVERPAID: Wording(
        "mismatched",
        say("RECEIVED %(amount)s at %(at)s through %(source)s, %(at_stake)s more than is due."),
        say("Your payment of %(amount)s has arrived. It is %(at_stake)s more than is due, which will be refunded."),
    ),
    Kind.NOT_BOOKED: Wording(
        "missing",
        say("%(source)s reported %(amount)s paid at %(at)s. The money has NOT come to the account."),
        say("We know of your payment of %(amount)s and are asking the bank for it. Please do not pay again."),
    ),
    Kind.LOOKED_INTO: Wording(
        "mismatched",
        say("RECEIVED %(amount)s at %(at)s through %(source)s. Something is being looked into: %(reason)s"),
        _ARRIVED,
    ),
    Kind.AMONG_OFFICES: Wording(
        "matched",
        say("RECEIVED %(amount)s at %(at)s through %(source)s, and recorded. Open among the offices: %(reason)s"),
        _SETTLED,
    ),
    Kind.REFUNDED: Wording(
        "matched",
        say("REFUNDED: %(amount)s, paid at %(at)s through %(source)s, went back to the payer."),
        say("Your payment of %(amount)s has been refunded. Please look at your account."),
    ),
    Kind.TAKEN_BACK: Wording(
        "missing",
        say("TAKEN BACK: %(amount)s, paid at %(at)s through %(source)s, was received and then reversed by the bank."),
        say("The bank reversed your payment of %(amount)s. Please ask your bank before you pay again."),
    ),
    Kind.NOTHING_DUE: Wording(
        "matched",
        say("NOTHING DUE: this dossier has nothing to pay, and nothing was paid."),
        say("There is nothing to pay for your dossier."),
    ),
    Kind.UNCONFIRMED: Wording(
        "pending",
        say("NOT CONFIRMED: %(amount)s was begun at %(at)s, and %(source)s has not said what became of it."),
        say("Your payment is not confirmed yet. Please do not pay again before it is."),
    ),
    Kind.DECLINED: Wording(
        "unpaid",
        say("NOT RECEIVED: %(source)s reported at %(at)s that the payment of %(amount)s did not succeed."),
        say("Your payment did not succeed. If money left your account, ask your bank; then pay again."),
    ),
    Kind.UNKNOWN: Wording(
        "incomplete",
        say("NOT KNOWN: the data of %(feed)s should have been here at %(since)s and is late."),
        say("We cannot tell yet: data of the bank is late. Please do not pay again, and ask us again later."),
    ),
    Kind.NOT_YET: Wording(
        "pending",
        say("NOT RECEIVED so far. The next statement, due at %(until)s, will tell."),
        say("Your payment is not here yet. Please keep your receipt and ask again after %(until)s."),
    ),
    Kind.NOT_RECEIVED: Wording(
        "unpaid",
        say("NOT RECEIVED: no payment of this dossier is known, and every feed is here."),
        say("We have received no payment for your dossier. Please show us your receipt."),
    ),
}
