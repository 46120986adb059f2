"""Codes of an authenticator app at the desk: asked for, used once, set up and removed."""

import asyncio
import html
import re
from collections.abc import AsyncIterator

import pyotp
import pytest

from paygate.access import Role
from paygate.database import connect
from paygate.sign_in_changes import reset_totp
from tests.codes import a_desk_with_codes, enrol, secret_of, signed_in
from tests.desk import PASSWORD, Visitor, a_person
from tests.served import Served, a_service

OTHER = "quite another password"
ERRORS = "Tên hoặc mật khẩu không đúng."
TRIES = "SELECT sum(failures) FROM sign_in_pause"


@pytest.fixture
async def served(database_url: str) -> AsyncIterator[Served]:
    async with a_desk_with_codes(database_url) as one:
        yield one


async def test_with_an_app_a_code_is_asked_for_and_none_is_taken_twice(served: Served) -> None:
    name = await a_person(served, Role.OFFICER)
    async with Visitor(served) as visitor:
        await visitor.sign_in(name)
        app = await enrol(visitor)
    code = app.now()
    async with Visitor(served) as first, Visitor(served) as second:
        for visitor in (first, second):
            await visitor.sign_in(name)
            assert visitor.url == "/sign-in/code"
            assert not await signed_in(visitor)
            await visitor.get("/sign-in/code")
        assert (await first.post("/sign-in/code", {"code": f" {code[:3]} {code[3:]}"}))[0] == 200
        assert await signed_in(first)
        assert (await second.post("/sign-in/code", {"code": code}))[0] == 422
        assert not await signed_in(second)


async def test_the_page_that_was_asked_for_is_shown_after_the_code(served: Served) -> None:
    name = await a_person(served, Role.OFFICER)
    async with Visitor(served) as visitor:
        await visitor.sign_in(name)
        app = await enrol(visitor)
    async with Visitor(served) as visitor:
        await visitor.post("/sign-in", {"name": name, "password": PASSWORD, "next": "/account/totp"})
        await visitor.post("/sign-in/code", {"code": app.now()})
        assert visitor.url == "/account/totp"


async def test_one_code_sent_many_times_at_once_opens_one_session(served: Served) -> None:
    name = await a_person(served, Role.OFFICER)
    async with Visitor(served) as visitor:
        await visitor.sign_in(name)
        app = await enrol(visitor)
    async with Visitor(served) as visitor:
        await visitor.sign_in(name)
        before = await served.fetchval("SELECT count(*) FROM desk_session")
        code = app.now()
        sent = [visitor.post("/sign-in/code", {"code": code}, allow_redirects=False) for _ in range(4)]
        found = sorted(status for status, _ in await asyncio.gather(*sent))
        assert found.count(303) >= 1
        assert await served.fetchval("SELECT count(*) FROM desk_session") == before + 1


async def test_wrong_codes_are_paused_and_a_right_password_between_them_changes_nothing(served: Served) -> None:
    name = await a_person(served, Role.OFFICER)
    async with Visitor(served) as visitor:
        await visitor.sign_in(name)
        await enrol(visitor)
    async with Visitor(served) as stranger:
        found = []
        for _ in range(3):
            found.append(await stranger.sign_in(name))
            found.append((await stranger.post("/sign-in/code", {"code": "000000"}))[0])
        assert found == [200, 422, 200, 422, 200, 429]


async def test_a_code_without_a_password_before_it_is_not_looked_at(served: Served) -> None:
    async with Visitor(served) as visitor:
        for _ in range(2):
            await visitor.post("/sign-in/code", {"code": "123456"})
            assert visitor.url == "/sign-in"
            await visitor.get("/sign-in/code")
            assert visitor.url == "/sign-in"


async def test_a_right_password_waits_five_minutes_for_its_code(served: Served) -> None:
    name = await a_person(served, Role.OFFICER)
    async with Visitor(served) as visitor:
        await visitor.sign_in(name)
        app = await enrol(visitor)
    async with Visitor(served) as visitor:
        await visitor.sign_in(name)
        await served.fetchval("UPDATE sign_in_begun SET begun_at = begun_at - interval '301 s'")
        await visitor.post("/sign-in/code", {"code": app.now()})
        assert visitor.url == "/sign-in"


async def test_the_app_s_secret_is_not_kept_as_it_is(served: Served) -> None:
    name = await a_person(served, Role.OFFICER)
    async with Visitor(served) as visitor:
        await visitor.sign_in(name)
        app = await enrol(visitor)
    sealed = await served.fetchval("SELECT totp_secret FROM credential")
    assert app.secret.encode() not in sealed
    assert app.byte_secret() not in sealed


async def test_an_offer_made_to_another_is_not_taken(served: Served) -> None:
    ours, theirs = await a_person(served, Role.OFFICER), await a_person(served, Role.OFFICER)
    async with Visitor(served) as visitor, Visitor(served) as other:
        await visitor.sign_in(ours)
        await other.sign_in(theirs)
        _, page = await other.get("/account/totp")
        code = pyotp.TOTP(secret_of(page)).now()
        offer = re.search(r'name="offer" value="([^"]+)"', page)
        assert offer
        for given in (offer[1], "", "?", "AAAA"):
            await visitor.get("/account/totp")
            assert (await visitor.post("/account/totp", {"offer": given, "code": code}))[0] == 400
    assert await served.fetchval("SELECT count(*) FROM credential WHERE totp_secret IS NOT NULL") == 0


async def test_a_wrong_code_sets_up_nothing_and_offers_the_same_again(served: Served) -> None:
    name = await a_person(served, Role.OFFICER)
    async with Visitor(served) as visitor:
        await visitor.sign_in(name)
        _, page = await visitor.get("/account/totp")
        offer = re.search(r'name="offer" value="([^"]+)"', page)
        assert offer
        status, again = await visitor.post("/account/totp", {"offer": offer[1], "code": "000000"})
        assert (status, secret_of(again)) == (422, secret_of(page))
        assert "<svg" in again
        assert "style=" not in again


async def test_without_a_secret_of_the_desk_no_app_is_set_up_and_the_page_says_why(database_url: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as visitor:
        await visitor.sign_in(await a_person(served, Role.OFFICER))
        status, page = await visitor.get("/account/totp")
        assert (status, "desk.secret" in page) == (200, True)
        assert (await visitor.post("/account/totp", {"offer": "AAAA", "code": "123456"}))[0] == 403


async def test_where_the_key_is_gone_a_code_is_not_dispensed_with(served: Served, database_url: str) -> None:
    name = await a_person(served, Role.OFFICER)
    async with Visitor(served) as visitor:
        await visitor.sign_in(name)
        app = await enrol(visitor)
    async with a_service(database_url) as keyless, Visitor(keyless) as visitor:
        await visitor.sign_in(name)
        counted = await served.fetchval(TRIES)
        status, page = await visitor.post("/sign-in/code", {"code": app.now()})
        assert (status, f"paygate people reset {name} --totp" in html.unescape(page)) == (403, True)
        assert not await signed_in(visitor)
    assert await served.fetchval(TRIES) == counted


async def test_a_person_removes_the_app_with_one_more_code(served: Served) -> None:
    name = await a_person(served, Role.OFFICER)
    async with Visitor(served) as visitor:
        await visitor.sign_in(name)
        app = await enrol(visitor)
        await visitor.get("/account/totp")
        assert (await visitor.post("/account/totp/remove", {"code": "000000"}))[0] == 422
        await visitor.post("/account/totp/remove", {"code": app.now()})
        assert visitor.url == "/account"
    async with Visitor(served) as visitor:
        await visitor.sign_in(name)
        assert await signed_in(visitor)


async def test_who_has_taken_a_session_cannot_guess_the_code_there(served: Served) -> None:
    name = await a_person(served, Role.OFFICER)
    async with Visitor(served) as visitor:
        await visitor.sign_in(name)
        await enrol(visitor)
        found = []
        for _ in range(6):
            await visitor.get("/account/totp")
            found.append((await visitor.post("/account/totp/remove", {"code": "000000"}))[0])
        assert found == [422] * 5 + [429]


async def test_an_administrator_removes_the_app_of_who_has_lost_it(served: Served) -> None:
    name = await a_person(served, Role.OFFICER)
    async with Visitor(served) as visitor:
        await visitor.sign_in(name)
        await enrol(visitor)
        async with connect(served.database_url) as connection, connection.transaction():
            await reset_totp(connection, name, "root")
        assert not await signed_in(visitor)
        await visitor.sign_in(name)
        assert await signed_in(visitor)
