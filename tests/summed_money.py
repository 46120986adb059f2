"""Payments and lines that come to the same sum, drawn by hypothesis from one payment."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from hypothesis import strategies as st

from paygate.domain.text import reference_key
from reconciliation.oracle.facts import LineFact, PaymentFact

SHARES: Final = (((3, 5), (8,)), ((8,), (3, 5)), ((3, 5, 10), (4, 14)), ((3, 5, 2, 6), (8,)), ((3, 5, 7), (8, 9)))
"""Of payments and of lines: with one answer, with two, with one that leaves a pair."""
NAMING: Final = ("HS {0} va {1}", "HS{2}NGAY {1}", "{0}")
UNIT: Final = 10_000


@st.composite
def sums(
    draw: st.DrawFn, one: PaymentFact, line: int, references: Sequence[str], dossiers: Sequence[str]
) -> tuple[list[PaymentFact], list[LineFact]]:
    """Draw payments, and lines that come to the same: by their reference, or by the dossiers that the lines name."""
    paid, booked = draw(st.sampled_from(SHARES))
    named = draw(st.booleans())
    two = draw(st.lists(st.sampled_from(dossiers), min_size=2, max_size=2, unique=True))
    payments = [
        replace(
            one,
            payment_id=one.payment_id + place,
            transaction_id=f"T{one.payment_id + place}",
            reference=draw(st.sampled_from(references)) if named else one.reference,
            dossier_code=draw(st.sampled_from(two)) if named else one.dossier_code,
            amount=UNIT * share,
            came=True,
            hangs=False,
        )
        for place, share in enumerate(paid)
    ]
    said = draw(st.sampled_from(NAMING)).format(*two, reference_key(two[0])) if named else ""
    lines = [
        LineFact(
            line_id=line + place,
            account_id=one.account_id or 1,
            amount=UNIT * share,
            currency=one.currency,
            booked_on=one.business_date + timedelta(days=draw(st.sampled_from((0, 1, 1, 11)))),
            reference="" if named else one.reference,
            narrative=said,
        )
        for place, share in enumerate(booked)
    ]
    return payments, lines
