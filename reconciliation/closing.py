"""Closes a business day: matches what is left, counts the day's cases, proves the sums, stores the run."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import asyncpg

from paygate.database import Connection, Database, load_queries
from paygate.domain.errors import InvalidInputError
from paygate.domain.legs import Leg
from paygate.domain.lifecycle import Outcome
from paygate.telemetry import RECONCILIATION_SECONDS, Event, log
from reconciliation.arrivals import check_feeds
from reconciliation.engine import hold_tenant, latest_close, match_changes
from reconciliation.model import COUNTED, HANGING, REASONS, WAITING, Reason
from reconciliation.policy import Policy
from reconciliation.proof import Proof
from reconciliation.rule_sets import in_force
from reconciliation.turn import PASS_SECONDS

QUERIES: Final = load_queries("reconciliation.sql", "closing.sql")

Report = dict[str, Any]
"""The contract's report: what `paygate report --format json` prints."""


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A closed day. `new` is False when closing it again found nothing new and left the stored run as it was."""

    run_id: int
    report: Report
    new: bool


async def close_day(database: Database, tenant_id: int, day: date, policy: Policy, now: datetime) -> ClosedDay:
    """Close a business day of a tenant; two closes at once take turns.

    Raises:
        InvalidInputError: the day is yet to come.
    """
    async with hold_tenant(database, tenant_id) as connection:
        tenant = await connection.fetchrow(QUERIES["tenant_of"], tenant_id)
        if tenant is None or day > now.astimezone(ZoneInfo(tenant["timezone"])).date():
            raise InvalidInputError(f"{day} has yet to come; it cannot be closed")
        policy = await in_force(connection, tenant_id, policy)
        await match_changes(connection, tenant_id, policy, max(day, await latest_close(connection, tenant_id)))
        with RECONCILIATION_SECONDS.labels("close").time():
            close = _Close(connection, tenant_id, day)
            report = await close.report(tenant["code"], policy)
            closed = await close.store(report)
    log.info(Event.DAY_CLOSED, tenant=tenant["code"], date=str(day), status=report["status"], new=closed.new)
    return closed


class _Close:
    """One close: the day, and the connection inside its transaction."""

    def __init__(self, connection: Connection, tenant_id: int, day: date) -> None:
        self.connection = connection
        self.tenant_id = tenant_id
        self.day = day

    async def rows(self, name: str, *arguments: object) -> list[asyncpg.Record]:
        return await self.connection.fetch(QUERIES[name], self.tenant_id, *arguments, timeout=PASS_SECONDS)

    async def row(self, name: str, *arguments: object) -> asyncpg.Record:
        (only,) = await self.rows(name, *arguments)
        return only

    async def report(self, tenant: str, policy: Policy) -> Report:
        """Return the day's report with its digest."""
        await self._gather_cases()
        classes, reasons = await self._aggregate("sum_classes"), await self._aggregate("sum_reasons")
        feeds = await check_feeds(self.connection, self.tenant_id, self.day, policy.calendar)
        totals = await self._totals()
        report: Report = {
            "tenant": tenant,
            "date": self.day.isoformat(),
            "rule_set": policy.rules.version,
            "totals": totals,
            "classes": _fill(_over_all(classes), COUNTED),
            "reasons": _over_all(reasons),
            "by_agency": await self._by_agency(classes, reasons),
            "success": _success({row["outcome"]: row["count"] for row in await self.rows("count_outcomes", self.day)}),
            "feeds": feeds,
        }
        sides = (totals["payments"]["amount"], totals["bank"]["amount"])
        proof = await self._prove(*sides, await self._explain())
        report["status"] = _status(feeds, reasons, proof)
        report["proof"] = proof.as_json()
        report["digest"] = digest(report)
        await self.connection.execute(QUERIES["drop_closing_tables"])
        return report

    async def store(self, report: Report) -> ClosedDay:
        """Store the run, unless the day's latest says the same."""
        latest = await self.rows("latest_run_of_day", self.day)
        if latest and latest[0]["digest"] == report["digest"]:
            return ClosedDay(latest[0]["run_id"], json.loads(latest[0]["report"]), new=False)
        sequence = latest[0]["sequence"] + 1 if latest else 1
        stored = json.dumps(report, ensure_ascii=False)
        said = (report["rule_set"], report["status"], stored, report["digest"])
        run = await self.row("store_run", self.day, sequence, *said)
        await self.connection.execute(QUERIES["count_changes"], self.tenant_id, run["run_id"], timeout=PASS_SECONDS)
        return ClosedDay(run["run_id"], report, new=True)

    async def _gather_cases(self) -> None:
        await self.connection.execute(QUERIES["create_closing_tables"])
        for name in ("gather_dossier_cases", "gather_lone_payment_cases", "gather_line_cases"):
            await self.rows(name, self.day)
        await self.connection.execute("ANALYZE w_case")
        ranks = [(reason, rank, REASONS[reason].verdict) for rank, reason in enumerate(Reason)]
        await self.rows(
            "gather_reasons",
            self.day,
            *(list(column) for column in zip(*ranks, strict=True)),
            [reason in WAITING for reason in Reason],
            [reason in HANGING for reason in Reason],
        )
        rank = list(Reason).index(Reason.NET_DIFFERS)
        await self.rows("gather_batch_reasons", rank, REASONS[Reason.NET_DIFFERS].verdict)
        await self.rows("class_the_cases")

    async def _totals(self) -> "Sums":
        """Sum each leg of the day: what its lines say, and of the report what its flags cover."""
        payments = await self.row("total_payments", self.day)
        (owed,), (flagged,) = await self._aggregate("total_obligations"), await self._aggregate("total_flagged")
        told = {row["leg"]: row for row in await self.rows("total_lines", self.day)}
        of_legs = {
            str(leg): _total(leg, told.get(leg)) for leg in (Leg.SETTLEMENT, Leg.BANK, Leg.TREASURY, Leg.RECEIPT)
        }
        return {"obligation": dict(owed), "payments": dict(payments), **of_legs, "report": dict(flagged)}

    async def _aggregate(self, name: str) -> list[asyncpg.Record]:
        return await self.connection.fetch(QUERIES[name], timeout=PASS_SECONDS)

    async def _by_agency(
        self, classes: Sequence[asyncpg.Record], reasons: Sequence[asyncpg.Record]
    ) -> list[dict[str, Any]]:
        codes = sorted({row["agency_code"] for row in classes}, key=lambda code: (code is None, code))
        named = await self.rows("agency_names", [code for code in codes if code])
        names = {row["agency_code"]: row["agency_name"] for row in named}
        return [
            {
                "agency_code": code,
                "agency_name": names.get(code),
                "classes": _fill(_over_all(row for row in classes if row["agency_code"] == code), COUNTED),
                "reasons": _over_all(row for row in reasons if row["agency_code"] == code),
            }
            for code in codes
        ]

    async def _explain(self) -> Counter[str]:
        """Name what the day's two sides differ by."""
        await self.rows("gather_what_was_paid_out", self.day)
        await self.connection.execute("ANALYZE w_paid_out_on")
        items: Counter[str] = Counter()
        for name in ("explain_difference", "explain_payouts"):
            items.update({row["name"]: row["amount"] for row in await self.rows(name, self.day)})
        return items

    async def _prove(self, left: int, right: int, items: Mapping[str, int]) -> Proof:
        before = await self.rows("latest_run")
        opening = json.loads(before[0]["report"])["proof"]["closing"] if before else 0
        changes = await self.row("sum_uncounted_changes")
        closing = (await self.row("sum_live_discrepancies"))[0]
        return Proof(left, right, items, opening, changes["opened"], changes["closed"], closing)


Sums = dict[str, dict[str, int]]


def _total(leg: Leg, told: asyncpg.Record | None) -> dict[str, int]:
    """Return count and amount of a leg's lines; a gateway's say what it kept and pays out, too."""
    names = ("count", "amount", "fee", "net") if leg is Leg.SETTLEMENT else ("count", "amount")
    return {name: told[name] if told else 0 for name in names}


def _over_all(rows: Iterable[asyncpg.Record]) -> Sums:
    sums: Sums = {}
    for row in rows:
        one = sums.setdefault(row["name"], {"count": 0, "amount": 0})
        one["count"] += row["count"]
        one["amount"] += row["amount"]
    return sums


def _fill(sums: Sums, names: Iterable[str]) -> Sums:
    return {str(name): sums.get(name, {"count": 0, "amount": 0}) for name in names}


def _status(feeds: Iterable[Mapping[str, Any]], reasons: Sequence[object], proof: Proof) -> str:
    if not all(feed["complete"] for feed in feeds):
        return "incomplete"
    return "discrepant" if reasons or proof.residual or not proof.continuous else "matched"


def _success(counts: Mapping[str, int]) -> dict[str, Any]:
    attempts = sum(counts.values())
    ratio = round(counts.get(Outcome.PAID, 0) / attempts, 4) if attempts else None
    return {"attempts": attempts, **{str(one): counts.get(one, 0) for one in Outcome}, "ratio": ratio}


def digest(report: Report) -> str:
    """Return the SHA-256 of a report's canonical JSON, less the bridge from the run before: no fact of the day."""
    day = {name: value for name, value in report.items() if name not in ("digest", "proof")}
    day["proof"] = {name: report["proof"][name] for name in ("left", "right", "explained", "residual", "items")}
    text = json.dumps(day, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
