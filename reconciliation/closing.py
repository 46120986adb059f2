"""Closes a business day: matches what is left, counts the day's cases, proves the sums, stores the run.

A run is never changed. Where facts that came late make a closed day come out otherwise, the next close gives it another
run, which names the one it corrects.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import asyncpg

from paygate.database import Connection, Database, load_queries
from paygate.domain.errors import InvalidInputError
from paygate.telemetry import RECONCILIATION_SECONDS, Event, log
from reconciliation.arrivals import check_feeds
from reconciliation.corrections import take_noted_days
from reconciliation.engine import hold_tenant, latest_close, match_changes
from reconciliation.faults import review_feeds
from reconciliation.judging import ENDED, OPENED
from reconciliation.model import FATES
from reconciliation.policy import Policy
from reconciliation.proof import Proof
from reconciliation.rule_sets import in_force
from reconciliation.sealing import digest, read_report
from reconciliation.tally import Tally
from reconciliation.turn import PASS_SECONDS

QUERIES: Final = load_queries("reconciliation.sql", "closing.sql")

Report = dict[str, Any]
"""The contract's report: what `paygate report --format json` prints."""


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A closed day. `new` is False when closing it again found nothing new and left the stored run as it was.

    `corrections` are the reports of other closed days that came out otherwise.
    """

    run_id: int
    report: Report
    new: bool
    corrections: tuple[Report, ...] = ()


async def close_day(database: Database, tenant_id: int, day: date, policy: Policy, now: datetime) -> ClosedDay:
    """Close a business day of a tenant and correct the closed ones that late facts have touched.

    Two closes at once take turns.

    Raises:
        InvalidInputError: the day is yet to come.
    """
    async with hold_tenant(database, tenant_id) as connection:
        tenant = await connection.fetchrow(QUERIES["tenant_of"], tenant_id)
        if tenant is None or day > now.astimezone(ZoneInfo(tenant["timezone"])).date():
            raise InvalidInputError("%(day)s has yet to come; it cannot be closed", day=day)
        policy = await in_force(connection, tenant_id, policy)
        as_of = max(day, await latest_close(connection, tenant_id))
        await match_changes(connection, tenant_id, policy, as_of)
        with RECONCILIATION_SECONDS.labels("close").time():
            await review_feeds(connection, tenant_id, day, policy, as_of)
            noted = await take_noted_days(connection, tenant_id, day)
            closing = _Closing(connection, tenant, policy)
            run_id, report, new = await closing.close(day)
            others = [await closing.close(one) for one in noted]
        corrections = tuple(other for _, other, changed in others if changed)
    log.info(
        Event.DAY_CLOSED,
        tenant=tenant["code"],
        date=str(day),
        status=report["status"],
        new=new,
        corrected=len(corrections),
    )
    return ClosedDay(run_id, report, new, corrections)


class _Closing:
    """What the closes of a transaction share."""

    def __init__(self, connection: Connection, tenant: asyncpg.Record, policy: Policy) -> None:
        self.connection = connection
        self.tenant = tenant
        self.policy = policy

    async def close(self, day: date) -> tuple[int, Report, bool]:
        """Return the day's run and report, and whether it is a new one: else its latest says the same."""
        tally = Tally(self.connection, self.tenant["tenant_id"], day)
        stored = await self._store(day, await self._report(day, tally), tally)
        await tally.drop_cases()
        return stored

    async def _store(self, day: date, report: Report, tally: Tally) -> tuple[int, Report, bool]:
        latest = await self._rows("latest_run_of_day", day)
        before = latest[0] if latest else None
        former = read_report(before["report"]) if before else None
        # Not by its own digest: of an older report that is over less.
        if before and former and digest(former) == report["digest"]:
            return before["run_id"], former, False
        run_id: int = await self.connection.fetchval(QUERIES["next_run"])
        sequence, corrects = (before["sequence"] + 1, before["run_id"]) if before else (1, None)
        report = {**report, "run": run_id, "sequence": sequence, "corrects": corrects}
        kind, text = "correction" if before else "close", json.dumps(report, ensure_ascii=False)
        said = (report["rule_set"], report["status"], text, report["digest"])
        await self._rows("store_run", run_id, day, sequence, kind, corrects, *said)
        await self._rows("count_changes", run_id)
        await tally.keep_cases(run_id)
        return run_id, report, True

    async def _rows(self, name: str, *arguments: object) -> list[asyncpg.Record]:
        return await self.connection.fetch(QUERIES[name], self.tenant["tenant_id"], *arguments, timeout=PASS_SECONDS)

    async def _report(self, day: date, tally: Tally) -> Report:
        """Return the day's report with its digest, as it would be sealed now."""
        counted = await tally.count()
        totals, items = counted["totals"], counted.pop("items")
        feeds = await check_feeds(self.connection, self.tenant["tenant_id"], day, self.policy.calendar)
        proof = await self._prove(totals["payments"]["amount"], totals["bank"]["amount"], items)
        report: Report = {
            "tenant": self.tenant["code"],
            "date": day.isoformat(),
            "rule_set": self.policy.rules.version,
            **counted,
            "feeds": feeds,
            "status": _status(feeds, counted["reasons"], proof),
            "proof": proof.as_json(),
            "discrepancies": _fates(await self._rows("count_discrepancies", OPENED, ENDED)),
        }
        return {**report, "digest": digest(report)}

    async def _prove(self, left: int, right: int, items: Mapping[str, int]) -> Proof:
        before = await self._rows("latest_run")
        opening = read_report(before[0]["report"])["proof"]["closing"] if before else 0
        (changes,), (closing,) = await self._rows("sum_uncounted_changes"), await self._rows("sum_live_discrepancies")
        return Proof(left, right, items, opening, changes["opened"], changes["closed"], closing[0])


def _status(feeds: Iterable[Mapping[str, Any]], reasons: Mapping[str, object], proof: Proof) -> str:
    if not all(feed["complete"] for feed in feeds):
        return "incomplete"
    return "discrepant" if reasons or proof.residual or not proof.continuous else "matched"


def _fates(rows: Iterable[asyncpg.Record]) -> dict[str, Any]:
    """Return what became of discrepancies since the run before, in all and by reason."""
    of_all = {fate: {"count": 0, "amount": 0} for fate in FATES}
    of_reasons: dict[str, dict[str, dict[str, int]]] = {}
    for row in rows:
        one = {"count": row["count"], "amount": row["amount"]}
        of_reasons.setdefault(row["reason"], {})[row["fate"]] = one
        for name, value in one.items():
            of_all[row["fate"]][name] += value
    return {**of_all, "reasons": of_reasons}
