"""Pictures of the desk for the README: `python -m tests.browser.pictures FOLDER`.

Chromium goes over a small sample province on which people have begun to work. A page that is not there is left out, and
said to be.
"""

import asyncio
import sys
import tempfile
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, async_playwright
from rich.console import Console

from paygate.database import connect
from paygate.demo.people import SignIn, let_people_in, work_on_discrepancies
from paygate.demo.run import play
from paygate.demo.stand import Stand, open_stand
from paygate.demo.stories import CHIEF_DAY, plant
from paygate.embedded import embedded_database
from paygate.telemetry import configure_logging
from tests.browser.conftest import CHROMIUM

SCALE: Final = 0.1
MOST_BYTES: Final = 150_000
DESK: Final = "/desk/haiduong"
WIDE: Final = {"width": 1280, "height": 900}
NARROW: Final = {"width": 390, "height": 780}
LEAST_HEIGHT: Final = 500
PROPOSED: Final = """
SELECT discrepancy_id FROM proposal JOIN discrepancy USING (tenant_id, discrepancy_id)
WHERE proposal.state = 'open' AND discrepancy.reason = 'amount_differs' ORDER BY discrepancy_id LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Picture:
    """A page, and what the picture of it is called."""

    name: str
    path: str
    narrow: bool = False


async def pictures_of(stand: Stand, database_url: str) -> list[Picture]:
    async with connect(database_url) as connection:
        discrepancy = await connection.fetchval(PROPOSED)
    return [
        Picture("today", f"{DESK}?day={CHIEF_DAY}"),
        Picture("discrepancies", f"{DESK}/discrepancies"),
        Picture("discrepancy", f"{DESK}/discrepancies/{discrepancy}"),
        Picture("report", f"{DESK}/reports/{CHIEF_DAY}"),
        Picture("mapping", f"{DESK}/mappings"),
        Picture("phone", f"{DESK}?day={CHIEF_DAY}", narrow=True),
    ]


async def take_all(folder: Path) -> list[str]:
    """Take every picture and return the names of those that could not be taken."""
    silent = Console(file=StringIO())
    with tempfile.TemporaryDirectory(prefix="paygate-pictures-") as place, embedded_database(Path(place)) as url:
        async with open_stand(Path(place), url) as stand:
            await play(plant(2024, SCALE), stand, silent)
            (officer, *_) = await let_people_in(stand.service, stand.tenant_id)
            await work_on_discrepancies(stand.service, stand.tenant_id)
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                wanted = await pictures_of(stand, url)
                left = [one.name for one in wanted if not await _take(browser, stand.url, officer, one, folder)]
                await browser.close()
    return left


async def _take(browser: Browser, url: str, officer: SignIn, one: Picture, folder: Path) -> bool:
    size = NARROW if one.narrow else WIDE
    context = await browser.new_context(base_url=url, viewport=size, locale="vi-VN")  # type: ignore[arg-type]
    page = await context.new_page()
    await page.goto("/sign-in")
    await page.fill("[name=name]", officer.name)
    await page.fill("[name=password]", officer.password)
    await page.click("main button")
    await page.wait_for_url(lambda address: "/sign-in" not in address)
    answer = await page.goto(one.path)
    if answer is None or not answer.ok:
        return False
    height = size["height"]
    content = await page.screenshot()
    while len(content) > MOST_BYTES and height > LEAST_HEIGHT:
        height -= 50
        content = await page.screenshot(clip={"x": 0, "y": 0, "width": size["width"], "height": height})
    (folder / f"{one.name}.png").write_bytes(content)
    await context.close()
    return True


def main() -> None:
    configure_logging("error")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    left = asyncio.run(take_all(folder))
    sys.stdout.write(f"left out: {', '.join(left) or 'none'}\n")


if __name__ == "__main__":
    main()
