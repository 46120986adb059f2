"""The tables that are kept in months, each month a table of its own that is dropped whole when its time is over.

Months are made ahead. What comes in a month that nobody foresaw (a clock far off, a service that was down for months)
lies in the table's rest, and is moved when the month is made after all.
"""

from datetime import datetime
from typing import Final

import asyncpg

from paygate.database import Database, load_queries
from paygate.domain.retention import month_of, months_after
from paygate.telemetry import Event, log

QUERIES: Final = load_queries("paygate.sql", "queries/months.sql")

PARTED: Final = ("payment_event", "match_history", "event")
"""Every table that is kept in months."""
AHEAD: Final = 3
"""Months made before they begin."""
WAIT: Final = "2s"
"""For who writes into the rest of a table; they would all wait for us meanwhile."""


async def make_months(database: Database, now: datetime) -> int:
    """Make this month and those ahead where they are missing, and return how many tables that took.

    One that could not be had in time is left to the next call: the table's rest takes what comes.
    """
    first = month_of(now)
    months = [months_after(first, count) for count in range(AHEAD + 1)]
    async with database.connection() as connection:
        missing = await connection.fetch(QUERIES["list_missing_months"], list(PARTED), months)
    return sum([await _make(database, row) for row in missing])


async def _make(database: Database, row: asyncpg.Record) -> bool:
    async with database.connection() as connection:
        try:
            async with connection.transaction():
                await connection.execute(QUERIES["bound_wait"], WAIT)
                made: bool = await connection.fetchval(QUERIES["make_month"], row["parent"], row["month"])
        except asyncpg.LockNotAvailableError:
            made = False
    if made:
        log.info(Event.MONTH_MADE, table=row["parent"], month=str(row["month"]))
    return made
