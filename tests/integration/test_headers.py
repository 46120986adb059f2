"""What every answer carries, whatever becomes of the request."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import pytest

from paygate.access import Role
from paygate.web.desk.pages import POLICY, static_url
from tests.desk import Visitor, a_person
from tests.served import Served, a_service
from tests.who_may import filled, read_table

ANSWERS = [
    ("GET", "/sign-in", 200, POLICY),
    ("GET", "/desk/haiduong", 303, None),
    ("POST", "/sign-in", 403, POLICY),
    ("GET", "/nothing", 404, None),
    ("DELETE", "/sign-in", 405, None),
    ("GET", "/v1/discrepancies", 401, None),
    ("GET", "/static/desk.css", 200, None),
    ("GET", "/static/none", 404, None),
    ("GET", "/livez", 200, None),
]


@pytest.fixture
async def served(database_url: str) -> AsyncIterator[Served]:
    async with a_service(database_url) as one:
        yield one


async def headers_of(served: Served, method: str, path: str) -> tuple[int, Any]:
    async with served.session.request(method, served.url + path, allow_redirects=False) as reply:
        return reply.status, reply.headers


@pytest.mark.parametrize(("method", "path", "status", "policy"), ANSWERS)
async def test_every_answer_is_strict(served: Served, method: str, path: str, status: int, policy: str | None) -> None:
    got, headers = await headers_of(served, method, path)
    assert got == status
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Content-Security-Policy"] == (policy or "default-src 'none'; frame-ancestors 'none'")
    assert headers["Cache-Control"] == ("no-cache" if path == "/static/desk.css" else "no-store")
    assert "Strict-Transport-Security" not in headers


async def test_a_file_whose_address_changes_with_it_is_kept(served: Served) -> None:
    _, headers = await headers_of(served, "GET", static_url("desk.css"))
    assert "immutable" in headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/sign-in", "/nothing", "/static/desk.css", "/v1/discrepancies"])
async def test_where_there_is_https_browsers_are_to_come_by_it_alone(database_url: str, path: str) -> None:
    async with a_service(database_url, desk={"public_url": "https://paygate.example.vn"}) as served:
        _, headers = await headers_of(served, "GET", path)
        assert headers["Strict-Transport-Security"] == "max-age=63072000"


async def test_over_https_cookies_are_bound_to_the_host(database_url: str) -> None:
    async with a_service(database_url, desk={"public_url": "https://paygate.example.vn/"}) as served:
        name = await a_person(served, Role.OFFICER)
        form = {"name": name, "password": "a password for tests"}
        headers = {"Origin": "https://paygate.example.vn"}
        async with served.session.post(
            served.url + "/sign-in", data=form, headers=headers, allow_redirects=False
        ) as reply:
            cookies = {line.partition("=")[0]: line for line in reply.headers.getall("Set-Cookie")}
    assert cookies.keys() == {"__Host-paygate", "__Host-paygate_browser"}
    for cookie in cookies.values():
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        assert "Domain" not in cookie


SPOOFED: Final = {
    "Host": "evil.example",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Port": "8080",
    "X-Forwarded-Prefix": "//evil.example",
    "X-Forwarded-Server": "evil.example",
    "X-Forwarded-For": "evil.example",
    "X-Original-URL": "//evil.example/",
    "X-Rewrite-URL": "//evil.example/",
    "Forwarded": "host=evil.example;proto=http",
}
"""What a stranger says of where the desk is; some proxies let it pass."""


@pytest.mark.parametrize("proxies", [(), ("127.0.0.0/8",)])
async def test_no_header_changes_where_links_lead_or_how_cookies_are_kept(
    database_url: str, proxies: tuple[str, ...]
) -> None:
    desk = {"public_url": "https://paygate.example.vn", "proxies": proxies}
    async with a_service(database_url, desk=desk) as served:
        headers = {**SPOOFED, "Origin": "https://paygate.example.vn"}
        name, kept = await a_person(served, *Role), list[str]()

        async def sent(method: str, path: str, form: Mapping[str, str] | None = None) -> str:
            given = {**headers, "Cookie": "; ".join(one.partition(";")[0] for one in kept)}
            url = served.url + path
            async with served.session.request(method, url, data=form, headers=given, allow_redirects=False) as reply:
                text = await reply.text()
                assert reply.status < 500, (path, text)
                assert "evil.example" not in text, path
                assert not any("evil.example" in value or "http://" in value for value in reply.headers.values()), path
                kept.extend(reply.headers.getall("Set-Cookie", ()))
                return text

        await sent("POST", "/sign-in", {"name": name, "password": "a password for tests"})
        assert len(kept) == 2
        for line in read_table().values():
            if line.method == "GET" and line.page:
                await sent("GET", filled(line, "haiduong"))
        page = await sent("GET", "/account")
        csrf = page.partition('name="csrf" value="')[2].partition('"')[0]
        for path in ("/language", "/sign-out"):
            await sent("POST", path, {"csrf": csrf, "once": "o" * 30, "language": "en", "next": "//evil.example"})
        assert len(kept) == 4
        for cookie in kept:
            assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
            assert "Domain" not in cookie


async def test_a_page_that_breaks_is_still_a_page(served: Served) -> None:
    async with Visitor(served) as visitor:
        await visitor.sign_in(await a_person(served, Role.OFFICER))
        await served.fetchval("ALTER TABLE person_role RENAME TO elsewhere")
        status, page = await visitor.get("/account")
        assert (status, "<h1>" in page, "Traceback" in page) == (500, True, False)
