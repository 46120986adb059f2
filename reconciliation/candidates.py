"""The suggestions of a page of discrepancies, looked up in one query and weighed as they are shown; none is kept."""

from collections.abc import Collection, Mapping
from itertools import groupby
from typing import Any, Final

import asyncpg

from paygate.database import Connection, load_queries
from reconciliation.model import Reason
from reconciliation.policy import Policy
from reconciliation.rule_sets import in_force
from reconciliation.rules.model import Suggestion
from reconciliation.suggestions import OpenLine, OpenPayment, Suggested, suggest

QUERIES: Final = load_queries("reconciliation.sql", "candidates.sql")

MOST_WEIGHED: Final = 40
"""Facts weighed for a discrepancy, the nearest days first: a common fee has thousands of one amount on one day."""

Json = dict[str, Any]


async def suggestions_of(
    connection: Connection, tenant_id: int, discrepancies: Collection[int]
) -> Mapping[int, list[Json]]:
    """Return what a person may look at, by discrepancy; those without suggestions are left out."""
    if not discrepancies:
        return {}
    rule = (await in_force(connection, tenant_id, Policy())).rules.find(Suggestion)
    if rule is None:
        return {}
    window = rule.window_days
    rows = await connection.fetch(
        QUERIES["find_candidates"], tenant_id, list(discrepancies), window.first, window.last, MOST_WEIGHED
    )
    found = {}
    for (number, reason), group in groupby(rows, key=lambda row: (row["discrepancy_id"], row["reason"])):
        found[number] = [_shown(one, Reason(reason)) for one in suggest(map(_pair, group), rule)]
    return found


def _pair(row: asyncpg.Record) -> tuple[OpenPayment, OpenLine]:
    paid = OpenPayment(row["payment_id"], row["reference"], row["dossier_code"], row["business_date"], row["told"])
    name = row["bank_reference"] or str(row["line_id"])
    return paid, OpenLine(row["line_id"], name, row["booked_on"], row["counterparty"], row["narrative"])


def _shown(one: Suggested, reason: Reason) -> Json:
    """Show the side that the discrepancy lacks."""
    why = [{"vi": reason.vi, "en": reason.en} for reason in one.why]
    if reason is Reason.BANK_MISSING:
        other: Json = {"line": one.line.name, "line_id": one.line.line_id, "booked_on": one.line.booked_on.isoformat()}
    else:
        paid = one.payment
        other = {"payment": paid.reference, "payment_id": paid.payment_id, "dossier_code": paid.dossier_code}
    return {**other, "score": one.score, "why": why}
