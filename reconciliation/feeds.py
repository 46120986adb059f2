"""Whether what should have come has come: a day with a feed that is missing or doubtful is incomplete, never green.

A statement covers a day; the one before it ends where it begins, in balance and in number; two that cover one day say
the same of it, or are its consecutive parts. What a fault says is told here once, in both languages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise, permutations
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from paygate.domain.calendar import Calendar
from paygate.domain.money import dong
from reconciliation.model import Reason

MAX_PARTS: Final = 6
"""Statements of one day that are tried for an order in which each begins where another ends."""

LOOK_BACK_DAYS: Final = 90
"""How far back the latest day is sought whose statement is due."""


class FeedFault(StrEnum):
    """What is wrong with a feed."""

    STATEMENT_MISSING = "statement_missing"
    STATEMENT_UNBALANCED = "statement_unbalanced"
    STATEMENT_GAP = "statement_gap"
    OPENING_DIFFERS = "opening_differs"
    STATEMENTS_DIFFER = "statements_differ"
    NOTICES_WAITING = "notices_waiting"
    SOURCE_SILENT = "source_silent"


_SENTENCES: Final[Mapping[FeedFault, tuple[str, str]]] = {
    FeedFault.STATEMENT_MISSING: (
        "chưa có sao kê của ngày này, hạn {due}",
        "no statement covers this day; it is due {due}",
    ),
    FeedFault.STATEMENT_UNBALANCED: (
        "sao kê {statement} không cân",
        "statement {statement} does not balance",
    ),
    FeedFault.STATEMENT_GAP: (
        "sao kê số {number} nối sau số {before}: thiếu ở giữa",
        "statement number {number} follows number {before}: one between them is missing",
    ),
    FeedFault.OPENING_DIFFERS: (
        "số dư đầu kỳ {opening} khác số dư cuối kỳ trước {closing}",
        "it opens with {opening}, and the one before closed with {closing}",
    ),
    FeedFault.STATEMENTS_DIFFER: (
        "{count} sao kê của ngày này không giống nhau",
        "{count} statements cover this day and do not say the same of it",
    ),
    FeedFault.NOTICES_WAITING: (
        "{count} thông báo chưa được ghi nhận",
        "{count} notices are not applied yet",
    ),
    FeedFault.SOURCE_SILENT: (
        "không có thông báo nào trong ngày làm việc này",
        "no notice of this business day has come",
    ),
}


DOUBTS: Final[Mapping[FeedFault, Reason]] = {
    FeedFault.STATEMENT_MISSING: Reason.STATEMENT_GAP,
    FeedFault.STATEMENT_GAP: Reason.STATEMENT_GAP,
    FeedFault.OPENING_DIFFERS: Reason.STATEMENT_GAP,
    FeedFault.STATEMENT_UNBALANCED: Reason.STATEMENT_UNBALANCED,
    FeedFault.STATEMENTS_DIFFER: Reason.STATEMENT_UNBALANCED,
}
"""What an account's faults are called among the discrepancies; a source's are nobody's to settle."""


@dataclass(frozen=True, slots=True)
class Found:
    """A fault, with what its sentence names. Amounts are in minor units, days as ISO 8601 has them."""

    fault: FeedFault
    names: Mapping[str, int | str] = field(default_factory=dict)

    def say(self, language: Literal["vi", "en"]) -> str:
        """Return the sentence that tells an officer what is wrong."""
        amounts = {name: dong(value) for name, value in self.names.items() if name in {"opening", "closing"}}  # type: ignore[arg-type]
        return _SENTENCES[self.fault][language == "en"].format(**{**self.names, **amounts})

    def as_json(self) -> dict[str, int | str]:
        return {"fault": str(self.fault), **self.names}


def told(said: Mapping[str, int | str]) -> Found:
    """Return the fault that was written down as JSON."""
    return Found(FeedFault(str(said["fault"])), {name: value for name, value in said.items() if name != "fault"})


class Doubt(NamedTuple):
    """What the faults of an account's day come to: the money not accounted for, and the day from which it is asked."""

    amount: int
    since: date


def doubts_of(faults: Sequence[Mapping[str, int | str]], day: date) -> dict[Reason, Doubt]:
    """Return what the faults of an account's day, as JSON has them, are as discrepancies; of several, the largest.

    A statement that is missing is asked for from the day on which it was due, any other fault from the day itself.
    """
    doubts: dict[Reason, Doubt] = {}
    for fault in faults:
        kind = FeedFault(str(fault["fault"]))
        if kind not in DOUBTS:
            continue
        since = date.fromisoformat(str(fault["due"])[:10]) if kind is FeedFault.STATEMENT_MISSING else day
        other = doubts.get(DOUBTS[kind], Doubt(0, since))
        doubts[DOUBTS[kind]] = Doubt(max(_unaccounted(kind, fault), other.amount), min(since, other.since))
    return doubts


def _unaccounted(kind: FeedFault, fault: Mapping[str, int | str]) -> int:
    if kind is FeedFault.OPENING_DIFFERS:
        return abs(int(fault["opening"]) - int(fault["closing"]))
    return int(fault.get("difference", 0))


class Ended(NamedTuple):
    """How the statement before ended, as far as it says."""

    number: int | None
    closing: int | None
    year: int


class Covering(NamedTuple):
    """A statement that covers the day: what it says of itself, and in `lines` and `total` what it says of the day.

    `number` counts the account's statements, anew each year; `before` is the latest statement that ends before this one
    begins; `booked` is the sum of all its lines. Amounts are signed minor units.
    """

    identification: str
    number: int | None
    begins: date
    opening: int | None
    closing: int | None
    balanced: bool | None
    lines: int
    total: int
    before: Ended | None
    booked: int = 0

    @property
    def difference(self) -> int:
        """How far opening balance and lines are from the closing balance, 0 where they are not both told."""
        if self.opening is None or self.closing is None:
            return 0
        return abs(self.opening + self.booked - self.closing)


def faults_of_account(statements: Sequence[Covering], *, due: datetime | None) -> list[Found]:
    """Judge what an account's statements say of a day; `due` is when one had to be here, None when none is expected."""
    if not statements:
        return [Found(FeedFault.STATEMENT_MISSING, {"due": f"{due:%Y-%m-%d %H:%M}"})] if due else []
    unbalanced = [
        Found(FeedFault.STATEMENT_UNBALANCED, {"statement": one.identification, "difference": one.difference})
        for one in statements
        if one.balanced is False
    ]
    return unbalanced + _faults_of_company(_without_copies(statements))


def _without_copies(statements: Sequence[Covering]) -> list[Covering]:
    said = {(one.opening, one.closing, one.lines, one.total, one.begins): one for one in statements}
    return list(said.values())


def _faults_of_company(statements: Sequence[Covering]) -> list[Found]:
    if len({(one.lines, one.total) for one in statements}) == 1:
        first = statements[0] if len(statements) == 1 else max(statements, key=lambda one: one.begins)
        return _faults_of_chain([first])
    if parts := _as_parts(statements):
        return _faults_of_chain(parts)
    totals = [one.total for one in statements]
    return [Found(FeedFault.STATEMENTS_DIFFER, {"count": len(statements), "difference": max(totals) - min(totals)})]


def _as_parts(statements: Sequence[Covering]) -> Sequence[Covering] | None:
    """Return statements of one day in the order in which each begins with the balance another ended with, if any."""
    if len(statements) > MAX_PARTS or len({one.begins for one in statements}) > 1:
        return None
    for order in permutations(sorted(statements, key=lambda one: (one.number or 0, one.identification))):
        if all(one.closing is not None and one.closing == after.opening for one, after in pairwise(order)):
            return order
    return None


def _faults_of_chain(parts: Sequence[Covering]) -> list[Found]:
    found = []
    first, before = parts[0], parts[0].before
    if before is not None:
        if _differ(first.opening, before.closing):
            found.append(
                Found(FeedFault.OPENING_DIFFERS, {"opening": first.opening or 0, "closing": before.closing or 0})
            )
        if _skips(first.number, before.number, new_year=first.begins.year != before.year):
            found.append(Found(FeedFault.STATEMENT_GAP, {"number": first.number or 0, "before": before.number or 0}))
    found += [
        Found(FeedFault.STATEMENT_GAP, {"number": after.number or 0, "before": one.number or 0})
        for one, after in pairwise(parts)
        if _skips(after.number, one.number, new_year=False)
    ]
    return found


def _differ(opening: int | None, closing: int | None) -> bool:
    return opening is not None and closing is not None and opening != closing


def _skips(number: int | None, before: int | None, *, new_year: bool) -> bool:
    """Whether a number leaves a gap after the one before; pages of one statement share theirs."""
    if number is None or before is None:
        return False
    return not (number in {before, before + 1} or (new_year and number <= 1))


def faults_of_source(waiting: int, *, silent: bool) -> list[Found]:
    """Judge a source of notices: how many are not applied yet, and whether none came though some should have."""
    found = [Found(FeedFault.NOTICES_WAITING, {"count": waiting})] if waiting else []
    return [*found, Found(FeedFault.SOURCE_SILENT)] if silent else found


def due_moment(day: date, days: int, by: time, zone: ZoneInfo, calendar: Calendar) -> datetime:
    """Return when the statement of a day must be here: `by`, local time, so many business days after it."""
    return datetime.combine(calendar.add(day, days), by, zone)


def latest_due_day(now: datetime, days: int, by: time, zone: ZoneInfo, calendar: Calendar) -> date | None:
    """Return the latest business day whose statement must be here by now."""
    day = now.astimezone(zone).date()
    for _ in range(LOOK_BACK_DAYS):
        if calendar.is_business_day(day) and due_moment(day, days, by, zone, calendar) <= now:
            return day
        day -= timedelta(days=1)
    return None


def business_hours_between(since: datetime, now: datetime, zone: ZoneInfo, calendar: Calendar) -> float:
    """Return the hours from `since` to `now` that fall on business days, at most those of `LOOK_BACK_DAYS` days."""
    start = max(since, now - timedelta(days=LOOK_BACK_DAYS)).astimezone(zone)
    hours = 0.0
    while start < now:
        midnight = datetime.combine(start.date() + timedelta(days=1), time(0), zone)
        end = min(midnight, now.astimezone(zone))
        if calendar.is_business_day(start.date()):
            hours += (end.astimezone(UTC) - start.astimezone(UTC)).total_seconds() / 3600
        start = end
    return hours
