"""How far each feed of a tenant has come, for the people who look after the set-up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import asyncpg

from paygate.database import Connection, load_queries
from paygate.domain.calendar import Calendar
from reconciliation.feeds import business_hours_between, latest_due_day

QUERIES: Final = load_queries("reconciliation.sql", "desk_settings.sql")

NOTICES_HOURS: Final = 24
"""For which the notices are counted."""

By = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class FeedStanding:
    calendar: Calendar

    async def sources(self, connection: Connection, tenant_id: int, zone: ZoneInfo, now: datetime) -> By:
        """Return by code: `last_notice_at`, `late`, and how many `notices` came of late, by state."""
        rows = await connection.fetch(QUERIES["heard_of_sources"], tenant_id)
        since = now - timedelta(hours=NOTICES_HOURS)
        notices: dict[str, dict[str, int]] = {}
        for row in await connection.fetch(QUERIES["count_notices_since"], tenant_id, since):
            notices.setdefault(row["code"], {})[row["state"]] = row["count"]
        return {
            row["code"]: {
                "last_notice_at": row["last_notice_at"],
                "late": self._silent(row, zone, now),
                "notices": notices.get(row["code"], {}),
            }
            for row in rows
        }

    async def accounts(self, connection: Connection, tenant_id: int, zone: ZoneInfo, now: datetime) -> By:
        """Return by number: `days` and hour (`by`) of its statements, `covered_to`, `imported_at`, `due`, `late`."""
        rows = await connection.fetch(QUERIES["statements_so_far"], tenant_id)
        return {row["number"]: self._account(row, zone, now) for row in rows}

    def _silent(self, row: asyncpg.Record, zone: ZoneInfo, now: datetime) -> bool:
        last, allowed = row["last_notice_at"], row["silent_hours"]
        if last is None or allowed is None:
            return False
        return business_hours_between(last, now, zone, self.calendar) > float(allowed)

    def _account(self, row: asyncpg.Record, zone: ZoneInfo, now: datetime) -> Mapping[str, Any]:
        days, covered = row["days"], row["covered_to"]
        due = None if days is None else latest_due_day(now, days, row["by"], zone, self.calendar)
        return {**row, "due": due, "late": due is not None and (covered is None or covered < due)}
