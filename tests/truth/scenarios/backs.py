"""Money that goes back: reversals that undo one match and no other, refunds tied to what they return."""

from typing import Any

from tests.truth import narratives
from tests.truth.days import after
from tests.truth.facts import Line, Payment, Record
from tests.truth.teller import Teller


def _reverse(tell: Teller, credit: Line, days: int = 1, **changes: Any) -> Line:
    """Add the line by which the bank takes a credit back, and say that it belongs to it."""
    same = {"reference": credit.reference, "narrative": credit.narrative}
    day = after(credit.booked_on, days)
    line = tell.line(credit.account, -credit.amount, day, reversal=True, **{**same, **changes})
    tell.join("reversal", (), (credit, line))
    return line


def reversal(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee())
    _reverse(tell, tell.book(payment))
    tell.expect(dossier, "missing", reversed=payment.amount)


def reversal_known_by_its_narrative(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee())
    _reverse(tell, tell.book_naming(payment, dossier.code))
    tell.expect(dossier, "missing", reversed=payment.amount)


def reversal_of_one_of_several(tell: Teller) -> None:
    first, second = tell.fee(), tell.fee()
    dossier = tell.dossier(first + second)
    _reverse(tell, tell.book(tell.pay(dossier, first)))
    tell.booked(tell.pay(dossier, second))
    tell.expect(dossier, "missing", reversed=first, underpaid=first)


def reversal_beside_an_equal_line(tell: Teller) -> None:
    """Another dossier's line of the same sum, day and account stays where it is."""
    dossier, payment = tell.paid(tell.fee())
    other, untouched = tell.paid(payment.amount, source=payment.source, day=payment.day, at=payment.at)
    credit = tell.book(payment)
    tell.booked(untouched, day=credit.booked_on)
    _reverse(tell, credit)
    tell.expect(dossier, "missing", reversed=payment.amount)
    tell.expect(other, "matched")


def reversed_and_booked_again(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee())
    credit = tell.book(payment)
    _reverse(tell, credit)
    tell.booked(payment, day=after(credit.booked_on, tell.choose(2, 3)))
    tell.expect(dossier, "matched")


def reversed_twice_and_booked_again(tell: Teller) -> None:
    """Within the time the bank has, so that nothing comes late in between."""
    dossier, payment = tell.paid(tell.fee(), day=after(tell.payday(), 1))
    _reverse(tell, tell.book(payment, day=payment.day), days=0)
    _reverse(tell, tell.book(payment, day=after(payment.day, 1)))
    tell.expect(dossier, "missing", reversed=payment.amount)


def reversal_of_nothing(tell: Teller) -> None:
    account = tell.choose(*tell.province.direct).account
    reference = f"RV{tell.codes.digits(12)}"
    line = tell.line(account, -tell.fee(), after(tell.payday(), 1), reversal=True, reference=reference)
    tell.expect(line, "extra", bank_unexpected=-line.amount)


def reversal_before_its_credit(tell: Teller) -> None:
    """What is booked before the credit does not take it back."""
    dossier, payment = tell.paid(tell.fee())
    credit = tell.booked(payment, day=after(payment.day, 1))
    day = credit.booked_on.fromordinal(credit.booked_on.toordinal() - 1)
    line = tell.line(credit.account, -credit.amount, day, reversal=True, reference=credit.reference)
    tell.expect(dossier, "matched")
    tell.expect(line, "extra", bank_unexpected=credit.amount)


def reversed_by_notice(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee(), state="reversed")
    tell.expect(dossier, "missing", reversed=payment.amount)


def _refund(tell: Teller, payment: Payment, amount: int, **changes: Any) -> Line:
    """Add a debit with the payment's reference."""
    defaults: dict[str, Any] = {
        "reference": narratives.echoed(tell.random, payment.reference),
        "narrative": tell.choose("HOAN TRA LE PHI", "Hoàn phí hồ sơ", "REFUND", ""),
        "account": payment.source.account,
    }
    chosen = {**defaults, **changes}
    day = after(payment.day, tell.choose(2, 3))
    return tell.line(chosen.pop("account"), -amount, day, **chosen)


def _refunded(tell: Teller, payment: Payment, amount: int, **changes: Any) -> Line:
    line = _refund(tell, payment, amount, **changes)
    tell.join("refund", payment, line)
    return line


def _withdrawn(tell: Teller, **changes: Any) -> tuple[Record, Payment]:
    dossier = tell.dossier(amount := tell.fee(), "withdrawn")
    return dossier, tell.pay(dossier, amount, **changes)


def refunded_in_full(tell: Teller) -> None:
    dossier, payment = _withdrawn(tell)
    tell.booked(payment)
    _refunded(tell, payment, payment.amount)
    tell.expect(dossier, "matched")


def refunded_in_two_parts(tell: Teller) -> None:
    dossier, payment = _withdrawn(tell)
    tell.booked(payment)
    _refunded(tell, payment, payment.amount - 4_000)
    _refunded(tell, payment, 4_000)
    tell.expect(dossier, "matched")


def refunded_from_another_account(tell: Teller) -> None:
    dossier, payment = _withdrawn(tell)
    tell.booked(payment)
    _refunded(tell, payment, payment.amount, account=tell.province.forgotten)
    tell.expect(dossier, "matched")


def refunded_in_part_after_withdrawal(tell: Teller) -> None:
    dossier, payment = _withdrawn(tell)
    tell.booked(payment)
    _refunded(tell, payment, 3_000)
    tell.expect(dossier, "refund_due", record_closed=payment.amount - 3_000)


def what_was_too_much_is_refunded(tell: Teller) -> None:
    dossier = tell.dossier(due := tell.fee())
    payment = tell.pay(dossier, due + (more := tell.unit()))
    tell.booked(payment)
    _refunded(tell, payment, more)
    tell.expect(dossier, "matched")


def too_much_is_refunded(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee())
    tell.booked(payment)
    _refunded(tell, payment, 4_000)
    tell.expect(dossier, "mismatched", underpaid=4_000)


def the_second_payment_is_refunded(tell: Teller) -> None:
    dossier = tell.dossier(due := tell.fee())
    first, second = tell.pay(dossier, due), tell.pay(dossier, due)
    for payment in (first, second):
        tell.booked(payment)
    _refunded(tell, second, due)
    tell.expect(dossier, "matched")


def the_latest_of_one_reference_is_refunded(tell: Teller) -> None:
    dossier, first = tell.paid(tell.fee())
    later = after(first.day, 1)
    second = tell.pay(dossier, first.amount, first.source, day=later, reference=first.reference)
    tell.join("bank", (first, second), [tell.book(one, day=later) for one in (first, second)])
    _refunded(tell, second, first.amount)
    tell.expect(dossier, "matched")


def refund_of_nothing(tell: Teller) -> None:
    account = tell.choose(*tell.province.direct).account
    reference = tell.choose("", f"HT{tell.codes.digits(12)}")
    narrative = tell.choose("HOAN TRA LE PHI", "Hoàn tiền cho công dân", "HOAN PHI HO SO", "REFUND 12")
    line = tell.line(account, -tell.fee(), after(tell.payday(), 2), reference=reference, narrative=narrative)
    tell.expect(line, "mismatched", refund_unmatched=-line.amount)


def more_is_refunded_than_was_paid(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee())
    tell.booked(payment)
    line = _refund(tell, payment, payment.amount + 1_000)
    tell.expect(dossier, "matched")
    tell.expect(line, "mismatched", refund_unmatched=payment.amount + 1_000)


def refund_of_a_failed_payment(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee(), state="failed")
    line = _refund(tell, payment, payment.amount)
    tell.expect(dossier, "unpaid")
    tell.expect(line, "mismatched", refund_unmatched=payment.amount)


def refunded_by_notice(tell: Teller) -> None:
    dossier, payment = _withdrawn(tell, state="refunded")
    tell.booked(payment)
    tell.expect(dossier, "matched")


def refunded_by_the_gateway(tell: Teller) -> None:
    """Its record stands in the settlement file, and lessens what is paid out."""
    source = tell.province.agency_pays
    dossier, payment = _withdrawn(tell, source=source)
    tell.settled(payment)
    other, beside = tell.paid(1_500_000, source=source, day=payment.day)
    tell.settled(beside)
    back = tell.settle(source, -payment.amount, payment.day, fee=0, net=-payment.amount, reference=payment.reference)
    tell.join("refund", payment, back)
    tell.expect(dossier, "matched")
    tell.expect(other, "matched")


def refunded_by_the_gateway_and_seen_at_the_bank(tell: Teller) -> None:
    """One refund that two files tell is one refund."""
    source = tell.province.payer_pays
    dossier = tell.dossier((due := tell.fee()) - 4_000)
    payment = tell.pay(dossier, due, source)
    tell.settled(payment)
    back = tell.settle(source, -4_000, payment.day, fee=0, net=-4_000, reference=payment.reference)
    tell.join("refund", payment, back)
    _refunded(tell, payment, 4_000)
    tell.expect(dossier, "matched")


def the_gateway_refunds_nothing_known(tell: Teller) -> None:
    source = tell.province.agency_pays
    dossier, payment = tell.paid(tell.fee() + 50_000, source=source)
    tell.settled(payment)
    reference = f"HD{tell.codes.digits(15)}"
    line = tell.settle(source, -5_000, payment.day, fee=0, net=-5_000, reference=reference)
    tell.expect(dossier, "matched")
    tell.expect(line, "mismatched", refund_unmatched=5_000)


SCENARIOS = (
    reversal,
    reversal_known_by_its_narrative,
    reversal_of_one_of_several,
    reversal_beside_an_equal_line,
    reversed_and_booked_again,
    reversed_twice_and_booked_again,
    reversal_of_nothing,
    reversal_before_its_credit,
    reversed_by_notice,
    refunded_in_full,
    refunded_in_two_parts,
    refunded_from_another_account,
    refunded_in_part_after_withdrawal,
    what_was_too_much_is_refunded,
    too_much_is_refunded,
    the_second_payment_is_refunded,
    the_latest_of_one_reference_is_refunded,
    refund_of_nothing,
    more_is_refunded_than_was_paid,
    refund_of_a_failed_payment,
    refunded_by_notice,
    refunded_by_the_gateway,
    refunded_by_the_gateway_and_seen_at_the_bank,
    the_gateway_refunds_nothing_known,
)
