"""Statements handed in at the desk, by a form that is read as it comes."""

import asyncio
import csv
import re
from collections.abc import AsyncIterator
from io import StringIO
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import pytest

from paygate.access import Role
from tests.archives import added
from tests.desk import Visitor, a_person
from tests.served import DATA, Served, a_service
from tests.sheets import as_csv, as_xlsx
from tests.statement_files import MAPPING, Booked, camt, table

INDEX: Final = "/desk/haiduong/imports"
BALANCED: Final = {
    "columns": {
        "booked_on": "Ngày",
        "reference": "Tham chiếu",
        "narrative": "Nội dung",
        "credit": "Có",
        "debit": "Nợ",
        "balance": "Số dư",
    },
    "thousands": ".",
    "account": "001",
}
HEADER: Final = ("Ngày", "Tham chiếu", "Nội dung", "Có", "Nợ", "Số dư")


@pytest.fixture
async def served(database_url: str) -> AsyncIterator[Served]:
    async with a_service(database_url, role="all", mappings={"plain": MAPPING, "balanced": BALANCED}) as one:
        yield one


async def signed_in(served: Served, visitor: Visitor, role: Role = Role.OFFICER, tenant: str = "haiduong") -> None:
    assert await visitor.sign_in(await a_person(served, role, tenant=tenant)) == 200


async def hand_in(
    visitor: Visitor, body: bytes, name: str = "sao-ke.xlsx", *, index: str = INDEX, **fields: str
) -> tuple[int, str]:
    """Send the form of the index as a browser does, and wait for the end of what it leads to."""
    await visitor.get(index)
    form = aiohttp.FormData(quote_fields=False)  # as browsers write names
    for key, value in {**visitor.hidden, "account": "", "format": "", "mapping": "", **fields}.items():
        form.add_field(key, value)
    form.add_field("file", body, filename=name, content_type="application/octet-stream")
    status, page = await visitor.send(index, form)
    for _ in range(400):
        if "data-again" not in page:
            break
        await asyncio.sleep(0.05)
        status, page = await visitor.get(visitor.url)
    return status, page


async def nothing_waits(served: Served) -> bool:
    """Tell whether every upload is gone; a job drops its own a moment after its end is told."""
    folder = DATA / urlsplit(served.database_url).path.strip("/") / "uploads"
    for _ in range(100):
        if not folder.is_dir() or not any(folder.iterdir()):
            return True
        await asyncio.sleep(0.02)
    return False


def facts_of(page: str) -> dict[str, str]:
    return dict(re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)</dd>", page))


async def test_a_statement_is_handed_in_and_told_of(served: Served) -> None:
    async with Visitor(served) as visitor:
        await signed_in(served, visitor)
        status, page = await hand_in(visitor, camt([Booked("R-1"), Booked("R-2")]), "SK-0508.xml")
        told = facts_of(page)
        assert (status, told["Đọc"], told["Nhận"], told["Trùng"], told["Dòng bị từ chối"]) == (200, "2", "2", "0", "0")
        assert "SK-0508.xml" in page
        _, index = await visitor.get(INDEX)
        assert index.count("SK-0508.xml") == 2
        _, again = await hand_in(visitor, camt([Booked("R-1"), Booked("R-2")]))
        assert "Tệp này đã nạp trước đây" in again
    assert await served.fetchval("SELECT count(*) FROM statement_line") == 2
    assert await served.fetchval("SELECT count(*) FROM statement JOIN job ON imported_by = asked_by") == 2
    assert await nothing_waits(served)


def movements(start: int, rows: list[tuple[str, int]]) -> bytes:
    balance, lines = start, [HEADER]
    for day, amount in rows:
        balance += amount
        lines.append(
            (day, f"R-{day}-{amount}", "x", amount if amount > 0 else None, -amount if amount < 0 else None, balance)
        )
    return as_csv(lines)


async def test_a_balance_is_reckoned_and_held_against_the_statement_before(served: Served) -> None:
    async with Visitor(served) as visitor:
        await signed_in(served, visitor)
        _, first = await hand_in(visitor, movements(1_000_000, [("08/05/2024", 500_000)]), mapping="balanced")
        _, joins = await hand_in(visitor, movements(1_500_000, [("09/05/2024", -200_000)]), mapping="balanced")
        _, differs = await hand_in(visitor, movements(1_400_000, [("10/05/2024", 5)]), mapping="balanced")
    assert "tài khoản chưa có sao kê nào trước kỳ này" in first
    assert "nối kỳ trước" in joins
    assert "cân" in joins
    assert "không nối kỳ trước" in differs
    assert "1.300.000" in differs


HOSTILE: Final = "=HYPERLINK(1)<script>alert(1)</script>"


async def test_refused_rows_are_named_and_handed_out_so_that_no_spreadsheet_runs_them(served: Served) -> None:
    rows = f"Ngày,Số tham chiếu,Nội dung,Số tiền\n08/05/2024,A,x,1\n08/05/2024,B,x,{HOSTILE}\n=1+1,C,x,3\n".encode()
    async with Visitor(served) as visitor:
        await signed_in(served, visitor)
        _, page = await hand_in(visitor, rows, f"../..\\{HOSTILE}.csv", mapping="plain")
        assert (facts_of(page)["Nhận"], facts_of(page)["Dòng bị từ chối"]) == ("1", "2")
        assert "<script>alert" not in page
        link = re.search(r'href="([^"]*refused\.csv)"', page)
        assert link
        async with visitor.session.get(served.url + link[1]) as reply:
            assert reply.headers["Content-Disposition"].startswith("attachment;")
            assert reply.content_type == "text/csv"
            told = list(csv.reader(StringIO((await reply.read()).decode("utf-8-sig"))))
    assert [row[0] for row in told[1:]] == ["3", "4"]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in told for cell in row)
    assert await served.fetchval("SELECT file_name FROM statement") == f"{HOSTILE}.csv".split("/")[-1]


EXECUTABLE: Final = b"\x7fELF\x02\x01\x01" + bytes(4096)


@pytest.mark.parametrize(
    ("body", "reason"),
    [(EXECUTABLE, "none of camt"), (b"%PDF-1.7\n", "It is a PDF"), (b"<html>", "It is a web page")],
    ids=["executable", "pdf", "page"],
)
async def test_what_is_no_statement_is_refused_with_what_it_is(served: Served, body: bytes, reason: str) -> None:
    async with Visitor(served) as visitor:
        await signed_in(served, visitor)
        status, page = await hand_in(visitor, body)
    assert (status, "Bị từ chối" in page, reason in page) == (200, True, True)
    assert "Không lưu gì từ tệp này" in page
    assert await nothing_waits(served)


async def test_a_file_that_unpacks_to_more_than_memory_should_hold_is_refused(served: Served) -> None:
    async with Visitor(served) as visitor:
        await signed_in(served, visitor)
        bomb = added(as_xlsx([("a", "b")]), {"xl/worksheets/sheet9.xml": bytes(8 * 2**20)})
        _, page = await hand_in(visitor, bomb, mapping="plain")
    assert "Bị từ chối" in page


async def test_an_empty_file_and_none_at_all_are_asked_for_again(served: Served) -> None:
    async with Visitor(served) as visitor:
        await signed_in(served, visitor)
        status, page = await hand_in(visitor, b"", account="001")
        assert (status, "Tệp rỗng" in page) == (422, True)
        status, page = await hand_in(visitor, b"", name="", account="001")
        assert (status, "Hãy chọn một tệp" in page) == (422, True)
        assert '<option value="001" selected>' in page
    assert await served.fetchval("SELECT count(*) FROM job") == 0


BOUNDARY: Final = b"--x"


def multipart(*parts: tuple[str, bytes], end: bytes = b"--x--\r\n") -> bytes:
    return (
        b"".join(
            BOUNDARY
            + f'\r\nContent-Disposition: form-data; name="{name}"'.encode()
            + (b'; filename="f"' if name == "file" else b"")
            + b"\r\n\r\n"
            + body
            + b"\r\n"
            for name, body in parts
        )
        + end
    )


async def sent_raw(
    visitor: Visitor, body: Any, content_type: str = "multipart/form-data; boundary=x"
) -> tuple[int, str]:
    return await visitor.send(INDEX, body, content_type)


async def test_a_form_that_is_cut_off_or_none_of_ours_is_answered_with_one_page_and_leaves_nothing(
    served: Served,
) -> None:
    async with Visitor(served) as visitor:
        await signed_in(served, visitor)
        await visitor.get(INDEX)
        csrf, once = visitor.hidden["csrf"].encode(), visitor.hidden["once"].encode()
        good = (("csrf", csrf), ("once", once), ("file", camt([Booked("R")])))
        broken = {
            "cut off in the file": (multipart(*good, end=b"")[:-40], 422),
            "cut off behind the file": (multipart(*good, end=b""), 422),
            "no token first": (multipart(*good[1:]), 403),
            "another token": (multipart(("csrf", b"x" * 40), *good[1:]), 403),
            "the file not last": (multipart(good[0], good[2], good[1]), 422),
            "nothing": (b"", 422),
            "noise": (b"\x00" * 5000, 422),
            "a field without end": (multipart(good[0], ("account", b"9" * 100_000)), 422),
            "fields without end": (multipart(good[0], *[("a", b"")] * 200), 422),
            "no text": (multipart(good[0], ("account", b"\xff\xfe")), 422),
            "no name for once": (multipart(good[0], good[2]), 422),
        }
        for what, (body, expected) in broken.items():
            status, page = await sent_raw(visitor, body)
            assert (status, "<h1" in page) == (expected, True), what
        for content_type in ("multipart/form-data", "multipart/mixed; boundary=x", "text/plain"):
            assert (await sent_raw(visitor, multipart(*good), content_type))[0] in {403, 422}
        nested = BOUNDARY + b"\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y--\r\n--x--\r\n"
        assert (await sent_raw(visitor, nested))[0] in {403, 422}
    assert await nothing_waits(served)
    assert await served.fetchval("SELECT count(*) FROM job") == 0


async def test_a_large_file_goes_through_without_standing_in_memory(served: Served) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        head = multipart(("csrf", csrf), ("once", once), ("format", b"camt"), end=b"")
        yield head + BOUNDARY + b'\r\nContent-Disposition: form-data; name="file"; filename="big"\r\n\r\n'
        for _ in range(300):
            yield bytes(2**20)
        yield b"\r\n--x--\r\n"

    async with Visitor(served) as visitor:
        await signed_in(served, visitor)
        await visitor.get(INDEX)
        csrf, once = visitor.hidden["csrf"].encode(), visitor.hidden["once"].encode()
        status, page = await sent_raw(visitor, pieces())
        for _ in range(400):
            if "data-again" not in page:
                break
            await asyncio.sleep(0.05)
            status, page = await visitor.get(visitor.url)
    assert (status, "Bị từ chối" in page) == (200, True)
    assert await nothing_waits(served)


async def test_a_form_sent_twice_hands_in_once(served: Served) -> None:
    async with Visitor(served) as visitor:
        await signed_in(served, visitor)
        await visitor.get(INDEX)
        body = multipart(
            *((name, value.encode()) for name, value in visitor.hidden.items()), ("file", camt([Booked("R")]))
        )
        first, second = await sent_raw(visitor, body), await sent_raw(visitor, body)
    assert (first[0], second[0]) == (200, 200)
    assert await served.fetchval("SELECT count(*) FROM job") == 1


@pytest.mark.parametrize(
    ("role", "status"), [(Role.AUDITOR, 403), (Role.APPROVER, 403), (Role.OPERATOR, 200), (Role.ADMIN, 200)]
)
async def test_who_may_hand_in(served: Served, role: Role, status: int) -> None:
    async with Visitor(served) as visitor:
        await signed_in(served, visitor, role)
        assert (await hand_in(visitor, camt([Booked("R")])))[0] == status


async def test_another_tenants_imports_do_not_exist(served: Served) -> None:
    async with Visitor(served) as mine, Visitor(served) as theirs:
        await signed_in(served, mine)
        await hand_in(mine, camt([Booked("R")]))
        number = await served.fetchval("SELECT statement_id FROM statement")
        await signed_in(served, theirs, Role.ADMIN, "haiphong")
        there = "/desk/haiphong/imports"
        job = mine.url.rpartition("/")[2]
        for path in (
            f"{there}/{job}",
            f"{there}/statements/{number}",
            f"{there}/statements/{number}/refused.csv",
            INDEX,
            mine.url,
        ):
            assert (await theirs.get(path))[0] == 404, path
        status, _ = await hand_in(theirs, camt([Booked("R")]), index=there, account="001")
        assert status == 404
        assert "001" not in (await theirs.get(there))[1]


async def test_an_unknown_mapping_or_format_is_said_so(served: Served) -> None:
    async with Visitor(served) as visitor:
        await signed_in(served, visitor)
        status, page = await hand_in(visitor, table([Booked("R")]), mapping="nobody")
        assert (status, "nobody" in page) == (422, True)
    assert await nothing_waits(served)
