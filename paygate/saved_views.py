"""Views: lists to which a person has given a name, each an address's query, for that person alone."""

import unicodedata
from typing import Final

from paygate.database import Connection, load_queries
from paygate.domain.errors import ConflictError, InvalidInputError

QUERIES: Final = load_queries("paygate.sql", "queries/views.sql")

LONGEST_NAME: Final = 60
"""Characters."""
MOST_VIEWS: Final = 30
"""Of a person in a tenant."""


async def list_views(connection: Connection, tenant_id: int, person_id: int) -> list[tuple[str, str]]:
    """Return names and queries, by name."""
    rows = await connection.fetch(QUERIES["list_views"], tenant_id, person_id)
    return [(row["name"], row["query"]) for row in rows]


async def save_view(connection: Connection, tenant_id: int, person_id: int, name: str, query: str) -> str:
    """Keep a query under a name, in place of what was kept under it, and return the name as it is kept.

    Raises:
        InvalidInputError: it is no name.
        ConflictError: the person has as many views as may be kept.
    """
    kept = unicodedata.normalize("NFC", " ".join(name.split()))
    if not kept or len(kept) > LONGEST_NAME or not kept.isprintable():
        raise InvalidInputError("a name has 1 to %(most)s characters that can be seen", most=LONGEST_NAME)
    if not await connection.fetchval(QUERIES["save_view"], tenant_id, person_id, kept, query, MOST_VIEWS):
        raise ConflictError("at most %(most)s views are kept; delete one first", most=MOST_VIEWS)
    return kept


async def drop_view(connection: Connection, tenant_id: int, person_id: int, name: str) -> None:
    """Forget a view; one that is not there is forgotten."""
    await connection.execute(QUERIES["drop_view"], tenant_id, person_id, name)
