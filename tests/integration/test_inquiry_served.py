"""The whole service asks: what was registered over HTTP and never told of is found, and a wrong set-up is refused."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from paygate.access import Role
from paygate.app import open_service
from paygate.configured import questioned
from paygate.domain.errors import ConfigurationError
from tests.asked_source import OPTIONS, SECRET, an_asked_source
from tests.ledger_facts import a_notice
from tests.served import a_service, settings_for


def source_of(kind: str, url: str) -> dict[str, Any]:
    os.environ["PAYGATE_ASKED_SECRET"] = SECRET.decode()
    secrets = ("env:PAYGATE_ASKED_SECRET",)
    return {"tenant": "haiduong", "adapter": kind, "secrets": secrets, "query_url": url, **OPTIONS.get(kind, {})}


async def test_a_registered_payment_whose_notice_never_comes_is_found_by_the_service(database_url: str) -> None:
    begun = datetime.now(UTC) - timedelta(hours=1)
    async with an_asked_source("vnpay") as asked:
        asked.known["REF-1"] = a_notice(transaction_id="14422574", occurred_at=begun)
        configured = {"sources": {"hd": source_of("vnpay", asked.url)}, "egress_allowed": ("127.0.0.0/8",)}
        async with a_service(database_url, role="all", **configured) as served:
            headers = await served.token("haiduong", Role.SERVICE)
            request = {
                "tenant": "haiduong",
                "reference": "REF-1",
                "dossier_code": "D",
                "amount": 50_000,
                "source": "hd",
            }
            request["requested_at"] = begun.isoformat()
            url = served.url + "/v1/payment-requests"
            async with served.session.post(url, json=request, headers=headers) as reply:
                assert reply.status == 201
            for _ in range(600):
                if await served.fetchval("SELECT count(*) FROM payment WHERE state = 'paid'"):
                    break
                await asyncio.sleep(0.05)
            assert await served.fetchval("SELECT state::text FROM payment WHERE reference = 'REF-1'") == "paid"
            async with served.session.get(served.url + "/metrics") as reply:
                assert 'paygate_queries_total{outcome="stored",source="hd"}' in await reply.text()


@pytest.mark.parametrize(
    ("kind", "url", "said"),
    [
        ("vnpay", "http://10.1.2.3/query", "https"),
        ("vnpay", "https://10.1.2.3/query", "private"),
        ("vnpay", "query", "host name"),
        ("payos", "https://payos.example/query", "cannot be asked"),
    ],
)
async def test_a_source_that_cannot_be_asked_there_is_refused_at_the_start(
    database_url: str, kind: str, url: str, said: str
) -> None:
    async with open_service(settings_for(database_url, sources={"hd": source_of(kind, url)})) as service:
        with pytest.raises(ConfigurationError, match=said):
            questioned(service.settings, service.directory)
