"""One discrepancy in a browser."""

from paygate.access import Role
from tests.browser.conftest import Open, faults_of, is_too_wide
from tests.desk import a_person
from tests.desk_cases import number_of, path_of
from tests.province import a_province


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
                assert not await is_too_wide(page), (reason, below)


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
