"""What was paid against what is due, and where the dossier stands."""

from datetime import timedelta

from tests.truth.days import LAST
from tests.truth.facts import Record
from tests.truth.teller import Teller


def _pay_and_book(tell: Teller, dossier: Record, *amounts: int) -> None:
    for amount in amounts:
        tell.booked(tell.pay(dossier, amount))


def overpaid(tell: Teller) -> None:
    dossier = tell.dossier(due := tell.fee())
    _pay_and_book(tell, dossier, due + (more := tell.unit()))
    tell.expect(dossier, "mismatched", overpaid=more)


def underpaid(tell: Teller) -> None:
    dossier = tell.dossier(due := tell.fee() + 30_000)
    _pay_and_book(tell, dossier, due - (less := tell.unit()))
    tell.expect(dossier, "mismatched", underpaid=less)


def exempt(tell: Teller) -> None:
    tell.expect(tell.dossier(0), "matched")


def exempt_and_paid_nonetheless(tell: Teller) -> None:
    dossier = tell.dossier(0)
    _pay_and_book(tell, dossier, amount := tell.fee())
    tell.expect(dossier, "mismatched", overpaid=amount)


def unpaid(tell: Teller) -> None:
    tell.expect(tell.dossier(tell.fee()), "unpaid")


def declined(tell: Teller) -> None:
    dossier = tell.dossier(amount := tell.fee())
    tell.pay(dossier, amount, state=tell.choose("failed", "expired", "abandoned"))
    tell.expect(dossier, "unpaid")


def declined_then_paid(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee())
    tell.pay(dossier, payment.amount, payment.source, day=payment.day, reference=payment.reference, state="failed")
    tell.booked(payment)
    tell.expect(dossier, "matched")


def paid_in_parts(tell: Teller) -> None:
    parts = [tell.fee() for _ in range(tell.choose(2, 2, 3))]
    dossier = tell.dossier(sum(parts))
    _pay_and_book(tell, dossier, *parts)
    tell.expect(dossier, "matched")


def paid_in_parts_but_one(tell: Teller) -> None:
    parts = [tell.fee() for _ in range(3)]
    dossier = tell.dossier(sum(parts))
    _pay_and_book(tell, dossier, *parts[1:])
    tell.expect(dossier, "mismatched", underpaid=parts[0])


def paid_in_parts_by_two_roads(tell: Teller) -> None:
    dossier = tell.dossier((first := tell.fee()) + (second := tell.fee()))
    _pay_and_book(tell, dossier, first)
    tell.settled(tell.pay(dossier, second, tell.choose(*tell.province.net_settled)))
    tell.expect(dossier, "matched")


def paid_twice_by_the_same_source(tell: Teller) -> None:
    dossier = tell.dossier(due := tell.fee())
    source = tell.choose(*tell.province.direct)
    for _ in range(2):
        tell.booked(tell.pay(dossier, due, source))
    tell.expect(dossier, "duplicate", duplicate_payment=due)


def paid_twice_by_another_source(tell: Teller) -> None:
    dossier = tell.dossier(due := tell.fee())
    portal, counter, transfers = tell.province.direct
    for source in (portal, tell.choose(counter, transfers)):
        tell.booked(tell.pay(dossier, due, source))
    tell.expect(dossier, "duplicate", duplicate_payment=due)


def paid_twice_by_a_gateway(tell: Teller) -> None:
    dossier = tell.dossier(due := tell.fee())
    _pay_and_book(tell, dossier, due)
    tell.settled(tell.pay(dossier, due, tell.choose(*tell.province.net_settled)))
    tell.expect(dossier, "duplicate", duplicate_payment=due)


def paid_twice_under_one_reference(tell: Teller) -> None:
    dossier, first = tell.paid(tell.fee())
    second = tell.pay(dossier, first.amount, first.source, day=first.day, reference=first.reference)
    tell.join("bank", (first, second), (tell.book(first), tell.book(second)))
    tell.expect(dossier, "duplicate", duplicate_payment=first.amount)


def paid_after_withdrawal(tell: Teller) -> None:
    dossier = tell.dossier(due := tell.fee(), "withdrawn")
    _pay_and_book(tell, dossier, due)
    tell.expect(dossier, "refund_due", record_closed=due)


def paid_after_refusal(tell: Teller) -> None:
    dossier = tell.dossier(due := tell.fee(), "refused")
    _pay_and_book(tell, dossier, due)
    tell.expect(dossier, "refund_due", record_closed=due)


def paid_after_expiry(tell: Teller) -> None:
    day = tell.payday()
    dossier = tell.dossier(due := tell.fee(), expires_on=day - timedelta(days=tell.choose(1, 1, 5)))
    tell.booked(tell.pay(dossier, due, day=day))
    tell.expect(dossier, "refund_due", obligation_expired=due)


def paid_on_the_day_of_expiry(tell: Teller) -> None:
    day = tell.payday()
    dossier = tell.dossier(due := tell.fee(), expires_on=day)
    tell.booked(tell.pay(dossier, due, day=day))
    tell.expect(dossier, "matched")


def paid_partly_after_expiry(tell: Teller) -> None:
    day = tell.payday()
    dossier = tell.dossier((first := tell.fee()) + (second := tell.fee()), expires_on=day)
    tell.booked(tell.pay(dossier, first, day=day))
    tell.booked(tell.pay(dossier, second, day=day + timedelta(days=tell.choose(1, 2))))
    tell.expect(dossier, "refund_due", obligation_expired=second)


def record_missing(tell: Teller) -> None:
    code = tell.codes.dossier(tell.payday())
    tell.booked(tell.pay(code, amount := tell.fee()))
    tell.expect(code, "extra", record_missing=amount)


def paid_without_a_dossier(tell: Teller) -> None:
    payment = tell.pay(None, tell.fee())
    tell.booked(payment)
    tell.expect(payment, "extra", record_missing=payment.amount)


def paid_not_recorded(tell: Teller) -> None:
    dossier = tell.dossier(due := tell.fee(), "payment_requested")
    _pay_and_book(tell, dossier, due)
    tell.expect(dossier, "mismatched", paid_not_recorded=due)


def underpaid_and_not_recorded(tell: Teller) -> None:
    dossier = tell.dossier(due := tell.fee() + 30_000, "payment_requested")
    _pay_and_book(tell, dossier, due - (less := tell.unit()))
    tell.expect(dossier, "mismatched", underpaid=less, paid_not_recorded=due - less)


def one_payment_for_several_dossiers(tell: Teller) -> None:
    """It names one of them: there too much was paid, and the others are unpaid."""
    first, second = tell.dossier(tell.fee()), tell.dossier(tell.fee())
    payment = tell.pay(first, first.due + second.due)
    tell.booked(payment)
    tell.expect(first, "mismatched", overpaid=second.due)
    tell.expect(second, "unpaid")


def notices_conflict(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee(), contradicted=True)
    tell.booked(payment)
    tell.expect(dossier, "mismatched", notices_conflict=payment.amount)


def _give_up(tell: Teller, state: str) -> None:
    dossier, payment = tell.paid(tell.fee(), state=state)
    payment.given_up_on = min(payment.day + timedelta(days=3), LAST)
    tell.expect(dossier, "pending", never_confirmed=payment.amount)


def never_confirmed(tell: Teller) -> None:
    _give_up(tell, "pending")


def begun_and_never_confirmed(tell: Teller) -> None:
    _give_up(tell, "initiated")


def in_suspense(tell: Teller) -> None:
    dossier, _ = tell.paid(tell.fee(), state="pending")
    tell.expect(dossier, "pending")


def paid_in_another_currency(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee(), currency="USD")
    tell.booked(payment)
    tell.expect(dossier, "mismatched", currency_differs=payment.amount)


def paid_in_another_currency_and_not_booked(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee(), currency="USD")
    tell.expect(dossier, "mismatched", currency_differs=payment.amount)


def beyond_32_bits(tell: Teller) -> None:
    dossier, payment = tell.paid(2**31 + tell.random.randrange(2**41))
    tell.booked(payment)
    tell.expect(dossier, "matched")


SCENARIOS = (
    overpaid,
    underpaid,
    exempt,
    exempt_and_paid_nonetheless,
    unpaid,
    declined,
    declined_then_paid,
    paid_in_parts,
    paid_in_parts_but_one,
    paid_in_parts_by_two_roads,
    paid_twice_by_the_same_source,
    paid_twice_by_another_source,
    paid_twice_by_a_gateway,
    paid_twice_under_one_reference,
    paid_after_withdrawal,
    paid_after_refusal,
    paid_after_expiry,
    paid_on_the_day_of_expiry,
    paid_partly_after_expiry,
    record_missing,
    paid_without_a_dossier,
    paid_not_recorded,
    underpaid_and_not_recorded,
    one_payment_for_several_dossiers,
    notices_conflict,
    never_confirmed,
    begun_and_never_confirmed,
    in_suspense,
    paid_in_another_currency,
    paid_in_another_currency_and_not_booked,
    beyond_32_bits,
)
