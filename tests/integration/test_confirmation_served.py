"""What a wallet cannot prove, over HTTP: its notice, the bank's statement, the close, and the dossier as it ends."""

import asyncio
from typing import Any

import pytest

from adapters import registry
from paygate.access import Role
from tests.served import NOON, SECRET, Served, a_paid_notice, a_service
from tests.statement_files import Booked, camt

DOSSIER = "000.00.12.H23-240508-0001"
OPTIONS = {"merchant_code": "HAIDUONG", "access_code": "ACCESS"}
SOURCE = {
    "tenant": "haiduong",
    "adapter": "viettelpay",
    "account": "001",
    "legs": {"bank": 1},
    "secrets": ("env:PAYGATE_TEST_SECRET",),
    **OPTIONS,
}
RECORD = {
    "dossier_code": DOSSIER,
    "procedure_code": "1.005129",
    "procedure_name": "x",
    "agency_code": "000.00.12.H23",
    "agency_name": "y",
    "status": "processing",
    "obligations": [{"code": "LP01", "kind": "charge", "name": "Lệ phí", "amount": 150_000}],
}


async def done(served: Served, method: str, route: str, **sent: Any) -> Any:
    """Ask for a job and wait for its end."""
    headers = await served.token("haiduong", Role.OFFICER)
    async with served.session.request(method, f"{served.url}{route}", headers=headers, **sent) as reply:
        assert reply.status == 202
        number = (await reply.json())["id"]
    where = "imports" if "statements" in route else "reconciliations"
    for _ in range(400):
        async with served.session.get(f"{served.url}/v1/{where}/{number}", headers=headers) as reply:
            told = await reply.json()
        if told["state"] in {"done", "failed"}:
            return told
        await asyncio.sleep(0.03)
    raise AssertionError(told)


@pytest.mark.parametrize("role", ["web", "all"])
@pytest.mark.parametrize("order", ["notice first", "money first"])
async def test_a_wallets_payment_is_paid_by_the_banks_word_and_its_dossier_matches(
    database_url: str, order: str, role: Any
) -> None:
    facts = a_paid_notice(reference=DOSSIER.replace(".", "").replace("-", ""))
    _, body, headers = registry.simulator("viettelpay", SECRET.encode(), OPTIONS).request(facts, NOON)

    async def notify() -> None:
        assert (await served.post(body, "/v1/notices/hd-viettelpay", headers))[0] == 200

    async def book() -> None:
        told = await done(served, "POST", "/v1/statements?tenant=haiduong", data=camt([Booked(facts.reference)]))
        assert told["state"] == "done"

    async with a_service(database_url, role=role, sources={"hd-viettelpay": SOURCE}) as served:
        portal = await served.token("haiduong", Role.SERVICE)
        await served.session.put(f"{served.url}/v1/records?tenant=haiduong", json=[RECORD], headers=portal)
        for step in (book, notify) if order == "money first" else (notify, book):
            await step()
        today = (await served.fetchval("SELECT (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date")).isoformat()
        closed = await done(served, "POST", "/v1/reconciliations", json={"tenant": "haiduong", "date": today})
        assert closed["state"] == "done"
        async with served.session.get(f"{served.url}/v1/records/{DOSSIER}?tenant=haiduong", headers=portal) as reply:
            dossier = await reply.json()
    assert [one["status"] for one in dossier["payments"]] == ["paid"]
    assert (dossier["verdict"], dossier["legs"]["bank"], dossier["discrepancies"]) == ("matched", "present", [])
    assert [one["rule"] for one in dossier["matches"]] == ["exact"]
