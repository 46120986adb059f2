"""A mapping while somebody makes it: one for each person, with the sample it is tried on."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from paygate.database import Connection, load_queries
from paygate.domain.errors import NotFoundError

QUERIES: Final = load_queries("paygate.sql", "queries/mapping_drafts.sql")

KEPT_HOURS: Final = 12
"""For which a sample that nobody looks at lies among the uploads."""


@dataclass(frozen=True, slots=True)
class Draft:
    """`upload` is the sample among the uploads; `content` holds what was typed, field by field of the form."""

    upload: str
    file_name: str
    content: Mapping[str, Any]


async def begin(connection: Connection, tenant_id: int, person_id: int, draft: Draft) -> str | None:
    """Store a person's draft and return the upload of the one before, which is nobody's any more."""
    before: str | None = await connection.fetchval(QUERIES["drop_draft"], tenant_id, person_id)
    said = json.dumps(draft.content)
    await connection.execute(QUERIES["add_draft"], tenant_id, person_id, draft.upload, draft.file_name, said)
    return before


async def find(connection: Connection, tenant_id: int, person_id: int) -> Draft:
    """Find a person's draft.

    Raises:
        NotFoundError: they have none, or it was too old.
    """
    row = await connection.fetchrow(QUERIES["read_draft"], tenant_id, person_id)
    if row is None:
        raise NotFoundError("there is no sample any more; hand one in again")
    return Draft(row["upload"], row["file_name"], json.loads(row["content"]))


async def keep(connection: Connection, tenant_id: int, person_id: int, content: Mapping[str, Any]) -> None:
    """Store what was typed."""
    await connection.execute(QUERIES["keep_draft"], tenant_id, person_id, json.dumps(content))


async def drop(connection: Connection, tenant_id: int, person_id: int) -> str | None:
    """Forget a person's draft and return its upload."""
    dropped: str | None = await connection.fetchval(QUERIES["drop_draft"], tenant_id, person_id)
    return dropped


async def forget_old(connection: Connection) -> None:
    """Drop drafts that nobody goes on with."""
    await connection.execute(QUERIES["forget_drafts"], KEPT_HOURS)
