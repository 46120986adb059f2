"""What people decide about matches, over HTTP."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from paygate.access import CHECKERS
from paygate.domain.errors import NotFoundError
from paygate.web.records import read_body
from paygate.web.routes import Route, Visit

NUMBER: Final = r"{id:[0-9]{1,18}}"


class Decide(Protocol):
    """Does what a person has decided about a match; False where it was done before."""

    async def __call__(self, tenant_id: int, match_id: int, *, person: str, reason: str) -> bool: ...


class Decision(BaseModel):
    """Why it is decided so."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: str


@dataclass(frozen=True, slots=True)
class MatchRoutes:
    """The two ways of a match. `changed` is called when the matcher has facts to look at again."""

    undo: Decide
    rejoin: Decide
    changed: Callable[[], None]

    async def undone(self, visit: Visit) -> web.Response:
        return await self._decide(visit, self.undo, "undone")

    async def rejoined(self, visit: Visit) -> web.Response:
        return await self._decide(visit, self.rejoin, "rejoined")

    async def _decide(self, visit: Visit, decide: Decide, state: str) -> web.Response:
        tenant = visit.tenant()
        match_id = int(visit.request.match_info["id"])
        if match_id == 0:
            raise NotFoundError("there is no such match")
        given = read_body(Decision, await visit.request.read())
        new = await decide(tenant.tenant_id, match_id, person=visit.caller.person, reason=given.reason)
        if new:
            self.changed()
        return web.json_response({"id": match_id, "state": state, "new": new})

    def routes(self) -> list[Route]:
        return [
            Route("POST", f"/v1/matches/{NUMBER}/undo", CHECKERS, self.undone),
            Route("POST", f"/v1/matches/{NUMBER}/rejoin", CHECKERS, self.rejoined),
        ]
