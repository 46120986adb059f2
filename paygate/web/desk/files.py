"""Files that pages hand out: never shown by a browser as anything of ours."""

from typing import Final

from aiohttp import web

from paygate.web.desk.pages import HEADERS

BYTES: Final = "application/octet-stream"
CSV: Final = "text/csv"


def attached(body: bytes, name: str, content_type: str = BYTES) -> web.Response:
    """Hand out bytes to be kept as a file; `name` is one of ours and holds nothing that others wrote."""
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=body, content_type=content_type, headers=headers)
