"""What outsiders write: from a signed notice, a record and a bank line to wherever people or machines read it."""

import asyncio
import csv
import io
import json
import re
import zipfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import pytest
from lxml import html
from python_calamine import CalamineWorkbook

from adapters.standardwebhooks import signing_key_of
from adapters.standardwebhooks.signature import signed_headers
from paygate.access import Role
from tests.desk import Visitor, a_person
from tests.integration.test_web import call
from tests.outside_stories import BANK, KEY
from tests.paper_text import text_of
from tests.province import a_province, asked, done, table
from tests.served import Served

DESK: Final = "/desk/haiduong"
HOSTILE: Final = (
    """<script>alert("1")</script>'"><img src=x onerror=alert(1)>{{ 7*7 }}""",
    "=cmd|'/c calc'!A0",
    "+1+cmd|' /c calc'!A0",
    "-2+3+cmd|' /c calc'!A0",
    '@SUM(1+1)*cmd|"x"!A0',
    "\t=1+1",
    "\r=2+2",
    "Nguyễn \u202eVăn\u202c \u200fA\u2066\u2069",
    r"a\u0000b%00c\x00",
    "#panic(1) $x$ *_` \\",
    "Đ" * 5_000,
)
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
SHEETS: Final = ("obligation", "payments", "bank", "discrepancies", "report")
DAY: Final = "2024-05-08"


def dossier(number: int) -> str:
    return f"000.00.12.H23-240508-{7000 + number}"


def a_notice(number: int, text: str) -> tuple[bytes, dict[str, str]]:
    """Sign what a sender says of a payment, with the text wherever it may choose one."""
    facts = {"reference": f"HOSTILE{number:04}", "dossier_code": dossier(number), "transaction_id": f"H{number}"}
    money = {"amount": 150_000, "currency": "VND", "status": "paid", "paid_at": "2024-05-08T05:00:00+00:00"}
    said = {**facts, **money, "description": text, "payer_name": text}
    message = {"type": "payment.paid", "timestamp": "2024-05-08T05:00:00+00:00", "data": said}
    body = json.dumps(message, ensure_ascii=number % 2 == 1).encode()
    sent_at = str(int(datetime.now(UTC).timestamp()))
    signed = signed_headers(f"msg_{number}", sent_at, body, [signing_key_of(KEY.encode())])
    return body, {"content-type": "application/json", **signed}


def a_record(number: int, text: str) -> dict[str, Any]:
    due = [{"code": "LP01", "kind": "charge", "name": text, "amount": 100_000}]
    named = {"procedure_code": "1.005129", "procedure_name": text, "agency_code": "000.00.12.H23", "agency_name": text}
    return {"dossier_code": dossier(number), "status": "processing", "obligations": due, **named}


async def tell(served: Served) -> None:
    """Let in every text by each of its roads, and close the day."""
    headers = await served.token("haiduong", Role.ADMIN)
    records = [a_record(number, text) for number, text in enumerate(HOSTILE)]
    told = await asked(served, "PUT", "/v1/records?tenant=haiduong", headers, json=records)
    assert {row["result"] for row in told["rows"]} <= {"created", "refused"}
    for number, text in enumerate(HOSTILE):
        body, signed = a_notice(number, text)
        assert (await served.post(body, "/v1/notices/direct", signed))[0] == 200, (
            "authentic: never refused for its words"
        )
    for _ in range(400):
        if not await served.fetchval("SELECT count(*) FROM notice WHERE state IN ('received', 'retrying')"):
            break
        await asyncio.sleep(0.05)
    lines = [
        {"booked_on": "08/05/2024", "reference": "", "narrative": text, "credit": 1_000 + number, "debit": ""}
        for number, text in enumerate(HOSTILE)
    ]
    route = "/v1/statements?tenant=haiduong&account=001&format=table&mapping=bank"
    await done(served, route, headers, data=table(BANK, lines))
    await done(served, "/v1/reconciliations", headers, json={"tenant": "haiduong", "date": DAY})


@pytest.fixture
async def served(database_url: str) -> AsyncIterator[Served]:
    async with a_province(database_url, role="all") as one:
        yield one


def active_parts(page: str) -> list[str]:
    """Return what of a page would do something that it was not written to do."""
    tree = html.fromstring(page)
    odd = tree.xpath("//script[not(@src)] | //img[@src='x'] | //*[@onerror or @onload or @onclick or @style]")
    return [html.tostring(one).decode()[:200] for one in odd]


def links_of(page: str) -> Iterator[str]:
    wanted = r"^/desk/haiduong/(?:discrepancies/\d+|dossiers/|payments/|notices/\d+$|imports/)"
    for link in html.fromstring(page).xpath("//main//a/@href"):
        if re.search(wanted, link) and not link.endswith((".csv", "/body")):
            yield link.partition("?")[0]


async def walk(visitor: Visitor) -> dict[str, str]:
    """Open every list and whatever it leads to."""
    lists = ["", "?day=08/05/2024", "/discrepancies", "/imports", "/audit", "/notices?state=applied", "/notices"]
    lists += [f"/notices?state={one}" for one in ("quarantined", "dead", "retrying")]
    lists += [f"/reports/{one}" for one in (DAY, "2024-05", f"{DAY}/cases", f"{DAY}/cases?reason=bank_unexpected")]
    lists += [f"/{where}?q={quote(text[:200])}" for where in ("search", "discrepancies") for text in HOSTILE]
    seen: dict[str, str] = {}
    for address in lists:
        status, seen[f"{DESK}{address}"] = await visitor.get(f"{DESK}{address}")
        assert status == 200, address
        assert len(seen[f"{DESK}{address}"].encode()) < 150_000, address
    for address in sorted({link for page in list(seen.values()) for link in links_of(page)}):
        status, seen[address] = await visitor.get(address)
        assert status == 200, address
    return seen


def cells_of(table_: str) -> Iterator[str]:
    for row in csv.reader(io.StringIO(table_)):
        yield from row


async def test_what_outsiders_write_is_text_wherever_it_is_read(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    await tell(served)
    async with Visitor(served) as visitor:
        await visitor.sign_in(await a_person(served, Role.OFFICER, Role.OPERATOR, Role.AUDITOR))
        seen = await walk(visitor)
        assert len(seen) > 60
        for address, page in seen.items():
            assert not active_parts(page), address
            assert "49" not in re.findall(r"onerror=alert\(1\)&gt;(\d+)", page), "nothing of it is a template"
        told = "".join(seen.values())
        assert "&lt;script&gt;alert(" in told, "it was shown, as text"
        async with visitor.session.get(f"{served.url}{DESK}/reports/{DAY}.xlsx") as reply:
            workbook = await reply.read()
        sheets = {}
        for name in ("", *(f"?sheet={one}" for one in SHEETS)):
            status, sheets[name] = await visitor.get(f"{DESK}/reports/{DAY}.csv{name}")
            assert status == 200
        async with visitor.session.get(f"{served.url}{DESK}/reports/{DAY}.pdf") as reply:
            paper = text_of(await reply.read())
    with zipfile.ZipFile(io.BytesIO(workbook)) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    assert not [name for name, xml in parts.items() if b"<f>" in xml or b"<f " in xml or b"<hyperlink" in xml]
    book = CalamineWorkbook.from_filelike(io.BytesIO(workbook))
    texts = [cell for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python() for cell in row]
    assert "'=cmd|'/c calc'!A0" in texts
    assert not [cell for cell in texts if isinstance(cell, str) and cell.startswith(FORMULA)]
    for name, one in sheets.items():
        begun = [cell for cell in cells_of(one) if cell.startswith(FORMULA) and not re.fullmatch(r"-\d+", cell)]
        assert not begun, name
    assert "=cmd" in sheets["?sheet=bank"]
    assert "BÁO CÁO" in paper.upper()
    headers = await served.token("haiduong", Role.AUDITOR)
    status, record = await call(served, "GET", f"/v1/records/{quote(dossier(0))}?tenant=haiduong", headers)
    assert (status, record["procedure_name"]) == (200, HOSTILE[0])
    written = capsys.readouterr()
    logged = written.out + written.err
    assert not [text for text in HOSTILE if text.strip() in logged or json.dumps(text)[1:-1] in logged]
