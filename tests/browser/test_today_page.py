"""The officer's morning: how does the day stand, and what is to be done."""

import pytest
from playwright.async_api import expect

from paygate.access import Role
from tests.browser.conftest import Open, faults_of
from tests.desk import a_person
from tests.province import a_province

PHONE = {"width": 360, "height": 740}
DAY = "/desk/haiduong?day=08/05/2024"


@pytest.mark.parametrize("script", [True, False])
async def test_a_day_is_closed_from_a_phone(province_url: str, opened: Open, *, script: bool) -> None:
    async with a_province(province_url, role="all") as served:
        name = await a_person(served, Role.OFFICER)
        async with opened(served, name, java_script_enabled=script, viewport=PHONE) as page:
            await page.goto(DAY)
            await expect(page.locator(".verdict")).to_contain_text("Ngày 08/05/2024 CHƯA ĐỦ SỐ LIỆU: thiếu sao kê")
            if script:
                assert await faults_of(page) == []
                assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
            await page.fill("[name=day]", "14/05/2024")
            await page.click("text=Xem")
            await expect(page.locator(".verdict")).to_contain_text("CHƯA KHÓA SỔ")
            await page.click("text=Khóa sổ ngày 14/05/2024")
            for _ in range(20):
                if await page.get_by_text("khóa sổ lúc").is_visible():
                    break
                await page.wait_for_timeout(300)
                if not script and await page.get_by_text("Cập nhật").is_visible():
                    await page.click("text=Cập nhật")
            await expect(page.get_by_text("khóa sổ lúc")).to_be_visible()


async def test_it_reads_in_english_and_its_picture_has_its_figures(province_url: str, opened: Open) -> None:
    async with a_province(province_url) as served:
        name = await a_person(served, Role.ADMIN)
        async with opened(served, name, color_scheme="dark") as page:
            await page.goto("/desk/haiduong?day=2024-05-13")
            await page.click("text=English")
            await expect(page.locator(".verdict")).to_contain_text("13/05/2024 is INCOMPLETE")
            await page.click("text=Figures of the 30 days")
            await expect(page.locator("details tbody tr")).to_have_count(4)
            assert await faults_of(page) == []
            await page.click("footer >> text=Help")
            await expect(page.locator("h1")).to_have_text("Help")
            assert await faults_of(page) == []
            await page.go_back()
            await page.click("text=Figures of the 30 days")
            await page.click("details a >> text=08/05/2024")
            await expect(page.locator("h1")).to_contain_text("Today")
            await expect(page.locator(".verdict")).to_contain_text("08/05/2024")
