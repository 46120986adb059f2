"""The statements that a world's lines came with, laid into a database."""

from collections.abc import Sequence

from paygate.database import Connection
from reconciliation.oracle.facts import LineFact


async def lay_statements(connection: Connection, tenant_id: int, lines: Sequence[LineFact]) -> None:
    """Lay a statement of each account's day, which says of the day what its lines say."""
    days = sorted({(one.account_id, one.booked_on, one.leg) for one in lines})
    columns = [list(column) for column in zip(*days, strict=True)] or [[], [], []]
    await connection.execute(
        "INSERT INTO statement (tenant_id, account_id, file_hash, ordinal, format, identification, period_from,"
        " period_to, total, lines, leg)"
        " SELECT $1, account_id, sha256((account_id::text || day)::bytea), 0, 'camt', day, day, day, 0, 0, leg::leg"
        " FROM unnest($2::integer[], $3::date[], $4::text[]) AS laid (account_id, day, leg) ON CONFLICT DO NOTHING",
        tenant_id,
        *columns,
    )
    await connection.execute(
        "INSERT INTO statement_day (tenant_id, statement_id, booked_on, lines, total)"
        " SELECT $1, s.statement_id, l.booked_on, count(*), sum(l.amount) FROM statement AS s"
        " JOIN statement_line AS l ON l.tenant_id = $1 AND l.account_id = s.account_id AND l.booked_on = s.period_from"
        " WHERE s.tenant_id = $1 GROUP BY s.statement_id, l.booked_on"
        " ON CONFLICT (tenant_id, statement_id, booked_on)"
        " DO UPDATE SET lines = EXCLUDED.lines, total = EXCLUDED.total",
        tenant_id,
    )
