"""The list of discrepancies, as people use it."""

from paygate.access import Role
from tests.browser.conftest import Open, faults_of, is_too_wide
from tests.desk import a_person
from tests.province import a_province
from tests.served import a_service
from tests.worklists import fill_served

LIST = "/desk/haiduong/discrepancies"
PHONE = {"width": 360, "height": 740}


async def test_an_officer_narrows_sorts_and_keeps_a_list(province_url: str, opened: Open) -> None:
    async with a_province(province_url) as served:
        name = await a_person(served, Role.OFFICER)
        async with opened(served, name) as page:
            await page.click("nav >> text=Chênh lệch")
            assert await faults_of(page) == []
            await page.select_option("[name=unit]", label="bộ phận một cửa")
            await page.fill("[name=from]", "150.000")
            await page.click(".filters button")
            assert "9 vụ · 1.350.000\xa0₫ · cũ nhất trước" in await page.inner_text("caption")
            await page.click("th >> text=Số tiền")
            assert await page.get_attribute("[aria-sort]", "aria-sort") == "descending"
            await page.click("text=Góc nhìn đã lưu")
            await page.fill("[name=name]", "Một cửa, lớn trước")
            await page.click(".views .line button")
            assert "Đã lưu" in await page.inner_text("[role=status]")
            assert await faults_of(page) == []
            await page.click("[aria-label='Bỏ điều kiện Trách nhiệm']")
            assert "unit=" not in page.url
            await page.click("text=Góc nhìn đã lưu")
            await page.click("text=Một cửa, lớn trước")
            assert page.url.endswith("?unit=one_stop&from=150.000&sort=amount")


async def test_one_pages_through_a_list_without_script(database_url: str, opened: Open) -> None:
    async with a_service(database_url) as served:
        await fill_served(served, 120)
        name = await a_person(served, Role.AUDITOR)
        async with opened(served, name, java_script_enabled=False) as page:
            await page.goto(LIST)
            first = await page.inner_text("tbody tr >> nth=0")
            await page.click("[rel=next]")
            assert "51–100" in await page.title()
            await page.click("[rel=next]")
            assert await page.locator("[rel=next]").count() == 0
            await page.click("[rel=prev]")
            await page.click("[rel=prev]")
            assert await page.inner_text("tbody tr >> nth=0") == first


async def test_on_a_phone_in_english_each_row_is_a_block(province_url: str, opened: Open) -> None:
    async with a_province(province_url) as served:
        name = await a_person(served, Role.OFFICER)
        async with opened(served, name, viewport=PHONE, color_scheme="dark") as page:
            await page.goto(LIST)
            await page.click("text=English")
            assert "28 cases" in await page.inner_text("caption")
            assert not await is_too_wide(page)
            assert await faults_of(page) == []
