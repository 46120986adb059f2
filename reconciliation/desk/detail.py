"""Reads the facts behind a report into files, day by day: what does not fit in memory passes by it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from paygate.database import Connection, load_queries
from reconciliation.desk.sheets import SHEETS, Sheet
from reconciliation.engine import SESSION
from reconciliation.tally import Tally

QUERIES: Final = load_queries("reconciliation.sql", "desk_detail.sql")

READ_SECONDS: Final = 300.0
"""For one leg of one day."""


async def read_detail(
    connection: Connection, tenant_id: int, days: Iterable[date], sheets: Sequence[str], folder: Path
) -> Mapping[str, list[str]]:
    """Write the facts of closed days into a folder and return the files of each sheet, in the order of the days.

    To be called inside a transaction that sees one moment; the files are CSV with a first row of names.
    """
    files: dict[str, list[str]] = {name: [] for name in sheets}
    await connection.execute(SESSION)
    for day in days:
        tally = Tally(connection, tenant_id, day)
        await tally.lay_out_cases()
        await connection.execute(QUERIES["create_detail_tables"])
        await connection.execute(QUERIES["gather_why"])
        await connection.execute("ANALYZE w_case, w_class, w_reason, w_why")
        for name in sheets:
            file = folder / f"{name}-{day}.csv"
            await _copy(connection, SHEETS[name], tenant_id, day, file)
            files[name].append(str(file))
        await connection.execute(QUERIES["drop_detail_tables"])
        await tally.drop_cases()
    return files


async def _copy(connection: Connection, sheet: Sheet, tenant_id: int, day: date, file: Path) -> None:
    arguments = (tenant_id, day) if sheet.leg is None else (tenant_id, day, sheet.leg)
    query = QUERIES[sheet.query].removesuffix(";")
    await connection.copy_from_query(query, *arguments, output=file, format="csv", header=True, timeout=READ_SECONDS)
