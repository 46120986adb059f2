"""What people have joined and closed: drawn by hypothesis for a world's facts, and laid into a database."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from hypothesis import strategies as st

from paygate.database import Connection
from paygate.domain.calendar import Calendar
from reconciliation.model import Reason
from reconciliation.oracle import judge
from reconciliation.oracle.facts import LineFact, PaymentFact, World
from reconciliation.rules.reading import shipped_rules
from tests.parted_pairs import lay_parted

Joining = tuple[tuple[int, ...], tuple[int, ...]]
"""Payments and lines."""
Closing = tuple[str, Reason, int]
"""Subject, reason, amount."""

RULES: Final = shipped_rules()
ADD: Final = Calendar().add
RECORD_WAIT_DAYS: Final = 5


@st.composite
def joinings(draw: st.DrawFn, payments: Sequence[PaymentFact], lines: Sequence[LineFact]) -> frozenset[Joining]:
    """Draw up to two joinings of one to two payments with one to two credits, each fact in one at most."""
    paid = [one.payment_id for one in payments]
    booked = [line.line_id for line in lines if line.leg == "bank" and line.amount > 0]
    found: set[Joining] = set()
    for _ in range(draw(st.sampled_from((0, 0, 1, 2)))):
        if paid and booked:
            some = [sorted(draw(st.sets(st.sampled_from(side), min_size=1, max_size=2))) for side in (paid, booked)]
            found.add((tuple(some[0]), tuple(some[1])))
            paid = [one for one in paid if one not in some[0]]
            booked = [one for one in booked if one not in some[1]]
    return frozenset(found)


@st.composite
def decided(draw: st.DrawFn, world: World) -> World:
    """Let people have joined some of a world's facts, and closed some of what does not agree in it then.

    A batch has its number from the matcher, so that nothing of one can be closed before.
    """
    world = replace(world, joined=draw(joinings(world.payments, world.lines)))
    if not draw(st.sampled_from((False, False, True))):
        return world
    said = judge(world, RULES, as_of=date.max, record_wait_days=RECORD_WAIT_DAYS, add=ADD).discrepancies
    found = sorted((one.subject, one.reason, one.amount) for one in said if not one.subject.startswith("batch:"))
    return replace(world, closed=draw(st.frozensets(st.sampled_from(found), max_size=3))) if found else world


async def lay_joined(connection: Connection, tenant_id: int, joined: Iterable[Joining]) -> None:
    await connection.executemany(
        "INSERT INTO joined (tenant_id, leg, fact_id, joining_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        [
            (tenant_id, leg, fact, number)
            for number, sides in enumerate(sorted(joined), 1)
            for leg, facts in zip(("payment", "bank"), sides, strict=True)
            for fact in facts
        ],
    )


async def lay_closed(connection: Connection, tenant_id: int, closed: Iterable[Closing]) -> None:
    await connection.executemany(
        "INSERT INTO discrepancy (tenant_id, case_key, subject, reason, amount, since, due, state, resolved_at,"
        " resolution, resolved_by) VALUES ($1, $2, $2, $3, $4, '2024-05-08', '2024-05-08', 'resolved', now(),"
        " 'write_off', 'an approver')",
        [(tenant_id, *one) for one in sorted(closed)],
    )


async def lay_decisions(connection: Connection, tenant_id: int, world: World) -> None:
    """Lay what people have parted, joined and closed."""
    await lay_parted(connection, tenant_id, world.parted)
    await lay_joined(connection, tenant_id, world.joined)
    await lay_closed(connection, tenant_id, world.closed)
