"""Pictures of the desk for the README: `python -m tests.browser.pictures FOLDER`.

Chromium goes over a small sample province on which people have begun to work. A page that is not there is left out, and
said to be.
"""

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, Page, async_playwright
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
MOST_BYTES: Final = 200_000
DESK: Final = "/desk/haiduong"
WIDE: Final = {"width": 1280, "height": 900}
TALL: Final = {"width": 1280, "height": 1350}
NARROW: Final = {"width": 390, "height": 780}
LEAST_HEIGHT: Final = 500
PROPOSED: Final = """
SELECT discrepancy_id FROM proposal JOIN discrepancy USING (tenant_id, discrepancy_id)
WHERE proposal.state = 'open' AND discrepancy.reason = 'amount_differs' ORDER BY discrepancy_id LIMIT 1
"""
MONTH_OF_A_BANK: Final = (
    "Ngày GD,Số CT,Diễn giải,Ghi có,Ghi nợ,Số dư\n"
    "08/05/2024,FT24129001,H23-240508-0001 nop le phi,150.000,,10.150.000\n"
    "08/05/2024,FT24129002,H23-240508-0002 nop phi,100.000,,10.250.000\n"
    "08/05/2024,FT24129003,Phi duy tri tai khoan,,11.000,10.239.000\n"
    "09/05/2024,FT24130001,H23-240508-0003 nop le phi,abc,,10.239.000\n"
    "09/05/2024,FT24130002,H23-240509-0004 nop phi,50.000,,10.289.000\n"
)
MEANING: Final = {
    "booked_on": "Ngày GD",
    "bank_reference": "Số CT",
    "narrative": "Diễn giải",
    "credit": "Ghi có",
    "debit": "Ghi nợ",
    "balance": "Số dư",
}


@dataclass(frozen=True, slots=True)
class Picture:
    """A page, what the picture of it is called, and what is done there before it is taken."""

    name: str
    path: str
    narrow: bool = False
    prepare: Callable[[Page], Awaitable[object]] | None = None


async def _begin_mapping(page: Page) -> None:
    sample = {"name": "so-phu-05.csv", "mimeType": "text/csv", "buffer": MONTH_OF_A_BANK.encode()}
    await page.set_input_files("input[type=file]", sample)  # type: ignore[arg-type]
    await page.click("main form[enctype] button")
    await page.wait_for_url("**/mappings/draft")
    for field, heading in MEANING.items():
        await page.select_option(f"[name=col-{field}]", heading)
    await page.select_option("[name=thousands]", ".")
    await page.fill("[name=name]", "so-phu-thang")
    await page.click("button[value=preview]")
    await page.wait_for_load_state()
    await page.set_viewport_size(TALL)  # type: ignore[arg-type]
    await page.locator("fieldset").nth(2).evaluate("part => part.scrollIntoView()")


async def _choose_many(page: Page) -> None:
    for tick in (await page.locator("input[data-amount]").all())[:6]:
        await tick.check()
    await page.click("button[value=propose]")
    await page.wait_for_url("**/acts/*")


async def pictures_of(stand: Stand, database_url: str) -> list[Picture]:
    async with connect(database_url) as connection:
        discrepancy = await connection.fetchval(PROPOSED)
    return [
        Picture("today", f"{DESK}?day={CHIEF_DAY}"),
        Picture("discrepancies", f"{DESK}/discrepancies"),
        Picture("discrepancy", f"{DESK}/discrepancies/{discrepancy}"),
        Picture("report", f"{DESK}/reports/{CHIEF_DAY}"),
        Picture("many", f"{DESK}/discrepancies?reason=bank_missing", prepare=_choose_many),
        Picture("mapping", f"{DESK}/mappings", prepare=_begin_mapping),
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
    if one.prepare:
        await one.prepare(page)
    size = page.viewport_size or size  # type: ignore[assignment]
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
