"""What is wrong with the feeds of closed days, as discrepancies that resolve by themselves when the fault is gone."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

import asyncpg

from paygate.database import Connection, load_queries
from reconciliation import turn
from reconciliation.arrivals import check_feeds
from reconciliation.corrections import note_day
from reconciliation.feeds import LOOK_BACK_DAYS, doubts_of
from reconciliation.judging import CHANGED, OPENED, RESOLVED
from reconciliation.model import REASONS, Reason
from reconciliation.policy import Policy

QUERIES: Final = load_queries("reconciliation.sql", "faults.sql")

Feeds = Sequence[Mapping[str, Any]]
Fault = tuple[str, Reason, int, date, date]
"""Subject, reason, money not accounted for, since when, and until when somebody should have acted."""


async def review_feeds(connection: Connection, tenant_id: int, day: date, policy: Policy, as_of: date) -> None:
    """Look again at the feeds of the latest days, and of the one being closed, before it is reported.

    A closed day whose feeds have come, or fallen into doubt, since its run is noted to be reported again.
    """
    since = as_of - timedelta(days=LOOK_BACK_DAYS)
    rows = await connection.fetch(QUERIES["feeds_of_closed_days"], tenant_id, since, as_of)
    known: dict[date, Feeds] = {row["business_date"]: json.loads(row["feeds"]) for row in rows}
    subjects, faults = [], []
    for one in sorted({day, *known}):
        feeds = await check_feeds(connection, tenant_id, one, policy.calendar)
        if one != day and _came_otherwise(known[one], feeds):
            await note_day(connection, tenant_id, one)
        subjects += [_subject(feed, one) for feed in (*known.get(one, ()), *feeds) if "account" in feed]
        faults += _faults(feeds, one, policy, as_of)
    await _store(connection, tenant_id, sorted(set(subjects)), faults)


def _subject(feed: Mapping[str, Any], day: date) -> str:
    return f"feed:{feed['account']}:{day}"


def _came_otherwise(before: Feeds, now: Feeds) -> bool:
    """Whether an account's feed is not what it was, or a source's is whole at last.

    That a source has notices waiting today tells nothing against a day long closed.
    """
    accounts = [[feed for feed in feeds if "account" in feed] for feeds in (before, now)]
    whole = {feed["source"] for feed in now if "source" in feed and feed["complete"]}
    return accounts[0] != accounts[1] or any(feed.get("source") in whole and not feed["complete"] for feed in before)


def _faults(feeds: Feeds, day: date, policy: Policy, as_of: date) -> list[Fault]:
    return [
        (
            _subject(feed, day),
            reason,
            doubt.amount,
            doubt.since,
            policy.calendar.add(doubt.since, REASONS[reason].due_days),
        )
        for feed in feeds
        if "account" in feed
        for reason, doubt in doubts_of(feed["faults"], day).items()
        if doubt.since <= as_of
    ]


async def _store(connection: Connection, tenant_id: int, subjects: Sequence[str], faults: Sequence[Fault]) -> None:
    columns = turn.columns(faults, 5)
    resolved = await connection.fetch(QUERIES["resolve_faults_gone"], tenant_id, subjects, *columns[:2])
    changed = await connection.fetch(QUERIES["update_faults"], tenant_id, *columns)
    opened = await connection.fetch(QUERIES["open_faults"], tenant_id, *columns)
    moot = [row["discrepancy_id"] for row in resolved]
    await connection.execute(turn.QUERIES["withdraw_what_is_moot"], tenant_id, moot, RESOLVED)
    await _log(connection, tenant_id, resolved, RESOLVED)
    await _log(connection, tenant_id, changed, CHANGED)
    await _log(connection, tenant_id, opened, OPENED)


async def _log(connection: Connection, tenant_id: int, changes: Sequence[asyncpg.Record], said: str) -> None:
    ids, amounts = turn.columns(((row["discrepancy_id"], row["change"]) for row in changes), 2)
    await connection.execute(turn.QUERIES["log_changes"], tenant_id, ids, amounts, said)
