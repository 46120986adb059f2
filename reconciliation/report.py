"""What officers and systems are shown: the day's report, the discrepancies, one dossier with its legs and verdict."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import asyncpg

from paygate.database import Connection, load_queries
from paygate.domain.legs import Leg
from paygate.domain.lifecycle import MONEY_CAME, PaymentState
from reconciliation.model import REASONS, Reason, Verdict

QUERIES: Final = load_queries("reconciliation.sql", "report.sql")

Json = dict[str, Any]


async def load_report(connection: Connection, tenant_id: int, day: date) -> Json | None:
    """Return the latest report of a closed day, in the contract's shape; None when the day is not closed."""
    text = await connection.fetchval(QUERIES["load_report"], tenant_id, day)
    return json.loads(text) if text else None


async def list_discrepancies(  # noqa: PLR0913 -- each filter is one of the route's
    connection: Connection,
    tenant_id: int,
    *,
    reason: str | None = None,
    state: str | None = None,
    agency: str | None = None,
    after: int = 0,
    limit: int = 50,
) -> tuple[list[Json], int | None]:
    """Return a page of discrepancies, by id, and the cursor of the next page; resolved ones only when asked for."""
    rows = await connection.fetch(QUERIES["list_discrepancies"], tenant_id, after, reason, state, agency, limit + 1)
    items = [_discrepancy(row) for row in rows[:limit]]
    return items, items[-1]["id"] if len(rows) > limit else None


def _discrepancy(row: asyncpg.Record) -> Json:
    rule = REASONS[Reason(row["reason"])]
    return {
        "id": row["discrepancy_id"],
        "reason": row["reason"],
        "amount": row["amount"],
        "dossier_code": row["dossier_code"],
        "reference": row["reference"] or row["line_reference"],
        "account": row["account"],
        "responsible": rule.responsible,
        "severity": rule.severity,
        "state": row["state"],
        "since": row["since"].isoformat(),
        "due": row["due"].isoformat(),
        "vi": rule.vi,
        "en": rule.en,
    }


async def record_view(connection: Connection, tenant_id: int, dossier_code: str) -> Json | None:
    """Return a dossier as `GET /v1/records/{dossier}` shows it; None when neither a record nor a payment is known."""
    record = await connection.fetchrow(QUERIES["find_record"], tenant_id, dossier_code)
    payments = await connection.fetch(QUERIES["find_payments"], tenant_id, dossier_code)
    if record is None and not payments:
        return None
    obligations = await connection.fetch(QUERIES["find_obligations"], tenant_id, dossier_code)
    found = await connection.fetch(QUERIES["find_live_discrepancies"], tenant_id, dossier_code)
    reasons = {Reason(row["reason"]) for row in found}
    hanging = await connection.fetchval(QUERIES["hangs"], tenant_id, dossier_code)
    return {
        **(_record(record) if record else {"dossier_code": dossier_code}),
        "obligations": [dict(row) for row in obligations],
        "payments": [_payment(row) for row in payments],
        "legs": _legs(record, payments, reasons),
        "matches": await _matches(connection, tenant_id, payments),
        "verdict": _verdict(record, payments, reasons, hanging=hanging),
        "discrepancies": [_discrepancy(row) for row in found],
    }


def _record(row: asyncpg.Record) -> Json:
    shown = {name: value for name, value in row.items() if name != "due"}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in shown.items()}


def _payment(row: asyncpg.Record) -> Json:
    names = ("reference", "transaction_id", "source", "status", "outcome", "amount", "currency")
    return {**{name: row[name] for name in names}, "paid_at": row["paid_at"].isoformat()}


def _came(payments: Sequence[asyncpg.Record]) -> list[asyncpg.Record]:
    return [row for row in payments if PaymentState(row["status"]) in MONEY_CAME]


def _legs(record: asyncpg.Record | None, payments: Sequence[asyncpg.Record], reasons: set[Reason]) -> Mapping[str, str]:
    came = _came(payments)
    sums = {Reason.OVERPAID, Reason.UNDERPAID, Reason.DUPLICATE_PAYMENT}
    legs = dict.fromkeys(map(str, Leg), "not_expected")
    legs[Leg.OBLIGATION] = "missing" if record is None else "differs" if reasons & sums else "present"
    if record is not None and record["due"] == 0 and not came:
        legs[Leg.OBLIGATION] = "not_expected"
    owed = record is not None and record["due"] > 0
    legs[Leg.PAYMENT] = "present" if came else "missing" if owed else "not_expected"
    legs[Leg.BANK] = _bank_leg(came, reasons)
    return legs


def _bank_leg(came: Sequence[asyncpg.Record], reasons: set[Reason]) -> str:
    """Say the least good of what the payments' bank lines are."""
    if reasons & {Reason.AMOUNT_DIFFERS, Reason.WRONG_ACCOUNT}:
        return "differs"
    if Reason.BANK_MISSING in reasons:
        return "missing"
    waiting = [row for row in came if row["rule"] is None and row["account_id"] is not None]
    if any(row["bank_days"] is not None for row in waiting):
        return "not_due"
    return "present" if any(row["rule"] is not None for row in came) else "not_expected"


async def _matches(connection: Connection, tenant_id: int, payments: Sequence[asyncpg.Record]) -> list[Json]:
    ids = [row["fact_id"] for row in payments if row["fact_id"] is not None]
    lines = {row["line_id"]: row for row in await connection.fetch(QUERIES["find_lines"], tenant_id, ids)}
    return [
        {
            "leg": str(Leg.BANK),
            "reference": row["reference"],
            "line": lines[row["fact_id"]]["bank_reference"] or str(row["fact_id"]),
            "amount": lines[row["fact_id"]]["amount"],
            "rule": row["rule"],
            "rule_set": row["rule_set"],
        }
        for row in payments
        if row["fact_id"] in lines
    ]


def _verdict(
    record: asyncpg.Record | None, payments: Sequence[asyncpg.Record], reasons: set[Reason], *, hanging: bool
) -> Verdict:
    if reasons:
        return REASONS[min(reasons, key=list(Reason).index)].verdict
    if hanging or (not _came(payments) and any(row["status"] == PaymentState.PENDING for row in payments)):
        return Verdict.PENDING
    if _came(payments) or (record is not None and record["due"] == 0):
        return Verdict.MATCHED
    return Verdict.UNPAID
