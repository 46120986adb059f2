"""Chromium as people have it, for tests of the desk; where there is none, they are skipped."""

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright

from tests.desk import PASSWORD
from tests.served import Served

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser")
WAIT_MILLISECONDS: Final = 15_000
RULES: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
Open = Callable[..., AbstractAsyncContextManager[Page]]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        await browser.close()


@pytest.fixture
def opened(browser: Browser) -> Open:
    """Lend a page of a served desk, in a browser of its own where the person of that name is signed in."""

    @asynccontextmanager
    async def open_page(served: Served, name: str = "", **options: Any) -> AsyncIterator[Page]:
        context = await browser.new_context(base_url=served.url, **options)
        context.set_default_timeout(WAIT_MILLISECONDS)
        page = await context.new_page()
        faults: list[str] = []
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        if name:
            await sign_in(page, name)
        yield page
        await context.close()
        refused = [fault for fault in faults if "the server responded with a status" not in fault]
        assert not refused, "the page itself, or its policy, complains"

    return open_page


async def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    await page.goto("/sign-in")
    await page.fill("[name=name]", name)
    await page.fill("[name=password]", password)
    await page.click("main button")
    await page.wait_for_url(lambda url: "/sign-in" not in url)


async def press(page: Page, name: str) -> None:
    """Press the button of that name, and wait for the page it leads to."""
    await page.get_by_role("button", name=name, exact=True).first.click()
    await page.wait_for_load_state()


async def is_too_wide(page: Page) -> bool:
    """Tell whether the page itself has to be moved sideways."""
    return bool(await page.evaluate("document.documentElement.scrollWidth > innerWidth"))


async def faults_of(page: Page) -> list[str]:
    """Return what axe finds wrong with a page, by rule and place."""
    found = await Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]})
    return [
        f"{one['id']}: {', '.join(' '.join(node['target']) for node in one['nodes'])}"
        for one in found.response["violations"]
    ]
