"""Every story the contract names, told as the outside tells it: signed notices, records and files in; verdicts out."""

import asyncio
import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import pytest

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


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYGATE_TEST_WEBHOOK", KEY)


@pytest.mark.usefixtures("secret")
async def test_every_story_ends_as_the_contract_says(database_url: str) -> None:
    scenes = {}
    for name, (lay, _, _) in STORIES.items():
        scenes[name] = Scene(code_of(NUMBERS[name]))
        lay(scenes[name])
    given = {"sources": SOURCES, "accounts": ACCOUNTS, "mappings": MAPPINGS}
    async with a_service(database_url, role="all", **given) as served:
        await tell(served, list(scenes.values()))
        headers = await served.token("haiduong", Role.ADMIN)
        for day in (CLOSED, "2024-05-09", "2024-05-10", CLOSED_LATER):
            await done(served, "/v1/reconciliations", headers, json={"tenant": "haiduong", "date": day})
        ended, expected = {}, {}
        for name, scene in scenes.items():
            found = await asked(served, "GET", f"/v1/records/{scene.dossier}?tenant=haiduong", headers)
            ended[name] = (found["verdict"], {one["reason"] for one in found["discrepancies"]})
            expected[name] = STORIES[name][1:]
        report = await asked(served, "GET", f"/v1/reports/haiduong/{CLOSED}", headers)
    wrong = {name: (ended[name], expected[name]) for name in ended if ended[name] != expected[name]}
    assert not wrong
    assert report["proof"]["residual"] == 0
