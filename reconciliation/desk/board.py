"""The first page's reading: a day as its run has it, its feeds as of now, and what is open. No payment is read."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import asyncpg

from paygate.database import Connection, load_queries
from paygate.domain.calendar import Calendar
from paygate.domain.money import DONG
from reconciliation.desk.arrivals import due_day, see_feeds
from reconciliation.desk.summing import of_agencies
from reconciliation.model import COUNTED, REASONS, Reason, Verdict
from reconciliation.sealing import read_report

QUERIES: Final = load_queries("reconciliation.sql", "desk_board.sql")

SHOWN_DAYS: Final = 30
"""Days in the picture of the success rate, the chosen one the last."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: `agencies` None means all of the tenant; `checks`: they may decide about proposals."""

    person: str
    agencies: Sequence[str] | None
    checks: bool


class BoardReader:
    """Reads boards inside one snapshot, by the business days of `calendar`."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar

    def due_day(self, zone: ZoneInfo, now: datetime) -> date:
        """Return the day that should be closed by now."""
        return due_day(now, zone, self.calendar)

    async def standing(self, connection: Connection, tenant_id: int, zone: ZoneInfo, now: datetime) -> Json:
        """Return how the day stands that should be closed by now, and what is open, in a few figures."""
        day = self.due_day(zone, now)
        run = await connection.fetchrow(QUERIES["read_run_status"], tenant_id, day)
        risk = self._risk(await connection.fetch(QUERIES["sum_open"], tenant_id, None), now.astimezone(zone).date())
        return {"day": day, "status": run and run["status"], **_in_all(risk)}

    async def board(  # noqa: PLR0913 -- of which day, for whom, and as of when by whose clocks
        self, connection: Connection, tenant_id: int, day: date, *, viewer: Viewer, zone: ZoneInfo, now: datetime
    ) -> Json:
        """Return the board of a day; `report` is None where it is not closed."""
        today, agencies = now.astimezone(zone).date(), _limited(viewer.agencies)
        run = await connection.fetchrow(QUERIES["read_run"], tenant_id, day)
        whole = read_report(run["report"]) if run else None
        sealed = whole["feeds"] if whole else ()
        place = {"zone": zone, "now": now, "calendar": self.calendar}
        feeds = await see_feeds(connection, tenant_id, day, sealed=sealed, **place)  # type: ignore[arg-type]
        risk = self._risk(await connection.fetch(QUERIES["sum_open"], tenant_id, agencies), today)
        ((latest, to_correct),) = await connection.fetch(QUERIES["closed_days_around"], tenant_id, day)
        return {
            "day": day,
            "today": today,
            "business": self.calendar.is_business_day(day),
            "report": whole if whole is None or viewer.agencies is None else of_agencies(whole, viewer.agencies),
            "run": run and {"number": run["run_id"], "closed_at": run["closed_at"]},
            "to_correct": to_correct,
            "latest": latest,
            "feeds": feeds,
            "risk": risk,
            "at_risk": _in_all(risk),
            "oldest": self._oldest(await connection.fetchrow(QUERIES["find_oldest_open"], tenant_id, agencies), today),
            "tasks": await self._tasks(connection, tenant_id, viewer, today),
            "days": [] if agencies else await self._days(connection, tenant_id, day),
        }

    async def _days(self, connection: Connection, tenant_id: int, last: date) -> list[Json]:
        """Return each of the shown days, those without a run empty. They are of the whole tenant."""
        rows = await connection.fetch(QUERIES["read_days"], tenant_id, last, SHOWN_DAYS)
        known = {row["day"]: {"status": row["status"], **json.loads(row["success"])} for row in rows}
        days = [last - timedelta(days=SHOWN_DAYS - 1 - place) for place in range(SHOWN_DAYS)]
        return [{"day": day, **known.get(day, {"status": None, "ratio": None})} for day in days]

    async def _tasks(self, connection: Connection, tenant_id: int, viewer: Viewer, today: date) -> Json:
        place = tenant_id, _limited(viewer.agencies), viewer.person
        own = await connection.fetchrow(QUERIES["count_tasks"], *place, today)
        awaited = await connection.fetchval(QUERIES["count_approvals"], *place) if viewer.checks else 0
        return {**(own or {}), "approvals": awaited}

    def _risk(self, rows: Iterable[asyncpg.Record], today: date) -> list[Json]:
        """Return what is open by class, in the order of the classes; what holds since the oldest comes with its age."""
        classes: dict[Verdict, Json] = {}
        for row in rows:
            one = classes.setdefault(
                REASONS[Reason(row["reason"])].verdict, {"count": 0, "amount": 0, "others": {}, "since": row["since"]}
            )
            one["count"] += row["count"]
            if row["currency"] == DONG:
                one["amount"] += row["amount"]
            else:
                one["others"] = _add_up([one["others"], {row["currency"]: row["amount"]}])
            one["since"] = min(one["since"], row["since"])
        return [
            {"verdict": str(verdict), **classes[verdict], "age": self._age(classes[verdict]["since"], today)}
            for verdict in COUNTED
            if verdict in classes
        ]

    def _oldest(self, row: asyncpg.Record | None, today: date) -> Json | None:
        if row is None:
            return None
        rule = REASONS[Reason(row["reason"])]
        said = {"vi": rule.vi, "en": rule.en, "verdict": str(rule.verdict), "responsible": rule.responsible}
        return {**row, **said, "age": self._age(row["since"], today)}

    def _age(self, since: date, today: date) -> int:
        """Return how many business days something has held; none for what holds from a day to come."""
        return self.calendar.ages([since], today)[since]


def _in_all(risk: Sequence[Json]) -> Json:
    """Return how many are open and what they add up to, currency by currency."""
    sums = {name: sum(one[name] for one in risk) for name in ("count", "amount")}
    return {**sums, "others": _add_up(one["others"] for one in risk)}


def _add_up(sums: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Add up amounts by their currencies."""
    found = Counter[str]()
    for one in sums:
        found.update(one)
    return dict(found)


def _limited(agencies: Sequence[str] | None) -> list[str] | None:
    return None if agencies is None else list(agencies)
