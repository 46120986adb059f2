"""The gateway's line for a payment: missing, one too many, of another amount, with another fee or net."""

from math import ceil

from tests.truth.days import after
from tests.truth.facts import Payment, Record
from tests.truth.teller import Teller


def _through(tell: Teller, *, least: int = 0) -> tuple[Record, Payment]:
    return tell.paid(tell.fee() + least, source=tell.choose(*tell.province.net_settled))


def settlement_missing(tell: Teller) -> None:
    """What the gateway does not list, it does not pay out."""
    dossier, payment = _through(tell)
    tell.expect(dossier, "missing", settlement_missing=payment.amount, bank_missing=payment.amount)


def listed_by_the_bank_alone(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee(), source=tell.province.listed)
    tell.booked(payment)
    tell.expect(dossier, "missing", settlement_missing=payment.amount)


def listed_and_not_booked(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee(), source=tell.province.listed)
    tell.join("settlement", payment, tell.list_line(payment))
    tell.expect(dossier, "missing", bank_missing=payment.amount)


def listed_under_no_source(tell: Teller) -> None:
    """A list that covers several gateways does not say whose a line is: its reference does."""
    dossier, payment = tell.paid(tell.fee(), source=tell.province.listed)
    tell.booked(payment)
    line = tell.list_line(payment)
    line.source = None
    tell.join("settlement", payment, line)
    tell.expect(dossier, "matched")


def one_reference_of_two_gateways(tell: Teller) -> None:
    first, one = tell.paid(tell.fee(), source=tell.province.agency_pays)
    second, other = tell.paid(one.amount, source=tell.province.payer_pays, reference=one.reference)
    for dossier, payment in ((first, one), (second, other)):
        tell.settled(payment)
        tell.expect(dossier, "matched")


def settlement_unexpected(tell: Teller) -> None:
    source = tell.choose(*tell.province.net_settled)
    line = tell.settle(source, tell.fee(), tell.payday(), reference=f"HD{tell.codes.digits(15)}")
    tell.expect(line, "extra", settlement_unexpected=line.amount)


def settlement_of_a_failed_payment(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee(), source=tell.province.agency_pays, state="failed")
    line = tell.settle(payment.source, payment.amount, payment.day, reference=payment.reference)
    tell.expect(dossier, "unpaid")
    tell.expect(line, "extra", settlement_unexpected=line.amount)


def settled_by_another_gateway(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee(), source=tell.province.agency_pays)
    other = tell.province.payer_pays
    line = tell.settle(other, payment.amount, payment.day, reference=payment.reference)
    tell.expect(dossier, "missing", settlement_missing=payment.amount, bank_missing=payment.amount)
    tell.expect(line, "extra", settlement_unexpected=line.amount)


def settlement_amount_differs(tell: Teller) -> None:
    dossier, payment = _through(tell, least=20_000)
    less = tell.choose(1_000, 5_000)
    line = tell.settle(payment.source, payment.amount - less, payment.day, reference=payment.reference)
    tell.join("settlement", payment, line)
    tell.expect(dossier, "mismatched", amount_differs=less)


def settled_late(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee(), source=tell.province.agency_pays)
    tell.settled(payment, batch=tell.pool(payment.source, after(payment.day, 2)))
    tell.expect(dossier, "matched")


def settled_as_often_as_paid(tell: Teller) -> None:
    """Two payments and two settlement lines of one reference and sum: whichever is whose."""
    dossier, first = tell.paid(tell.fee(), source=tell.province.payer_pays)
    second = tell.pay(dossier, first.amount, first.source, day=first.day, reference=first.reference)
    dossier.due = 2 * first.amount
    lines = [tell.settle(one.source, one.amount, one.day, reference=one.reference) for one in (first, second)]
    tell.join("settlement", (first, second), lines)
    tell.expect(dossier, "matched")


def settled_once_of_two(tell: Teller) -> None:
    """Two payments of one reference and sum, one settlement line: which of them was paid out cannot be told."""
    dossier, first = tell.paid(tell.fee(), source=tell.province.payer_pays)
    second = tell.pay(dossier, first.amount, first.source, day=first.day, reference=first.reference)
    dossier.due = 2 * first.amount
    line = tell.settle(first.source, first.amount, first.day, reference=second.reference)
    tell.expect(dossier, "missing", ambiguous=dossier.due, bank_missing=dossier.due)
    tell.expect(line, "pending", ambiguous=line.amount)


def promotion(tell: Teller) -> None:
    """The payer was spared some of it, and the gateway pays out the whole."""
    dossier = tell.dossier(due := tell.fee() + 20_000)
    payment = tell.pay(dossier, due - 15_000, tell.province.gateway_pays)
    line = tell.settle(payment.source, due, payment.day, reference=payment.reference)
    tell.join("settlement", payment, line)
    tell.expect(dossier, "matched")


def no_promotion_was_agreed(tell: Teller) -> None:
    dossier = tell.dossier(due := tell.fee() + 20_000)
    payment = tell.pay(dossier, due - 15_000, tell.province.payer_pays)
    line = tell.settle(payment.source, due, payment.day, reference=payment.reference)
    tell.join("settlement", payment, line)
    tell.expect(dossier, "mismatched", underpaid=15_000, amount_differs=15_000)


def promotion_the_wrong_way_round(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee() + 20_000, source=tell.province.gateway_pays)
    line = tell.settle(payment.source, payment.amount - 15_000, payment.day, reference=payment.reference)
    tell.join("settlement", payment, line)
    tell.expect(dossier, "mismatched", amount_differs=15_000)


def fee_differs(tell: Teller) -> None:
    source = tell.choose(tell.province.agency_pays, tell.province.payer_pays)
    dossier, payment = tell.paid(tell.fee() + 20_000, source=source)
    highest = ceil(payment.amount * (source.percent or 0) / 100)
    more = tell.choose(1, 500)
    tell.settled(payment, fee=highest + more)
    tell.expect(dossier, "mismatched", fee_differs=more)


def fee_where_none_is_due(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee() + 20_000, source=tell.province.gateway_pays)
    tell.settled(payment, fee=550)
    tell.expect(dossier, "mismatched", fee_differs=550)


def net_of_a_line_differs(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee() + 20_000, source=tell.province.agency_pays)
    fee = tell.fair_fee(payment.source, payment.amount)
    tell.settled(payment, fee=fee, net=payment.amount - fee - 300)
    tell.expect(dossier, "mismatched", net_differs=300)


def fee_and_bank_both_odd(tell: Teller) -> None:
    """Paid twice and with another fee: the weightier reason names the class, both are told."""
    dossier, first = tell.paid(tell.fee() + 20_000, source=tell.province.gateway_pays)
    second = tell.pay(dossier, first.amount, first.source)
    tell.settled(first, fee=700)
    tell.settled(second)
    tell.expect(dossier, "duplicate", duplicate_payment=first.amount, fee_differs=700)


SCENARIOS = (
    settlement_missing,
    listed_by_the_bank_alone,
    listed_and_not_booked,
    listed_under_no_source,
    one_reference_of_two_gateways,
    settlement_unexpected,
    settlement_of_a_failed_payment,
    settled_by_another_gateway,
    settlement_amount_differs,
    settled_late,
    settled_as_often_as_paid,
    settled_once_of_two,
    promotion,
    no_promotion_was_agreed,
    promotion_the_wrong_way_round,
    fee_differs,
    fee_where_none_is_due,
    net_of_a_line_differs,
    fee_and_bank_both_odd,
)
