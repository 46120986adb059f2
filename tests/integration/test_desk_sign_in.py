"""Signing in over HTTP: passwords, where it leads, pauses, and one's own password."""

import asyncio
import re
from collections.abc import AsyncIterator
from io import BytesIO

import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST

from paygate.access import Role
from paygate.credentials import CHECKS_WAITING, set_password
from paygate.database import connect
from paygate.telemetry import REGISTRY
from tests.codes import a_desk_with_codes, signed_in
from tests.desk import PASSWORD, Visitor, a_person
from tests.served import Served

OTHER = "quite another password"
ERRORS = "Tên hoặc mật khẩu không đúng."


@pytest.fixture
async def served(database_url: str) -> AsyncIterator[Served]:
    async with a_desk_with_codes(database_url) as one:
        yield one


async def temporary(served: Served, name: str) -> None:
    async with connect(served.database_url) as connection:
        person_id = await connection.fetchval("SELECT person_id FROM person WHERE name = $1", name)
        await set_password(connection, person_id, PASSWORD, temporary=True)


@pytest.mark.parametrize("wrong", ["name", "password", "both"])
async def test_a_wrong_name_and_a_wrong_password_are_answered_alike(served: Served, wrong: str) -> None:
    name = await a_person(served, Role.OFFICER)
    async with Visitor(served) as visitor:
        given = {"name": "nobody" if wrong != "password" else name, "password": OTHER if wrong != "name" else PASSWORD}
        status, page = await visitor.post("/sign-in", given)
        assert (status, ERRORS in page) == (422, True)
        assert not await signed_in(visitor)


@pytest.mark.parametrize("password", ["", "x" * 100_000, "\N{GRINNING FACE}" * 20, "'; DROP TABLE person; --", "a\nb"])
async def test_what_is_typed_as_a_password_is_never_an_error(served: Served, password: str) -> None:
    name = await a_person(served, Role.OFFICER)
    async with Visitor(served) as visitor:
        assert (await visitor.post("/sign-in", {"name": name, "password": password}))[0] == 422


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"name=%00&password=x", 400),
        (b"name=\xff&password=x", 400),
        (b"name=%ff&password=x", 400),
        (b"&".join([b"a=1"] * 30_000), 400),
        (b"name=x&password=" + b"y" * 1_100_000, 413),
        (b"", 422),
    ],
)
async def test_a_form_that_no_browser_sends_is_refused_with_a_page(served: Served, body: bytes, status: int) -> None:
    headers = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded; charset=bogus"}
    async with served.session.post(served.url + "/sign-in", data=BytesIO(body), headers=headers) as reply:
        assert (reply.status, reply.content_type) == (status, "text/html")


async def test_one_vietnamese_password_is_the_same_however_the_keyboard_writes_it(served: Served) -> None:
    name = await a_person(served, Role.OFFICER)
    async with connect(served.database_url) as connection:
        person_id = await connection.fetchval("SELECT person_id FROM person WHERE name = $1", name)
        await set_password(connection, person_id, "trời hôm nay đẹp", temporary=False)
    async with Visitor(served) as visitor:
        assert await visitor.sign_in(name, "trời hôm nay đẹp") == 200
        assert await signed_in(visitor)


async def test_a_weaker_hash_is_made_anew_at_the_next_sign_in(served: Served) -> None:
    name = await a_person(served, Role.OFFICER)
    weak = PasswordHasher.from_parameters(CHEAPEST).hash(PASSWORD)
    await served.fetchval("UPDATE credential SET password_hash = $1", weak)
    async with Visitor(served) as visitor:
        await visitor.sign_in(name)
        assert await signed_in(visitor)
    assert "m=65536" in await served.fetchval("SELECT password_hash FROM credential")


async def test_more_people_than_may_wait_are_asked_to_come_again_and_the_others_are_served(served: Served) -> None:
    async def one(number: int) -> tuple[int, str | None]:
        form = {"name": f"nobody {number}", "password": PASSWORD}
        headers = {"Sec-Fetch-Site": "same-origin"}
        async with served.session.post(served.url + "/sign-in", data=form, headers=headers) as reply:
            return reply.status, reply.headers.get("Retry-After")

    await served.fetchval("SELECT 1")
    found = await asyncio.gather(*(one(number) for number in range(29)), *(one(1) for _ in range(20)))
    assert {status for status, _ in found} <= {422, 429, 503}
    assert all(after for status, after in found if status in {429, 503})
    assert sum(status == 503 for status, _ in found) <= 49 - CHECKS_WAITING
    async with served.session.get(served.url + "/sign-in") as reply:
        assert reply.status == 200


async def test_a_temporary_password_opens_nothing_but_the_page_that_changes_it(served: Served) -> None:
    name = await a_person(served, Role.ADMIN)
    await temporary(served, name)
    async with Visitor(served) as visitor:
        await visitor.sign_in(name)
        assert visitor.url == "/account/password"
        for path in ("/", "/account", "/desk/haiduong", "/account/totp"):
            await visitor.get(path)
            assert visitor.url == "/account/password"
        assert (await visitor.get("/v1/discrepancies?tenant=haiduong"))[0] == 403
        _, page = await visitor.get("/account/password")
        fields = {"present": PASSWORD, "fresh": OTHER, "again": OTHER}
        status, page = await visitor.post("/account/password", fields)
        assert (status, "Đã đổi mật khẩu." in page) == (200, True)
        assert (await visitor.get("/v1/discrepancies?tenant=haiduong"))[0] == 200


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"present": OTHER, "fresh": "a fresh password", "again": "a fresh password"}, "Mật khẩu hiện tại không đúng."),
        ({"present": PASSWORD, "fresh": "short", "again": "short"}, "ít nhất 12 ký tự"),
        ({"present": PASSWORD, "fresh": "x" * 257, "again": "x" * 257}, "ít nhất 12 ký tự"),
        ({"present": PASSWORD, "fresh": "a fresh password", "again": "another one"}, "không giống nhau"),
        ({"present": PASSWORD, "fresh": PASSWORD, "again": PASSWORD}, "trùng với mật khẩu hiện tại"),
        ({}, "trùng với mật khẩu hiện tại"),
    ],
)
async def test_a_password_is_changed_for_another_good_one_alone(
    served: Served, fields: dict[str, str], says: str
) -> None:
    name = await a_person(served, Role.OFFICER)
    async with Visitor(served) as visitor:
        await visitor.sign_in(name)
        await visitor.get("/account/password")
        status, page = await visitor.post("/account/password", fields)
        assert (status, says in page) == (422, True)
        assert PASSWORD not in page
    async with Visitor(served) as visitor:
        await visitor.sign_in(name)
        assert await signed_in(visitor)


async def test_changing_the_password_ends_every_other_session_and_is_written_down(served: Served) -> None:
    name = await a_person(served, Role.OFFICER)
    async with Visitor(served) as here, Visitor(served) as there:
        await here.sign_in(name)
        await there.sign_in(name)
        await here.get("/account/password")
        await here.post("/account/password", {"present": PASSWORD, "fresh": OTHER, "again": OTHER})
        assert await signed_in(here)
        assert not await signed_in(there)
        assert await there.sign_in(name) == 422
    acts = await served.fetchval("SELECT array_agg(act || ' ' || actor || ' ' || subject) FROM audit_entry")
    assert acts == [f"password_changed {name} {name}"]


async def test_a_password_form_that_is_sent_twice_changes_it_once_and_leads_to_the_same_place(served: Served) -> None:
    name = await a_person(served, Role.OFFICER)
    async with Visitor(served) as visitor:
        await visitor.sign_in(name)
        await visitor.get("/account/password")
        hidden, fields = visitor.hidden, {"present": PASSWORD, "fresh": OTHER, "again": OTHER}
        for _ in range(2):
            visitor.hidden = hidden
            assert (await visitor.post("/account/password", fields))[0] == 200
            assert visitor.url == "/account"
    assert await served.fetchval("SELECT count(*) FROM audit_entry") == 1


async def test_who_has_taken_a_session_cannot_guess_the_password_there(served: Served) -> None:
    name = await a_person(served, Role.OFFICER)
    async with Visitor(served) as visitor:
        await visitor.sign_in(name)
        found = []
        for number in range(6):
            await visitor.get("/account/password")
            guess = {"present": f"a guess {number}", "fresh": OTHER, "again": OTHER}
            found.append((await visitor.post("/account/password", guess))[0])
        assert found == [422] * 5 + [429]


@pytest.mark.parametrize("known", [True, False])
async def test_too_many_failures_pause_a_name_whether_or_not_somebody_has_it(served: Served, *, known: bool) -> None:
    name = await a_person(served, Role.OFFICER) if known else "nobody"
    before = REGISTRY.get_sample_value("paygate_sign_ins_total", {"outcome": "paused"}) or 0
    async with Visitor(served) as visitor:
        found = [await visitor.sign_in(name, OTHER) for _ in range(5)]
        form, headers = {"name": name, "password": PASSWORD}, {"Sec-Fetch-Site": "same-origin"}
        async with served.session.post(served.url + "/sign-in", data=form, headers=headers) as reply:
            assert reply.status == 429
            assert 20 < int(reply.headers["Retry-After"]) <= 30
            assert "Hãy thử lại sau 1 phút" in await reply.text()
    assert found == [422] * 5
    assert REGISTRY.get_sample_value("paygate_sign_ins_total", {"outcome": "paused"}) == before + 1
    acts = await served.fetchval("SELECT array_agg(act) FROM audit_entry")
    assert acts == (["sign_in_paused"] if known else None)


async def test_who_is_known_in_their_browser_signs_in_there_while_strangers_try_their_name(served: Served) -> None:
    name = await a_person(served, Role.OFFICER)
    async with Visitor(served) as theirs, Visitor(served) as stranger:
        await theirs.sign_in(name)
        for _ in range(6):
            await stranger.sign_in(name, OTHER)
        assert await stranger.sign_in(name) == 429
        await theirs.get("/account")
        await theirs.post("/sign-out")
        assert not await signed_in(theirs)
        await theirs.sign_in(name)
        assert await signed_in(theirs)


ELSEWHERE = [
    "//evil.example",
    "/\\evil.example",
    "https:evil.example",
    "https://evil.example/",
    "/%09/evil.example",
    "///evil.example",
    "/\t/evil.example",
    "\\/\\/evil.example",
    "javascript:alert(1)",
    "/x\r\nLocation: https://evil.example",
    "//evil.example/%2f..",
    "http:/evil.example",
    "@evil.example",
    " //evil.example",
    "/desk\x00",
]


@pytest.mark.parametrize("following", ELSEWHERE)
async def test_signing_in_leads_to_no_other_site(served: Served, following: str) -> None:
    name = await a_person(served, Role.OFFICER)
    form = {"name": name, "password": PASSWORD, "next": following}
    headers = {"Sec-Fetch-Site": "same-origin"}
    async with served.session.post(served.url + "/sign-in", data=form, headers=headers, allow_redirects=False) as reply:
        assert reply.status in {303, 400}
        leads = reply.headers.get("Location", "/")
        assert leads == "/" or (leads.startswith("/%09") and "evil" in leads)
    async with served.session.get(served.url + "/sign-in", params={"next": following}) as reply:
        assert re.search(r'name="next" value="/(%09/evil.example)?"', await reply.text())


async def test_signing_in_leads_to_the_page_that_was_asked_for(served: Served) -> None:
    name = await a_person(served, Role.OFFICER)
    async with Visitor(served) as visitor:
        _, page = await visitor.get("/desk/haiduong?day=08%2F05%2F2024")
        asked = re.search(r'name="next" value="([^"]+)"', page)
        assert asked
        await visitor.post("/sign-in", {"name": name, "password": PASSWORD, "next": asked[1]})
        assert visitor.url in {"/desk/haiduong?day=08/05/2024", "/desk/haiduong?day=08%2F05%2F2024"}
