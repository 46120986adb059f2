"""Every page of the desk, told in both languages, in light and dark, on a screen and on a phone."""

from typing import Any, Final

import pytest
from playwright.async_api import Page

from paygate.access import Role
from tests.browser.conftest import Open, faults_of
from tests.codes import DESK_SECRET
from tests.desk import Visitor, a_person
from tests.desk_pages import addresses_of
from tests.province import a_province

SCREEN: Final = 1280
PHONE: Final = 360
NARROWEST: Final = 320
"""Pixels of a screen at 400 % of its size."""
WAYS: Final = (
    pytest.param("vi", "light", SCREEN),
    pytest.param("en", "dark", PHONE),
    pytest.param("en", "light", SCREEN, marks=pytest.mark.slow),
    pytest.param("vi", "dark", NARROWEST, marks=pytest.mark.slow),
)


@pytest.mark.parametrize(("language", "theme", "width"), WAYS)
async def test_every_page_is_whole(province_url: str, opened: Open, language: str, theme: str, width: int) -> None:
    screen: dict[str, Any] = {"color_scheme": theme, "viewport": {"width": width, "height": 800}}
    async with a_province(province_url, role="all", desk=DESK_SECRET) as served, Visitor(served) as visitor:
        for tenant in ("haiduong", "haiphong"):
            name = await a_person(served, Role.ADMIN, tenant=tenant, name="quan-tri")
        assert await visitor.sign_in(name) == 200
        addresses = await addresses_of(visitor)
        async with opened(served, name, **screen) as page:
            if language == "en":
                await page.click("text=English")
            wrong = {path: found for path in addresses if (found := await faults_at(page, path, language))}
    assert not wrong
    assert len(addresses) > 40


async def faults_at(page: Page, path: str, language: str) -> list[str]:
    """Open a page and return what is wrong with it."""
    answer = await page.goto(path)
    assert answer is not None
    expected = {404} if path.endswith("/nowhere") else {200, 422}
    seen = await page.evaluate(
        "({language: document.documentElement.lang, heads: document.querySelectorAll('h1').length,"
        " wide: document.documentElement.scrollWidth - innerWidth})"
    )
    return [
        *([f"answered {answer.status}"] if answer.status not in expected else []),
        *(["not in the language chosen"] if seen["language"] != language else []),
        *([f"{seen['heads']} main headings"] if seen["heads"] != 1 else []),
        *([f"{seen['wide']} pixels too wide"] if seen["wide"] > 0 else []),
        *await faults_of(page),
    ]
