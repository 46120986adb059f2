"""One discrepancy as an officer looks into it: what is said, by which legs, on what evidence, and what was tried."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

import asyncpg

from paygate.database import Connection, load_queries
from paygate.domain.calendar import Calendar
from paygate.domain.casework import UNDOING, ProposalKind
from paygate.domain.legs import Leg
from paygate.domain.lifecycle import DiscrepancyState
from paygate.domain.money import DONG
from reconciliation.candidates import suggestions_of
from reconciliation.desk.case_legs import lay_legs, stand_of_batch, stand_of_line
from reconciliation.desk.case_timeline import lay_timeline
from reconciliation.desk.contenders import contenders_of
from reconciliation.desk.worklist import show_worklist
from reconciliation.legs import ShownRecord, Standing, see_legs
from reconciliation.model import REASONS, Reason
from reconciliation.remedies import REFUNDABLE
from reconciliation.rendering import word
from reconciliation.report import see_payment

QUERIES: Final = load_queries("reconciliation.sql", "desk_case.sql")

OLDEST_DAYS: Final = 3660
"""Days over which the age of a discrepancy is counted."""

FREE: Final = frozenset({"open", "ambiguous_reference", "ambiguous_narrative", "ambiguous_sum"})
"""How the matcher has left a fact that a person may join."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scope:
    """What a case is about: a dossier with its payments, a payment of none, a line, a batch, or a feed of a day."""

    dossier_code: str | None = None
    payment_ids: list[int] = field(default_factory=list)
    line_ids: list[int] = field(default_factory=list)
    batch_ids: list[int] = field(default_factory=list)
    feed: tuple[str, date] | None = None


def scope_of(row: Mapping[str, Any]) -> Scope:
    """Read what a discrepancy is about out of its case's key, its subject and what it names."""
    kind, _, key = row["case_key"].partition(":")
    batches, feed, dossier = [], None, row["dossier_code"]
    match kind:
        case "dossier":
            dossier = key
        case "batch":
            batches = [int(key)]
        case "feed":
            account, _, day = key.rpartition(":")
            feed = (account, date.fromisoformat(day))
        case "line":
            dossier = None  # what a paper says of itself makes it no part of that dossier's case
    payments = {row["payment_id"], int(key) if kind == "payment" else None} - {None}
    lines = {row["line_id"], int(key) if kind == "line" else None} - {None}
    return Scope(dossier, sorted(payments), sorted(lines), batches, feed)


async def find_case(
    connection: Connection, tenant_id: int, discrepancy_id: int, agencies: Sequence[str] | None
) -> asyncpg.Record | None:
    """Return a discrepancy's own row; None where there is none, or it is of another agency than these."""
    return await connection.fetchrow(QUERIES["find_case"], tenant_id, discrepancy_id, agencies)


async def load_case(  # noqa: PLR0913 -- whose case, who looks into it, and when by which calendar
    connection: Connection,
    tenant_id: int,
    discrepancy_id: int,
    agencies: Sequence[str] | None,
    *,
    calendar: Calendar,
    now: datetime,
) -> Json | None:
    """Return all that a person needs to settle a discrepancy; None as `find_case`. To be called in a snapshot.

    `now` as the tenant's clocks have it.
    """
    found = await find_case(connection, tenant_id, discrepancy_id, agencies)
    if found is None:
        return None
    row = dict(found)
    scope = scope_of(row)
    facts = await _facts(connection, tenant_id, scope)
    siblings = await connection.fetch(QUERIES["case_siblings"], tenant_id, row["case_key"], discrepancy_id)
    said = [row, *map(dict, siblings)]
    live = {Reason(one["reason"]) for one in said if one["state"] != "resolved"}
    [shown] = await show_worklist(connection, tenant_id, [discrepancy_id])
    case: Json = {
        **_head(row, calendar, now.date()),
        "sentence": {"vi": _begun(shown.said.vi), "en": _begun(shown.said.en)},
        **facts,
        "siblings": [_sibling(one) for one in said[1:]],
        "legs": lay_legs(facts, _standings(scope, facts, live), of_batch=bool(scope.batch_ids)),
        "matches": _matches(facts),
        "tried": (tried := await _tried(connection, tenant_id, row)),
        "contenders": await contenders_of(connection, tenant_id, row),
        "suggestions": (await suggestions_of(connection, tenant_id, [discrepancy_id])).get(discrepancy_id, []),
        **await _doings(connection, tenant_id, row),
    }
    return {**case, "kinds": _kinds(row, case, tried), "timeline": lay_timeline(case, now)}


def _kinds(row: Mapping[str, Any], case: Mapping[str, Any], tried: Mapping[str, Any] | None) -> list[ProposalKind]:
    """Return what can be proposed: what has nothing to act on is left out."""
    resolved = row["state"] == DiscrepancyState.RESOLVED
    apt = {
        ProposalKind.LINK: tried is not None and tried["standing"] in FREE,
        ProposalKind.SPLIT: bool(case["matches"]),
        ProposalKind.REFUND: Reason(row["reason"]) in REFUNDABLE and row["currency"] == DONG,
        ProposalKind.CORRECT_FLAG: case["record"] is not None,
        ProposalKind.REOPEN: resolved and row["resolved_by"] is not None,
    }
    wanted = UNDOING if resolved else set(ProposalKind) - {ProposalKind.REOPEN}
    return [kind for kind in ProposalKind if kind in wanted and apt.get(kind, True)]


async def load_notice(
    connection: Connection, tenant_id: int, discrepancy_id: int, agencies: Sequence[str] | None, notice_id: int
) -> Json | None:
    """Return a notice of a case's payments as it was received; None where the case has no such notice."""
    row = await find_case(connection, tenant_id, discrepancy_id, agencies)
    if row is None:
        return None
    scope = scope_of(dict(row))
    found = await connection.fetchrow(
        QUERIES["case_notice"], tenant_id, notice_id, scope.dossier_code, scope.payment_ids
    )
    return dict(found) if found else None


async def live_neighbours(
    connection: Connection, tenant_id: int, discrepancy_id: int, agencies: Sequence[str] | None
) -> tuple[int | None, int | None]:
    """Return which live discrepancies stand before and after one by number."""
    row = await connection.fetchrow(QUERIES["case_neighbours"], tenant_id, discrepancy_id, agencies)
    return (row["previous"], row["next"]) if row else (None, None)


def _head(row: Mapping[str, Any], calendar: Calendar, today: date) -> Json:
    rule = REASONS[Reason(row["reason"])]
    own = (
        "amount",
        "currency",
        "state",
        "since",
        "due",
        "dossier_code",
        "agency_code",
        "version",
        "assignee",
        "former",
        "subject",
    )
    ended = ("opened_at", "resolved_at", "resolution", "resolved_by", "payment_id", "line_id", "reason")
    return {
        "id": row["discrepancy_id"],
        **{name: row[name] for name in (*own, *ended)},
        "kind": row["case_key"].partition(":")[0],
        "verdict": str(rule.verdict),
        "severity": rule.severity,
        "responsible": {"vi": word(f"unit {rule.responsible}", "vi"), "en": word(f"unit {rule.responsible}", "en")},
        "open_days": business_days(calendar, row["since"], today),
        "overdue": row["state"] != "resolved" and row["due"] < today,
    }


def _begun(sentence: str) -> str:
    """Let what stands in a list behind a name stand alone."""
    return f"{sentence[0].upper()}{sentence[1:]}."


def business_days(calendar: Calendar, since: date, until: date) -> int:
    """Count the business days after one day up to another; of what is older than ten years, those of ten."""
    first = max(since.toordinal(), until.toordinal() - OLDEST_DAYS)
    days = map(date.fromordinal, range(first + 1, until.toordinal() + 1))
    return sum(map(calendar.is_business_day, days))


async def _facts(connection: Connection, tenant_id: int, scope: Scope) -> Json:
    async def fetch(name: str, *arguments: object) -> list[Json]:
        return [dict(row) for row in await connection.fetch(QUERIES[name], tenant_id, *arguments)]

    records = await fetch("case_record", scope.dossier_code)
    payments = await fetch("case_payments", scope.dossier_code, scope.payment_ids)
    ids = [one["payment_id"] for one in payments]
    first = await fetch("case_lines_of_batches", scope.batch_ids)
    seats = await fetch("case_seats", ids, scope.batch_ids)
    lines = {one["line_id"] for one in (*seats, *first) if one["line_id"] is not None} | set(scope.line_ids)
    returns = await fetch("case_returns", ids, sorted(lines))
    lines |= {one[name] for one in returns for name in ("line_id", "credit_line_id") if one[name] is not None}
    shown = await fetch("case_lines", sorted(lines))
    return {
        "record": records[0] if records else None,
        "obligations": await fetch("case_obligations", scope.dossier_code) if records else [],
        "payments": payments,
        "seats": seats,
        "returns": returns,
        "lines": shown,
        "batches": await fetch("case_batches", sorted(lines), scope.batch_ids),
        "notices": await fetch("case_notices", ids),
        "history": await fetch("case_history", ids),
        "statements": await fetch("case_statements", *scope.feed) if scope.feed else [],
        "feed": scope.feed,
    }


def _sibling(row: Mapping[str, Any]) -> Json:
    rule = REASONS[Reason(row["reason"])]
    return {**dict(row), "verdict": str(rule.verdict), "sentence": {"vi": rule.vi, "en": rule.en}}


def _standings(scope: Scope, facts: Json, reasons: Collection[Reason]) -> Mapping[Leg, Standing]:
    if scope.batch_ids:
        return stand_of_batch(facts["seats"])
    if not scope.dossier_code and not facts["payments"]:
        return stand_of_line([Leg(one["leg"]) for one in facts["lines"]])
    record = facts["record"]
    owed = ShownRecord(record["due"], record["online_payment_flag"]) if record else None
    shown = [see_payment(one, facts["seats"]) for one in facts["payments"]]
    for one, seen in zip(facts["payments"], shown, strict=True):
        one["status"] = str(seen.status)
    return see_legs(owed, shown, reasons)


def _matches(facts: Json) -> list[Json]:
    """Return each match once, with the payments and lines that sit in it."""
    references = {one["payment_id"]: one["reference"] for one in facts["payments"]}
    names = {one["line_id"]: one["name"] for one in facts["lines"]}
    codes = {one["batch_id"]: one["code"] for one in facts["batches"]}
    found: dict[int, Json] = {}
    for seat in facts["seats"]:
        one = found.setdefault(seat["match_id"], {**seat, "payments": [], "lines": [], "batch": None})
        if seat["payment_id"] is not None and seat["batch_id"] is None:
            one["payments"].append(references.get(seat["payment_id"]))
        if seat["line_id"] is not None and (seat["line_id"], names.get(seat["line_id"])) not in one["lines"]:
            one["lines"].append((seat["line_id"], names.get(seat["line_id"])))
        one["batch"] = codes.get(seat["batch_id"])
    for one in found.values():
        one["others"] = one["payments"].count(None)
        one["payments"] = [name for name in one["payments"] if name is not None]
    return list(found.values())


async def _tried(connection: Connection, tenant_id: int, row: Mapping[str, Any]) -> Json | None:
    """Return how the matcher has left the fact itself; None where a match holds it, or there is no such fact."""
    kind, _, key = row["subject"].partition(":")
    if kind == "payment":
        found = await connection.fetchrow(QUERIES["case_standing"], tenant_id, Leg.PAYMENT, int(key))
    elif kind == "line":
        found = await connection.fetchrow(QUERIES["case_standing"], tenant_id, Leg.BANK, int(key))
    else:
        return None
    return dict(found) if found else None


async def _doings(connection: Connection, tenant_id: int, row: Mapping[str, Any]) -> Json:
    """Return what became of a discrepancy and what people did about it, the latest first."""

    async def fetch(name: str, *arguments: object) -> list[Json]:
        return [dict(one) for one in await connection.fetch(QUERIES[name], tenant_id, *arguments)]

    number = row["discrepancy_id"]
    events = await fetch("case_events", number)
    proposals = await fetch("case_proposals", number)
    return {
        "events": [{**one, "detail": json.loads(one["detail"])} for one in events],
        "attachments": await fetch("case_attachments", number),
        "proposals": [{**one, "detail": json.loads(one["detail"])} for one in proposals],
    }
