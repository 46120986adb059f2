"""Payments and lines that come to the same sum: one to many, many to one, many to many; and where none may be taken."""

from tests.truth import narratives
from tests.truth.days import after
from tests.truth.facts import Line, Payment, Record
from tests.truth.teller import Teller


def _under_one_reference(tell: Teller, *amounts: int) -> tuple[Record, list[Payment]]:
    """Tell of one dossier that is paid by several transactions of one reference."""
    dossier = tell.dossier(sum(amounts))
    first = tell.pay(dossier, amounts[0])
    rest = [tell.pay(dossier, amount, first.source, day=first.day, reference=first.reference) for amount in amounts[1:]]
    return dossier, [first, *rest]


def _lines(tell: Teller, payment: Payment, *amounts: int) -> list[Line]:
    return [tell.book(payment, amount=amount) for amount in amounts]


def several_payments_one_line(tell: Teller) -> None:
    parts = [tell.fee() for _ in range(tell.choose(2, 3, 5))]
    dossier, payments = _under_one_reference(tell, *parts)
    tell.join("bank", payments, _lines(tell, payments[0], sum(parts)))
    tell.expect(dossier, "matched")


def several_dossiers_one_line(tell: Teller) -> None:
    """A payment order for several dossiers: one reference, a payment each, one line."""
    first, one = tell.paid(tell.fee())
    told = [(first, one)] + [
        tell.paid(tell.fee(), source=one.source, day=one.day, at=one.at, reference=one.reference) for _ in range(2)
    ]
    tell.join("bank", [payment for _, payment in told], tell.book(one, amount=sum(two.amount for _, two in told)))
    for dossier, _ in told:
        tell.expect(dossier, "matched")


def one_payment_several_lines(tell: Teller) -> None:
    parts = [tell.fee() for _ in range(tell.choose(2, 3))]
    dossier, payment = tell.paid(sum(parts))
    tell.join("bank", payment, _lines(tell, payment, *parts))
    tell.expect(dossier, "matched")


def several_payments_several_lines(tell: Teller) -> None:
    unit = tell.unit()
    dossier, payments = _under_one_reference(tell, 3 * unit, 5 * unit, 10 * unit)
    tell.join("bank", payments, _lines(tell, payments[0], 4 * unit, 14 * unit))
    tell.expect(dossier, "matched")


def sum_beside_an_equal_pair(tell: Teller) -> None:
    unit = tell.unit()
    dossier, (one, two, three) = _under_one_reference(tell, 3 * unit, 5 * unit, 10 * unit)
    together, alone = _lines(tell, one, 8 * unit, 10 * unit)
    tell.join("bank", (one, two), together)
    tell.join("bank", three, alone)
    tell.expect(dossier, "matched")


def sum_inside_a_reference(tell: Teller) -> None:
    """Two of three payments come to one line; what is left of each side is one payment and one line that differ."""
    unit = tell.unit()
    dossier, (one, two, three) = _under_one_reference(tell, 3 * unit, 5 * unit, 20 * unit)
    together, other = _lines(tell, one, 8 * unit, 11 * unit)
    tell.join("bank", (one, two), together)
    tell.join("bank", three, other)
    tell.expect(dossier, "mismatched", amount_differs=9 * unit)


def sum_in_two_ways(tell: Teller) -> None:
    unit = tell.unit()
    dossier, payments = _under_one_reference(tell, 3 * unit, 5 * unit, 2 * unit, 6 * unit)
    (line,) = _lines(tell, payments[0], 8 * unit)
    tell.expect(dossier, "pending", ambiguous=16 * unit)
    tell.expect(line, "pending", ambiguous=8 * unit)


def one_sum_is_clear_beside_one_that_is_not(tell: Teller) -> None:
    dossier, payments = _under_one_reference(tell, 300_000, 500_000, 4_000, 7_000, 2_000, 9_000)
    clear, unclear = _lines(tell, payments[0], 800_000, 11_000)
    tell.join("bank", payments[:2], clear)
    tell.expect(dossier, "pending", ambiguous=22_000)
    tell.expect(unclear, "pending", ambiguous=11_000)


def sum_among_twenty(tell: Teller) -> None:
    """As many facts as are searched, and one way only."""
    dossier, payments = _under_one_reference(tell, *(1_000 * 2**power for power in range(19)))
    chosen = tell.random.sample(payments, tell.choose(3, 9, 15))
    tell.join("bank", chosen, _lines(tell, payments[0], sum(one.amount for one in chosen)))
    tell.expect(dossier, "missing", bank_missing=dossier.due - sum(one.amount for one in chosen))


def no_sum_across_currencies(tell: Teller) -> None:
    dossier, (one,) = _under_one_reference(tell, 30_000)
    tell.pay(dossier, 20_000, one.source, day=one.day, reference=one.reference, currency="USD")
    tell.join("bank", one, _lines(tell, one, 50_000))
    tell.expect(dossier, "mismatched", currency_differs=20_000, amount_differs=20_000)


def one_line_for_either_of_two_payments(tell: Teller) -> None:
    amount = tell.fee()
    dossier, payments = _under_one_reference(tell, amount, amount)
    (line,) = _lines(tell, payments[0], amount)
    tell.expect(dossier, "pending", ambiguous=2 * amount)
    tell.expect(line, "pending", ambiguous=amount)


def either_of_two_lines_for_one_payment(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee())
    lines = _lines(tell, payment, payment.amount, payment.amount)
    tell.expect(dossier, "pending", ambiguous=payment.amount)
    for line in lines:
        tell.expect(line, "pending", ambiguous=line.amount)


def too_many_for_a_search(tell: Teller) -> None:
    """Some of them come to the line, but which, nobody looks for."""
    unit = tell.unit()
    amounts = [(2 * number + 1) * unit for number in range(23)]
    dossier, payments = _under_one_reference(tell, *amounts)
    (line,) = _lines(tell, payments[0], sum(amounts[:7]))
    tell.expect(dossier, "pending", ambiguous=sum(amounts))
    tell.expect(line, "pending", ambiguous=line.amount)


def all_of_many(tell: Teller) -> None:
    """What comes to the same as a whole needs no search, however much it is."""
    dossier, payments = _under_one_reference(tell, *(tell.fee() for _ in range(25)))
    tell.join("bank", payments, _lines(tell, payments[0], dossier.due))
    tell.expect(dossier, "matched")


def _named_together(tell: Teller, *amounts: int) -> list[tuple[Record, Payment]]:
    source, day = tell.choose(*tell.province.direct), tell.payday()
    return [tell.paid(amount, source=source, day=day) for amount in amounts]


def one_line_names_several_dossiers(tell: Teller) -> None:
    told = _named_together(tell, *(tell.fee() for _ in range(tell.choose(2, 3))))
    payments = [payment for _, payment in told]
    codes = [dossier.code for dossier, _ in told]
    total = sum(one.amount for one in payments)
    tell.join("bank", payments, tell.book_naming(payments[0], *codes, amount=total))
    for dossier, _ in told:
        tell.expect(dossier, "matched")


def one_line_names_several_references(tell: Teller) -> None:
    told = _named_together(tell, tell.fee(), tell.fee())
    payments = [payment for _, payment in told]
    references = [one.reference for one in payments]
    total = sum(one.amount for one in payments)
    tell.join("bank", payments, tell.book_naming(payments[0], *references, amount=total))
    for dossier, _ in told:
        tell.expect(dossier, "matched")


def several_lines_name_one_dossier(tell: Teller) -> None:
    parts = (tell.fee(), tell.fee())
    dossier, payment = tell.paid(sum(parts))
    tell.join("bank", payment, [tell.book_naming(payment, dossier.code, amount=part) for part in parts])
    tell.expect(dossier, "matched")


def several_lines_name_several_dossiers(tell: Teller) -> None:
    unit = tell.unit()
    (first, one), (second, other) = _named_together(tell, 3 * unit, 5 * unit)
    lines = [tell.book_naming(one, first.code, second.code, amount=part * unit) for part in (2, 6)]
    tell.join("bank", (one, other), lines)
    tell.expect(first, "matched")
    tell.expect(second, "matched")


def named_sum_in_two_ways(tell: Teller) -> None:
    unit = tell.unit()
    (first, one), (second, other) = _named_together(tell, 3 * unit, 2 * unit)
    for dossier, payment, more in ((first, one, 5), (second, other, 6)):
        tell.pay(dossier, more * unit, payment.source, day=payment.day)
        dossier.due += more * unit
        tell.expect(dossier, "pending", ambiguous=dossier.due)
    line = tell.book_naming(one, first.code, second.code, amount=8 * unit)
    tell.expect(line, "pending", ambiguous=line.amount)


def sum_that_nothing_names(tell: Teller) -> None:
    """A sum alone proves nothing."""
    told = _named_together(tell, tell.fee(), tell.fee())
    payments = [payment for _, payment in told]
    total = sum(one.amount for one in payments)
    day = after(payments[0].day, 1)
    narrative = narratives.about_nothing(tell.random)
    line = tell.book(payments[0], amount=total, reference="", narrative=narrative, day=day)
    for dossier, payment in told:
        tell.expect(dossier, "missing", bank_missing=payment.amount)
    tell.expect(line, "extra", bank_unexpected=total)


SCENARIOS = (
    several_payments_one_line,
    several_dossiers_one_line,
    one_payment_several_lines,
    several_payments_several_lines,
    sum_beside_an_equal_pair,
    sum_inside_a_reference,
    sum_in_two_ways,
    one_sum_is_clear_beside_one_that_is_not,
    sum_among_twenty,
    no_sum_across_currencies,
    one_line_for_either_of_two_payments,
    either_of_two_lines_for_one_payment,
    too_many_for_a_search,
    all_of_many,
    one_line_names_several_dossiers,
    one_line_names_several_references,
    several_lines_name_one_dossier,
    several_lines_name_several_dossiers,
    named_sum_in_two_ways,
    sum_that_nothing_names,
)
