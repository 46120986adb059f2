"""Reports, in a browser."""

from paygate.access import Role
from tests.browser.conftest import Open, faults_of
from tests.desk import a_person
from tests.province import a_province

PHONE = {"width": 360, "height": 740}


async def test_an_officer_opens_the_report_of_a_day_from_the_menu(province_url: str, opened: Open) -> None:
    async with a_province(province_url) as served:
        name = await a_person(served, Role.OFFICER)
        async with opened(served, name) as page:
            await page.click("text=Báo cáo")
            assert await faults_of(page) == []
            await page.fill("[name=day]", "08/05/2024")
            await page.click("text=Xem ngày")
            await page.wait_for_url("**/reports/2024-05-08")
            assert await page.inner_text("h1") == "Ngày 08/05/2024"
            assert await faults_of(page) == []
            await page.emulate_media(media="print")
            assert not await page.is_visible(".top")
            assert await page.is_visible("h1")


async def test_a_month_is_read_on_a_phone_in_english_and_without_a_script(province_url: str, opened: Open) -> None:
    async with a_province(province_url) as served:
        name = await a_person(served, Role.AUDITOR)
        async with opened(served, name, viewport=PHONE, java_script_enabled=False) as page:
            await page.click("text=English")
            await page.goto("/desk/haiduong/reports")
            await page.select_option("[name=period]", "2024-05")
            await page.click("text=Show the period")
            assert await page.inner_text("h1") == "Month 05/2024"
            assert "Incomplete" in await page.inner_text(".verdict")
            box = await page.locator("body").bounding_box()
            assert box is not None
            assert box["width"] <= PHONE["width"]
