"""What is configured, and how it stands: sources, accounts, calendar, what is kept how long, who is told."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from aiohttp import web

from paygate.database import Connection, Database
from paygate.domain.calendar import Calendar, exchanged_days, named_days_off
from paygate.web.desk.door import Page
from paygate.web.desk.navigation import KEEPERS, say
from paygate.web.desk.terms import LEGS
from paygate.web.desk.visit import DeskVisit
from paygate.web.desk.words import Language

YEARS: Final = range(2000, 2100)
SECRET_DAYS: Final = 365
"""After which a secret is said to be old."""
KINDS: Final[Mapping[str, str]] = {
    "bank": say("bank account"),
    "treasury": say("treasury account"),
    "gateway": say("gateway"),
    "receipt": say("receipts"),
}
KEPT: Final[Mapping[str, str]] = {
    "notice_bodies": say("The words of notices, once applied"),
    "payment_events": say("What happened to a payment, once settled"),
    "match_history": say("Matches that were undone"),
    "feed": say("Events of the feed, once delivered"),
}
NOTICES: Final[Mapping[str, str]] = {
    "received": say("received"),
    "applied": say("applied"),
    "parked": say("awaiting their dossier"),
    "retrying": say("being tried again"),
    "quarantined": say("quarantined"),
    "dead": say("dead letters"),
}
MONTHS: Final = range(1, 13)


@dataclass(frozen=True, slots=True)
class Secret:
    """A live secret: since when its file says what it says; None where that is not known."""

    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConfiguredSource:
    """A source as configured; `legs` in business days after payment."""

    code: str
    adapter: str
    account: str | None
    legs: Mapping[str, int]
    cut_off: time
    silent_hours: int | None
    is_asked: bool
    secrets: Sequence[Secret]


@dataclass(frozen=True, slots=True)
class ConfiguredAccount:
    """An account as configured."""

    number: str
    bank: str
    kind: str
    mappings: Sequence[str]


@dataclass(frozen=True, slots=True)
class Configured:
    """What the configuration says of a tenant. `endpoints`: each name's host. `kept` in months, 0: for ever."""

    sources: Sequence[ConfiguredSource]
    accounts: Sequence[ConfiguredAccount]
    endpoints: Mapping[str, str]
    kept: Mapping[str, int]
    calendar: Calendar


By = Mapping[str, Mapping[str, Any]]


class Standing(Protocol):
    """What came of each feed as of now."""

    async def sources(self, connection: Connection, tenant_id: int, zone: ZoneInfo, now: datetime) -> By:
        """Return by code: `last_notice_at`, `late`, `notices` of the last 24 hours by state."""

    async def accounts(self, connection: Connection, tenant_id: int, zone: ZoneInfo, now: datetime) -> By:
        """Return by number: `days` and hour (`by`) of its statements, `covered_to`, `imported_at`, `due`, `late`."""


ListEndpoints = Callable[[Connection, int], Awaitable[Sequence[Mapping[str, Any]]]]


@dataclass(frozen=True, slots=True)
class SettingsPages:
    database: Database
    configured: Callable[[str], Configured]
    standing: Standing
    list_endpoints: ListEndpoints

    async def index(self, visit: DeskVisit) -> web.StreamResponse:
        """Show what is configured beside how it stands."""
        now, tenant_id, zone = datetime.now(UTC), visit.tenant.tenant_id, visit.tenant.zone
        configured = self.configured(visit.tenant.code)
        async with self.database.connection() as connection:
            sources = await self.standing.sources(connection, tenant_id, zone, now)
            accounts = await self.standing.accounts(connection, tenant_id, zone, now)
            endpoints = await self.list_endpoints(connection, tenant_id)
        return visit.render(
            "settings.html",
            now=now,
            configured=configured,
            sources=sources,
            accounts=accounts,
            endpoints=[one for one in endpoints if one["name"] in configured.endpoints],
            legs=LEGS,
            kinds=KINDS,
            kept=KEPT,
            notices=NOTICES,
            ages={one.code: [_age(now, secret) for secret in one.secrets] for one in configured.sources},
            old=SECRET_DAYS,
        )

    async def calendar(self, visit: DeskVisit) -> web.StreamResponse:
        """Show the business days of a year, month by month."""
        today = datetime.now(UTC).astimezone(visit.tenant.zone).date()
        given = visit.request.query.get("year", "")
        year = int(given) if re.fullmatch(r"20\d\d", given) else today.year
        calendar = self.configured(visit.tenant.code).calendar
        named = _named(year, calendar, visit)
        return visit.render(
            "calendar.html",
            year=year,
            years=[one for one in (year - 1, year + 1) if one in YEARS],
            months=[(month, _weeks(year, month)) for month in MONTHS],
            works=calendar.is_business_day,
            named=named,
            today=today,
        )

    def pages(self) -> list[Page]:
        return [
            Page("GET", "/desk/{tenant}/settings", KEEPERS, self.index),
            Page("GET", "/desk/{tenant}/settings/calendar", KEEPERS, self.calendar),
        ]


def _age(now: datetime, secret: Secret) -> int | None:
    """Return a secret's age in days."""
    return None if secret.changed_at is None else max(0, (now - secret.changed_at).days)


def _weeks(year: int, month: int) -> list[list[date | None]]:
    """Return a month by weeks that begin on Monday; None where a day belongs to another month."""
    first = date(year, month, 1)
    begin = first - timedelta(days=first.weekday())
    days = [begin + timedelta(days=number) for number in range(6 * 7)]
    weeks = [days[place : place + 7] for place in range(0, len(days), 7)]
    return [
        [day if day.month == month else None for day in week] for week in weeks if any(d.month == month for d in week)
    ]


def _named(year: int, calendar: Calendar, visit: DeskVisit) -> dict[date, tuple[str, str]]:
    """Name every day that is not as its weekday has it, in their order, and say who has made it so."""
    shipped, ours = visit.say("comes with paygate"), visit.say("by the configuration file")
    off = named_days_off(year, "vi" if visit.language is Language.VI else "en_US")
    named = {day: (name, shipped) for day, name in off.items()}
    named |= dict.fromkeys(exchanged_days(year), (visit.say("worked in exchange"), shipped))
    by_us = {visit.say("a day off"): calendar.days_off, visit.say("a working day"): calendar.working_days}
    named |= {day: (name, ours) for name, days in by_us.items() for day in days if day.year == year}
    return dict(sorted(named.items()))
