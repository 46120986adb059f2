"""What came of each feed, read from the database: of a day for its report, and as of now for the gauges."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import asyncpg

from paygate.database import Connection, load_queries
from paygate.domain.calendar import Calendar
from reconciliation.feeds import (
    Covering,
    Ended,
    Found,
    business_hours_between,
    due_moment,
    faults_of_account,
    faults_of_source,
    latest_due_day,
)

QUERIES: Final = load_queries("reconciliation.sql", "arrivals.sql")

Gauge = tuple[str, tuple[str, ...], float]
"""A gauge's name, its labels' values, its value."""


async def check_feeds(connection: Connection, tenant_id: int, day: date, calendar: Calendar) -> list[dict[str, Any]]:
    """Return the report's `feeds` of a business day: accounts, then sources, each complete or with its faults."""
    covering: dict[int, list[Covering]] = {}
    for row in await connection.fetch(QUERIES["statements_of_day"], tenant_id, day):
        covering.setdefault(row["account_id"], []).append(_covering(row))
    accounts = await connection.fetch(QUERIES["accounts_of_day"], tenant_id, day)
    sources = await connection.fetch(QUERIES["sources_of_day"], tenant_id, day)
    business = calendar.is_business_day(day)
    return [
        *(
            {"account": row["account"], **_told(_account_faults(row, covering, day, calendar, business=business))}
            for row in accounts
        ),
        *(
            {"source": row["source"], **_told(faults_of_source(row["waiting"], silent=business and row["silent"]))}
            for row in sources
        ),
    ]


def _account_faults(
    row: asyncpg.Record, covering: dict[int, list[Covering]], day: date, calendar: Calendar, *, business: bool
) -> list[Found]:
    expected = business or row["money_came"]
    due = due_moment(day, row["days"], row["by"], ZoneInfo(row["timezone"]), calendar) if expected else None
    return faults_of_account(covering.get(row["account_id"], ()), due=due)


def _covering(row: asyncpg.Record) -> Covering:
    before = row["before_to"] and Ended(row["before_number"], row["before_closing"], row["before_to"].year)
    return Covering(
        identification=row["identification"],
        number=row["sequence"],
        begins=row["begins"],
        opening=row["opening"],
        closing=row["closing"],
        balanced=row["balanced"],
        lines=row["lines"],
        total=int(row["total"]),
        before=before,
        booked=row["booked"],
    )


def _told(found: Sequence[Found]) -> dict[str, Any]:
    why = "; ".join(one.say("en") for one in found) or None
    return {"complete": not found, "why": why, "faults": [one.as_json() for one in found]}


async def feed_gauges(connection: Connection, now: datetime, calendar: Calendar) -> list[Gauge]:
    """Return how old each feed is, and whether it is late, as of now."""
    accounts = await connection.fetch(QUERIES["latest_statements"])
    sources = await connection.fetch(QUERIES["latest_notices"])
    return [
        *(gauge for row in accounts for gauge in _account_gauges(row, now, calendar)),
        *(gauge for row in sources for gauge in _source_gauges(row, now, calendar)),
    ]


def _account_gauges(row: asyncpg.Record, now: datetime, calendar: Calendar) -> list[Gauge]:
    zone, covered = ZoneInfo(row["timezone"]), row["covered_to"]
    due = latest_due_day(now, row["days"], row["by"], zone, calendar)
    late = due is not None and (covered is None or covered < due)
    gauges: list[Gauge] = [("paygate_feed_late", (row["tenant"], row["account"]), float(late))]
    if covered is not None:
        end = datetime.combine(covered + timedelta(days=1), time(0), zone)
        gauges.append(("paygate_statement_age_seconds", (row["tenant"], row["account"]), (now - end).total_seconds()))
    return gauges


def _source_gauges(row: asyncpg.Record, now: datetime, calendar: Calendar) -> list[Gauge]:
    gauges: list[Gauge] = []
    last, allowed = row["last_notice_at"], row["silent_hours"]
    if last is not None:
        gauges.append(("paygate_feed_age_seconds", (row["source"],), (now - last).total_seconds()))
    if allowed is not None and last is not None:
        silent = business_hours_between(last, now, ZoneInfo(row["timezone"]), calendar)
        gauges.append(("paygate_feed_late", (row["tenant"], row["source"]), float(silent > allowed)))
    return gauges
