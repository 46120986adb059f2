"""Treasury, receipt and report: handed over, in part, too much, not at all."""

from typing import Any, Final

from tests.truth.days import after
from tests.truth.facts import HandOver, Line, Payment, Record
from tests.truth.teller import Teller

BOTH: Final[tuple[HandOver, ...]] = ("treasury", "receipt")


def _expecting(tell: Teller, flag: int = 1) -> tuple[Record, Payment]:
    """Tell of a payment that is booked, and is to be handed over, receipted and reported."""
    dossier = tell.dossier(amount := tell.fee(), flag=flag)
    payment = tell.pay(dossier, amount, tell.province.handing_over)
    tell.booked(payment)
    return dossier, payment


def _over(tell: Teller, leg: HandOver, payment: Payment, *amounts: int, **changes: Any) -> None:
    lines = [tell.hand_over(leg, payment, amount, **changes) for amount in amounts or (payment.amount,)]
    tell.join(leg, payment, lines)


def treasury_not_sent(tell: Teller) -> None:
    dossier, payment = _expecting(tell)
    _over(tell, "receipt", payment)
    tell.expect(dossier, "missing", treasury_not_sent=payment.amount)


def treasury_refused_it(tell: Teller) -> None:
    """The line says that it was not sent: it is no evidence."""
    dossier, payment = _expecting(tell)
    tell.hand_over("treasury", payment, evidence=False)
    _over(tell, "receipt", payment)
    tell.expect(dossier, "missing", treasury_not_sent=payment.amount)


def treasury_refused_it_once(tell: Teller) -> None:
    dossier, payment = _expecting(tell)
    tell.hand_over("treasury", payment, evidence=False)
    for leg in BOTH:
        _over(tell, leg, payment)
    tell.expect(dossier, "matched")


def treasury_got_less(tell: Teller) -> None:
    dossier, payment = _expecting(tell)
    _over(tell, "treasury", payment, payment.amount - 4_000)
    _over(tell, "receipt", payment)
    tell.expect(dossier, "missing", treasury_not_sent=4_000)


def treasury_got_it_in_parts(tell: Teller) -> None:
    dossier, payment = _expecting(tell)
    _over(tell, "treasury", payment, 4_000, payment.amount - 4_000)
    _over(tell, "receipt", payment)
    tell.expect(dossier, "matched")


def treasury_got_more(tell: Teller) -> None:
    dossier, payment = _expecting(tell)
    _over(tell, "treasury", payment, payment.amount + 4_000)
    _over(tell, "receipt", payment)
    tell.expect(dossier, "mismatched", amount_differs=4_000)


def treasury_names_the_dossier(tell: Teller) -> None:
    dossier, payment = _expecting(tell)
    for leg in BOTH:
        _over(tell, leg, payment, reference="", dossier=dossier.code)
    tell.expect(dossier, "matched")


def treasury_got_several_payments_at_once(tell: Teller) -> None:
    dossier, first = _expecting(tell)
    second = tell.pay(dossier, tell.fee(), first.source, day=first.day)
    tell.booked(second)
    dossier.due += second.amount
    for leg in BOTH:
        line = tell.hand_over(leg, first, dossier.due, reference="", dossier=dossier.code)
        tell.join(leg, (first, second), line)
    tell.expect(dossier, "matched")


def treasury_got_what_was_kept(tell: Teller) -> None:
    """What was too much is refunded; what is handed over is the rest."""
    dossier, payment = _expecting(tell)
    dossier.due -= 4_000
    back = tell.line(payment.source.account, -4_000, after(payment.day, 2), reference=payment.reference)
    tell.join("refund", payment, back)
    for leg in BOTH:
        _over(tell, leg, payment, payment.amount - 4_000)
    tell.expect(dossier, "matched")


def handed_over_though_nobody_expected_it(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee())
    tell.booked(payment)
    tell.join("treasury", payment, tell.hand_over("treasury", payment, day=after(payment.day, 2)))
    tell.expect(dossier, "matched")


def _belonging_to_nothing(tell: Teller, leg: HandOver) -> Line:
    payment = _expecting_nothing(tell)
    code = tell.codes.dossier(tell.payday())
    reference = tell.choose("", f"HD{tell.codes.digits(15)}")
    return tell.hand_over(leg, payment, tell.fee(), reference=reference, dossier=code)


def _expecting_nothing(tell: Teller) -> Payment:
    dossier, payment = _expecting(tell)
    for leg in BOTH:
        _over(tell, leg, payment)
    tell.expect(dossier, "matched")
    return payment


def treasury_unexpected(tell: Teller) -> None:
    line = _belonging_to_nothing(tell, "treasury")
    tell.expect(line, "extra", treasury_unexpected=line.amount)


def receipt_unexpected(tell: Teller) -> None:
    line = _belonging_to_nothing(tell, "receipt")
    tell.expect(line, "extra", receipt_unexpected=line.amount)


def receipt_missing(tell: Teller) -> None:
    dossier, payment = _expecting(tell)
    _over(tell, "treasury", payment)
    tell.expect(dossier, "missing", receipt_missing=payment.amount)


def receipt_was_cancelled(tell: Teller) -> None:
    dossier, payment = _expecting(tell)
    _over(tell, "treasury", payment)
    tell.hand_over("receipt", payment, evidence=False)
    tell.expect(dossier, "missing", receipt_missing=payment.amount)


def receipt_of_less(tell: Teller) -> None:
    dossier, payment = _expecting(tell)
    _over(tell, "treasury", payment)
    _over(tell, "receipt", payment, payment.amount - 4_000)
    tell.expect(dossier, "missing", receipt_missing=4_000)


def receipt_of_more(tell: Teller) -> None:
    dossier, payment = _expecting(tell)
    _over(tell, "treasury", payment)
    _over(tell, "receipt", payment, payment.amount + 1_000)
    tell.expect(dossier, "mismatched", amount_differs=1_000)


def flag_not_synced(tell: Teller) -> None:
    dossier, payment = _expecting(tell, flag=0)
    for leg in BOTH:
        _over(tell, leg, payment)
    tell.expect(dossier, "mismatched", flag_not_synced=payment.amount)


def nothing_handed_over(tell: Teller) -> None:
    dossier, payment = _expecting(tell, flag=0)
    amount = payment.amount
    tell.expect(dossier, "mismatched", flag_not_synced=amount, treasury_not_sent=amount, receipt_missing=amount)


def refunded_and_not_handed_over(tell: Teller) -> None:
    """What went back in full need be neither handed over nor reported."""
    dossier, payment = _expecting(tell, flag=0)
    dossier.status = "withdrawn"
    back = tell.line(payment.source.account, -payment.amount, after(payment.day, 2), reference=payment.reference)
    tell.join("refund", payment, back)
    tell.expect(dossier, "matched")


SCENARIOS = (
    treasury_not_sent,
    treasury_refused_it,
    treasury_refused_it_once,
    treasury_got_less,
    treasury_got_it_in_parts,
    treasury_got_more,
    treasury_names_the_dossier,
    treasury_got_several_payments_at_once,
    treasury_got_what_was_kept,
    handed_over_though_nobody_expected_it,
    treasury_unexpected,
    receipt_unexpected,
    receipt_missing,
    receipt_was_cancelled,
    receipt_of_less,
    receipt_of_more,
    flag_not_synced,
    nothing_handed_over,
    refunded_and_not_handed_over,
)
