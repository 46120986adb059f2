"""Statements and mappings at the desk, in a browser: a table nobody knew is made readable, and then read."""

import re
from pathlib import Path

from paygate.access import Role
from tests.browser.conftest import Open, faults_of
from tests.desk import a_person
from tests.served import a_service

SAMPLE = (
    "Ngày GD,Số CT,Diễn giải,Ghi có,Ghi nợ\n"
    "08/05/2024,REF1,<b>nộp</b> lệ phí,150.000,\n"
    "08/05/2024,REF2,nộp phí,abc,\n"
    "08/05/2024,REF3,phí ngân hàng,,1.100\n"
)
CHOICES = {
    "booked_on": "Ngày GD",
    "reference": "Số CT",
    "narrative": "Diễn giải",
    "credit": "Ghi có",
    "debit": "Ghi nợ",
}


async def test_a_mapping_is_made_on_a_sample_and_approved_and_a_file_is_read_by_it(
    database_url: str, opened: Open, tmp_path: Path
) -> None:
    file = tmp_path / "so-phu.csv"
    file.write_text(SAMPLE)
    async with a_service(database_url, role="all") as served:
        maker, checker = await a_person(served, Role.OFFICER), await a_person(served, Role.APPROVER)
        async with opened(served, maker) as page:
            await page.goto("/desk/haiduong/mappings")
            assert await faults_of(page) == []
            await page.set_input_files("input[type=file]", file)
            await page.click("main form[enctype] button")
            await page.wait_for_url("**/mappings/draft")
            for name, heading in CHOICES.items():
                await page.select_option(f"[name=col-{name}]", heading)
            await page.select_option("[name=thousands]", ".")
            await page.select_option("[name=account]", "001")
            await page.fill("[name=name]", "so-phu")
            await page.click("button[value=preview]")
            assert "abc" in await page.inner_text("main")
            assert await faults_of(page) == []
            await page.click("button[value=propose]")
            await page.wait_for_url(re.compile(r"/mappings/\d+$"))
            version = page.url
            assert await page.locator("form[action$='/approve']").count() == 0
        async with opened(served, checker) as page:
            await page.goto(version)
            assert await faults_of(page) == []
            await page.click("form[action$='/approve'] button")
            assert await page.locator("[role=status] .told").count() == 1
        async with opened(served, maker, java_script_enabled=False, viewport={"width": 360, "height": 740}) as page:
            await page.goto("/desk/haiduong/imports")
            await page.set_input_files("input[type=file]", file)
            await page.select_option("[name=mapping]", "so-phu")
            await page.click("main form[enctype] button")
            for _ in range(200):
                if not await page.locator("progress").count():
                    break
                await page.reload()
            assert "abc" in await page.inner_text("main")
            assert await page.evaluate("document.documentElement.scrollWidth") <= 360
        async with opened(served, maker) as page:
            await page.goto("/desk/haiduong/imports")
            assert await faults_of(page) == []
        assert await served.fetchval("SELECT count(*) FROM statement_line") == 2
