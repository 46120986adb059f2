"""What the engine has stored of a tenant, in the words the truth is told in."""

from collections import defaultdict
from dataclasses import dataclass

from paygate.database import Connection
from tests.truth.facts import Batch, Case, Group, Line, Payment, Record

BatchKey = tuple[int, str]
GroupKey = tuple[str, frozenset[int], frozenset[int], BatchKey | None]
"""Tie, numbers of payments and of lines, source and code of a batch."""
Reasons = dict[str, int]

_MATCHES = """
SELECT m.leg::text AS tie, array_agg(m.payment_id) FILTER (WHERE m.payment_id IS NOT NULL) AS payments,
       array_agg(m.fact_id) FILTER (WHERE m.fact_id IS NOT NULL) AS lines, b.source_id, b.code
FROM match AS m LEFT JOIN settlement_batch AS b ON b.tenant_id = $1 AND b.batch_id = m.batch_id
WHERE m.tenant_id = $1 GROUP BY m.match_id, m.leg, b.source_id, b.code
UNION ALL
SELECT kind, CASE WHEN payment_id IS NOT NULL THEN ARRAY[payment_id] END,
       CASE WHEN credit_line_id IS NULL THEN ARRAY[line_id] ELSE ARRAY[line_id, credit_line_id] END, NULL, NULL
FROM money_back WHERE tenant_id = $1
"""
_DISCREPANCIES = """
SELECT CASE WHEN b.batch_id IS NULL THEN d.case_key ELSE 'batch:' || b.source_id || ':' || b.code END AS case_key,
       d.reason, sum(d.amount)::bigint AS amount
FROM discrepancy AS d
LEFT JOIN settlement_batch AS b ON b.tenant_id = $1 AND d.subject = 'batch:' || b.batch_id
WHERE d.tenant_id = $1 AND d.state <> 'resolved' GROUP BY 1, 2
"""
_LATE = "SELECT payment_id, state::text AS state FROM discrepancy WHERE tenant_id = $1 AND reason = 'late'"
_HANGING = "SELECT case_key FROM watch WHERE tenant_id = $1 AND pending"


@dataclass(frozen=True, slots=True)
class Stored:
    """`groups` as a list: a group stored twice is stored once too often."""

    groups: list[GroupKey]
    reasons: dict[str, Reasons]
    hanging: frozenset[str]
    late: list[tuple[int, str]]


async def read_stored(connection: Connection, tenant_id: int) -> Stored:
    groups = [
        (
            row["tie"],
            frozenset(row["payments"] or ()),
            frozenset(row["lines"] or ()),
            None if row["code"] is None else (row["source_id"], row["code"]),
        )
        for row in await connection.fetch(_MATCHES, tenant_id)
    ]
    reasons: dict[str, Reasons] = defaultdict(dict)
    for row in await connection.fetch(_DISCREPANCIES, tenant_id):
        reasons[row["case_key"]][row["reason"]] = row["amount"]
    hanging = frozenset(row["case_key"] for row in await connection.fetch(_HANGING, tenant_id))
    late = [(row["payment_id"], row["state"]) for row in await connection.fetch(_LATE, tenant_id)]
    return Stored(groups, reasons, hanging, late)


def key_of_group(group: Group) -> GroupKey:
    return (
        group.tie,
        frozenset(one.number for one in group.payments),
        frozenset(one.number for one in group.lines),
        (group.batch.source.source_id, group.batch.code) if group.batch else None,
    )


def key_of_case(case: Case) -> str:
    """Return the engine's name of a case."""
    match case:
        case Record(code=code) | str(code):
            return f"dossier:{code}"
        case Payment(number=number):
            return f"payment:{number}"
        case Line(number=number):
            return f"line:{number}"
        case Batch(source=source, code=code):
            return f"batch:{source.source_id}:{code}"
