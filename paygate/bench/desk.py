"""How long every page of the desk takes where much is stored, and how large it is.

Pages are found as a visitor finds them, and what people search for and the orders of lists besides. Times are those of
a caller on the same machine, one after another, so that they hold what the server and its database take.
"""

import platform
import re
import statistics
from asyncio import Event, create_task, get_running_loop
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
import psutil

from paygate.access import Role, add_person
from paygate.app import serve
from paygate.bench.desk_ground import PERSON, SOURCES, TENANT, lay_desk
from paygate.bench.desk_walk import SAME_ORIGIN, Walk
from paygate.credentials import new_password, set_password
from paygate.database import connect
from paygate.settings import AccountSettings, Settings, SourceSettings, TenantSettings

ROUNDS: Final = 7
MOST_MILLISECONDS: Final = 300
MOST_BYTES: Final = 100_000


async def bench_desk(
    url: str, folder: Path, scale: float = 1.0, say: Callable[[str], None] = lambda _: None, rounds: int = ROUNDS
) -> dict[str, Any]:
    """Measure the desk on the empty database at `url`. Returns the figures of `paygate bench --json`."""
    laid = await lay_desk(url, scale, say)
    async with _served(_settings(url, folder)) as served, _signed_in(url, served) as session:
        walk = Walk(session, served, rounds, say)
        for address in laid.addresses:
            await walk.look(address, address.removeprefix("/desk"))
        await walk.follow(f"/desk/{TENANT}")
        await walk.choose_all(laid.lists)
    found = sorted(walk.found.values(), key=lambda one: -one.median_ms)
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
    source: dict[str, Any] = {"tenant": TENANT, "adapter": "standardwebhooks", "secrets": (f"file:{secret}",)}
    source["legs"] = {"payment": 0, "bank": 1}
    settings = Settings(
        tenants={TENANT: TenantSettings(name="Tỉnh đo tốc độ", agency="H23")},
        accounts={account: AccountSettings(tenant=TENANT, bank="970436") for account in SOURCES.values()},
        sources={
            code: SourceSettings.model_validate({**source, "account": account}) for code, account in SOURCES.items()
        },
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
        async with session.get(f"{served}/sign-in") as reply:
            hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', await reply.text()))
        form = {**hidden, "name": PERSON, "password": password}
        async with session.post(f"{served}/sign-in", data=form, headers=SAME_ORIGIN) as reply:
            reply.raise_for_status()
        yield session
