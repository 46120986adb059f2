"""The inbox in a browser: found, looked at, put to work again with what that would come to shown before."""

from paygate.access import Role
from tests.browser.conftest import Open, faults_of
from tests.desk import a_person
from tests.inbox_pages import an_inbox
from tests.served import a_service


async def test_a_quarantined_notice_is_replayed_after_its_preview(database_url: str, opened: Open) -> None:
    async with a_service(database_url, role="all") as served:
        inbox = await an_inbox(served)
        name = await a_person(served, Role.OPERATOR)
        async with opened(served, name) as page:
            assert page.url.endswith("/desk/haiduong/notices")
            await page.click("text=Cách ly")
            assert await faults_of(page) == []
            await page.check(f"[value='{inbox.fixed}']")
            await page.click("text=Xem trước kết quả")
            assert await faults_of(page) == []
            await page.click("main form >> text=Chạy lại 1")
            assert "Đã cho chạy lại: 1" in await page.inner_text("[role=status]")
            await page.goto(f"/desk/haiduong/notices/{inbox.fixed}")
            assert "cho chạy lại" in await page.inner_text("#history")
            assert await faults_of(page) == []


async def test_the_inbox_fits_a_phone_and_works_without_script(database_url: str, opened: Open) -> None:
    async with a_service(database_url) as served:
        inbox = await an_inbox(served)
        name = await a_person(served, Role.ADMIN)
        phone = {"java_script_enabled": False, "viewport": {"width": 360, "height": 740}}
        async with opened(served, name, **phone) as page:
            for path in ("?state=quarantined", f"/{inbox.hostile}"):
                await page.goto(f"/desk/haiduong/notices{path}")
                wide = await page.locator("main").evaluate("one => one.scrollWidth - one.clientWidth")
                assert wide <= 0, path
            await page.goto("/desk/haiduong/notices?state=dead")
            await page.check("[name=which][value=all]")
            await page.click("main form >> text=Xem trước kết quả")
            assert await page.locator("main form button").inner_text() == "Chạy lại 1"


async def test_the_inbox_is_told_in_english_too(database_url: str, opened: Open) -> None:
    async with a_service(database_url) as served:
        await an_inbox(served)
        async with opened(served, await a_person(served, Role.OPERATOR)) as page:
            await page.click("text=English")
            await page.goto("/desk/haiduong/notices?state=dead")
            assert await page.inner_text("h1") == "Notices"
            assert await faults_of(page) == []
