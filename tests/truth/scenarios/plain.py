"""What most payments are: everything agrees. Each kind of source, and each way a bank may name a payment."""

from collections.abc import Callable
from typing import Final

from tests.truth.scenarios.handover import BOTH
from tests.truth.teller import Teller


def paid_by_reference(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee())
    tell.booked(payment)
    tell.expect(dossier, "matched")


def paid_by_narrative_reference(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee())
    tell.join("bank", payment, tell.book_naming(payment, payment.reference))
    tell.expect(dossier, "matched")


def paid_by_narrative_dossier(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee())
    tell.join("bank", payment, tell.book_naming(payment, dossier.code))
    tell.expect(dossier, "matched")


def settled_in_the_batch_of_the_day(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee(), source=tell.choose(*tell.province.net_settled))
    tell.settled(payment)
    tell.expect(dossier, "matched")


def listed_and_booked(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee(), source=tell.province.listed)
    tell.join("settlement", payment, tell.list_line(payment))
    tell.booked(payment)
    tell.expect(dossier, "matched")


def handed_over(tell: Teller) -> None:
    dossier = tell.dossier(amount := tell.fee(), flag=tell.choose(1, 2))
    payment = tell.pay(dossier, amount, tell.province.handing_over)
    tell.booked(payment)
    for leg in BOTH:
        tell.join(leg, payment, tell.hand_over(leg, payment))
    tell.expect(dossier, "matched")


def all_six_legs(tell: Teller) -> None:
    dossier = tell.dossier(amount := tell.fee(), flag=tell.choose(1, 2))
    payment = tell.pay(dossier, amount, tell.province.whole)
    tell.settled(payment)
    for leg in BOTH:
        tell.join(leg, payment, tell.hand_over(leg, payment))
    tell.expect(dossier, "matched")


def nothing_more_expected(tell: Teller) -> None:
    dossier, _ = tell.paid(tell.fee(), source=tell.province.told_only)
    tell.expect(dossier, "matched")


WEIGHTS: Final[dict[Callable[[Teller], None], int]] = {
    paid_by_reference: 40,
    paid_by_narrative_reference: 8,
    paid_by_narrative_dossier: 8,
    settled_in_the_batch_of_the_day: 24,
    listed_and_booked: 5,
    handed_over: 8,
    all_six_legs: 5,
    nothing_more_expected: 2,
}
"""How often each is told, beside the others."""
