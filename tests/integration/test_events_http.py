"""The feed as a one-stop system fetches it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from paygate.access import Role
from paygate.web import events
from tests.served import Served, a_service


@pytest.fixture
async def served(database_url: str) -> AsyncIterator[Served]:
    async with a_service(database_url) as one:
        await one.fetchval(
            "INSERT INTO news (tenant_id, kind, subject, body)"
            " SELECT tenant_id, 'payment.paid', 'payment:' || n, json_build_object('reference', 'R' || n)"
            " FROM tenant, generate_series(1, 5) n WHERE code = 'haiduong'"
        )
        yield one


async def get(served: Served, query: str, role: Role = Role.SERVICE, tenant: str = "haiduong") -> tuple[int, Any]:
    headers = await served.token(tenant, role)
    async with served.session.get(f"{served.url}/v1/events{query}", headers=headers) as reply:
        return reply.status, await reply.json(content_type=None)


async def test_the_feed_is_walked_by_its_cursor_and_waited_at_its_end(served: Served) -> None:
    seen, cursor = [], "0"
    for _ in range(4):
        status, page = await get(served, f"?tenant=haiduong&after={cursor}&limit=2")
        assert status == 200
        seen += [item["data"]["reference"] for item in page["items"]]
        cursor = page["next"]
    assert (seen, cursor) == (["R1", "R2", "R3", "R4", "R5"], "5")


async def test_without_a_cursor_the_feed_begins_at_its_beginning(served: Served) -> None:
    _, page = await get(served, "")
    first = page["items"][0]
    assert (first["sequence"], first["type"], first["id"][:4]) == (1, "payment.paid", "evt_")
    assert first["timestamp"].endswith("+00:00")


async def test_a_page_is_never_larger_than_the_largest(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "LARGEST_PAGE", 3)
    assert len((await get(served, "?limit=100000"))[1]["items"]) == 3


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?after=abc", "after is no whole number"),
        ("?after=-1", "after is no whole number"),
        ("?after=1.5", "after is no whole number"),
        ("?after=", "after is no whole number"),
        ("?after=٣", "after is no whole number"),
        (f"?after={2**63}", "after is no whole number"),
        (f"?after={'9' * 5000}", "after is no whole number"),
        ("?limit=ten", "limit is no whole number"),
        ("?limit=0", "limit is at least 1"),
        ("?after=6", "the cursor is ahead of the feed, which ends at 5"),
    ],
)
async def test_a_wrong_cursor_is_refused_with_its_reason(served: Served, query: str, said: str) -> None:
    status, problem = await get(served, query)
    assert (status, problem["type"], problem["detail"]) == (400, "urn:paygate:problem:invalid-input", said)


@pytest.mark.parametrize(
    ("role", "status"),
    [(role, 200 if role in events.TOLD else 403) for role in Role],
)
async def test_who_may_follow_the_feed(served: Served, role: Role, status: int) -> None:
    assert (await get(served, "", role))[0] == status


async def test_another_tenants_feed_is_its_own(served: Served) -> None:
    assert await get(served, "", tenant="haiphong") == (200, {"items": [], "next": "0"})
