"""The bank's line: another amount, another account, none, one too many, too late; and twins."""

from tests.truth import narratives
from tests.truth.days import after
from tests.truth.facts import Account
from tests.truth.teller import Teller


def bank_amount_differs(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee())
    difference = tell.choose(-1, 1) * tell.choose(1, 1_000, 5_000)
    tell.join("bank", payment, tell.book(payment, amount=payment.amount + difference))
    tell.expect(dossier, "mismatched", amount_differs=abs(difference))


def wrong_account(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee())
    tell.join("bank", payment, tell.book(payment, account=tell.province.forgotten))
    tell.expect(dossier, "mismatched", wrong_account=payment.amount)


def wrong_account_of_one_of_two(tell: Teller) -> None:
    """Two payments of one reference and sum into two accounts, one line on a third."""
    portal, _, transfers = tell.province.direct
    first, one = tell.paid(tell.fee(), source=portal)
    second, other = tell.paid(one.amount, source=transfers, day=one.day, reference=one.reference)
    line = tell.book(one, account=tell.province.forgotten)
    tell.expect(first, "pending", ambiguous=one.amount)
    tell.expect(second, "pending", ambiguous=other.amount)
    tell.expect(line, "pending", ambiguous=line.amount)


def one_reference_on_two_accounts(tell: Teller) -> None:
    portal, _, transfers = tell.province.direct
    first, one = tell.paid(tell.fee(), source=portal)
    second, other = tell.paid(one.amount, source=transfers, reference=one.reference)
    for dossier, payment in ((first, one), (second, other)):
        tell.booked(payment)
        tell.expect(dossier, "matched")


def bank_missing(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee())
    tell.expect(dossier, "missing", bank_missing=payment.amount)


def _stray(tell: Teller, narrative: str, amount: int | None = None) -> None:
    account: Account = tell.choose(*tell.province.direct, tell.province.agency_pays).account
    day = after(tell.payday(), 1)
    reference = tell.choose("", "", f"FT{day:%y%j}{tell.codes.digits(6)}")
    line = tell.line(account, amount or tell.fee(), day, narrative=narrative, reference=reference)
    tell.expect(line, "extra", bank_unexpected=line.amount)


def bank_unexpected(tell: Teller) -> None:
    _stray(tell, narratives.about_nothing(tell.random))


def bank_line_of_an_unknown_dossier(tell: Teller) -> None:
    _stray(tell, narratives.naming(tell.random, tell.codes.dossier(tell.payday())))


def bank_line_of_an_unpaid_dossier(tell: Teller) -> None:
    dossier = tell.dossier(tell.fee())
    _stray(tell, narratives.naming(tell.random, dossier.code), dossier.due)
    tell.expect(dossier, "unpaid")


def bank_line_of_a_settled_dossier(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee())
    tell.booked(payment)
    line = tell.book_naming(payment, dossier.code)
    tell.expect(dossier, "matched")
    tell.expect(line, "extra", bank_unexpected=line.amount)


def bank_line_of_a_failed_payment(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee(), state="failed")
    line = tell.book(payment)
    tell.expect(dossier, "unpaid")
    tell.expect(line, "extra", bank_unexpected=line.amount)


def bank_fee(tell: Teller) -> None:
    account = tell.choose(*tell.province.direct).account
    narrative = tell.choose("PHI DICH VU SMS", "Phí quản lý tài khoản", "THUE GTGT")
    line = tell.line(account, -tell.choose(11_000, 50_000), after(tell.payday(), 1), narrative=narrative)
    tell.expect(line, "extra", bank_unexpected=-line.amount)


def amount_and_payer_alone_agree(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee())
    line = tell.book(payment, reference="", narrative=narratives.about_nothing(tell.random))
    tell.expect(dossier, "missing", bank_missing=payment.amount)
    tell.expect(line, "extra", bank_unexpected=line.amount)


def late_bank_line(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee())
    tell.booked(payment, day=after(payment.day, tell.choose(2, 3, 4)))
    tell.expect(dossier, "matched")


def late_bank_line_by_narrative(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee())
    line = tell.book_naming(payment, dossier.code, day=after(payment.day, tell.choose(2, 3)))
    tell.join("bank", payment, line)
    tell.expect(dossier, "matched")


def booked_on_the_day_before(tell: Teller) -> None:
    """A payment after the source's cut-off belongs to the next business day; the bank has none."""
    day = after(tell.payday(), 1)
    dossier, payment = tell.paid(tell.fee(), day=day)
    line = tell.book_naming(payment, dossier.code, day=day.fromordinal(day.toordinal() - 1))
    tell.join("bank", payment, line)
    tell.expect(dossier, "matched")


def twins_with_references_of_their_own(tell: Teller) -> None:
    source, day = tell.choose(*tell.province.direct), tell.payday()
    at, amount = tell.moment(day), tell.fee()
    for _ in range(2):
        dossier, payment = tell.paid(amount, source=source, day=day, at=at)
        tell.booked(payment, narrative="NGUYEN VAN AN NOP LE PHI", day=after(day, 1))
        tell.expect(dossier, "matched")


def twins_with_the_same_narrative(tell: Teller) -> None:
    source, day = tell.choose(*tell.province.direct), tell.payday()
    at, amount = tell.moment(day), tell.fee()
    for _ in range(2):
        dossier, payment = tell.paid(amount, source=source, day=day, at=at)
        line = tell.book(payment, reference="", narrative="NGUYEN VAN AN NOP LE PHI", day=after(day, 1))
        tell.expect(dossier, "missing", bank_missing=amount)
        tell.expect(line, "extra", bank_unexpected=amount)


def twins_of_one_dossier(tell: Teller) -> None:
    """Two halves in the same minute; both lines name the dossier, and whichever is whose, they settle it."""
    source, day = tell.choose(*tell.province.direct), tell.payday()
    at, amount = tell.moment(day), tell.fee()
    dossier = tell.dossier(2 * amount)
    payments = [tell.pay(dossier, amount, source, day=day, at=at) for _ in range(2)]
    tell.join("bank", payments, [tell.book_naming(one, dossier.code) for one in payments])
    tell.expect(dossier, "matched")


def pair_that_was_parted(tell: Teller) -> None:
    dossier, payment = tell.paid(tell.fee())
    line = tell.book(payment)
    tell.world.parted.append((payment, line))
    tell.expect(dossier, "missing", bank_missing=payment.amount)
    tell.expect(line, "extra", bank_unexpected=line.amount)


SCENARIOS = (
    bank_amount_differs,
    wrong_account,
    wrong_account_of_one_of_two,
    one_reference_on_two_accounts,
    bank_missing,
    bank_unexpected,
    bank_line_of_an_unknown_dossier,
    bank_line_of_an_unpaid_dossier,
    bank_line_of_a_settled_dossier,
    bank_line_of_a_failed_payment,
    bank_fee,
    amount_and_payer_alone_agree,
    late_bank_line,
    late_bank_line_by_narrative,
    booked_on_the_day_before,
    twins_with_references_of_their_own,
    twins_with_the_same_narrative,
    twins_of_one_dossier,
    pair_that_was_parted,
)
