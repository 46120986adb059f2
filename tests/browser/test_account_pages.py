"""Signing in with a code, and what people look after themselves, in a browser."""

import time

import pyotp
import pytest
from playwright.async_api import Page

from paygate.access import Role
from paygate.credentials import set_password
from paygate.database import connect
from tests.browser.conftest import Open, faults_of, is_too_wide, sign_in
from tests.codes import a_desk_with_codes
from tests.desk import PASSWORD, a_person
from tests.served import Served, a_service

PHONE = {"width": 360, "height": 740}


async def key_on(page: Page) -> pyotp.TOTP:
    return pyotp.TOTP((await page.inner_text("#key")).replace(" ", ""))


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without one"])
async def test_a_person_sets_up_an_app_and_signs_in_with_its_code_on_a_phone(
    database_url: str, opened: Open, *, script: bool
) -> None:
    async with a_desk_with_codes(database_url) as served:
        name = await a_person(served, Role.OFFICER)
        async with opened(served, name, viewport=PHONE, java_script_enabled=script) as page:
            await page.goto("/account")
            await page.click("text=Thiết lập ứng dụng xác thực")
            app = await key_on(page)
            assert await page.locator("svg[role=img] path").count() == 1
            await page.fill("[name=code]", app.at(time.time() - 30))
            await page.click("main button")
            assert "Từ lần đăng nhập sau" in await page.inner_text("[role=status]")
            await page.click("text=Đăng xuất")
            await page.fill("[name=name]", name)
            await page.fill("[name=password]", PASSWORD)
            await page.click("main button")
            await page.wait_for_url("**/sign-in/code")
            assert await page.get_attribute("[name=code]", "autocomplete") == "one-time-code"
            await page.fill("[name=code]", f"{app.now()[:3]} {app.now()[3:]}")  # as it is pasted from an app
            await page.click("main button")
            await page.wait_for_url("**/desk/haiduong")


@pytest.mark.parametrize(
    ("language", "title", "says"),
    [("vi", "Lỗi: Đăng nhập", "Tên hoặc mật khẩu không đúng."), ("en", "Error: Sign in", "is not right.")],
)
async def test_a_wrong_password_is_said_where_a_reader_of_the_screen_finds_it(
    database_url: str, opened: Open, language: str, title: str, says: str
) -> None:
    async with a_service(database_url) as served, opened(served, viewport=PHONE) as page:
        await page.goto("/sign-in")
        if language == "en":
            await page.click("text=English")
        await page.fill("[name=name]", "lan")
        await page.fill("[name=password]", "not her password")
        await page.click("main button")
        assert (await page.title()).startswith(title)
        assert says in await page.inner_text("[role=alert]")
        assert await page.evaluate("document.activeElement.className") == "faults"
        described = await page.get_attribute("[name=name]", "aria-describedby")
        assert says in await page.inner_text(f"#{(described or '').strip()}")
        assert await page.input_value("[name=name]") == "lan"
        assert not await page.input_value("[name=password]")
        assert await faults_of(page) == []
        assert not await is_too_wide(page)


async def test_a_wrong_code_is_said_accessibly_on_a_phone(database_url: str, opened: Open) -> None:
    async with a_desk_with_codes(database_url) as served:
        name = await a_person(served, Role.OFFICER)
        async with opened(served, name, viewport=PHONE) as page:
            await page.goto("/account/totp")
            await page.fill("[name=code]", "000000")
            await page.click("main button")
            assert await faults_of(page) == []
            app = await key_on(page)
            await page.fill("[name=code]", app.at(time.time() - 30))
            await page.click("main button")
            await page.click("text=Đăng xuất")
            await page.fill("[name=name]", name)
            await page.fill("[name=password]", PASSWORD)
            await page.click("main button")
            await page.fill("[name=code]", "000000")
            await page.click("main button")
            assert await page.inner_text("h1") == "Nhập mã xác thực"
            assert await faults_of(page) == []
            assert not await is_too_wide(page)


async def test_a_temporary_password_is_changed_before_anything_else(database_url: str, opened: Open) -> None:
    async with a_service(database_url) as served:
        name = await a_person(served, Role.OFFICER)
        await make_temporary(served, name)
        async with opened(served) as page:
            await sign_in(page, name)
            assert page.url.endswith("/account/password")
            await page.goto("/desk/haiduong")
            assert page.url.endswith("/account/password")
            assert await faults_of(page) == []
            await page.fill("[name=present]", PASSWORD)
            for field in ("fresh", "again"):
                await page.fill(f"[name={field}]", "a password of my own")
            await page.click("main button")
            await page.wait_for_url("**/desk/haiduong")


async def make_temporary(served: Served, name: str) -> None:
    async with connect(served.database_url) as connection:
        person_id = await connection.fetchval("SELECT person_id FROM person WHERE name = $1", name)
        await set_password(connection, person_id, PASSWORD, temporary=True)
