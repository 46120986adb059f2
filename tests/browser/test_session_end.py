"""What happens at the desk when a session ends while somebody types."""

from playwright.async_api import expect

from paygate.access import Role
from tests.browser.conftest import Open, press
from tests.desk import a_person
from tests.desk_cases import number_of, path_of
from tests.province import a_province


async def test_who_types_is_warned_and_stays_and_who_comes_too_late_is_told_what_was_lost(
    province_url: str, opened: Open
) -> None:
    async with a_province(province_url) as served:
        name = await a_person(served, Role.OFFICER)
        case = path_of(await number_of(served, "overpaid"))
        async with opened(served, name) as page:
            await page.clock.install()
            await page.goto(case)
            await page.fill("[name=text]", "Đã gọi cho ngân hàng")
            await page.clock.fast_forward("29:00")
            await expect(page.get_by_role("alert")).to_contain_text("Sắp hết phiên đăng nhập.")
            await press(page, "Tiếp tục đăng nhập")
            await expect(page.locator("[data-ends] p")).to_be_hidden()
            assert await page.input_value("[name=text]") == "Đã gọi cho ngân hàng"
            await page.clock.fast_forward("31:00")
            await expect(page.get_by_role("alert")).to_contain_text("Hãy chép lại những gì đã gõ")
            await served.fetchval("UPDATE person SET disabled = true WHERE name = $1", name)
            await press(page, "Thêm ghi chú")
            await page.wait_for_url("**/sign-in?**")
            await expect(page.get_by_role("status")).to_contain_text("điều bạn vừa gửi chưa được ghi")
        assert not await served.fetchval("SELECT count(*) FROM discrepancy_event WHERE said = 'commented'")
