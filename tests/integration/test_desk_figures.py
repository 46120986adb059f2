"""Every number of the desk that leads somewhere leads to a list of as many, which come to as much."""

import csv
import io
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from lxml import html

from paygate.access import Role
from paygate.database import connect
from tests.desk import Visitor, a_person
from tests.integration.test_desk_reports import correct_the_first_day
from tests.outside_stories import BANK
from tests.province import DAYS, a_province, table
from tests.served import Served

DESK = "/desk/haiduong"
PERIODS = (*DAYS, "2024-05", "2024-Q2")
COUNT = re.compile(r"(?:^|\D )(\d{1,3}(?:\.\d{3})*)(?: ×.*)?$", re.DOTALL)
"""A text that ends in a number, or begins with one that is said to be so many times something."""
NO_COUNT = re.compile(r"/reports/[\w-]+(?:\?run=\d+)?$|/(?:dossiers|payments|notices)/|/discrepancies/\d+|\?day=")
"""Where a number is a name: of a run, a day, a case."""


@dataclass(frozen=True)
class Figure:
    """A number that leads somewhere, and what is said to be its sum, where anything is."""

    page: str
    count: int
    address: str
    amount: str | None


def text_of(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().replace("\N{NO-BREAK SPACE}", " ").split())


def figures_of(address: str, page: str) -> Iterator[Figure]:
    """Find the numbers in a page's links, each with the amount that stands beside it in its row."""
    for link in html.fromstring(page).xpath("//main//a[@href]"):
        found = COUNT.search(text_of(link))
        target = link.get("href")
        if found is None or NO_COUNT.search(target) or target.startswith("#"):
            continue
        cells = link.xpath("ancestor::td[1]/following-sibling::td[1]")
        beside = text_of(cells[0]) if cells and "₫" in text_of(cells[0]) else None
        target = f"{address.partition('?')[0]}{target}" if target.startswith("?") else target
        yield Figure(address, int(found[1].replace(".", "")), target, beside)


async def listed(visitor: Visitor, address: str) -> tuple[int, str | None]:
    """Return how many the list of an address holds by its own word, and what they come to."""
    status, page = await visitor.get(address)
    assert status == 200, address
    if ".csv?" in address:
        rows = list(csv.DictReader(io.StringIO(page)))
        total = sum(int(row["amount"] or 0) for row in rows)
        return len(rows), f"{total:,} ₫".replace(",", ".").replace("-", "\N{MINUS SIGN}")
    tree = html.fromstring(page)
    if "/notices" in address:
        return await count_rows(visitor, tree), None
    said = tree.xpath("//p[@class='verdict']" if "/reports/" in address else "//main//table/caption")
    if not said:
        return 0, None
    found = re.search(r"(\d[\d.]*) vụ(?: · ([^·]*₫(?: \+ [^·]*)?))?|(\d+)$", text_of(said[0]))
    assert found, (address, text_of(said[0]))
    return int((found[1] or found[3]).replace(".", "")), found[2] and found[2].strip()


async def count_rows(visitor: Visitor, tree: html.HtmlElement) -> int:
    """Count the rows of a list to its end."""
    count = len(tree.xpath("//main//table/tbody/tr"))
    for link in tree.xpath("//main//a[contains(@href, 'after=')]/@href"):
        _, page = await visitor.get(link)
        return count + await count_rows(visitor, html.fromstring(page))
    return count


@pytest.fixture
async def province(province_url: str) -> AsyncIterator[Served]:
    async with a_province(province_url, role="all") as served:
        yield served


async def with_tasks(served: Served, name: str) -> None:
    """Let some be a person's, due before, on and after today, one proposed; and another's proposal wait."""
    today = datetime.now(UTC).astimezone(ZoneInfo("Asia/Ho_Chi_Minh")).date()
    async with connect(served.database_url) as connection:
        ids = [row[0] for row in await connection.fetch("SELECT discrepancy_id FROM discrepancy WHERE state = 'open'")]
        await connection.execute(
            """UPDATE discrepancy SET state = 'assigned', assignee = $2,
                   due = $3::date + (discrepancy_id % 3)::integer - 1 WHERE discrepancy_id = ANY ($1)""",
            ids[:9],
            name,
            today,
        )
        for number, maker in ((ids[0], name), (ids[10], "another")):
            await connection.execute(
                "UPDATE discrepancy SET state = 'proposed', assignee = $2, due = $3 WHERE discrepancy_id = $1",
                *(number, maker, today),
            )
            await connection.execute(
                """INSERT INTO proposal (tenant_id, discrepancy_id, kind, detail, amount, reason, version, proposed_by)
                   VALUES (1, $1, 'write_off', '{}', 1, 'r', 1, $2)""",
                *(number, maker),
            )


async def refuse_a_row(served: Served) -> None:
    headers = await served.token("haiduong", Role.ADMIN)
    good = {"booked_on": "09/05/2024", "reference": "", "narrative": "DEN", "credit": "5", "debit": ""}
    data = table(BANK, [good, {**good, "credit": "five"}, {**good, "booked_on": "31/02/2024"}])
    route = f"{served.url}/v1/statements?tenant=haiduong&account=001&format=table&mapping=bank"
    async with served.session.post(route, headers=headers, data=data) as reply:
        number = (await reply.json())["id"]
    while True:
        async with served.session.get(f"{served.url}/v1/imports/{number}", headers=headers) as reply:
            if (await reply.json())["state"] in {"done", "failed"}:
                return


async def test_every_number_leads_to_the_list_that_adds_up_to_it(province: Served) -> None:
    await refuse_a_row(province)
    await correct_the_first_day(province)
    async with Visitor(province) as visitor:
        name = await a_person(province, Role.OFFICER, Role.APPROVER, Role.OPERATOR)
        await visitor.sign_in(name)
        await with_tasks(province, name)
        pages = [DESK, *(f"{DESK}?day={day}" for day in DAYS), *(f"{DESK}/reports/{one}" for one in PERIODS)]
        pages += [f"{DESK}/{one}" for one in ("discrepancies", "reports", "notices", "imports")]
        pages += [f"{DESK}/notices?state={one}" for one in ("applied", "dead", "quarantined", "retrying")]
        found = [figure for address in pages for figure in figures_of(address, (await visitor.get(address))[1])]
        wrong, lists = [], {address: await listed(visitor, address) for address in {one.address for one in found}}
        for one in found:
            count, amount = lists[one.address]
            if count != one.count or (one.amount and amount and one.amount != amount):
                wrong.append(f"{one}: {count}, {amount}")
    assert not wrong, "\n".join(wrong)
    for part in (
        "?tab=",
        "&due=",
        "state=assigned",
        "?verdict=",
        "cases?reason=",
        "agency=",
        ".csv?sheet=",
        "/notices?",
    ):
        assert any(part in one.address for one in found), f"nothing led to {part}"
    assert any("/imports/statements/" in one.address for one in found)
    assert sum(one.amount is not None for one in found) > 50
