"""A discrepancy from the call of a citizen to the report of the day, as two people settle it on pages."""

from typing import Final

import pytest
from playwright.async_api import Page, expect

from paygate.access import Role
from tests.browser.conftest import Open, press
from tests.desk import a_person
from tests.province import NUMBERS, a_province, code_of

DESK: Final = "/desk/haiduong"
DOSSIER: Final = code_of(NUMBERS["more_than_is_due"])
DAY: Final = "08/05/2024"
REPORT: Final = f"{DESK}/reports/2024-05-08"
APPROVE_IT: Final = """
const form = document.querySelector("form[action*='/withdraw']");
form.action = form.action.replace("/withdraw", "/approve");
form.querySelector("button").click();
"""


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without one"])
async def test_two_people_settle_what_a_citizen_called_about(province_url: str, opened: Open, *, script: bool) -> None:
    async with a_province(province_url, role="all") as served:
        maker = await a_person(served, Role.OFFICER, Role.APPROVER, name="anh")
        checker = await a_person(served, Role.APPROVER, name="binh")
        async with opened(served, maker, java_script_enabled=script) as page:
            await page.fill("[name=q]", DOSSIER)
            await press(page, "Tìm")
            await page.click("a[href*='/discrepancies/']")
            case = page.url
            await page.select_option("[name=to]", "anh")
            await press(page, "Giao việc")
            await expect(page.get_by_role("status")).to_contain_text("Đã giao cho anh.")
            await page.click("text=Xóa lệch")
            await page.fill("[name=reason]", "Chênh lệch làm tròn, đã đối chiếu")
            await press(page, "Kiểm tra trước khi gửi")
            await expect(page.locator("main")).to_contain_text("Duyệt sẽ đóng 1 vụ; hệ thống không chuyển tiền.")
            await press(page, "Gửi duyệt")
            await expect(page.get_by_role("status")).to_contain_text(
                "Chưa có gì thay đổi cho đến khi người khác duyệt."
            )
            await expect(page.locator(".proposal")).to_contain_text(
                "Bạn lập đề nghị này nên không thể duyệt. Người duyệt được: binh"
            )
            await expect(page.get_by_role("button", name="Duyệt", exact=True)).to_have_count(0)
            if script:
                await approve_all_the_same(page)
        async with opened(served, checker, java_script_enabled=script) as page:
            await page.click("text=chờ tôi duyệt")
            await page.locator("tbody a").first.click()
            assert page.url.partition("?")[0] == case.partition("?")[0]
            await expect(page.locator(".proposal")).to_contain_text("đã đối chiếu")
            await press(page, "Duyệt")
            await page.goto(case)
            await expect(page.locator(".marks")).to_contain_text("Đã xử lý · binh")
        async with opened(served, maker, java_script_enabled=script) as page:
            await page.goto(REPORT)
            await expect(page.locator("main")).to_contain_text("Lần khóa tới sẽ sửa lại")
            await close_again(page)
            await expect(page.get_by_role("row", name="Đã xử lý 1 10.000")).to_be_visible()


async def approve_all_the_same(page: Page) -> None:
    """Send the form that the page does not offer, as an approver who made the proposal could."""
    case = page.url
    async with page.expect_navigation() as led:
        await page.evaluate(APPROVE_IT)
    assert (await led.value).status == 403
    await page.goto(case)
    await expect(page.locator(".marks")).to_contain_text("Chờ duyệt")


async def close_again(page: Page) -> None:
    """Close the day once more, and open the report that corrects the first."""
    await page.goto(f"{DESK}?day={DAY}")
    await press(page, f"Khóa sổ lại ngày {DAY}")
    for _ in range(100):
        await page.goto(REPORT)
        if await page.get_by_text("sửa lượt").is_visible():
            return
        await page.wait_for_timeout(200)
    pytest.fail("the day was not closed again")
