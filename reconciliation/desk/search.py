"""Looks facts up by what people know of them: a code or how it ends, or an amount and a day."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

from paygate.database import Connection, load_queries
from paygate.domain.text import reference_key

QUERIES: Final = load_queries("reconciliation.sql", "desk_search.sql")

MOST_SHOWN: Final = 50
"""Of each kind; one more is looked for, and says that there are more."""

Agencies = Sequence[str] | None
"""Those whose things may be seen; None: all."""
Hit = dict[str, Any]
"""`kind` dossier, payment or line, with what tells it from others of its kind."""


async def find_by_code(connection: Connection, tenant_id: int, typed: str, agencies: Agencies) -> list[Hit]:
    """Find what a code names: a dossier by it or by how it ends, a payment or a line by all that it is called.

    A payment stands for the lines that settle it, and a dossier for its payments.
    """
    key = reference_key(typed)
    dossiers = await _dossiers(connection, tenant_id, key, agencies)
    found = await connection.fetch(QUERIES["find_payments_by_code"], tenant_id, key, MOST_SHOWN + 1)
    named = await connection.fetch(QUERIES["find_lines_by_code"], tenant_id, key, MOST_SHOWN + 1)
    payments, lines = [row["payment_id"] for row in found], [row["line_id"] for row in named]
    facts = await _facts(connection, tenant_id, payments, lines, agencies)
    if not facts and not dossiers:
        return await _requested(connection, tenant_id, [typed.strip(), key], agencies)
    shown = {one["dossier_code"] for one in dossiers}
    return [*dossiers, *(one for one in facts if one.get("dossier_code") is None or one["dossier_code"] not in shown)]


async def find_by_amount(  # noqa: PLR0913, PLR0917 -- what, when by whose clocks, and for whom
    connection: Connection, tenant_id: int, amount: int, day: date, timezone: str, agencies: Agencies
) -> list[Hit]:
    """Find payments of an amount made on a day, then those whose money came on it, and the lines that settle none."""
    place = tenant_id, day, amount
    limited = None if agencies is None else list(agencies)
    found = await connection.fetch(QUERIES["find_payments_by_amount"], *place, timezone, limited, MOST_SHOWN + 1)
    booked = await connection.fetch(QUERIES["find_lines_by_amount"], *place, MOST_SHOWN + 1)
    payments, lines = [row["payment_id"] for row in found], [row["line_id"] for row in booked]
    facts = await _facts(connection, tenant_id, payments, lines, agencies)
    made = set(payments)
    return sorted(facts, key=lambda one: one["kind"] == "payment" and one["payment_id"] not in made)


async def _dossiers(connection: Connection, tenant_id: int, key: str, agencies: Agencies) -> list[Hit]:
    limited = None if agencies is None else list(agencies)
    rows = await connection.fetch(QUERIES["find_dossiers"], tenant_id, key, limited, MOST_SHOWN + 1)
    found: list[Hit] = [{"kind": "dossier", **row} for row in rows]
    rows = await connection.fetch(QUERIES["find_dossiers_without_record"], tenant_id, key, limited, MOST_SHOWN + 1)
    found += [{"kind": "dossier", **row, "status": None} for row in rows]
    return [one for one in found if one["whole"]] or found


async def _requested(
    connection: Connection, tenant_id: int, references: Sequence[str], agencies: Agencies
) -> list[Hit]:
    limited = None if agencies is None else list(agencies)
    rows = await connection.fetch(QUERIES["find_requests"], tenant_id, list(references), limited)
    return [{"kind": "dossier", "status": None, **row} for row in rows]


async def _facts(
    connection: Connection, tenant_id: int, payments: Sequence[int], lines: Sequence[int], agencies: Agencies
) -> list[Hit]:
    held = await connection.fetch(QUERIES["find_payments_of_lines"], tenant_id, list(lines), MOST_SHOWN + 1)
    limited = None if agencies is None else list(agencies)
    numbers = list(dict.fromkeys([*payments, *(row["payment_id"] for row in held)]))
    paid = await connection.fetch(QUERIES["show_payments"], tenant_id, numbers, limited)
    settling = {row["line_id"] for row in held}
    loose = await lines_of(connection, tenant_id, (one for one in lines if one not in settling))
    seen = [one for one in loose if agencies is None or one["agency_code"] in agencies]
    return [*({"kind": "payment", **row} for row in paid), *({"kind": "line", **row} for row in seen)]


async def lines_of(connection: Connection, tenant_id: int, numbers: Iterable[int]) -> list[Hit]:
    """Return statement lines with their file and row, in the order of their days."""
    return [dict(row) for row in await connection.fetch(QUERIES["show_lines"], tenant_id, list(numbers))]
