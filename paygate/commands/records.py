"""Procedure records from files."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import typer

from paygate.app import build_worker
from paygate.commands.terminal import OUT, AsJson, File, Tenant, load, open_tenant, print_json, read_bytes, run
from paygate.domain.record_reading import read_records
from paygate.domain.statement import RefusedRow
from paygate.records import upsert

records = typer.Typer(no_args_is_help=True, help="Procedure records.")

CONTENT_TYPES: Final = {".csv": "text/csv", ".ndjson": "application/x-ndjson", ".jsonl": "application/x-ndjson"}


@records.command("import")
def import_records(context: typer.Context, file: File, tenant: Tenant, as_json: AsJson = False) -> None:  # noqa: FBT002
    """Take in procedure records: JSON, NDJSON or CSV, row by row."""
    rows = list(read_records(read_bytes(file), _content_type(file)))
    settings = load(context)

    async def work() -> None:
        async with open_tenant(settings, tenant) as (service, tenant_id):
            async with service.database.transaction() as connection:
                results = await upsert(connection, tenant_id, [row for row in rows if not isinstance(row, RefusedRow)])
            await build_worker(service).drain(tenant_id)
        _show_records(rows, [asdict(one) for one in results], as_json=as_json)

    run(work())


def _content_type(file: Path) -> str:
    return CONTENT_TYPES.get(file.suffix.lower(), "application/json")


def _show_records(rows: list[Any], results: list[dict[str, Any]], *, as_json: bool) -> None:
    stored = iter(results)
    shown = [_refused(row) if isinstance(row, RefusedRow) else next(stored) for row in rows]
    if as_json:
        print_json({"rows": shown})
        return
    for one in shown:
        if one["result"] == "refused":
            OUT.print(f"  {one['dossier_code'] or 'a row'}: {one['reason']}")
    counts = Counter(str(one["result"]) for one in shown)
    OUT.print(" · ".join(f"{result} {count}" for result, count in counts.items()) or "no rows")


def _refused(row: RefusedRow) -> dict[str, Any]:
    code = getattr(row, "dossier_code", None)
    return {"row": row.row, "dossier_code": code, "result": "refused", "reason": f"row {row.row}: {row.reason}"}
