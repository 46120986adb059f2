"""Files that pages hand out: never shown by a browser as anything of ours."""

import re
from typing import Final
from urllib.parse import quote

from aiohttp import web

from paygate.web.desk.pages import HEADERS

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
