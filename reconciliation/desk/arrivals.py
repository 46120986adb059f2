"""Which feed of a day is here, which is due and which is late, as of now."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import asyncpg

from paygate.database import Connection, load_queries
from paygate.domain.calendar import Calendar
from reconciliation.feeds import FeedFault, business_hours_between, due_moment, told

QUERIES: Final = load_queries("reconciliation.sql", "desk_arrivals.sql")

Feed = dict[str, Any]
"""`account` or `source`, `standing` (here, late, not_due, faulty, not_expected, unheard), `due` and `came_at` as
moments, how late, and what the day's run found wrong, in both languages."""


async def see_feeds(  # noqa: PLR0913 -- of which day, as of when, and what its run said
    connection: Connection,
    tenant_id: int,
    day: date,
    *,
    zone: ZoneInfo,
    now: datetime,
    calendar: Calendar,
    sealed: Iterable[Mapping[str, Any]] = (),
) -> list[Feed]:
    """Return the day's accounts, then the sources; `sealed` is what the day's run says of them, where it is closed."""
    said = {one.get("account") or one["source"]: one["faults"] for one in sealed}
    statements = await connection.fetch(QUERIES["statements_expected"], tenant_id, day)
    sources = await connection.fetch(QUERIES["notices_expected"], tenant_id)
    expected = calendar.is_business_day(day)
    dues = {row["account"]: due_moment(day, row["days"], row["by"], zone, calendar) for row in statements}
    return [
        *(
            _of_account(row, dues[row["account"]], now, said.get(row["account"], ()), expected=expected)
            for row in statements
        ),
        *(_of_source(row, now, zone, calendar, said.get(row["source"], ())) for row in sources),
    ]


def _of_account(
    row: asyncpg.Record, due: datetime, now: datetime, faults: Sequence[Mapping[str, Any]], *, expected: bool
) -> Feed:
    came_at = row["came_at"]
    others = [one for one in faults if one["fault"] != FeedFault.STATEMENT_MISSING]
    return {
        "account": row["account"],
        "due": due,
        "came_at": came_at,
        "came_after_close": came_at is not None and len(others) < len(faults),
        "late": None if came_at or now < due or not (expected or faults) else now - due,
        "standing": _standing(came_at, due, now, faulty=bool(others), expected=expected or bool(faults)),
        "faults": [_said(one) for one in others],
    }


def _standing(came_at: datetime | None, due: datetime, now: datetime, *, faulty: bool, expected: bool) -> str:
    if faulty:
        return "faulty"
    if came_at is not None:
        return "here"
    if not expected:
        return "not_expected"
    return "not_due" if now < due else "late"


def _of_source(
    row: asyncpg.Record, now: datetime, zone: ZoneInfo, calendar: Calendar, faults: Sequence[Mapping[str, Any]]
) -> Feed:
    last, allowed = row["last_notice_at"], row["silent_hours"]
    silent = business_hours_between(last, now, zone, calendar) if last is not None and allowed is not None else 0.0
    late = timedelta(hours=silent - allowed) if allowed is not None and silent > allowed else None
    return {
        "source": row["source"],
        "due": None,
        "came_at": last,
        "came_after_close": False,
        "late": late,
        "waiting": row["waiting"],
        "standing": "late" if late else "faulty" if faults else "unheard" if last is None else "here",
        "faults": [_said(one) for one in faults],
    }


def _said(fault: Mapping[str, Any]) -> dict[str, str]:
    found = told(fault)
    return {"vi": found.say("vi"), "en": found.say("en")}


async def look_out(
    connection: Connection, tenant_id: int, *, zone: ZoneInfo, now: datetime, calendar: Calendar
) -> list[Feed]:
    """Return what is late now, and what will come next: why an answer about today's money may not be the last."""
    day = due_day(now, zone, calendar)
    feeds = await see_feeds(connection, tenant_id, day, zone=zone, now=now, calendar=calendar)
    return [one for one in feeds if one["standing"] in {"late", "not_due"}]


def due_day(now: datetime, zone: ZoneInfo, calendar: Calendar) -> date:
    """Return the business day that should be closed by now: the latest before today."""
    return calendar.latest(now.astimezone(zone).date() - timedelta(days=1))
