"""Through which sources the money of a discrepancy came: said by a world's facts, and as it is stored."""

from collections.abc import Mapping, Sequence
from typing import Any

from paygate.database import Connection
from reconciliation.oracle.facts import LineFact, World
from tests.worlds import SOURCES


async def check_sources(connection: Connection, tenant_id: int, world: World) -> None:
    """Hold that what is stored of every live discrepancy, and of every note of lateness, is what the facts say now."""
    rows = await connection.fetch(
        "SELECT d.subject, d.payment_id, d.dossier_code, d.line_id, d.source_ids, b.source_id AS batch_source"
        " FROM discrepancy AS d"
        " LEFT JOIN settlement_batch AS b ON b.tenant_id = $1 AND d.subject = 'batch:' || b.batch_id"
        " WHERE d.tenant_id = $1 AND (d.state <> 'resolved' OR d.reason = 'late')",
        tenant_id,
    )
    assert [(row["subject"], row["source_ids"]) for row in rows] == [
        (row["subject"], sources_of(world, row)) for row in rows
    ]


def sources_of(world: World, row: Mapping[str, Any]) -> Sequence[int]:
    if row["payment_id"] is not None:
        return [one.source_id for one in world.payments if one.payment_id == row["payment_id"]]
    if row["batch_source"] is not None:
        return [row["batch_source"]]
    if row["dossier_code"] is not None:
        paid = [one for one in world.payments if one.came and one.currency == "VND"]
        return sorted({one.source_id for one in paid if one.dossier_code == row["dossier_code"]})
    (line,) = [one for one in world.lines if one.line_id == row["line_id"]]
    return _of_line(line)


def _of_line(line: LineFact) -> Sequence[int]:
    if line.source_id is not None:
        return [line.source_id]
    return [one for one in SOURCES if one == line.account_id]
