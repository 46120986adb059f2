"""What came, but after it was due."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from paygate.domain.calendar import Calendar
from reconciliation.model import REASONS, Reason
from reconciliation.policy import Policy
from reconciliation.turn import Turn, columns

CAME_LATE: Final = "it came late"
UNDONE: Final = "the match that was late no longer holds"


async def note_lateness(turn: Turn, policy: Policy) -> None:
    """Note what the matches found in this turn settled too late, before those that are not new are put aside."""
    await turn.do("lay_out_settled_groups", turn.tenant_id)
    found = await turn.fetch("days_of_settled", turn.tenant_id)
    days = ((row["paid_on"], row["booked_on"], row["bank_days"]) for row in found)
    late = list(_reckon(days, policy.calendar))
    if late:
        await turn.do("find_late", turn.tenant_id, *columns(late, 5))
        await turn.analyze("w_late")
    if turn.judged_before:
        await turn.do("withdraw_lateness", turn.tenant_id, UNDONE)
    if late:
        await turn.do("note_lateness", turn.tenant_id, CAME_LATE)


def _reckon(
    found: Iterable[tuple[date, date, int]], calendar: Calendar
) -> Iterator[tuple[date, date, int, date, date]]:
    """Of days of payment and booking, and business days between them, yield what is late: when due, when to act by."""
    for paid_on, booked_on, days in found:
        due_on = calendar.add(paid_on, days)
        if booked_on > due_on:
            yield paid_on, booked_on, days, due_on, calendar.add(booked_on, REASONS[Reason.LATE].due_days)
