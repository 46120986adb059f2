"""Keys, for those who switch them on: they move and open, and never act."""

from typing import Final

from playwright.async_api import Page, expect

from paygate.access import Role
from tests.browser.conftest import Open, faults_of
from tests.desk import a_person
from tests.served import a_service
from tests.worklists import fill_served

LIST: Final = "/desk/haiduong/discrepancies"
ITEMS: Final = "[data-item]"


async def focus_ring(page: Page) -> str:
    """Return the style of the outline around what has the focus."""
    return str(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle"))


async def test_keys_do_nothing_until_they_are_switched_on_and_then_lead_through_the_list(
    database_url: str, opened: Open
) -> None:
    async with a_service(database_url) as served:
        await fill_served(served, 120)
        name = await a_person(served, Role.OFFICER)
        async with opened(served, name) as page:
            await page.goto(LIST)
            for key in "jkx/ap?":
                await page.keyboard.press(key)
            assert await page.evaluate("document.activeElement === document.body")
            assert page.url.endswith(LIST)
            await page.check("[data-keys] input")
            await page.click("h1")
            await walk_the_rows(page)
            await page.click("[rel=next]")
            await expect(page).to_have_title("Tất cả 51–100 · Chênh lệch · paygate")
            await walk_the_rows(page)
            await page.keyboard.press("?")
            await expect(page.get_by_role("dialog")).to_be_visible()
            assert await faults_of(page) == []
            await page.keyboard.press("Escape")
            await page.keyboard.press("/")
            await expect(page.locator("input[type=search]").first).to_be_focused()
            await page.keyboard.type("jxa")
            assert await page.input_value("input[type=search] >> nth=0") == "jxa", "where one types they are letters"
            await leads_to_a_page_that_asks(page, "a", "Giao nhiều vụ")
            await leads_to_a_page_that_asks(page, "p", "Đề nghị cho nhiều vụ")
            await page.goto(LIST)
            await page.keyboard.press("j")
            await page.keyboard.press("Enter")
            await page.wait_for_url("**/discrepancies/*")
            first = page.url
            await page.keyboard.press("j")
            await page.wait_for_url(lambda url: url != first)
            await page.keyboard.press("k")
            await page.wait_for_url(lambda url: url == first)
            for key, told in (("a", "select[name=to]"), ("p", "a[href*='/propose/'] >> nth=0")):
                await page.click("h1")
                await page.keyboard.press(key)
                await expect(page.locator(told)).to_be_focused()
        assert not await served.fetchval("SELECT count(*) FROM audit_entry")


async def walk_the_rows(page: Page) -> None:
    """Go down, up, and down again, and tick the row."""
    for key, at in (("j", 0), ("j", 1), ("k", 0), ("k", 0), ("j", 1)):
        await page.keyboard.press(key)
        await expect(page.locator(ITEMS).nth(at)).to_be_focused()
    assert await focus_ring(page) == "solid"
    tick = page.locator("tbody input[type=checkbox]").nth(1)
    await page.keyboard.press("x")
    await expect(tick).to_be_checked()
    await page.keyboard.press("x")
    await expect(tick).not_to_be_checked()


async def leads_to_a_page_that_asks(page: Page, key: str, title: str) -> None:
    await page.goto(LIST)
    for one in ("j", "x", key):
        await page.keyboard.press(one)
    await expect(page.locator("h1")).to_have_text(title)
