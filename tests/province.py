"""A province as the outside has told it: every story of the contract, over HTTP, and its days closed."""

import asyncio
import csv
import io
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

from adapters import registry
from paygate.access import Role
from tests.outside_stories import (
    ACCOUNTS,
    BANK,
    CLOSED,
    CLOSED_LATER,
    KEY,
    MAPPINGS,
    PAPERS,
    SETTLEMENT,
    SOURCES,
    STORIES,
    Scene,
)
from tests.served import Served, a_service

DAYS: Final = (CLOSED, "2024-05-09", "2024-05-10", CLOSED_LATER)
"""The days that are closed, in this order."""
CONFIGURED: Final[dict[str, Any]] = {"sources": SOURCES, "accounts": ACCOUNTS, "mappings": MAPPINGS}


@asynccontextmanager
async def a_province(database_url: str, **options: Any) -> AsyncIterator[Served]:
    """Serve from a database, configured as the stories have it."""
    os.environ["PAYGATE_TEST_WEBHOOK"] = KEY
    async with a_service(database_url, **{**CONFIGURED, **options}) as served:
        yield served


def scenes_of_stories() -> dict[str, Scene]:
    """Lay every story, each in a dossier of its own."""
    scenes = {name: Scene(code_of(NUMBERS[name])) for name in STORIES}
    for name, (lay, _, _) in STORIES.items():
        lay(scenes[name])
    return scenes


async def close_days(served: Served) -> None:
    headers = await served.token("haiduong", Role.ADMIN)
    for day in DAYS:
        await done(served, "/v1/reconciliations", headers, json={"tenant": "haiduong", "date": day})


async def tell_province(database_url: str) -> None:
    """Tell every story and close the days."""
    async with a_province(database_url, role="all") as served:
        await tell(served, list(scenes_of_stories().values()))
        await close_days(served)


def code_of(number: int) -> str:
    return f"000.00.12.H23-240508-{number:04}"


NUMBERS: Final = {name: 1101 + 7 * number for number, name in enumerate(STORIES)}


def table(columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


async def asked(served: Served, method: str, route: str, headers: Any, **sent: Any) -> Any:
    async with served.session.request(method, served.url + route, headers=headers, **sent) as reply:
        told = await reply.json()
        assert reply.status < 300, told
    return told


async def done(served: Served, route: str, headers: Any, **sent: Any) -> None:
    number = (await asked(served, "POST", route, headers, **sent))["id"]
    where = "imports" if "statements" in route else "reconciliations"
    for _ in range(600):
        told = await asked(served, "GET", f"/v1/{where}/{number}", headers)
        if told["state"] in {"done", "failed"}:
            break
        await asyncio.sleep(0.03)
    assert told["state"] == "done", told
    assert not told.get("refused"), told


async def tell(served: Served, scenes: Sequence[Scene]) -> None:
    """Let in everything: records, notices, then every leg's file."""
    headers = await served.token("haiduong", Role.ADMIN)
    records = [one for scene in scenes for one in scene.records]
    told = await asked(served, "PUT", "/v1/records?tenant=haiduong", headers, json=records)
    assert {row["result"] for row in told["rows"]} == {"created"}
    simulator = registry.simulator("standardwebhooks", KEY.encode(), {})
    for scene in scenes:
        for source, facts in scene.notices:
            _, body, signed = simulator.request(facts, datetime.now(UTC))
            assert (await served.post(body, f"/v1/notices/{source}", signed))[0] == 200
    for account in ACCOUNTS:
        lines = [line for scene in scenes for line in scene.bank.get(account, ())]
        route = f"/v1/statements?tenant=haiduong&account={account}&format=table&mapping=bank"
        await done(served, route, headers, data=table(BANK, lines))
    for mapping, columns in (("settled", SETTLEMENT), ("treasury", PAPERS), ("receipt", PAPERS)):
        lines = [line for scene in scenes for line in getattr(scene, mapping)]
        route = f"/v1/statements?tenant=haiduong&format=table&mapping={mapping}"
        await done(served, route, headers, data=table(columns, lines))
