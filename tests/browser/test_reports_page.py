"""Reports, in a browser."""

from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from paygate import desk
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
            await page.evaluate("() => { window.print = () => { document.title = 'printed'; }; }")
            await page.click("[data-print]")
            assert await page.title() == "printed"
            assert await page.locator("text=mỗi số dẫn đến").first.is_visible()
            await page.emulate_media(media="print")
            assert not await page.is_visible(".top")
            assert not await page.is_visible("[data-print]")
            assert not await page.locator("text=mỗi số dẫn đến").first.is_visible()
            across = await page.eval_on_selector_all("main table", "all => all.map(one => one.offsetWidth)")
            assert min(across) > 0.9 * max(across)
            assert await page.is_visible("h1")


async def test_a_month_is_read_on_a_phone_in_english_and_without_a_script(province_url: str, opened: Open) -> None:
    async with a_province(province_url) as served:
        name = await a_person(served, Role.AUDITOR)
        async with opened(served, name, viewport=PHONE, java_script_enabled=False) as page:
            await page.goto("/desk/haiduong/reports/2024-05")
            assert not await page.is_visible("[data-print]")
            await page.click("text=English")
            await page.goto("/desk/haiduong/reports")
            await page.select_option("[name=period]", "2024-05")
            await page.click("text=Show the period")
            assert await page.inner_text("h1") == "Month 05/2024"
            assert "Incomplete" in await page.inner_text(".verdict")
            box = await page.locator("body").bounding_box()
            assert box is not None
            assert box["width"] <= PHONE["width"]


async def test_an_officer_takes_a_report_away_and_finds_in_it_what_the_page_says(
    province_url: str, opened: Open, tmp_path: Path
) -> None:
    async with a_province(province_url) as served:
        name = await a_person(served, Role.OFFICER)
        async with opened(served, name, accept_downloads=True) as page:
            await page.goto("/desk/haiduong/reports/2024-05-08")
            digest = await page.inner_text("dd code")
            async with page.expect_download() as download:
                await page.click("text=XLSX")
            kept = tmp_path / (await download.value).suggested_filename
            await (await download.value).save_as(kept)
    assert kept.name == "haiduong-2024-05-08.xlsx"
    summary = CalamineWorkbook.from_path(kept).get_sheet_by_index(0).to_python()
    assert digest in [cell for row in summary for cell in row]
    assert summary[0][0] == "Báo cáo đối soát ngày 08/05/2024"


async def test_a_large_report_tells_how_far_it_is_until_it_can_be_taken(
    province_url: str, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "SMALL", 1)
    async with a_province(province_url) as served:
        name = await a_person(served, Role.OFFICER)
        async with opened(served, name) as page:
            await page.goto("/desk/haiduong/reports/2024-05-08")
            await page.click("text=Chuẩn bị PDF")
            await page.wait_for_url("**/exports/*")
            assert await faults_of(page) == []
            await page.wait_for_selector("text=Tải về")
            assert await faults_of(page) == []
