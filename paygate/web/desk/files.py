"""Files that pages hand out: never shown by a browser as anything of ours."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from aiohttp import web

from paygate import audit
from paygate.database import Database
from paygate.domain.deeds import Deed
from paygate.domain.errors import NoLongerKeptError
from paygate.web.desk.pages import HEADERS
from paygate.web.desk.visit import DeskVisit

BYTES: Final = "application/octet-stream"
CSV: Final = "text/csv"
POLICY: Final = "sandbox; default-src 'none'; frame-ancestors 'none'"
"""Should a browser show it all the same, it is a page of nobody's."""
LONGEST_NAME: Final = 100
"""Characters of the plain name, for browsers that read no other."""
_NOT_PLAIN: Final = re.compile(r"[^A-Za-z0-9._-]+")


def attached(body: bytes, name: str, content_type: str = BYTES) -> web.Response:
    """Hand out bytes to be kept as a file, whoever named it."""
    plain = _NOT_PLAIN.sub("_", name).lstrip("._")[-LONGEST_NAME:] or "file"
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    headers = {**HEADERS, "Content-Security-Policy": POLICY, "Content-Disposition": disposition}
    return web.Response(body=body, content_type=content_type, headers=headers)


async def attached_body(
    visit: DeskVisit, database: Database, notice: Mapping[str, Any], **found_by: int
) -> web.Response:
    """Hand out a notice's bytes. They hold whatever the payer gave away of themselves: who takes them is noted.

    Raises:
        NoLongerKeptError: they were kept for their time.
    """
    if notice["body"] is None:
        raise NoLongerKeptError("the body of this notice is no longer kept")
    number = notice["notice_id"]
    async with database.transaction() as connection:
        subject = f"notice:{number}"
        await audit.append(connection, visit.tenant.tenant_id, visit.person, Deed.NOTICE_BODY_TAKEN, subject, found_by)
    return attached(notice["body"], f"notice-{number}.bin")
