"""What a narrative names: cut references, codes that are the beginning or the end of others, several in one line."""

from datetime import timedelta

from tests.truth import narratives
from tests.truth.days import PAYDAYS
from tests.truth.facts import Line, Payment, Record
from tests.truth.teller import Teller


def _cut(tell: Teller, payment: Payment, length: int, code: str | None = None) -> Line:
    narrative = narratives.naming_cut(tell.random, code or payment.reference, length)
    return tell.book(payment, reference="", narrative=narrative)


def _long(payment: Payment) -> str:
    return f"dvc{payment.dossier}{payment.at:%Y%m%d%H%M%S}"


def cut_reference(tell: Teller) -> None:
    """Cut within the time at its end: the dossier inside it makes it unique."""
    dossier, payment = tell.paid(tell.fee())
    payment.reference = _long(payment)
    length = len(payment.reference.replace(".", "").replace("-", "")) - tell.choose(3, 6, 12)
    tell.join("bank", payment, _cut(tell, payment, length))
    tell.expect(dossier, "matched")


def cut_dossier_code(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.rare_sum())
    tell.join("bank", payment, _cut(tell, payment, tell.choose(12, 13), dossier.code))
    tell.expect(dossier, "matched")


def cut_reference_unique_by_its_amount(tell: Teller) -> None:
    """Cut so short that many begin alike, but only one of them has this amount."""
    dossier, payment = tell.paid(tell.rare_sum())
    payment.reference = _long(payment)
    tell.join("bank", payment, _cut(tell, payment, tell.choose(12, 14, 16)))
    tell.expect(dossier, "matched")


def cut_reference_in_its_column(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.rare_sum())
    payment.reference = _long(payment)
    cut = payment.reference.upper().replace(".", "").replace("-", "")[: tell.choose(16, 20)]
    line = tell.book(payment, reference=cut, narrative=narratives.about_nothing(tell.random))
    tell.join("bank", payment, line)
    tell.expect(dossier, "matched")


def cut_reference_not_unique(tell: Teller) -> None:
    """One line cut where two open payments of its amount still agree."""
    source, day, amount = tell.choose(*tell.province.direct), tell.payday(), tell.rare_sum()
    stem = f"HD{day:%y%m%d}{tell.codes.digits(7)}"
    told = [tell.paid(amount, source=source, day=day, reference=f"{stem}{end}") for end in ("13", "27")]
    line = _cut(tell, told[0][1], tell.choose(12, 14))
    for dossier, _ in told:
        tell.expect(dossier, "pending", ambiguous=amount)
    tell.expect(line, "pending", ambiguous=amount)


def cut_references_of_twins(tell: Teller) -> None:
    """Each of two payments has its line, but both are cut alike: whose is whose cannot be told."""
    source, day, amount = tell.choose(*tell.province.direct), tell.payday(), tell.rare_sum()
    stem = f"HD{day:%y%m%d}{tell.codes.digits(7)}"
    for end in ("31", "58"):
        dossier, payment = tell.paid(amount, source=source, day=day, reference=f"{stem}{end}")
        line = _cut(tell, payment, 14)
        tell.expect(dossier, "pending", ambiguous=amount)
        tell.expect(line, "pending", ambiguous=amount)


def cut_too_short(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.rare_sum())
    payment.reference = _long(payment)
    line = _cut(tell, payment, tell.choose(8, 11))
    tell.expect(dossier, "missing", bank_missing=payment.amount)
    tell.expect(line, "extra", bank_unexpected=line.amount)


def a_broken_line_is_no_cut_reference(tell: Teller) -> None:
    """A settled dossier's code is broken over two lines; where the first ends, an open one begins alike."""
    source, day, amount = tell.choose(*tell.province.direct), tell.payday(), tell.rare_sum()
    stem = f"000.00.{tell.random.randrange(50, 99)}.{tell.province.agency}-{day:%y%m%d}-"
    while not tell.codes.claim(code := f"{stem}{tell.codes.digits(4)}"):
        pass
    while not tell.codes.claim(other := f"{stem}{tell.codes.digits(4)}"):
        pass
    settled, open_ = tell.dossier(amount, code=code), tell.dossier(amount, code=other)
    payment = tell.pay(settled, amount, source, day=day)
    tell.booked(payment)
    tell.pay(open_, amount, source, day=day)
    place = len(stem) - tell.choose(1, 3)
    line = tell.book(payment, reference="", narrative=f"NOP LE PHI {code[:place]}\n{code[place:]}")
    tell.expect(settled, "matched")
    tell.expect(open_, "missing", bank_missing=amount)
    tell.expect(line, "extra", bank_unexpected=amount)


def two_dossiers_in_one_line(tell: Teller) -> None:
    """Both were paid for with the line's amount, and it can be but one of them."""
    source, day, amount = tell.choose(*tell.province.direct), tell.payday(), tell.fee()
    first, one = tell.paid(amount, source=source, day=day)
    second, _ = tell.paid(amount, source=source, day=day)
    line = tell.book_naming(one, first.code, second.code)
    for case in (first, second, line):
        tell.expect(case, "pending", ambiguous=amount)


def two_dossiers_named_and_one_of_the_amount(tell: Teller) -> None:
    source, day = tell.choose(*tell.province.direct), tell.payday()
    first, one = tell.paid(tell.fee(), source=source, day=day)
    second, other = tell.paid(one.amount + 7_000, source=source, day=day)
    tell.booked(other)
    tell.join("bank", one, tell.book_naming(one, first.code, second.code))
    tell.expect(first, "matched")
    tell.expect(second, "matched")


def another_dossier_in_the_narrative(tell: Teller) -> None:
    """The reference is one payment's, the narrative names the other's dossier: the reference tells."""
    source, day, amount = tell.choose(*tell.province.direct), tell.payday(), tell.fee()
    first, one = tell.paid(amount, source=source, day=day)
    second, other = tell.paid(amount, source=source, day=day)
    tell.booked(one, narrative=narratives.naming(tell.random, second.code))
    tell.booked(other, narrative=narratives.naming(tell.random, first.code))
    tell.expect(first, "matched")
    tell.expect(second, "matched")


def narrative_with_another_amount(tell: Teller) -> None:
    """The dossier is named, but not its sum: a person is to decide."""
    dossier, payment = tell.paid(tell.fee())
    line = tell.book_naming(payment, dossier.code, amount=payment.amount - 1_000)
    tell.expect(dossier, "missing", bank_missing=payment.amount)
    tell.expect(line, "extra", bank_unexpected=line.amount)


def narrative_of_another_account(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee())
    line = tell.book_naming(payment, dossier.code, account=tell.province.forgotten)
    tell.expect(dossier, "missing", bank_missing=payment.amount)
    tell.expect(line, "extra", bank_unexpected=line.amount)


def narrative_out_of_its_window(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee(), day=tell.choose(*PAYDAYS[5:]))
    line = tell.book_naming(payment, dossier.code, day=payment.day - timedelta(days=tell.choose(2, 5)))
    tell.expect(dossier, "missing", bank_missing=payment.amount)
    tell.expect(line, "extra", bank_unexpected=line.amount)


def _book_whole(tell: Teller, payment: Payment, code: str) -> Line:
    """A code that a broken line would cut where another ends could not be told from it."""
    narrative = narratives.naming(tell.random, code, wrapped=False)
    return tell.book(payment, reference="", narrative=narrative)


def _one_and_its_like(tell: Teller, codes: tuple[str, str]) -> tuple[list[tuple[Record, Payment]], list[Line]]:
    source, day, amount = tell.choose(*tell.province.direct), tell.payday(), tell.fee()
    told, lines = [], []
    for code in codes:
        dossier = tell.dossier(amount, code=code)
        payment = tell.pay(dossier, amount, source, day=day)
        told.append((dossier, payment))
        lines.append(_book_whole(tell, payment, code))
    return told, lines


def _both_matched(tell: Teller, codes: tuple[str, str]) -> None:
    told, lines = _one_and_its_like(tell, codes)
    for (dossier, payment), line in zip(told, lines, strict=True):
        tell.join("bank", payment, line)
        tell.expect(dossier, "matched")


def _prefixed(tell: Teller) -> tuple[str, str]:
    while not tell.codes.claim(code := f"{tell.province.agency}.7-{tell.payday():%y%m%d}-{tell.codes.digits(4)}"):
        pass
    longer = f"{code}{tell.codes.digits(1)}"
    tell.codes.claim(longer)
    return code, longer


def dossier_code_that_begins_another(tell: Teller) -> None:
    _both_matched(tell, _prefixed(tell))


def dossier_code_that_ends_another(tell: Teller) -> None:
    while not tell.codes.claim(code := f"{tell.province.agency}-{tell.payday():%y%m%d}-{tell.codes.digits(4)}"):
        pass
    longer = f"000.00.{tell.random.randrange(50, 99)}.{code}"
    tell.codes.claim(longer)
    _both_matched(tell, (code, longer))


def only_the_longer_of_two_codes_is_booked(tell: Teller) -> None:
    told, lines = _one_and_its_like(tell, _prefixed(tell))
    tell.world.lines.remove(lines[0])
    (short, payment), (long, other) = told
    tell.join("bank", other, lines[1])
    tell.expect(short, "missing", bank_missing=payment.amount)
    tell.expect(long, "matched")


def reference_that_begins_another(tell: Teller) -> None:
    source, day, amount = tell.choose(*tell.province.direct), tell.payday(), tell.fee()
    while not tell.codes.claim(stem := f"HD{day:%y%m%d}{tell.codes.digits(8)}"):
        pass
    for reference in (stem, f"{stem}7"):
        dossier, payment = tell.paid(amount, source=source, day=day, reference=reference)
        tell.join("bank", payment, _book_whole(tell, payment, reference))
        tell.expect(dossier, "matched")


SCENARIOS = (
    cut_reference,
    cut_dossier_code,
    cut_reference_unique_by_its_amount,
    cut_reference_in_its_column,
    cut_reference_not_unique,
    cut_references_of_twins,
    cut_too_short,
    a_broken_line_is_no_cut_reference,
    two_dossiers_in_one_line,
    two_dossiers_named_and_one_of_the_amount,
    another_dossier_in_the_narrative,
    narrative_with_another_amount,
    narrative_of_another_account,
    narrative_out_of_its_window,
    dossier_code_that_begins_another,
    dossier_code_that_ends_another,
    only_the_longer_of_two_codes_is_booked,
    reference_that_begins_another,
)
