"""Closed days that what came late has touched: noted by every turn of the matcher, taken up by the next close."""

from collections.abc import Sequence
from datetime import date

from paygate.database import Connection
from paygate.telemetry import RECONCILIATION_SECONDS
from reconciliation.turn import PASS_SECONDS, QUERIES, Turn


async def note_touched_days(turn: Turn) -> None:
    """Note the closed days of all that this turn has judged."""
    if await turn.connection.fetchval(QUERIES["latest_close"], turn.tenant_id) is None:
        return
    with RECONCILIATION_SECONDS.labels("note_days").time():
        await turn.do("note_touched_days", turn.tenant_id)


async def note_day(connection: Connection, tenant_id: int, day: date) -> None:
    await connection.execute(QUERIES["note_day"], tenant_id, day)


async def take_noted_days(connection: Connection, tenant_id: int, closing: date) -> Sequence[date]:
    """Return the noted days but the one that is being closed, the earliest first; they are noted no longer."""
    rows = await connection.fetch(QUERIES["take_noted_days"], tenant_id, closing, timeout=PASS_SECONDS)
    return [row["business_date"] for row in rows]
