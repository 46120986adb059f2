"""What every answer carries so that browsers are strict with it: pages, routes, files, and what is refused."""

from typing import Final

from aiohttp import web

PLAIN: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
"""Unless the answer says otherwise itself, as pages do."""
HTTPS_ONLY: Final = {"Strict-Transport-Security": "max-age=63072000"}
"""Two years, of this host alone: what else stands in its domain is not ours to decide."""


def strict(application: web.Application, *, https: bool) -> None:
    """Have every answer of an application carry them; `https`: browsers are to come by no other way any more."""
    carried = PLAIN | (HTTPS_ONLY if https else {})

    async def complete(request: web.BaseRequest, response: web.StreamResponse) -> None:  # noqa: ARG001 -- aiohttp's signature
        for name, value in carried.items():
            response.headers.setdefault(name, value)

    application.on_response_prepare.append(complete)
