"""What gateways settle of a world's payments, and what they pay out for it: drawn by hypothesis."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Final

from hypothesis import strategies as st

from reconciliation.oracle.facts import LineFact, PaymentFact, SourceFact

Parting = tuple[str, int, int]
"""Leg, payment, line."""
DAY: Final = date(2024, 5, 9)
BATCHES: Final = ("LO240509A1", "LO240509A1", "LO240509A2", "LO240509A1K2", "Q-17", "2024-05-09", "12", None)
PAYOUTS: Final = ("|QUYET TOAN LO {code}", "{code}|", "|", "|TT DOI SOAT 2024-05-09", "|{code}X", "|lo {code}/{other}")
"""How a bank line may speak of a batch: its reference column, a bar, its narrative."""


@st.composite
def settling_sources(draw: st.DrawFn, number: int) -> SourceFact:
    expects = st.sampled_from((None, 0, 1, 3))
    scheduled = draw(st.booleans())
    return SourceFact(
        settlement_days=draw(st.sampled_from((None, 1, 2))),
        treasury_days=draw(expects),
        receipt_days=draw(expects),
        report_days=draw(expects),
        fee_percent=draw(st.sampled_from((Decimal("0.8533"), Decimal("1.1"), Decimal(0)))) if scheduled else None,
        fee_fixed=draw(st.sampled_from((0, 1_100))) if scheduled else 0,
        fee_borne_by=draw(st.sampled_from(("agency", "agency", "payer", "gateway"))) if scheduled else "agency",
        promotions=draw(st.sampled_from((False, False, True))),
        account_id=number,
    )


@st.composite
def settlement_lines(
    draw: st.DrawFn, number: int, payments: Sequence[PaymentFact], sources: Mapping[int, SourceFact]
) -> LineFact:
    """A line that settles a payment, now and then with a twist, or nothing at all."""
    payment = draw(st.sampled_from(payments)) if payments else None
    source_id = draw(st.sampled_from(((payment.source_id if payment else 1),) * 8 + (1, 2, None)))
    paid = payment.amount if payment else 50_000
    gross = draw(st.sampled_from((paid,) * 8 + (paid + 5_000, paid - 5_000, 100_000, -paid)))
    fee = draw(fees(gross, sources.get(source_id or 0, SourceFact())))
    batch = draw(st.sampled_from(BATCHES))
    dated = batch == DAY.isoformat()
    return LineFact(
        line_id=number,
        account_id=10 + (source_id or 1),
        amount=gross,
        currency=draw(st.sampled_from((payment.currency if payment else "VND",) * 6 + ("VND", "USD"))),
        booked_on=DAY if dated else DAY + timedelta(days=draw(st.sampled_from((0, 0, 0, 1, 5, -1)))),
        reference=draw(st.sampled_from(((payment.reference if payment else ""),) * 8 + ("", "HD2405080000017"))),
        narrative="",
        leg="settlement",
        source_id=source_id,
        fee=fee,
        net=draw(st.sampled_from((gross - (fee or 0),) * 6 + (gross, gross - 777, None))),
        batch=batch,
    )


@st.composite
def fees(draw: st.DrawFn, gross: int, source: SourceFact) -> int | None:
    """A fee as the schedule has it, rounded this way or that, or another."""
    due = Decimal(gross) * (source.fee_percent or 0) / 100 + source.fee_fixed
    rounded = [int(due.to_integral_value(how)) for how in (ROUND_FLOOR, ROUND_CEILING, ROUND_HALF_UP)]
    return draw(st.sampled_from((*rounded * 3, rounded[0] - 1, rounded[1] + 2, 0, None)))


@st.composite
def payouts(draw: st.DrawFn, number: int, settled: Sequence[LineFact]) -> LineFact:
    """A bank line for a batch: of its net or near it, on its account or beside it, with its name or without."""
    of = [one for one in settled if one.batch and one.source_id and one.currency == "VND"]
    one = draw(st.sampled_from(of)) if of else None
    net = net_of(settled, one) if one else 98_900
    spoken = draw(st.sampled_from(PAYOUTS)).format(code=one.batch if one else "", other=draw(st.sampled_from(BATCHES)))
    reference, _, narrative = spoken.partition("|")
    on = one.booked_on if one else DAY
    return LineFact(
        line_id=number,
        account_id=draw(st.sampled_from(((one.source_id if one and one.source_id else 1),) * 7 + (1, 2))),
        amount=draw(st.sampled_from((net,) * 6 + (net - net // 25, net - 500, net // 2, -net))),
        currency=draw(st.sampled_from(("VND",) * 12 + ("USD",))),
        booked_on=on + timedelta(days=draw(st.sampled_from((0, 1, 1, 1, 2, 9, 10, 11, -1, -2)))),
        reference=reference,
        narrative=narrative,
    )


@st.composite
def partings(draw: st.DrawFn, payments: Sequence[PaymentFact], lines: Sequence[LineFact]) -> frozenset[Parting]:
    """Pairs that a person has parted, of those that name each other."""
    pairs = [
        ("settlement", payment.payment_id, line.line_id)
        for payment in payments
        for line in lines
        if line.leg == "settlement" and line.reference == payment.reference
    ]
    return (
        frozenset(draw(st.lists(st.sampled_from(pairs), max_size=3))) if pairs and draw(st.booleans()) else frozenset()
    )


def net_of(settled: Iterable[LineFact], of: LineFact) -> int:
    same = [one for one in settled if (one.source_id, one.batch, one.currency) == (of.source_id, of.batch, of.currency)]
    return sum(one.amount if one.net is None else one.net for one in same)
