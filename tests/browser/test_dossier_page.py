"""A citizen calls: “I paid, it says unpaid.” The officer looks it up."""

import pytest
from playwright.async_api import expect

from paygate.access import Role
from tests.browser.conftest import Open, faults_of
from tests.desk import a_person
from tests.province import NUMBERS, a_province, code_of

DOSSIER = code_of(NUMBERS["the_dossier_still_asks_for_payment"])
PHONE = {"width": 360, "height": 740}


@pytest.mark.parametrize("script", [True, False])
async def test_on_a_phone_the_search_leads_to_the_answer(province_url: str, opened: Open, *, script: bool) -> None:
    async with a_province(province_url) as served:
        name = await a_person(served, Role.OFFICER)
        async with opened(served, name, java_script_enabled=script, viewport=PHONE) as page:
            await page.fill("[name=q]", "150.000 08/05/2024")
            await page.press("[name=q]", "Enter")
            await expect(page.locator("caption").first).to_contain_text("28")
            if script:
                assert await faults_of(page) == []
                assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
            await page.fill("[name=q]", DOSSIER[-11:].replace("-", " "))
            await page.click("[role=search] button")
            await page.wait_for_url("**/dossiers/*")
            await expect(page.locator(".answer .verdict")).to_contain_text("Hồ sơ CHƯA ghi nhận")
            await expect(page.locator("#citizen")).to_contain_text("không cần nộp lại")
            await expect(page.locator("[data-copy]")).to_be_visible(visible=script)
            await page.click("text=TC1213")
            await page.wait_for_url("**/payments/*")
            await expect(page.locator(".answer .verdict")).to_contain_text("Hồ sơ CHƯA ghi nhận")
            if script:
                assert await faults_of(page) == []
                assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


async def test_what_is_said_to_the_citizen_is_copied_in_the_officers_language(province_url: str, opened: Open) -> None:
    async with a_province(province_url) as served:
        name = await a_person(served, Role.OFFICER)
        async with opened(served, name, permissions=["clipboard-read", "clipboard-write"]) as page:
            await page.goto(f"/desk/haiduong/dossiers/{DOSSIER}")
            await page.click("text=English")
            await page.click("[data-copy]")
            await expect(page.locator("[data-copy]")).to_have_text("Copied")
            copied = await page.evaluate("navigator.clipboard.readText()")
            assert copied == "Your payment of 150.000\xa0₫ has arrived. Please do not pay again."
            assert await faults_of(page) == []
