"""How long every page of the desk takes where much is stored, and how large it is.

Pages are found as a visitor finds them: from the first one by the links, each kind of address once. Times are those of
a caller on the same machine, one after another, so that they hold what the server and its database take.
"""

import platform
import re
import statistics
import time
from asyncio import Event, create_task, get_running_loop
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import psutil

from paygate.access import Role, add_person
from paygate.app import serve
from paygate.bench.desk_ground import ACCOUNT, SOURCE, TENANT, lay_desk
from paygate.credentials import new_password, set_password
from paygate.database import connect
from paygate.settings import AccountSettings, Settings, SourceSettings, TenantSettings

ROUNDS: Final = 7
MOST_MILLISECONDS: Final = 300
MOST_BYTES: Final = 100_000
MOST_KINDS: Final = 150
"""Kinds of addresses that are looked at."""
MOST_MISSES: Final = 3
"""Pages of a kind that answer with something else than a page, before the kind is given up."""
PERSON: Final = "bench"
_LINK = re.compile(r'href="(/[^"#]*)"')
_LEAVES_OUT: Final = ("/static/", "/sign-", "/account")


@dataclass(frozen=True, slots=True)
class Measured:
    """A kind of page: an address of it, milliseconds, bytes of HTML."""

    kind: str
    address: str
    median_ms: float
    worst_ms: float
    size: int

    def as_row(self) -> dict[str, Any]:
        return {
            "page": self.kind,
            "median_ms": round(self.median_ms, 1),
            "worst_ms": round(self.worst_ms, 1),
            "kb": round(self.size / 1000, 1),
            "address": self.address,
        }


async def bench_desk(
    url: str, folder: Path, scale: float = 1.0, say: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Measure the desk on the empty database at `url`. Returns the figures of `paygate bench --json`."""
    laid = await lay_desk(url, scale, say)
    async with _served(_settings(url, folder)) as served, _signed_in(url, served) as session:
        found = await _measure_all(session, served, laid.addresses, say)
    found.sort(key=lambda one: -one.median_ms)
    beyond = [one.kind for one in found if one.median_ms > MOST_MILLISECONDS or one.size > MOST_BYTES]
    return {
        "name": "desk",
        "payments": laid.payments,
        "discrepancies": laid.discrepancies,
        "kinds": len(found),
        "median_ms": round(statistics.median(one.median_ms for one in found), 1),
        "slowest_ms": round(max(one.median_ms for one in found), 1),
        "largest_kb": round(max(one.size for one in found) / 1000, 1),
        "beyond": ", ".join(beyond) or "none",
        "machine": f"{psutil.cpu_count()} cores, load {psutil.getloadavg()[0]:.1f}, Python {platform.python_version()}",
        "pages": [one.as_row() for one in found],
    }


def _settings(url: str, folder: Path) -> Settings:
    secret = folder / "bench.secret"
    secret.write_bytes(b"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
    source = {"tenant": TENANT, "adapter": "standardwebhooks", "account": ACCOUNT, "secrets": (f"file:{secret}",)}
    settings = Settings(
        tenants={TENANT: TenantSettings(name="Tỉnh đo tốc độ", agency="H23")},
        accounts={ACCOUNT: AccountSettings(tenant=TENANT, bank="970436")},
        sources={SOURCE: SourceSettings.model_validate({**source, "legs": {"payment": 0, "bank": 1}})},
    )
    return settings.model_copy(update={"database_url": url, "data_dir": folder, "host": "127.0.0.1", "port": 0})


@asynccontextmanager
async def _served(settings: Settings) -> AsyncIterator[str]:
    stop, ready = Event(), get_running_loop().create_future()
    serving = create_task(
        serve(settings, host=settings.host, port=0, role="web", ready=ready.set_result, stop=stop), name="desk"
    )
    serving.add_done_callback(lambda task: None if ready.done() else ready.set_exception(_why(task)))
    try:
        yield await ready
    finally:
        stop.set()
        await serving


def _why(task: Any) -> BaseException:
    return task.exception() or RuntimeError("the service ended")


@asynccontextmanager
async def _signed_in(url: str, served: str) -> AsyncIterator[aiohttp.ClientSession]:
    password = new_password()
    async with connect(url) as connection, connection.transaction():
        tenant_id = await connection.fetchval("SELECT tenant_id FROM tenant WHERE code = $1", TENANT)
        person_id = await add_person(connection, PERSON, Role.ADMIN, tenant_id)
        await set_password(connection, person_id, password, temporary=False)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        headers = {"Sec-Fetch-Site": "same-origin"}
        async with session.get(f"{served}/sign-in") as reply:
            hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', await reply.text()))
        form = {**hidden, "name": PERSON, "password": password}
        async with session.post(f"{served}/sign-in", data=form, headers=headers) as reply:
            reply.raise_for_status()
        yield session


async def _measure_all(
    session: aiohttp.ClientSession, served: str, more: Sequence[str], say: Callable[[str], None]
) -> list[Measured]:
    """Go from page to page; what is named in `more` is looked at whether a link leads there or not."""
    ahead = [f"/desk/{TENANT}", *more]
    seen: dict[str, int] = {}
    found: list[Measured] = []
    while ahead and len(found) < MOST_KINDS:
        address = ahead.pop(0)
        kind = kind_of(address)
        if seen.get(kind, 0) >= MOST_MISSES:
            continue
        seen[kind] = seen.get(kind, 0) + 1
        text = await _load(session, served + address)
        if text is None:
            continue
        seen[kind] = MOST_MISSES
        found.append(await _measure(session, served, address))
        say(f"{kind}: {found[-1].median_ms:.0f} ms, {found[-1].size / 1000:.0f} kB")
        ahead += [one for one in map(unescape, _LINK.findall(text)) if not one.startswith(_LEAVES_OUT)]
    return found


async def _load(session: aiohttp.ClientSession, address: str) -> str | None:
    """Return a page; None where what lies there is none."""
    async with session.get(address, allow_redirects=False) as reply:
        is_page = reply.status == 200 and reply.content_type == "text/html"  # noqa: PLR2004 -- OK
        return await reply.text() if is_page else None


async def _measure(session: aiohttp.ClientSession, served: str, address: str) -> Measured:
    taken, size = [], 0
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        async with session.get(served + address) as reply:
            size = len(await reply.read())
        taken.append((time.perf_counter() - begun) * 1000)
    return Measured(kind_of(address), address, statistics.median(taken), max(taken), size)


def kind_of(address: str) -> str:
    """Tell what kind of page an address leads to: names and numbers left out, and of the query only its keys."""
    parts = urlsplit(address)
    path = "/".join("…" if re.search(r"\d", piece) else piece for piece in parts.path.removeprefix("/desk").split("/"))
    keys = sorted({name for name, value in parse_qsl(parts.query)})
    return f"{path}?{'&'.join(keys)}" if keys else path
