"""Templates into pages: one environment for each language, which refuses a name it does not know."""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from paygate.web.desk.reading import FILTERS
from paygate.web.desk.terms import STATUSES
from paygate.web.desk.words import Language, translations

STATIC: Final = "/static/"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
"""What a page may load and do: nothing of anyone else's, and no script or style that stands within it."""
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
TYPES: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
KEPT: Final = "public, max-age=31536000, immutable"
"""For files whose address carries their digest."""


@cache
def environment(language: Language) -> Environment:
    """Make the environment of a language; templates are read once."""
    made = Environment(
        loader=PackageLoader("paygate.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    made.filters.update(FILTERS)
    made.globals.update(static=static_url, language=language, statuses=STATUSES)
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    return made


def page(template: str, language: Language, *, status: int = 200, **context: Any) -> web.Response:
    """Write a page."""
    text = environment(language).get_template(template).render(**context)
    return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)


@cache
def static_files() -> Mapping[str, bytes]:
    """Read what pages load beside themselves."""
    folder = resources.files("paygate.web") / "static"
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name.rpartition(".")[2] in TYPES}


@cache
def static_url(name: str) -> str:
    """Return where a file lies; the address changes with the file, so that no browser keeps an old one."""
    return f"{STATIC}{name}?{hashlib.sha256(static_files()[name]).hexdigest()[:12]}"


async def serve_static(request: web.Request) -> web.Response:
    """Answer with a file that pages load."""
    name = request.match_info["name"]
    if name not in static_files():
        raise web.HTTPNotFound
    kept = KEPT if request.query_string else "no-cache"
    headers = {"Cache-Control": kept, "X-Content-Type-Options": "nosniff"}
    return web.Response(
        body=static_files()[name], content_type=TYPES[name.rpartition(".")[2]], charset="utf-8", headers=headers
    )
