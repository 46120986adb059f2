"""What officers and systems are shown: the day's report, the discrepancies, one dossier with its legs and verdict."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import asyncpg

from paygate.database import Connection, load_queries
from paygate.domain.legs import Leg
from paygate.domain.lifecycle import PaymentState
from reconciliation.candidates import suggestions_of
from reconciliation.legs import Joined, ShownPayment, ShownRecord, see_legs
from reconciliation.model import REASONS, Reason, Verdict
from reconciliation.sealing import read_report

QUERIES: Final = load_queries("reconciliation.sql", "report.sql")

Json = dict[str, Any]

DAYS: Final[Mapping[Leg, str]] = {
    Leg.SETTLEMENT: "settlement_days",
    Leg.BANK: "bank_days",
    Leg.TREASURY: "treasury_days",
    Leg.RECEIPT: "receipt_days",
    Leg.REPORT: "report_days",
}
"""Where a source's row keeps the business days of each leg."""


async def load_report(connection: Connection, tenant_id: int, day: date, run_id: int | None = None) -> Json | None:
    """Return the latest report of a closed day, or that of one of its runs, in the contract's shape.

    None: the day is not closed, or has no such run.
    """
    text = await connection.fetchval(QUERIES["load_report"], tenant_id, day, run_id)
    return read_report(text) if text else None


async def list_discrepancies(  # noqa: PLR0913 -- each filter is one of the route's
    connection: Connection,
    tenant_id: int,
    *,
    reason: str | None = None,
    state: str | None = None,
    agency: str | None = None,
    agencies: Sequence[str] | None = None,
    after: int = 0,
    limit: int = 50,
) -> tuple[list[Json], int | None]:
    """Return a page of discrepancies, by id, and the cursor of the next page; resolved ones only when asked for.

    `agencies` are those the reader is limited to; None: to none.
    """
    filters = (reason, state, agency, agencies)
    chosen = await connection.fetch(QUERIES["choose_discrepancies"], tenant_id, after, *filters, limit + 1)
    items = await _discrepancies(connection, tenant_id, await _show(connection, tenant_id, chosen[:limit]))
    return items, items[-1]["id"] if len(chosen) > limit else None


async def view_discrepancy(
    connection: Connection, tenant_id: int, discrepancy_id: int, agencies: Sequence[str] | None = None
) -> Json | None:
    """Return a discrepancy as the list has it, with its events and files; None where there is none to see."""
    chosen = await connection.fetch(QUERIES["choose_discrepancy"], tenant_id, discrepancy_id, agencies)
    if not chosen:
        return None
    events = await connection.fetch(QUERIES["find_events"], tenant_id, discrepancy_id)
    files = await connection.fetch(QUERIES["find_evidence"], tenant_id, discrepancy_id)
    [shown] = await _discrepancies(connection, tenant_id, await _show(connection, tenant_id, chosen))
    return {**shown, "events": [_event(row) for row in events], "evidence": [_file(row) for row in files]}


def _event(row: asyncpg.Record) -> Json:
    return {
        "version": row["event_id"],
        "at": row["recorded_at"].isoformat(),
        "said": row["said"],
        "person": row["person"],
        "change": row["change"],
        "state": row["state"],
        "detail": json.loads(row["detail"]),
    }


def _file(row: asyncpg.Record) -> Json:
    return {
        "id": row["attachment_id"],
        "name": row["name"],
        "media_type": row["media_type"],
        "size": row["size"],
        "sha256": row["sha256"].hex(),
        "by": row["added_by"],
        "at": row["added_at"].isoformat(),
    }


async def _show(connection: Connection, tenant_id: int, chosen: Sequence[asyncpg.Record]) -> list[asyncpg.Record]:
    numbers = [row["discrepancy_id"] for row in chosen]
    return await connection.fetch(QUERIES["show_discrepancies"], tenant_id, numbers)


async def _discrepancies(connection: Connection, tenant_id: int, rows: Sequence[asyncpg.Record]) -> list[Json]:
    suggested = await suggestions_of(connection, tenant_id, [row["discrepancy_id"] for row in rows])
    return [{**_discrepancy(row), "suggestions": suggested.get(row["discrepancy_id"], [])} for row in rows]


def _discrepancy(row: asyncpg.Record) -> Json:
    rule = REASONS[Reason(row["reason"])]
    return {
        "id": row["discrepancy_id"],
        "reason": row["reason"],
        "amount": row["amount"],
        "currency": row["currency"],
        "dossier_code": row["dossier_code"],
        "reference": row["reference"],
        "account": row["account"],
        "line": row["line"],
        "responsible": rule.responsible,
        "severity": rule.severity,
        "state": row["state"],
        "assignee": row["assignee"],
        "since": row["since"].isoformat(),
        "due": row["due"].isoformat(),
        "resolution": row["resolution"],
        "resolved_by": row["resolved_by"],
        "reopened_by": row["reopened_by"],
        "former": row["former"],
        "version": row["version"],
        "proposal": _proposal(row),
        "refund_awaited": row["refund_amount"],
        "vi": rule.vi,
        "en": rule.en,
    }


def _proposal(row: asyncpg.Record) -> Json | None:
    if row["proposal_id"] is None:
        return None
    at = row["proposed_at"].isoformat()
    return {"id": row["proposal_id"], "kind": row["kind"], "by": row["proposed_by"], "at": at}


async def record_view(
    connection: Connection, tenant_id: int, dossier_code: str, agencies: Sequence[str] | None = None
) -> Json | None:
    """Return a dossier as `GET /v1/records/{dossier}` shows it; None when neither a record nor a payment is known.

    `agencies` are those the reader is limited to, None: to none; another agency's dossier is not known.
    """
    record = await connection.fetchrow(QUERIES["find_record"], tenant_id, dossier_code)
    payments = await connection.fetch(QUERIES["find_payments"], tenant_id, dossier_code, None)
    if record is None and not payments:
        return None
    if agencies is not None and (record["agency_code"] if record else agency_in(dossier_code)) not in agencies:
        return None
    return await _case_view(connection, tenant_id, dossier_code, record, payments)


def agency_in(dossier_code: str) -> str:
    """Return the agency whose code a dossier's begins with: whose it is until its record comes."""
    return dossier_code.split("-", maxsplit=1)[0]


async def payment_view(
    connection: Connection, tenant_id: int, payment_id: int, agencies: Sequence[str] | None = None
) -> Json | None:
    """Return the case of a payment in the same shape, its dossier's where it has one; None: there is none.

    To who is limited to some agencies a payment of no dossier is not known.
    """
    payments = await connection.fetch(QUERIES["find_payments"], tenant_id, None, payment_id)
    if not payments:
        return None
    dossier_code = payments[0]["dossier_code"]
    if dossier_code is not None:
        return await record_view(connection, tenant_id, dossier_code, agencies)
    return await _case_view(connection, tenant_id, None, None, payments) if agencies is None else None


async def _case_view(
    connection: Connection,
    tenant_id: int,
    dossier_code: str | None,
    record: asyncpg.Record | None,
    payments: Sequence[asyncpg.Record],
) -> Json:
    ids = [row["payment_id"] for row in payments]
    case_key = f"payment:{ids[0]}" if dossier_code is None else f"dossier:{dossier_code}"
    obligations = await connection.fetch(QUERIES["find_obligations"], tenant_id, dossier_code)
    chosen = await connection.fetch(QUERIES["choose_live_discrepancies"], tenant_id, case_key, ids)
    found = await _show(connection, tenant_id, chosen)
    seats = await connection.fetch(QUERIES["find_seats"], tenant_id, ids)
    closed = await connection.fetch(QUERIES["find_closed_reasons"], tenant_id, case_key)
    hanging = await connection.fetchval(QUERIES["hangs"], tenant_id, case_key)
    reasons = {Reason(row["reason"]) for row in found}
    own = {Reason(row["reason"]) for row in found if not row["subject"].startswith("batch:")}
    shown = [see_payment(row, seats) for row in payments]
    owed = ShownRecord(record["due"], record["online_payment_flag"]) if record else None
    return {
        **(_record(record) if record else {"dossier_code": dossier_code}),
        "obligations": [dict(row) for row in obligations],
        "payments": [_payment(row, one.status) for row, one in zip(payments, shown, strict=True)],
        "legs": see_legs(owed, shown, own, {Reason(row["reason"]) for row in closed}),
        "matches": _matches(payments, seats),
        "verdict": _verdict(owed, shown, reasons, hanging=hanging),
        "discrepancies": await _discrepancies(connection, tenant_id, found),
    }


def _record(row: asyncpg.Record) -> Json:
    shown = {name: value for name, value in row.items() if name != "due"}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in shown.items()}


def _payment(row: asyncpg.Record, status: PaymentState) -> Json:
    names = ("payment_id", "reference", "transaction_id", "source", "outcome", "amount", "currency", "account")
    days = {"paid_at": row["paid_at"].isoformat(), "business_date": row["business_date"].isoformat()}
    return {**{name: row[name] for name in names}, "status": status, **days}


def see_payment(row: asyncpg.Record, seats: Sequence[asyncpg.Record]) -> ShownPayment:
    """Return a payment, with the business days its source expects of each leg, as far as its seats in matches tell."""
    days = {leg: row[name] for leg, name in DAYS.items() if row[name] is not None}
    if not row["has_account"]:
        days.pop(Leg.BANK, None)
    own = [seat for seat in seats if seat["payment_id"] == row["payment_id"]]
    joined = {Leg(seat["leg"]): Joined(seat["rule"], seat["difference"]) for seat in own}
    state = PaymentState(row["state"])
    return ShownPayment(state, row["amount"], row["refunded"], days, joined, taken_back=row["taken_back"])


def _matches(payments: Sequence[asyncpg.Record], seats: Sequence[asyncpg.Record]) -> list[Json]:
    """Return each line that a match holds, under the reference of the payment beside it or of its group's first."""
    references = {row["payment_id"]: row["reference"] for row in payments}
    first: dict[int, str] = {}
    for seat in seats:
        if seat["payment_id"] in references:
            first.setdefault(seat["match_id"], references[seat["payment_id"]])
    return [
        {
            "id": seat["match_id"],
            "leg": seat["leg"],
            "reference": references.get(seat["payment_id"], first[seat["match_id"]]),
            "line": seat["line"],
            "line_id": seat["line_id"],
            "amount": seat["amount"],
            "rule": seat["rule"],
            "rule_set": seat["rule_set"],
        }
        for seat in seats
        if seat["line"] is not None
    ]


def _verdict(
    record: ShownRecord | None, payments: Sequence[ShownPayment], reasons: set[Reason], *, hanging: bool
) -> Verdict:
    if reasons:
        return REASONS[min(reasons, key=list(Reason).index)].verdict
    came = any(one.came for one in payments)
    if hanging or (not came and any(one.state is PaymentState.PENDING for one in payments)):
        return Verdict.PENDING
    if came or (record is not None and record.due == 0):
        return Verdict.MATCHED
    return Verdict.UNPAID
