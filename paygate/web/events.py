"""The feed over HTTP: what happened, in order, from any point on."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from paygate.access import Role
from paygate.database import Database
from paygate.domain.errors import InvalidInputError
from paygate.feed import head_of, number_news, read_events
from paygate.web.routes import Route, Visit

PAGE: Final = 100
"""Events in one answer, where the caller does not say."""
LARGEST_PAGE: Final = 1000
LARGEST_CURSOR: Final = 2**63 - 1

TOLD: Final = frozenset({Role.SERVICE, Role.AUDITOR, Role.ADMIN})


@dataclass(frozen=True, slots=True)
class EventRoutes:
    """What one-stop systems ask when they fetch rather than being told."""

    database: Database

    async def events(self, visit: Visit) -> web.Response:
        """Give the events after a cursor. `next` is the cursor to come again with, also when there is nothing yet."""
        tenant = visit.tenant()
        query = visit.request.query
        after = _whole(query.get("after"), "after", 0)
        limit = min(_whole(query.get("limit"), "limit", PAGE), LARGEST_PAGE)
        if limit == 0:
            raise InvalidInputError("limit is at least 1")
        async with self.database.connection() as connection:
            await number_news(connection, tenant.tenant_id)
            if after > (head := await head_of(connection, tenant.tenant_id)):
                # Silence would hide that the feed is another, as after a database restored from yesterday.
                raise InvalidInputError(f"the cursor is ahead of the feed, which ends at {head}")
            events = await read_events(connection, tenant.tenant_id, after, limit)
        following = events[-1].sequence if events else after
        return web.json_response({"items": [event.shown() for event in events], "next": str(following)})

    def routes(self) -> list[Route]:
        return [Route("GET", "/v1/events", TOLD, self.events)]


def _whole(text: str | None, name: str, otherwise: int) -> int:
    if text is None:
        return otherwise
    if not (
        text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST_CURSOR)) and int(text) <= LARGEST_CURSOR
    ):
        raise InvalidInputError(f"{name} is no whole number")
    return int(text)
