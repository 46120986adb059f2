"""The way in, in a browser."""

from paygate.access import Role
from tests.browser.conftest import Open, faults_of
from tests.desk import a_person
from tests.served import a_service


async def test_who_signs_in_comes_to_their_province_and_can_leave_again(database_url: str, opened: Open) -> None:
    async with a_service(database_url) as served:
        name = await a_person(served, Role.OFFICER)
        async with opened(served, name) as page:
            assert "/desk/haiduong" in page.url
            assert await faults_of(page) == []
            await page.click("text=Đăng xuất")
            await page.wait_for_url("**/sign-in*")
            assert await faults_of(page) == []


async def test_the_desk_speaks_the_language_that_was_chosen(database_url: str, opened: Open) -> None:
    async with a_service(database_url) as served, opened(served) as page:
        await page.goto("/sign-in")
        assert await page.inner_text("h1") == "Đăng nhập"
        await page.click("text=English")
        assert await page.inner_text("h1") == "Sign in"
