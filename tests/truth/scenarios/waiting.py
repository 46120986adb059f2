"""What is not due by the last close: the case hangs, and nothing is missing."""

from datetime import timedelta
from typing import Any

from tests.truth.days import LAST, after
from tests.truth.facts import Record
from tests.truth.scenarios.handover import BOTH
from tests.truth.teller import Teller

YESTERDAY = LAST - timedelta(days=1)


def bank_line_not_due(tell: Teller) -> None:
    dossier, _ = tell.paid(tell.fee(), day=LAST)
    tell.expect(dossier, "pending")


def settlement_not_due(tell: Teller) -> None:
    dossier, _ = tell.paid(tell.fee(), source=tell.choose(*tell.province.net_settled), day=LAST)
    tell.expect(dossier, "pending")


def payout_not_due(tell: Teller) -> None:
    """Settled on the last day; the batch is paid out on the next."""
    source = tell.province.payer_pays
    dossier, payment = tell.paid(tell.fee(), source=source, day=YESTERDAY)
    tell.settled(payment, batch=tell.batch(source, LAST))
    tell.expect(dossier, "pending")


def _handing_over(tell: Teller, **changes: Any) -> Record:
    dossier = tell.dossier(amount := tell.fee(), **changes)
    payment = tell.pay(dossier, amount, tell.province.handing_over, day=YESTERDAY)
    tell.booked(payment, day=LAST)
    return dossier


def treasury_and_receipt_not_due(tell: Teller) -> None:
    tell.expect(_handing_over(tell, flag=1), "pending")


def record_not_due(tell: Teller) -> None:
    code = tell.codes.dossier(LAST)
    tell.booked(tell.pay(code, tell.fee(), day=LAST), day=LAST)
    tell.expect(code, "pending")


def recording_not_due(tell: Teller) -> None:
    """A dossier that has yet to move on leaves its case as it is."""
    dossier = tell.dossier(amount := tell.fee(), "payment_requested")
    tell.booked(tell.pay(dossier, amount, day=LAST), day=LAST)
    tell.expect(dossier, "matched")


def flag_not_due(tell: Teller) -> None:
    dossier = tell.dossier(amount := tell.fee(), flag=0)
    day = after(LAST.replace(day=27), 2)
    payment = tell.pay(dossier, amount, tell.province.handing_over, day=day)
    tell.booked(payment)
    for leg in BOTH:
        tell.join(leg, payment, tell.hand_over(leg, payment))
    tell.expect(dossier, "matched")


def overpaid_and_not_due(tell: Teller) -> None:
    dossier = tell.dossier(due := tell.fee())
    tell.pay(dossier, due + 5_000, day=LAST)
    tell.expect(dossier, "mismatched", overpaid=5_000)


SCENARIOS = (
    bank_line_not_due,
    settlement_not_due,
    payout_not_due,
    treasury_and_receipt_not_due,
    record_not_due,
    recording_not_due,
    flag_not_due,
    overpaid_and_not_due,
)
