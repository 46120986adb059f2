"""Many discrepancies at once: ticked or all of a list, looked at before anything is done, and decided by another."""

import re
from typing import Final

import pytest
from playwright.async_api import expect

from paygate.access import Role
from tests.browser.conftest import Open, faults_of, is_too_wide, press
from tests.desk import Visitor, a_person
from tests.desk_cases import number_of, propose, signed_in
from tests.province import a_province

LIST: Final = "/desk/haiduong/discrepancies"
PHONE: Final = {"width": 360, "height": 740}


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without one"])
async def test_on_a_phone_some_are_assigned_all_are_proposed_and_another_approves(
    province_url: str, opened: Open, *, script: bool
) -> None:
    async with a_province(province_url) as served:
        async with Visitor(served) as other:
            await signed_in(other, Role.OFFICER)
            await propose(other, await number_of(served, "overpaid"))
        maker = await a_person(served, Role.OFFICER, name="anh")
        checker = await a_person(served, Role.APPROVER, name="binh")
        async with opened(served, maker, java_script_enabled=script, viewport=PHONE) as page:
            await page.goto(LIST)
            for at in (0, 2):
                await page.locator("tbody input[type=checkbox]").nth(at).check()
            if script:
                await expect(page.locator("[data-chosen]")).to_contain_text("2 · ")
            await press(page, "Giao việc…")
            await expect(page.locator("main strong").first).to_contain_text("2 vụ · ")
            if script:
                assert await faults_of(page) == []
                assert not await is_too_wide(page)
            await page.select_option("[name=to]", "anh")
            await press(page, "Giao việc")
            await expect(page.get_by_role("status")).to_contain_text("đã giao 2 vụ")
            assert page.url.endswith(LIST), "one is led back to the list"
            await page.check("[name=scope][value=all]")
            await press(page, "Đề nghị…")
            await expect(page.locator("main")).to_contain_text(re.compile("Bỏ qua: .*1 đã có đề nghị"))
            await page.select_option("[name=kind]", "write_off")
            await page.fill("[name=reason]", "Đã đối chiếu từng vụ")
            await press(page, "Gửi duyệt")
            await expect(page.get_by_role("status")).to_contain_text(re.compile(r"bỏ qua \d: .*1 đã có đề nghị"))
        async with opened(served, checker, java_script_enabled=script, viewport=PHONE) as page:
            await page.goto(f"{LIST}?tab=approval")
            waiting = await page.locator("tbody tr").count()
            await page.locator("[data-item], tbody th a").first.click()
            for _ in range(2):
                await press(page, "Duyệt")
                await expect(page.get_by_role("status")).to_contain_text("Bạn đã duyệt đề nghị")
            await page.goto(f"{LIST}?tab=approval")
            await expect(page.locator("tbody tr")).to_have_count(waiting - 2)
