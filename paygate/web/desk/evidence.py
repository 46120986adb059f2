"""Evidence as it came: notices word for word, and the files that people attached. Files are saved, never shown."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import web

from paygate.casework import Casework, Worker
from paygate.database import Connection, Database
from paygate.domain.errors import NotFoundError
from paygate.domain.shown_bytes import legible
from paygate.web.desk.discrepancy import listed, path
from paygate.web.desk.door import Page
from paygate.web.desk.files import attached, attached_body
from paygate.web.desk.navigation import WORKERS
from paygate.web.desk.visit import DeskVisit


class LoadNotice(Protocol):
    """Returns a notice of a discrepancy's payments; None where it has none of the number, or is not to be seen."""

    async def __call__(
        self, connection: Connection, tenant_id: int, number: int, agencies: Sequence[str] | None, notice: int, /
    ) -> dict[str, Any] | None: ...


@dataclass(frozen=True, slots=True)
class EvidencePages:
    database: Database
    load_notice: LoadNotice
    casework: Casework

    async def notice(self, visit: DeskVisit) -> web.StreamResponse:
        """Show a notice as text; IDs of payers are masked."""
        found = await self._load(visit)
        headers = json.loads(found["headers"]) if found["headers"] else {}
        body = None if found["body"] is None else legible(found["body"])
        number = visit.number("id")
        return visit.render(
            "case-notice.html", notice=found, headers=headers, body=body, number=number, listed=listed(visit)
        )

    async def body(self, visit: DeskVisit) -> web.StreamResponse:
        """Hand out a notice's bytes as they came."""
        return await attached_body(visit, self.database, await self._load(visit), discrepancy=visit.number("id"))

    async def file(self, visit: DeskVisit) -> web.StreamResponse:
        """Hand out a file that somebody attached."""
        worker = Worker.of(visit.session.caller, visit.tenant)
        async with self.database.snapshot() as connection:
            found = await self.casework.evidence(connection, worker, visit.number("id"), visit.number("file"))
        return attached(found.body, found.name)

    async def _load(self, visit: DeskVisit) -> dict[str, Any]:
        numbers = visit.number("id"), visit.agencies, visit.number("notice")
        async with self.database.snapshot() as connection:
            found = await self.load_notice(connection, visit.tenant.tenant_id, *numbers)
        if found is None:
            raise NotFoundError("there is no such notice")
        return found

    def pages(self) -> list[Page]:
        return [
            Page("GET", path(r"/notices/{notice:\d+}"), WORKERS, self.notice, limited=True),
            Page("GET", path(r"/notices/{notice:\d+}/body"), WORKERS, self.body, limited=True),
            Page("GET", path(r"/files/{file:\d+}"), WORKERS, self.file, limited=True),
        ]
