"""Sessions of the desk: how long they last, how their secrets change, and what ends them."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from paygate import audit
from paygate.access import Role
from paygate.database import connect
from paygate.sessions import hashed
from paygate.sign_in_changes import let_in, reset_password, shut_out
from tests.codes import a_desk_with_codes, signed_in
from tests.desk import PASSWORD, Visitor, a_person
from tests.served import Served

OTHER = "quite another password"
ERRORS = "Tên hoặc mật khẩu không đúng."


@pytest.fixture
async def served(database_url: str) -> AsyncIterator[Served]:
    async with a_desk_with_codes(database_url) as one:
        yield one


async def secret_in(visitor: Visitor) -> str:
    return next(cookie.value for cookie in visitor.session.cookie_jar if cookie.key == "paygate_session")


async def test_the_secret_changes_each_hour_and_the_former_holds_a_minute_on(served: Served) -> None:
    name = await a_person(served, Role.OFFICER)
    async with Visitor(served) as visitor:
        await visitor.sign_in(name)
        first = await secret_in(visitor)
        await visitor.get("/account")
        assert await secret_in(visitor) == first
        await served.fetchval("UPDATE desk_session SET secret_made_at = secret_made_at - interval '1 hour'")
        await visitor.get("/account")
        second = await secret_in(visitor)
        assert second != first
        for secret, holds in ((first, 200), (second, 200)):
            async with served.session.get(
                served.url + "/account", headers={"Cookie": f"paygate_session={secret}"}, allow_redirects=False
            ) as reply:
                assert reply.status == holds
        await served.fetchval("UPDATE desk_session SET former_until = former_until - interval '61 s'")
        async with served.session.get(
            served.url + "/account", headers={"Cookie": f"paygate_session={first}"}, allow_redirects=False
        ) as reply:
            assert reply.status == 303
        assert await signed_in(visitor)


async def test_of_requests_that_come_at_once_one_changes_the_secret(served: Served) -> None:
    name = await a_person(served, Role.OFFICER)
    async with Visitor(served) as visitor:
        await visitor.sign_in(name)
        await served.fetchval("UPDATE desk_session SET secret_made_at = secret_made_at - interval '1 hour'")
        found = await asyncio.gather(*(visitor.get("/account") for _ in range(4)))
        assert {status for status, _ in found} == {200}
        kept = await served.fetchval("SELECT session_hash FROM desk_session")
        assert kept == hashed(await secret_in(visitor))


async def test_signing_in_begins_another_session_and_ends_the_one_of_the_browser(served: Served) -> None:
    one, another = await a_person(served, Role.OFFICER), await a_person(served, Role.AUDITOR)
    async with Visitor(served) as visitor:
        await visitor.sign_in(one)
        first = await secret_in(visitor)
        await visitor.sign_in(another)
        assert await secret_in(visitor) != first
        assert another in (await visitor.get("/account"))[1]
    assert await served.fetchval("SELECT count(*) FROM desk_session") == 1


async def test_a_secret_somebody_plants_is_worth_nothing_after_signing_in(served: Served) -> None:
    name = await a_person(served, Role.OFFICER)
    async with Visitor(served) as visitor:
        headers = {"Sec-Fetch-Site": "same-origin", "Cookie": "paygate_session=planted"}
        await visitor.post("/sign-in", {"name": name, "password": PASSWORD}, headers=headers)
        assert await secret_in(visitor) != "planted"
    assert await served.fetchval("SELECT count(*) FROM desk_session WHERE session_hash = $1", hashed("planted")) == 0


@pytest.mark.parametrize(
    "late", ["used_at = used_at - interval '31 min'", "begun_at = begun_at - interval '12 h 1 min'"]
)
async def test_a_session_ends_when_it_is_not_used_and_when_it_has_lasted_its_time(served: Served, late: str) -> None:
    name = await a_person(served, Role.OFFICER)
    async with Visitor(served) as visitor:
        await visitor.sign_in(name)
        await served.fetchval(f"UPDATE desk_session SET {late}")
        assert not await signed_in(visitor)


async def test_every_page_says_until_when_the_session_lasts(served: Served) -> None:
    name = await a_person(served, Role.OFFICER)
    async with Visitor(served) as visitor:
        await visitor.sign_in(name)
        _, page = await visitor.get("/desk/haiduong")
        assert re.search(r"kéo dài đến \d\d:\d\d \d\d/\d\d/\d{4}", page)


async def test_a_person_sees_their_sessions_and_ends_the_others(served: Served) -> None:
    name, stranger = await a_person(served, Role.OFFICER), await a_person(served, Role.OFFICER)
    async with Visitor(served) as here, Visitor(served) as there, Visitor(served) as else_:
        await there.sign_in(name)
        await else_.sign_in(stranger)
        await here.post(
            "/sign-in", {"name": name, "password": PASSWORD}, headers={"User-Agent": "<b>Firefox</b> Windows"}
        )
        _, page = await here.get("/account")
        assert page.count("<td data-label") == 6
        assert "Firefox · Windows" in page
        await here.post("/account/sessions/end")
        assert await signed_in(here)
        assert not await signed_in(there)
        assert await signed_in(else_)


@pytest.mark.parametrize("act", [shut_out, reset_password])
async def test_a_session_ends_at_once_when_its_person_is_shut_out_or_given_another_password(
    served: Served, act: Any
) -> None:
    name = await a_person(served, Role.OFFICER)
    token = await served.fetchval("SELECT count(*) FROM api_token")
    assert token == 0
    async with Visitor(served) as visitor:
        await visitor.sign_in(name)
        async with connect(served.database_url) as connection:
            transaction = connection.transaction()
            await transaction.start()
            await act(connection, name, "root")
            assert await connection.fetchval("SELECT count(*) FROM desk_session") == 0
            await transaction.commit()
        assert not await signed_in(visitor)
        assert (await visitor.get("/v1/discrepancies?tenant=haiduong"))[0] == 401
        assert await visitor.sign_in(name) == 422


async def test_who_is_let_in_again_signs_in_again_and_the_chain_holds(served: Served) -> None:
    name = await a_person(served, Role.OFFICER)
    async with connect(served.database_url) as connection, connection.transaction():
        await shut_out(connection, name, "root")
        await let_in(connection, name, "root")
    async with Visitor(served) as visitor:
        await visitor.sign_in(name)
        assert await signed_in(visitor)
    async with connect(served.database_url) as connection:
        tenant_id = await connection.fetchval("SELECT tenant_id FROM tenant WHERE code = 'haiduong'")
        assert (await audit.verify(connection, tenant_id)).broken is None
        acts = await connection.fetch("SELECT act FROM audit_entry ORDER BY number")
    assert [row["act"] for row in acts] == ["person_shut_out", "person_let_in"]
