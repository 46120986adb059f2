"""What paygate says of every planted case, asked over HTTP and looked up in its inbox."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from paygate.database import Connection, load_queries
from paygate.demo.comparison import Finding
from paygate.demo.desk import Desk, Json, at_once
from paygate.demo.expected import InboxFigures
from paygate.demo.scene import Booking, Entry
from paygate.demo.steps import Advance
from paygate.demo.stories import Case
from paygate.domain.lifecycle import NoticeState

QUERIES: Final = load_queries("paygate.sql", "queries/demo.sql")

VERDICTS_OF_A_STORY: Final = 20
"""For so many cases of each story the verdict is asked; the reasons are compared for all."""
STILL_DUE: Final = frozenset({NoticeState.RECEIVED, NoticeState.RETRYING})


async def read_inbox(connection: Connection, tenant_id: int) -> InboxFigures:
    """Count the notices that are kept."""
    rows = await connection.fetch(QUERIES["count_notices"], tenant_id)
    states: Counter[str] = Counter()
    for row in rows:
        states[row["state"]] += row["count"]
    conflicting = sum(row["count"] for row in rows if row["conflicting"])
    return InboxFigures(states.total(), conflicting, states)


async def find_cases(desk: Desk, cases: Sequence[Case], found: Advance) -> tuple[list[Finding], int]:
    """Return what is said of each case, in their order, and how many lines belong to none."""
    items = await desk.discrepancies()
    lone = Counter(_lone_line(item) for item in items if item["dossier_code"] is None)
    reasons: dict[str, set[str]] = {}
    for item in items:
        if item["dossier_code"] is not None:
            reasons.setdefault(item["dossier_code"], set()).add(item["reason"])
    codes = to_be_asked(cases)
    verdicts = await at_once(_ask(desk, code, found) for code in codes.values())
    verdict_of = dict(zip(codes, verdicts, strict=True))
    findings = []
    for number, case in enumerate(cases):
        said = reasons.get(case.dossier_code, set()) if case.dossier_code else _take(lone, case)
        findings.append(Finding(verdict_of.get(number), frozenset(said)))
    return findings, sum(item["dossier_code"] is None for item in items)


def to_be_asked(cases: Sequence[Case]) -> dict[int, str]:
    """Return the dossiers whose verdict is asked, by the number of their case."""
    asked: Counter[str] = Counter()
    codes = {}
    for number, case in enumerate(cases):
        if case.dossier_code and asked[case.story.name] < VERDICTS_OF_A_STORY:
            asked[case.story.name] += 1
            codes[number] = case.dossier_code
    return codes


async def _ask(desk: Desk, code: str, found: Advance) -> str:
    verdict = await desk.verdict_of(code)
    found(1)
    return verdict


def _take(lone: Counter[tuple[str, str, int]], case: Case) -> set[str]:
    """Take the reason said of the case's line, which its account and amount alone tell from others."""
    reason = case.story.reason
    lines: list[Booking | Entry] = [*case.facts.bookings, *case.facts.entries]
    for line in lines:
        key = (str(reason), line.account, line.amount)
        if lone[key]:
            lone[key] -= 1
            return {key[0]}
    return set()


def _lone_line(item: Json) -> tuple[str, str, int]:
    return item["reason"], item["account"], item["amount"]
