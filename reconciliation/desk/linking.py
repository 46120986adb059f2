"""Facts that people may join by hand: those that nothing holds yet."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from paygate.database import Connection, load_queries
from paygate.domain.text import reference_key

QUERIES: Final = load_queries("reconciliation.sql", "desk_linking.sql")

NEAR_DAYS: Final = 7
"""Days before and after the one that is looked for."""

Facts = dict[str, list[dict[str, Any]]]


async def find_free_facts(
    connection: Connection,
    tenant_id: int,
    agencies: Sequence[str] | None,
    payment_ids: Sequence[int],
    line_ids: Sequence[int],
) -> Facts:
    """Return those of these payments and bank lines that are free, in the order they are named.

    Of who is limited to agencies, payments of others are left out.
    """
    payments = await connection.fetch(QUERIES["free_payments_of"], tenant_id, list(payment_ids), agencies)
    lines = await connection.fetch(QUERIES["free_lines_of"], tenant_id, list(line_ids))
    return {"payments": [dict(row) for row in payments], "lines": [dict(row) for row in lines]}


async def search_free_facts(  # noqa: PLR0913 -- who looks, and for what
    connection: Connection,
    tenant_id: int,
    agencies: Sequence[str] | None,
    *,
    reference: str | None,
    amount: int | None,
    day: date | None,
) -> Facts:
    """Return free payments and bank lines of a reference, or else of an amount within a week of a day."""
    if reference is not None:
        ids = await connection.fetchrow(QUERIES["named_facts"], tenant_id, reference_key(reference))
    elif amount is not None and day is not None:
        ids = await connection.fetchrow(QUERIES["near_facts"], tenant_id, amount, day, NEAR_DAYS)
    else:
        ids = None
    if ids is None:
        return {"payments": [], "lines": []}
    return await find_free_facts(connection, tenant_id, agencies, ids["payments"], ids["lines"])
