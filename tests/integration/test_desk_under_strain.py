"""The desk while what it stands on fails: people are told in words, and notices go on being taken in."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from adapters import registry
from paygate.access import Role
from paygate.audit import verify
from paygate.database import SEATS, TenantLock, connect
from tests.desk import Visitor, a_person
from tests.desk_cases import act, field, number_of, path_of, propose, signed_in
from tests.outside_stories import KEY, SOURCES
from tests.province import a_province
from tests.served import Served, a_line_to, a_paid_notice, a_service

WAITERS: Final = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


def a_notice() -> tuple[bytes, str, Mapping[str, str]]:
    """Return the body, the address and the headers of a notice of a payment of its own."""
    code, adapter = next(
        (code, one["adapter"]) for code, one in SOURCES.items() if one["adapter"] == "standardwebhooks"
    )
    simulator = registry.simulator(adapter, KEY.encode(), {})
    _, body, headers = simulator.request(a_paid_notice(), datetime.now(UTC))
    return body, f"/v1/notices/{code}", headers


@pytest.fixture
async def served(province_url: str) -> AsyncIterator[Served]:
    async with a_province(province_url) as one:
        yield one


async def test_without_a_database_people_are_told_so_and_go_on_afterwards(database_url: str, tmp_path: Path) -> None:
    async with (
        a_line_to(database_url, tmp_path) as (url, line),
        a_service(database_url, through=url) as served,
        Visitor(served) as visitor,
    ):
        await visitor.sign_in(await a_person(served, Role.OFFICER))
        await line.cut()
        for path in ("/desk/haiduong", "/sign-in", "/account"):
            status, text = await visitor.get(path)
            assert (status, "<h1>" in text) == (503, True)
        await line.mend()
        for _ in range(100):
            if (await visitor.get("/desk/haiduong"))[0] == 200:
                break
            await asyncio.sleep(0.05)
        assert visitor.url == "/desk/haiduong"


async def test_acts_that_wait_for_the_matcher_keep_neither_notices_nor_pages_waiting(served: Served) -> None:
    number = await number_of(served, "overpaid")
    async with AsyncExitStack() as stack:
        visitor = await stack.enter_async_context(Visitor(served))
        await signed_in(visitor, Role.OFFICER)
        version = await field(visitor, path_of(number))
        connection = await stack.enter_async_context(connect(served.database_url))
        tenant_id = await connection.fetchval("SELECT tenant_id FROM tenant WHERE code = 'haiduong'")
        before = await connection.fetchval("SELECT count(*) FROM notice")
        await connection.execute("SELECT pg_advisory_lock($1, $2)", TenantLock.MATCHING, tenant_id)
        headers = await served.token("haiduong", Role.OFFICER)
        route = f"{served.url}/v1/discrepancies/{number}/comment?tenant=haiduong"

        async def comment() -> int:
            body = {"version": int(version), "text": "while the matcher is at work"}
            async with served.session.post(route, json=body, headers=headers) as reply:
                return reply.status

        acts = [asyncio.create_task(comment()) for _ in range(20)]
        for _ in range(200):
            if await connection.fetchval(WAITERS) == len(SEATS):
                break
            await asyncio.sleep(0.02)
        replies = await asyncio.gather(*(served.post(*a_notice()) for _ in range(5)))
        assert {status for status, _ in replies} == {200}
        assert await connection.fetchval("SELECT count(*) FROM notice") == before + 5
        assert (await visitor.get(path_of(number)))[0] == 200
        assert await connection.fetchval(WAITERS) == len(SEATS)
        await connection.execute("SELECT pg_advisory_unlock($1, $2)", TenantLock.MATCHING, tenant_id)
        found = Counter(await asyncio.gather(*acts))
    assert found[200] >= len(SEATS)
    assert found[200] + found[503] == 20
    said = await served.fetchval("SELECT count(*) FROM discrepancy_event WHERE said = 'commented'")
    assert said == found[200]


async def test_of_many_who_decide_at_once_by_page_and_by_token_one_does(served: Served) -> None:
    number = await number_of(served, "overpaid")
    async with AsyncExitStack() as stack:
        maker = await stack.enter_async_context(Visitor(served))
        await signed_in(maker, Role.OFFICER)
        await propose(maker, number)
        checkers = []
        for _ in range(3):
            visitor = await stack.enter_async_context(Visitor(served))
            await signed_in(visitor, Role.APPROVER)
            version = await field(visitor, path_of(number))
            checkers.append((visitor, version))
        tokens = [await served.token("haiduong", Role.APPROVER) for _ in range(3)]
        route = f"{served.url}/v1/discrepancies/{number}/approve?tenant=haiduong"

        async def by_token(headers: dict[str, str], version: str) -> int:
            async with served.session.post(route, json={"version": int(version)}, headers=headers) as reply:
                return reply.status

        pages = [one.post(path_of(number, "/approve"), {"version": version}) for one, version in checkers]
        found = await asyncio.gather(*pages, *(by_token(dict(one), checkers[0][1]) for one in tokens))
    statuses = [one if isinstance(one, int) else one[0] for one in found]
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 409, 503}, "503: more than may wait have come at once"
    assert await served.fetchval("SELECT count(*) FROM audit_entry WHERE act = 'discrepancy_approved'") == 1
    assert await served.fetchval("SELECT count(*) FROM discrepancy_event WHERE said = 'closed'") == 1
    async with connect(served.database_url) as connection:
        tenant_id = await connection.fetchval("SELECT tenant_id FROM tenant WHERE code = 'haiduong'")
        assert (await verify(connection, tenant_id)).broken is None


@pytest.mark.parametrize("taken", ["role", "agency", "person", "session"])
async def test_who_loses_what_they_may_in_the_middle_of_a_form_sends_it_in_vain(served: Served, taken: str) -> None:
    number = await number_of(served, "overpaid")
    agency = await served.fetchval("SELECT agency_code FROM discrepancy WHERE discrepancy_id = $1", number)
    losses = {
        "role": "UPDATE person_role SET role = 'auditor' WHERE person_id = $1",
        "agency": "UPDATE person_agency SET agency_code = '000.00.99.H23' WHERE person_id = $1",
        "person": "UPDATE person SET disabled = true WHERE person_id = $1",
        "session": "DELETE FROM desk_session WHERE person_id = $1",
    }
    async with Visitor(served) as visitor:
        name = await signed_in(visitor, Role.OFFICER, agencies=[agency])
        version = await field(visitor, path_of(number))
        async with connect(served.database_url) as connection:
            person_id = await connection.fetchval("SELECT person_id FROM person WHERE name = $1", name)
            await connection.execute(losses[taken], person_id)
        status, _ = await visitor.post(path_of(number, "/comment"), {"version": version, "text": "too late"})
        assert {"role": 403, "agency": 404}.get(taken, 200) == status
        assert taken in {"role", "agency"} or visitor.url.startswith("/sign-in")
    assert await served.fetchval("SELECT count(*) FROM discrepancy_event WHERE said = 'commented'") == 0


async def test_the_same_person_decides_nothing_of_their_own_by_page_or_token_after_a_change_of_role(
    served: Served,
) -> None:
    number = await number_of(served, "overpaid")
    async with Visitor(served) as visitor:
        name = await signed_in(visitor, Role.OFFICER)
        await propose(visitor, number)
        await a_person(served, Role.APPROVER, Role.ADMIN, name=name)
        assert (await act(visitor, number, "approve"))[0] == 403
        assert (await act(visitor, number, "reject", answer="x"))[0] == 403
        await act(visitor, number, "withdraw")
        await propose(visitor, number)
        assert (await act(visitor, number, "approve"))[0] == 403
    assert await served.fetchval("SELECT count(*) FROM proposal WHERE state = 'approved'") == 0
