"""A batch of settlement lines is paid out as one bank line: named or not, short, twice alike, or not at all."""

from datetime import date, timedelta
from typing import Any

from tests.truth import narratives
from tests.truth.days import PAYDAYS, after
from tests.truth.facts import Batch, Record, Source
from tests.truth.teller import Teller


def _special(
    tell: Teller, source: Source, *amounts: int, code: str | None = None, day: date | None = None
) -> tuple[Batch, list[Record]]:
    """Tell of payments of one day that a gateway settles in a batch of their own."""
    day = day or tell.payday()
    settled_on = after(day, source.settlement or 1)
    batch = tell.batch(source, settled_on, code)
    dossiers = []
    for amount in amounts:
        dossier, payment = tell.paid(amount, source=source, day=day)
        tell.settled(payment, batch=batch)
        dossiers.append(dossier)
    return batch, dossiers


def _fees(tell: Teller) -> list[int]:
    return [tell.fee() for _ in range(tell.random.randint(2, 6))]


def _expect_all(tell: Teller, dossiers: list[Record], verdict: str) -> None:
    for dossier in dossiers:
        reasons = {"bank_missing": dossier.due} if verdict == "missing" else {}
        tell.expect(dossier, verdict, batch=None, **reasons)


def batch_named_in_the_reference(tell: Teller) -> None:
    batch, dossiers = _special(tell, tell.choose(*tell.province.net_settled), *_fees(tell))
    tell.paid_out(batch, reference=batch.code, narrative=narratives.about_nothing(tell.random))
    _expect_all(tell, dossiers, "matched")


def batch_that_nothing_names(tell: Teller) -> None:
    batch, dossiers = _special(tell, tell.province.agency_pays, tell.rare_sum(), *_fees(tell))
    tell.paid_out(batch, narrative="VNPAY QUYET TOAN")
    _expect_all(tell, dossiers, "matched")


def batch_without_a_code(tell: Teller) -> None:
    """The day of settlement stands for it."""
    source = tell.province.open_gateway()
    day = after(tell.payday(), 1)
    batch = tell.batch(source, day, f"{day}")
    dossiers = []
    for amount in _fees(tell):
        paid_on = day.fromordinal(day.toordinal() - 1)
        dossier, payment = tell.paid(amount, source=source, day=paid_on)
        tell.settled(payment, batch=batch)
        dossiers.append(dossier)
    tell.paid_out(batch, narrative="QUYET TOAN DVC")
    _expect_all(tell, dossiers, "matched")


def batch_paid_out_before_its_list(tell: Teller) -> None:
    batch, dossiers = _special(tell, tell.choose(*tell.province.net_settled), *_fees(tell))
    tell.paid_out(batch, day=batch.settled_on - timedelta(days=1))
    _expect_all(tell, dossiers, "matched")


def batch_paid_out_twice(tell: Teller) -> None:
    """Two lines name it and are of its sum: which one pays it out cannot be told."""
    batch, dossiers = _special(tell, tell.province.open_gateway(), *_fees(tell))
    for _ in range(2):
        line = tell.pay_out(batch)
        tell.expect(line, "pending", ambiguous=line.amount)
    _expect_all(tell, dossiers, "missing")


def batch_paid_out_too_late_to_be_believed(tell: Teller) -> None:
    batch, dossiers = _special(tell, tell.province.open_gateway(), *_fees(tell), day=tell.choose(*PAYDAYS[:10]))
    line = tell.pay_out(batch, day=batch.settled_on + timedelta(days=11))
    _expect_all(tell, dossiers, "missing")
    tell.expect(line, "extra", bank_unexpected=line.amount)


def batch_paid_out_to_another_account(tell: Teller) -> None:
    batch, dossiers = _special(tell, tell.province.open_gateway(), *_fees(tell))
    line = tell.pay_out(batch, account=tell.province.forgotten)
    _expect_all(tell, dossiers, "missing")
    tell.expect(line, "extra", bank_unexpected=line.amount)


def payout_taken_back(tell: Teller) -> None:
    batch, dossiers = _special(tell, tell.province.open_gateway(), *_fees(tell))
    line = tell.pay_out(batch)
    day, narrative = after(line.booked_on, 1), line.narrative
    back = tell.line(line.account, -line.amount, day, narrative=narrative, reversal=True)
    tell.join("reversal", (), (line, back))
    _expect_all(tell, dossiers, "missing")


def _begin_alike(tell: Teller, end: str, amounts: list[int], others: list[int]) -> None:
    source = tell.province.agency_pays
    batch, dossiers = _special(tell, source, *amounts)
    day = batch.settled_on - timedelta(days=1)
    longer, beside = _special(tell, source, *others, code=f"{batch.code}{end}", day=day)
    for mine, its in zip(batch.lines, longer.lines, strict=False):
        its.fee, its.net = (mine.fee, mine.net) if its.amount == mine.amount else (its.fee, its.net)
    tell.paid_out(batch)
    tell.paid_out(longer)
    _expect_all(tell, dossiers + beside, "matched")


def batch_codes_that_begin_alike(tell: Teller) -> None:
    _begin_alike(tell, "7", _fees(tell), [*_fees(tell), tell.rare_sum()])


def batch_codes_that_begin_alike_and_come_to_the_same(tell: Teller) -> None:
    """Each line names one in full; that the shorter code stands in the longer one makes it no name of it."""
    amounts = _fees(tell)
    _begin_alike(tell, "K2", amounts, amounts)


def _short(tell: Teller, batch: Batch, dossiers: list[Record], less: int, **changes: Any) -> None:
    tell.paid_out(batch, amount=batch.net - less, **changes)
    tell.expect(batch, "mismatched", net_differs=less)
    for dossier in dossiers:
        tell.expect(dossier, "mismatched", batch=batch)


def batch_paid_out_short(tell: Teller) -> None:
    batch, dossiers = _special(tell, tell.choose(*tell.province.net_settled), *_fees(tell))
    _short(tell, batch, dossiers, tell.choose(1, 3_300))


def batch_paid_out_short_with_a_line_too_many(tell: Teller) -> None:
    batch, dossiers = _special(tell, tell.province.agency_pays, *_fees(tell))
    reference = f"HD{tell.codes.digits(15)}"
    line = tell.settle(batch.source, tell.fee(), tell.payday(), batch=batch, reference=reference)
    _short(tell, batch, dossiers, 1_000)
    tell.expect(line, "mismatched", batch=batch, settlement_unexpected=line.amount)


def batch_paid_out_short_and_not_named(tell: Teller) -> None:
    """The only batch and the only line of an account, and nearly the same sum."""
    batch, dossiers = _special(tell, tell.province.open_gateway(), *_fees(tell))
    _short(tell, batch, dossiers, tell.choose(1, batch.net // 25), narrative="QUYET TOAN DVC")


def batch_and_a_line_far_apart(tell: Teller) -> None:
    batch, dossiers = _special(tell, tell.province.open_gateway(), *_fees(tell))
    line = tell.pay_out(batch, amount=batch.net - batch.net // 15, narrative="QUYET TOAN DVC")
    _expect_all(tell, dossiers, "missing")
    tell.expect(line, "extra", bank_unexpected=line.amount)


def batch_that_is_not_paid_out(tell: Teller) -> None:
    _, dossiers = _special(tell, tell.province.open_gateway(), *_fees(tell))
    _expect_all(tell, dossiers, "missing")


def batch_day_within_another_number(tell: Teller) -> None:
    """A batch without a code is its day; the same digits in a payment's reference do not name it."""
    source = tell.province.open_gateway()
    day = after(tell.payday(), 1)
    batch = tell.batch(source, day, f"{day}")
    dossier, payment = tell.paid(tell.fee(), source=source, day=day.fromordinal(day.toordinal() - 1))
    tell.settled(payment, batch=batch)
    digits = f"{tell.codes.digits(6)}{day:%Y%m%d}{tell.codes.digits(6)}"
    line = tell.pay_out(batch, amount=tell.rare_sum(), narrative=f"CK DVC{digits} NOP PHI")
    tell.expect(dossier, "missing", bank_missing=payment.amount)
    tell.expect(line, "extra", bank_unexpected=line.amount)


def batches_of_the_same_sum(tell: Teller) -> None:
    """Two batches come to the same, and neither line says whose it is."""
    source = tell.province.open_gateway()
    amounts = _fees(tell)
    batch, dossiers = _special(tell, source, *amounts)
    day = batch.settled_on.fromordinal(batch.settled_on.toordinal() - 1)
    alike = tell.batch(source, batch.settled_on, f"{batch.code}9")
    for amount, known in zip(amounts, list(batch.lines), strict=True):
        dossier, payment = tell.paid(amount, source=source, day=day)
        tell.settled(payment, batch=alike, fee=known.fee)
        dossiers.append(dossier)
    for one in (batch, alike)[: tell.choose(1, 2)]:
        line = tell.pay_out(one, narrative="QUYET TOAN DVC")
        tell.expect(line, "pending", ambiguous=line.amount)
    _expect_all(tell, dossiers, "missing")


SCENARIOS = (
    batch_named_in_the_reference,
    batch_that_nothing_names,
    batch_codes_that_begin_alike,
    batch_codes_that_begin_alike_and_come_to_the_same,
    batch_paid_out_before_its_list,
    batch_paid_out_short,
    batch_paid_out_short_with_a_line_too_many,
)
ON_ACCOUNTS_OF_THEIR_OWN = (
    batch_without_a_code,
    batch_paid_out_short_and_not_named,
    batch_and_a_line_far_apart,
    batch_that_is_not_paid_out,
    batch_paid_out_twice,
    batch_paid_out_too_late_to_be_believed,
    batch_paid_out_to_another_account,
    payout_taken_back,
    batch_day_within_another_number,
    batches_of_the_same_sum,
)
"""Each opens a gateway and an account, on which nothing else happens: told a few times in a world."""
