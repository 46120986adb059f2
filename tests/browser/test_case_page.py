"""One discrepancy in a browser, as two people settle it."""

from playwright.async_api import Page

from paygate.access import Role
from reconciliation.model import FATES
from tests.browser.conftest import Open, faults_of
from tests.desk import a_person
from tests.desk_cases import number_of, path_of
from tests.province import CLOSED, a_province, done
from tests.served import Served


async def fates(served: Served) -> dict[str, int]:
    """Close the day again, and return how many discrepancies its report says met which fate."""
    headers = await served.token("haiduong", Role.ADMIN)
    await done(served, "/v1/reconciliations", headers, json={"tenant": "haiduong", "date": CLOSED})
    async with served.session.get(f"{served.url}/v1/reports/haiduong/{CLOSED}", headers=headers) as reply:
        report = await reply.json()
    return {name: report["discrepancies"][name]["count"] for name in FATES}


async def press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name, exact=True).click()
    await page.wait_for_load_state()


async def test_two_people_settle_a_discrepancy_without_script(province_url: str, opened: Open) -> None:
    async with a_province(province_url) as served:
        number = await number_of(served, "overpaid")
        maker = await a_person(served, Role.OFFICER, Role.APPROVER, name="anh")
        checker = await a_person(served, Role.APPROVER, name="binh")
        async with opened(served, maker, java_script_enabled=False) as page:
            await page.goto(path_of(number))
            await page.select_option("[name=to]", "anh")
            await press(page, "Giao việc")
            assert "Đã giao cho anh." in await page.inner_text("[role=status]")
            await page.click("text=Xóa lệch")
            await page.fill("[name=reason]", "Chênh lệch làm tròn, đã đối chiếu")
            await press(page, "Kiểm tra trước khi gửi")
            assert "Duyệt sẽ đóng 1 vụ; hệ thống không chuyển tiền." in await page.inner_text("main")
            await press(page, "Gửi duyệt")
            assert "Chưa có gì thay đổi cho đến khi người khác duyệt." in await page.inner_text("[role=status]")
            assert "Bạn lập đề nghị này nên không thể duyệt." in await page.inner_text(".proposal")
            assert await page.get_by_role("button", name="Duyệt", exact=True).count() == 0
        async with opened(served, checker, java_script_enabled=False) as page:
            await page.goto(path_of(number))
            assert "đã đối chiếu" in await page.inner_text(".proposal")
            await press(page, "Duyệt")
            assert "Đã xử lý · binh" in await page.inner_text(".marks")
        assert (await fates(served))["resolved_by_person"] == 1


async def test_the_page_is_whole_on_a_phone_in_english_and_dark(province_url: str, opened: Open) -> None:
    async with a_province(province_url) as served:
        name = await a_person(served, Role.OFFICER, Role.APPROVER)
        phone = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"}
        async with opened(served, name, **phone) as page:
            await page.get_by_role("button", name="English").click()
            for reason, below in (
                ("ambiguous", ""),
                ("fee_differs", ""),
                ("statement_gap", ""),
                ("ambiguous", "/propose/link"),
                ("overpaid", "/propose/refund"),
                ("overpaid", "/propose/split"),
                ("overpaid", "/propose/correct_flag"),
            ):
                await page.goto(path_of(await number_of(served, reason), below))
                assert await faults_of(page) == [], (reason, below)
                assert await page.evaluate("document.documentElement.scrollWidth") <= 360, (reason, below)


async def test_a_line_that_a_leg_names_opens_where_it_stands(province_url: str, opened: Open) -> None:
    async with a_province(province_url) as served:
        name = await a_person(served, Role.AUDITOR)
        async with opened(served, name) as page:
            await page.goto(path_of(await number_of(served, "fee_differs")))
            await page.locator(".leg a[href^='#line-']").first.click()
            assert await page.locator("dl:target").is_visible()
            await page.locator("a[href*='/notices/']").first.evaluate("link => link.closest('details').open = true")
            await page.locator("a[href*='/notices/']").first.click()
            assert "reference" in await page.inner_text("pre")
            assert await faults_of(page) == []
