"""What paygate says of every planted case, asked over HTTP and looked up in its inbox."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Final

from paygate.database import Connection, load_queries
from paygate.demo.comparison import Finding
from paygate.demo.desk import Desk, Json
from paygate.demo.expected import InboxFigures
from paygate.demo.steps import Advance
from paygate.demo.stories import AGREED, UNPAID, Case
from paygate.domain.lifecycle import NoticeState

QUERIES: Final = load_queries("paygate.sql", "queries/demo.sql")

ONE_IN: Final = 40
"""Of the stories that fill the month, the verdict of one case in so many is asked for; the reasons are of all."""
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
    """Return what is said of each case, in their order, and how many bank lines belong to none."""
    items = await desk.discrepancies()
    lone = Counter(_lone_line(item) for item in items if item["dossier_code"] is None)
    reasons: dict[str, set[str]] = {}
    for item in items:
        if item["dossier_code"] is not None:
            reasons.setdefault(item["dossier_code"], set()).add(item["reason"])
    async with asyncio.TaskGroup() as tasks:
        asked = {
            number: tasks.create_task(_ask(desk, code, found))
            for number, case in enumerate(cases)
            if (code := _code_to_ask(case, number))
        }
    findings = []
    for number, case in enumerate(cases):
        verdict = asked[number].result() if number in asked else None
        code = case.dossier_code
        findings.append(Finding(verdict, frozenset(reasons.get(code, ()) if code else _take(lone, case))))
    return findings, sum(item["dossier_code"] is None for item in items)


def count_questions(cases: Sequence[Case]) -> int:
    """Return for how many cases the verdict is asked."""
    return sum(_code_to_ask(case, number) is not None for number, case in enumerate(cases))


async def _ask(desk: Desk, code: str, found: Advance) -> str:
    verdict = await desk.verdict_of(code)
    found(1)
    return verdict


def _code_to_ask(case: Case, number: int) -> str | None:
    if case.story in (AGREED, UNPAID) and number % ONE_IN:
        return None
    return case.dossier_code


def _take(lone: Counter[tuple[str, str, int]], case: Case) -> set[str]:
    """Take the reason said of the case's line, which its account and amount alone tell from others."""
    reason = case.story.reason
    for line in case.facts.bookings:
        key = (str(reason), line.account, line.amount)
        if lone[key]:
            lone[key] -= 1
            return {key[0]}
    return set()


def _lone_line(item: Json) -> tuple[str, str, int]:
    return item["reason"], item["account"], item["amount"]
