"""Lines by which money goes back, drawn by hypothesis for worlds that have credits and payments."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from hypothesis import strategies as st

from reconciliation.oracle.facts import LineFact, PaymentFact


@st.composite
def reversals(draw: st.DrawFn, number: int, credit: LineFact) -> LineFact:
    """The bank takes a credit back, or one like it, or books it again."""
    again = draw(st.sampled_from((False, False, False, True)))
    return replace(
        credit,
        line_id=number,
        amount=credit.amount if again else -credit.amount,
        booked_on=credit.booked_on + timedelta(days=draw(st.sampled_from((0, 0, 1, 2, -1)))),
        narrative=draw(st.sampled_from((credit.narrative,) * 4 + ("x",))),
        reversal=not again and draw(st.sampled_from((True,) * 6 + (False,))),
    )


REFUNDS: Final = ("HOAN TRA LE PHI", "Hoàn phí", "REFUNDED", "phi HOAN", "")


@st.composite
def refunds(draw: st.DrawFn, number: int, payments: Sequence[PaymentFact], booked_on: date) -> LineFact:
    """Money goes back to a payer, or so it seems; now and then it is the gateway that says so."""
    known = [one for one in payments if one.came and one.reference] or payments
    payment = draw(st.sampled_from(known)) if known and draw(st.sampled_from((True,) * 5 + (False,))) else None
    gateway = draw(st.sampled_from((False, False, True)))
    source = payment.source_id if payment else 1
    amounts = (payment.amount if payment else 50_000,) * 3 + (20_000, 30_000, 50_000, 1_000_000)
    return LineFact(
        line_id=number,
        account_id=10 + source if gateway else draw(st.sampled_from((1, 2))),
        amount=-draw(st.sampled_from(amounts)),
        currency=payment.currency if payment else "VND",
        booked_on=booked_on,
        reference=payment.reference if payment else draw(st.sampled_from(("", "", "HT1"))),
        narrative=draw(st.sampled_from(REFUNDS)),
        leg="settlement" if gateway else "bank",
        source_id=draw(st.sampled_from((source, source, None, 2))) if gateway else None,
    )
