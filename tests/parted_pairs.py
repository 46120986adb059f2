"""Pairs that a person has parted: drawn by hypothesis for a world's facts, and laid into a database."""

from collections.abc import Iterable, Sequence

from hypothesis import strategies as st

from paygate.database import Connection
from reconciliation.oracle.facts import LineFact, PaymentFact

Parted = tuple[str, int, int]
"""Leg, payment, line."""


def parted_pairs(payments: Sequence[PaymentFact], lines: Sequence[LineFact]) -> st.SearchStrategy[frozenset[Parted]]:
    """Draw pairs that would be joined, most likely: of one reference, or of one amount."""
    near = [
        ("bank", one.payment_id, line.line_id)
        for one in payments
        for line in lines
        if line.leg == "bank" and (one.reference == line.reference != "" or one.amount == line.amount)
    ]
    none = st.just(frozenset[Parted]())
    return none | st.frozensets(st.sampled_from(near), max_size=3) if near else none


async def lay_parted(connection: Connection, tenant_id: int, parted: Iterable[Parted]) -> None:
    await connection.executemany(
        "INSERT INTO parted (tenant_id, leg, payment_id, fact_id, parted_by, reason)"
        " VALUES ($1, $2, $3, $4, 'an officer', 'not his')",
        [(tenant_id, *one) for one in parted],
    )
