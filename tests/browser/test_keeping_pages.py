"""Walks of those who look after people, rules and settings, as they are made in a browser."""

import pytest

from paygate.access import Role
from tests.browser.conftest import Open, faults_of
from tests.desk import a_person
from tests.served import a_service

LEAST_LABEL = 150  # px: a word or two


@pytest.mark.parametrize("script", [True, False])
async def test_an_administrator_adds_a_person_who_then_signs_in(
    database_url: str, opened: Open, *, script: bool
) -> None:
    async with a_service(database_url) as served:
        name = await a_person(served, Role.ADMIN)
        async with opened(served, name, java_script_enabled=script) as page:
            await page.click("text=Người dùng")
            await page.click("text=Thêm người dùng")
            roles = await page.locator(".tick label").evaluate_all("all => all.map(one => one.offsetWidth)")
            assert min(roles) > LEAST_LABEL, "a label is squeezed"
            await page.fill("[name=name]", "lan.nguyen")
            await page.fill("[name=full_name]", "Nguyễn Thị Lan")
            await page.click("main button >> text=Thêm")
            password = await page.inner_text("#secret")
            assert await page.is_visible("[data-copy]") == script
            if script:
                assert await faults_of(page) == []
        async with opened(served) as page:
            await page.goto("/sign-in")
            await page.fill("[name=name]", "lan.nguyen")
            await page.fill("[name=password]", password)
            await page.click("main button")
            await page.wait_for_url("**/account/password*")


async def test_rules_are_proposed_in_one_browser_and_approved_in_another(database_url: str, opened: Open) -> None:
    async with a_service(database_url) as served:
        maker, checker = await a_person(served, Role.OFFICER), await a_person(served, Role.APPROVER)
        async with opened(served, maker, java_script_enabled=False) as page:
            await page.goto("/desk/haiduong/rules/new")
            rules = await page.input_value("[name=rules]")
            await page.fill(
                "[name=rules]", rules.replace('"2026-2"', '"hd"').replace("most_facts = 20", "most_facts = 99")
            )
            await page.click("text=Kiểm tra")
            assert "most_facts" in await page.inner_text(".faults")
            await page.fill("[name=rules]", rules.replace('"2026-2"', '"hd"'))
            await page.click("[value=propose]")
            assert "Bạn lập đề nghị này" in await page.inner_text("main")
            address = page.url
        async with opened(served, checker) as page:
            await page.goto(address)
            assert await faults_of(page) == []
            await page.click("text=Duyệt và áp dụng")
            assert "đã có hiệu lực" in await page.inner_text("[role=status]")
            await page.click("text=English")
            assert "In force" in await page.inner_text("main")
