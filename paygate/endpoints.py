"""Endpoints and their dead letters, for the people who look after them: listed, shown, sent again, resumed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from paygate.database import Connection, load_queries
from paygate.domain.deeds import Deed
from paygate.domain.errors import ConflictError, NotFoundError
from paygate.feed import feed_event, number_news
from paygate.telemetry import Event, log

QUERIES: Final = load_queries("paygate.sql", "queries/deliveries.sql")

PAGE: Final = 100
REPLAY_LIMIT: Final = 10_000
"""Dead letters in one replay, which is one transaction."""


class AppendAudit(Protocol):
    """Writes down who did what, in the caller's transaction."""

    async def __call__(  # noqa: PLR0913, PLR0917 -- an entry is exactly these
        self, connection: Connection, tenant_id: int, actor: str, act: Deed, subject: str, detail: Mapping[str, Any], /
    ) -> object: ...


@dataclass(frozen=True, slots=True)
class Selection:
    """Which dead letters to send again: by endpoint, by number; what is left open selects all."""

    endpoint: str | None = None
    sequences: tuple[int, ...] | None = None


Letters = Sequence[tuple[str, int]]
"""Endpoint and number of each."""


async def list_endpoints(connection: Connection, tenant_id: int) -> list[dict[str, Any]]:
    """Say how far each endpoint has been told, what it waits for, and how many dead letters it has.

    To be called outside a transaction.
    """
    await number_news(connection, tenant_id)
    return [dict(row) for row in await connection.fetch(QUERIES["list_endpoints"], tenant_id)]


async def list_letters(
    connection: Connection, tenant_id: int, endpoint: str, *, after: int = 0
) -> list[dict[str, Any]]:
    """Return a page of an endpoint's dead letters, those that were sent again in the end included.

    Raises:
        NotFoundError: the tenant has no such endpoint.
    """
    await _find(connection, tenant_id, endpoint)
    rows = await connection.fetch(QUERIES["list_letters"], tenant_id, endpoint, after, PAGE)
    return [dict(row) for row in rows]


async def show_event(connection: Connection, tenant_id: int, sequence: int) -> dict[str, Any]:
    """Return an event as it is delivered, and where it stands with each endpoint.

    `done` is delivered, or of no interest to the endpoint.

    Raises:
        NotFoundError: the feed has no such number.
    """
    row = await connection.fetchrow(QUERIES["show_event"], tenant_id, sequence)
    if row is None:
        raise NotFoundError(f"there is no event {sequence}")
    standing = await connection.fetch(QUERIES["standing_of_event"], tenant_id, sequence)
    return {**feed_event(row).shown(), "endpoints": [dict(one) for one in standing]}


async def preview_replay(connection: Connection, tenant_id: int, selection: Selection) -> Letters:
    """Say what a replay would send again, and do nothing. To be called inside a transaction.

    Raises:
        NotFoundError: the tenant has no such endpoint.
    """
    if selection.endpoint is not None:
        await _find(connection, tenant_id, selection.endpoint)
    numbers = None if selection.sequences is None else list(selection.sequences)
    rows = await connection.fetch(QUERIES["select_letters"], tenant_id, selection.endpoint, numbers, REPLAY_LIMIT)
    return [(row["endpoint"], row["sequence"]) for row in rows]


async def replay(
    connection: Connection, tenant_id: int, selection: Selection, actor: str, append_audit: AppendAudit
) -> Letters:
    """Make dead letters due, and write down who did. To be called inside a transaction.

    They go under the id they had, beside what their endpoint is told meanwhile: a replay has lost its place.

    Raises:
        NotFoundError: the tenant has no such endpoint.
    """
    letters = await preview_replay(connection, tenant_id, selection)
    if letters:
        names, numbers = (list(column) for column in zip(*letters, strict=True))
        await connection.execute(QUERIES["raise_letters"], tenant_id, names, numbers)
    detail = {"letters": [[name, number] for name, number in letters]}
    await append_audit(connection, tenant_id, actor, Deed.DELIVERIES_REPLAYED, "deliveries", detail)
    log.info(Event.DELIVERIES_REPLAYED, tenant_id=tenant_id, actor=actor, letters=len(letters))
    return letters


async def resume(connection: Connection, tenant_id: int, endpoint: str, actor: str, append_audit: AppendAudit) -> None:
    """Let a paused endpoint be told again, from where it stopped. To be called inside a transaction.

    Raises:
        NotFoundError: the tenant has no such endpoint.
        ConflictError: it is not paused.
    """
    await _find(connection, tenant_id, endpoint)
    if not await connection.fetchval(QUERIES["resume_endpoint"], tenant_id, endpoint):
        raise ConflictError(f"the endpoint {endpoint!r} is not paused")
    await append_audit(connection, tenant_id, actor, Deed.ENDPOINT_RESUMED, f"endpoint:{endpoint}", {})
    log.info(Event.ENDPOINT_RESUMED, tenant_id=tenant_id, actor=actor, endpoint=endpoint)


async def _find(connection: Connection, tenant_id: int, endpoint: str) -> None:
    if not await connection.fetchval(QUERIES["is_there_endpoint"], tenant_id, endpoint):
        raise NotFoundError(f"there is no endpoint {endpoint!r}")
