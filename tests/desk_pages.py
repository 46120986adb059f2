"""Every page of the desk with something on it: an address for each page that the table of who may go where lists."""

import asyncio
import re
from collections.abc import Sequence
from typing import Any, Final

import aiohttp

from paygate.domain.casework import ProposalKind
from reconciliation.rules.reading import shipped_content
from tests.desk import Visitor
from tests.desk_cases import act, number_of, path_of
from tests.inbox_pages import put_untold
from tests.outside_stories import BANK, CLOSED
from tests.province import NUMBERS, code_of, table
from tests.who_may import Line, filled, read_table

DESK: Final = "/desk/haiduong"
FILES: Final = frozenset(
    {
        "/desk/{tenant}/discrepancies/{id}/notices/{notice}/body",
        "/desk/{tenant}/discrepancies/{id}/files/{file}",
        "/desk/{tenant}/reports/{period}.{kind}",
        "/desk/{tenant}/exports/{id}/file",
        "/desk/{tenant}/notices/{notice}/body",
        "/desk/{tenant}/imports/statements/{statement}/refused.csv",
    }
)
"""What is handed over, not shown."""
OTHERWISE: Final = (
    "/discrepancies?tab=overdue&reason=overpaid",
    "/discrepancies?tab=mine",
    "/discrepancies?from=x",
    "/notices?state=quarantined",
    "/reports/2024-05",
    "/reports/2024-05-07",
    "/search?q=150.000+08/05/2024",
    "/search?q=nothing-is-so",
    "?day=2024-05-14",
    "/nowhere",
)
"""Where pages look otherwise: narrowed, empty, refused."""
LINE: Final = {"booked_on": "08/05/2024", "reference": "<b>đ</b>", "narrative": "=1+1", "credit": "150000", "debit": ""}
SAMPLE: Final = table(BANK, [LINE, {**LINE, "credit": "abc"}])
RULES: Final = shipped_content().decode().replace('"2026-2"', '"hd"')
MAPPING: Final = {
    "col-booked_on": "booked_on",
    "col-reference": "reference",
    "col-narrative": "narrative",
    "col-credit": "credit",
    "col-debit": "debit",
    "leg": "bank",
    "delimiter": ",",
    "encoding": "utf-8",
    "date_format": "%d/%m/%Y",
    "thousands": ".",
    "account": "001",
    "name": "một tháng",
}


def is_page(line: Line) -> bool:
    """Tell whether a line is of a page that people look at who are signed in."""
    return line.method == "GET" and line.page and not line.open and line.path not in FILES


async def addresses_of(visitor: Visitor) -> Sequence[str]:
    """Put something on every page of the told province, as someone who may do all, and return where each stands."""
    served, dossier = visitor.served, code_of(NUMBERS["the_dossier_still_asks_for_payment"])
    case, waiting = await number_of(served, "ambiguous"), await number_of(served, "overpaid")
    await act(visitor, waiting, "assign", to="")
    known = {
        "discrepancies": str(case),
        "dossiers": dossier,
        "reports": CLOSED,
        "propose": ProposalKind.LINK,
        "configured": "bank",
        "notices": await linked(visitor, path_of(case), r"/notices/(\d+)"),
        "payments": await linked(visitor, f"{DESK}/dossiers/{dossier}", r"/payments/(\d+)"),
        "people": await linked(visitor, f"{DESK}/people", r"/people/(\d+)"),
        "imports": await handed_in(visitor),
        "exports": await sent(visitor, f"{DESK}/reports/{CLOSED}", f"{DESK}/reports/{CLOSED}/exports", kind="csv"),
        "acts": await chosen(visitor, case, waiting),
        "replays": await replayed(visitor),
        "backtests": await ruled(visitor, "try", first="08/05/2024", last="13/05/2024"),
        "rules": await ruled(visitor, "propose"),
        "mappings": await mapped(visitor),
        "checks": await sent(visitor, f"{DESK}/audit", f"{DESK}/audit/checks"),
    }
    known["statements"] = await linked(visitor, f"{DESK}/imports", r"/statements/(\d+)")
    known["audit"] = await linked(visitor, f"{DESK}/audit", r"/audit/(\d+)")
    pages = [filled(line, "haiduong", **known) for line in read_table().values() if is_page(line)]
    return [*pages, *(DESK + below for below in OTHERWISE)]


async def linked(visitor: Visitor, path: str, pattern: str) -> str:
    """Return what the first link of a page that is like this leads to."""
    _, text = await visitor.get(path)
    found = re.search(pattern, text)
    assert found, (path, pattern)
    return found[1]


async def settled(visitor: Visitor) -> str:
    """Wait until the work is over that a page shows, and return its number."""
    for _ in range(600):
        status, text = await visitor.get(visitor.url)
        assert status == 200, text
        if "data-again" not in text:
            break
        await asyncio.sleep(0.05)
    return visitor.url.rpartition("/")[2]


async def sent(visitor: Visitor, page: str, path: str, **fields: Any) -> str:
    """Send a form of a page, and return the number of what that led to."""
    await visitor.get(page)
    status, text = await visitor.post(path, fields)
    assert status == 200, text
    return await settled(visitor)


async def uploaded(visitor: Visitor, path: str, page: str = "", *, body: bytes = b"", **fields: str) -> str:
    """Send a form that may carry a file, and return the number of what that led to."""
    await visitor.get(page or path)
    form = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
    for name, value in {**visitor.hidden, **fields}.items():
        form.add_field(name, value)
    if body:
        form.add_field("file", body, filename="sao-kê.csv", content_type="text/csv")
    status, text = await visitor.send(path, form)
    assert status == 200, text
    return await settled(visitor)


async def handed_in(visitor: Visitor) -> str:
    return await uploaded(visitor, f"{DESK}/imports", body=SAMPLE, account="001", format="table", mapping="bank")


async def ruled(visitor: Visitor, what: str, **days: str) -> str:
    return await uploaded(visitor, f"{DESK}/rules/new", rules=RULES, act=what, **days)


async def chosen(visitor: Visitor, *numbers: int) -> str:
    return await sent(
        visitor, f"{DESK}/discrepancies", f"{DESK}/discrepancies/acts", act="propose", list="", id=numbers
    )


async def replayed(visitor: Visitor) -> str:
    number = await put_untold(visitor.served, b'{"a": "<b>not ours</b>"}', source="direct")
    return await sent(visitor, f"{DESK}/notices", f"{DESK}/notices/replays", which="ticked", notice=number)


async def mapped(visitor: Visitor) -> str:
    """Propose a mapping, and begin another."""
    path = f"{DESK}/mappings"
    await uploaded(visitor, path, body=SAMPLE, start="")
    number = await sent(visitor, f"{path}/draft", f"{path}/draft", **MAPPING, act="propose")
    await uploaded(visitor, path, body=SAMPLE, start="")
    return number
