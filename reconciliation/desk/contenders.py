"""The several answers between which a person must decide, weighed as suggestions are, the likeliest first."""

import json
from collections.abc import Mapping
from typing import Any, Final

import asyncpg

from paygate.database import Connection, load_queries
from reconciliation.model import CONTENDERS
from reconciliation.policy import Policy
from reconciliation.rule_sets import in_force
from reconciliation.rules.model import Suggestion
from reconciliation.suggestions import OpenLine, OpenPayment, Suggested, weigh

QUERIES: Final = load_queries("reconciliation.sql", "desk_case.sql")

Json = dict[str, Any]


async def contenders_of(connection: Connection, tenant_id: int, row: Mapping[str, Any]) -> Json:
    """Return `lines`, `payments` and `batches` (codes) that are equally good for a discrepancy's fact.

    Lines and payments have `score` and `why`, where the rule weighs them. `stopped`: of how many facts there were, and
    no answer was looked for.
    """
    told = json.loads(row["evidence"])
    # Of a batch that was paid short, `lines` is how many it has.
    lines = told["lines"] if isinstance(told.get("lines"), list) else []
    payments = told.get("payments") or []
    found = {
        "lines": await _fetch(connection, "case_lines", tenant_id, lines[:CONTENDERS]),
        "payments": await _fetch(connection, "case_payments", tenant_id, None, payments[:CONTENDERS]),
        "batches": told.get("batches") or [],
        "stopped": told.get("facts"),
    }
    rule = (await in_force(connection, tenant_id, Policy())).rules.find(Suggestion)
    if rule is not None:
        await _weigh_all(connection, tenant_id, row, found, rule)
    for side in ("lines", "payments"):
        found[side].sort(key=lambda one: -(one.get("score") or 0))
    return found


async def _weigh_all(
    connection: Connection, tenant_id: int, row: Mapping[str, Any], found: Json, rule: Suggestion
) -> None:
    """Weigh the contenders against the fact they contend for."""
    kind, _, key = row["subject"].partition(":")
    lines, payments = found["lines"], found["payments"]
    if kind == "payment" and lines:
        payments = await _fetch(connection, "case_payments", tenant_id, None, [int(key)])
    elif kind == "line" and payments:
        lines = await _fetch(connection, "case_lines", tenant_id, [int(key)])
    ids = [one["payment_id"] for one in payments]
    told = {one["payment_id"]: one["told"] for one in await _fetch(connection, "case_told", tenant_id, ids)}
    for payment in payments:
        for line in lines:
            weighed = weigh(_payment(payment, told), _line(line), rule)
            (line if kind == "payment" else payment).update(_said(weighed))


def _payment(row: Json, told: Mapping[int, str]) -> OpenPayment:
    number = row["payment_id"]
    return OpenPayment(number, row["reference"], row["dossier_code"], row["business_date"], told.get(number, ""))


def _line(row: Json) -> OpenLine:
    return OpenLine(row["line_id"], row["name"], row["booked_on"], row["counterparty"], row["narrative"])


def _said(one: Suggested | None) -> Json:
    return {"score": one.score, "why": [{"vi": why.vi, "en": why.en} for why in one.why]} if one else {}


async def _fetch(connection: Connection, name: str, *arguments: object) -> list[Json]:
    rows: list[asyncpg.Record] = await connection.fetch(QUERIES[name], *arguments)
    return [{**dict(row), **({} if name == "case_told" else {"score": None, "why": []})} for row in rows]
