"""Reports: the closed days, and what a day, a month or a quarter comes to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, Protocol
from urllib.parse import urlencode

from aiohttp import web

from paygate.database import Connection, Database
from paygate.domain.errors import InvalidInputError, NotFoundError
from paygate.domain.period import Period, PeriodKind, day_period, month_of, quarter_of, read_period
from paygate.web.desk.door import Page
from paygate.web.desk.forms import read_day
from paygate.web.desk.navigation import WORKERS
from paygate.web.desk.visit import DeskVisit, see_other

DAYS: Final = 50
"""Closed days on one page."""
PARTS: Final = 25
"""Agencies, sources or procedures in one table; what is beyond is summed in its last row."""
PERIOD: Final = r"{period:\d{4}-(?:Q[1-4]|\d\d(?:-\d\d)?)}"
LARGEST_NUMBER: Final = 2**63 - 1
CLASSES: Final = ("matched", "mismatched", "missing", "extra", "duplicate", "pending", "refund_due")

Json = dict[str, Any]


class LoadPeriod(Protocol):
    """Returns the report of a period with its days and runs; None where none of its days is closed."""

    async def __call__(
        self, connection: Connection, tenant_id: int, period: Period, run_id: int | None, today: date
    ) -> Json | None: ...


class ListDays(Protocol):
    """Returns the closed days of a span, the newest first."""

    async def __call__(
        self, connection: Connection, tenant_id: int, first: date, last: date, limit: int, /
    ) -> list[Json]: ...


@dataclass(frozen=True, slots=True)
class Wording:
    """The officers' words for a report's keys, reasons, parts of a difference, feeds and units, and its verdict."""

    word: Callable[[str, Any], str]
    reason: Callable[[str, Any], str]
    side: Callable[[str, Json, Any], str]
    item: Callable[[str, Any], str]
    feed: Callable[[Mapping[str, Any], Any], str]
    responsible: Callable[[str, Any], str]
    verdict: Callable[[Json, Any], str]


@dataclass(frozen=True, slots=True)
class Reading:
    """How closed days are read. `of_agencies` leaves of a report what some agencies may know."""

    load_period: LoadPeriod
    list_days: ListDays
    list_months: Callable[..., Any]
    of_agencies: Callable[[Json, Sequence[str]], Json]
    wording: Wording


@dataclass(frozen=True, slots=True)
class ReportPages:
    """`small` is how many facts a report has whose files are made at once."""

    database: Database
    reading: Reading
    small: int

    async def choose(self, visit: DeskVisit) -> web.StreamResponse:
        """Lead to the period that is asked for, or show the closed days to choose from."""
        query, faults = visit.request.query, {}
        try:
            if period := _asked(query):
                return see_other(visit.path(f"/reports/{period.name}"))
        except InvalidInputError:
            faults["day"] = visit.say("That is no day; write 08/05/2024.")
        before = _before(query.get("before"))
        async with self.database.snapshot() as connection:
            tenant_id = visit.tenant.tenant_id
            days = await self.reading.list_days(connection, tenant_id, date.min, before, DAYS + 1)
            months = await self.reading.list_months(connection, tenant_id)
        return visit.render(
            "reports.html",
            status=422 if faults else 200,
            days=days[:DAYS],
            older=days[DAYS]["business_date"] if len(days) > DAYS else None,
            periods=_periods(visit, months),
            asked=query.get("day", ""),
            faults=faults,
        )

    async def show(self, visit: DeskVisit) -> web.StreamResponse:
        """Show what a period comes to."""
        period = named_period(visit.request.match_info["period"])
        run_id = named_run(visit.request.query.get("run"))
        today = datetime.now(UTC).astimezone(visit.tenant.zone).date()
        async with self.database.snapshot() as connection:
            found = await self.reading.load_period(connection, visit.tenant.tenant_id, period, run_id, today)
        if found is None:
            return self._without_run(visit, period, run_id)
        limited = visit.agencies
        shown = found if limited is None else {**found, **self.reading.of_agencies(found, limited)}
        return visit.render(
            "report.html",
            period=period,
            title=title_of(visit, period),
            report=shown,
            whole=limited is None,
            classes=[name for name in CLASSES if shown["classes"].get(name, {}).get("count")],
            report_parts=self._parts(shown, whole=limited is None),
            large=limited is None and sum(one["count"] for one in found["totals"].values()) > self.small,
            run=run_id,
            say=Said(self.reading.wording, visit.language),
            listing=lambda **filters: _listing(visit, period, run_id, filters),
        )

    def _without_run(self, visit: DeskVisit, period: Period, run_id: int | None) -> web.Response:
        if run_id is not None:
            raise NotFoundError("there is no such run of the day")
        return visit.render("report-none.html", title=title_of(visit, period))

    @staticmethod
    def _parts(report: Json, *, whole: bool) -> list["Part"]:
        names = ("agency", "source", "procedure") if whole else ("agency",)
        return [part_of(name, report[f"by_{name}"]) for name in names]

    def pages(self) -> list[Page]:
        return [
            Page("GET", "/desk/{tenant}/reports", WORKERS, self.choose, limited=True),
            Page("GET", f"/desk/{{tenant}}/reports/{PERIOD}", WORKERS, self.show, limited=True),
        ]


@dataclass(frozen=True, slots=True)
class Row:
    """One agency, source or procedure. `code` is None where it is not known, `others` how many a last row adds up."""

    code: str | None
    name: str | None
    classes: Mapping[str, Mapping[str, int]]
    others: int = 0

    @property
    def cases(self) -> int:
        return sum(one["count"] for one in self.classes.values())

    @property
    def amount(self) -> int:
        return sum(one["amount"] for one in self.classes.values())

    @property
    def disagreeing(self) -> int:
        return self.cases - self.classes["matched"]["count"]


@dataclass(frozen=True, slots=True)
class Part:
    """A table of agencies, sources or procedures, those with the most that does not agree first."""

    name: str
    rows: Sequence[Row]


def part_of(name: str, found: Sequence[Json]) -> Part:
    """Lay out a part of a report; what is beyond a page's table is added up in its last row."""
    code, title = ("source", "") if name == "source" else (f"{name}_code", f"{name}_name")
    rows = [Row(one[code], one.get(title), one["classes"]) for one in found]
    rows.sort(key=lambda row: (-row.disagreeing, -row.cases, row.code is None, row.code or ""))
    kept, rest = rows[:PARTS], rows[PARTS:]
    if rest:
        summed = {
            verdict: {key: sum(row.classes[verdict][key] for row in rest) for key in ("count", "amount")}
            for verdict in rest[0].classes
        }
        kept.append(Row(None, None, summed, len(rest)))
    return Part(name, kept)


@dataclass(frozen=True, slots=True)
class Said:
    """The wording in the visitor's language."""

    wording: Wording
    language: str

    def word(self, key: str) -> str:
        return self.wording.word(key, self.language)

    def reason(self, name: str) -> str:
        return self.wording.reason(name, self.language)

    def side(self, name: str, report: Json) -> str:
        return self.wording.side(name, report, self.language)

    def item(self, name: str) -> str:
        return self.wording.item(name, self.language)

    def feed(self, feed: Mapping[str, Any]) -> str:
        return self.wording.feed(feed, self.language)

    def verdict(self, report: Json) -> str:
        return self.wording.verdict(report, self.language)

    def responsible(self, reason: str) -> str:
        return self.wording.responsible(reason, self.language)


def title_of(visit: DeskVisit, period: Period) -> str:
    """Return what a period is called."""
    if period.kind is PeriodKind.DAY:
        return visit.say("Day %(day)s", day=f"{period.first:%d/%m/%Y}")
    if period.kind is PeriodKind.MONTH:
        return visit.say("Month %(month)s", month=f"{period.first:%m/%Y}")
    return visit.say("Quarter %(quarter)s of %(year)s", quarter=period.quarter, year=f"{period.first:%Y}")


def _listing(visit: DeskVisit, period: Period, run_id: int | None, filters: Mapping[str, str]) -> str:
    """Return where the cases behind a figure are listed."""
    run = {} if run_id is None else {"run": run_id}
    return f"{visit.path(f'/reports/{period.name}/cases')}?{urlencode({**filters, **run})}"


def _asked(query: Mapping[str, str]) -> Period | None:
    if day := query.get("day", "").strip():
        return day_period(read_day(day))
    return read_period(query["period"]) if query.get("period") else None


def named_period(name: str) -> Period:
    """Return the period of a name.

    Raises:
        NotFoundError: there is none.
    """
    try:
        return read_period(name)
    except InvalidInputError:
        raise NotFoundError("there is no such period") from None


def _before(given: str | None) -> date:
    try:
        return date.fromisoformat(given) if given else date.max
    except ValueError:
        return date.max


def named_run(given: str | None) -> int | None:
    """Return the number of a run that is asked for; None: the latest.

    Raises:
        NotFoundError: it is none of ours.
    """
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and int(given) <= LARGEST_NUMBER):
        raise NotFoundError("there is no such run of the day")
    return int(given)


def _periods(visit: DeskVisit, months: Sequence[date]) -> list[tuple[str, str]]:
    """Return the quarters and months that have a closed day, each quarter before its months."""
    found: dict[str, str] = {}
    for month in months:
        for period in (quarter_of(month), month_of(month)):
            found.setdefault(period.name, title_of(visit, period))
    return list(found.items())
