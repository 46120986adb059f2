"""Evidence as it came: notices word for word, and the files that people attached. Files are saved, never shown."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import quote

from aiohttp import web

from paygate import audit
from paygate.database import Connection, Database
from paygate.domain.errors import NoLongerKeptError, NotFoundError
from paygate.web.desk.discrepancy import listed, path
from paygate.web.desk.door import Page
from paygate.web.desk.navigation import WORKERS
from paygate.web.desk.raw_text import legible
from paygate.web.desk.visit import DeskVisit

SEALED: Final = {
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""With what anyone sent: no browser is to make anything of it but a file."""
_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")


class LoadPart(Protocol):
    """Returns a notice or a file of a discrepancy; None where it has none of the number, or is not to be seen."""

    async def __call__(
        self, connection: Connection, tenant_id: int, number: int, agencies: Sequence[str] | None, part: int, /
    ) -> dict[str, Any] | None: ...


@dataclass(frozen=True, slots=True)
class EvidencePages:
    database: Database
    load_notice: LoadPart
    load_file: LoadPart

    async def notice(self, visit: DeskVisit) -> web.StreamResponse:
        """Show a notice as text; IDs of payers are masked."""
        found = await self._load(visit, self.load_notice, "notice")
        headers = json.loads(found["headers"]) if found["headers"] else {}
        body = None if found["body"] is None else legible(found["body"])
        number = visit.number("id")
        return visit.render(
            "case-notice.html", notice=found, headers=headers, body=body, number=number, listed=listed(visit)
        )

    async def body(self, visit: DeskVisit) -> web.StreamResponse:
        """Hand out a notice's bytes. They hold whatever the payer gave away of themselves: who takes them is noted."""
        found = await self._load(visit, self.load_notice, "notice")
        if found["body"] is None:
            raise NoLongerKeptError("the body of this notice is no longer kept")
        number, tenant_id = found["notice_id"], visit.tenant.tenant_id
        subject = f"notice:{number}"
        async with self.database.transaction() as connection:
            detail = {"discrepancy": visit.number("id")}
            await audit.append(connection, tenant_id, visit.person, "notice_body_taken", subject, detail)
        return saved(found["body"], f"notice-{number}.txt")

    async def file(self, visit: DeskVisit) -> web.StreamResponse:
        """Hand out a file that somebody attached."""
        found = await self._load(visit, self.load_file, "file")
        return saved(found["body"], found["name"])

    async def _load(self, visit: DeskVisit, load: LoadPart, what: str) -> dict[str, Any]:
        numbers = visit.number("id"), visit.agencies, visit.number(what)
        async with self.database.snapshot() as connection:
            found = await load(connection, visit.tenant.tenant_id, *numbers)
        if found is None:
            raise NotFoundError("there is no such thing")
        return found

    def pages(self) -> list[Page]:
        return [
            Page("GET", path(r"/notices/{notice:\d+}"), WORKERS, self.notice, limited=True),
            Page("GET", path(r"/notices/{notice:\d+}/body"), WORKERS, self.body, limited=True),
            Page("GET", path(r"/files/{file:\d+}"), WORKERS, self.file, limited=True),
        ]


def saved(body: bytes, name: str) -> web.Response:
    """Answer with bytes that a browser stores as a file, whatever they are."""
    plain = _PLAIN.sub("_", name).lstrip("._")[-100:] or "file"
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    headers = {**SEALED, "Content-Disposition": disposition}
    return web.Response(body=body, content_type="application/octet-stream", headers=headers)
