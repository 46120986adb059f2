"""Mappings made at the desk: tried on a sample, proposed by one, approved by another, and then read by."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import pytest

from paygate.access import Role
from paygate.database import connect
from tests.desk import Visitor, a_person
from tests.served import DATA, Served, a_service
from tests.sheets import as_csv, as_xlsx
from tests.statement_files import MAPPING

INDEX: Final = "/desk/haiduong/mappings"
HOSTILE: Final = "=1+1<script>alert(1)</script>"
HEADER: Final = ("Ngày GD", "Số CT", "Diễn giải", "Ghi nợ", "Ghi có", "Số dư")
SHEET: Final = [
    ("NGÂN HÀNG BIDV",),
    HEADER,
    ("08/05/2024", "R-1", HOSTILE, None, 150_000, 1_150_000),
    ("08/05/2024", "R-2", "y", 50_000, None, 1_100_000),
    ("09/05/2024", "R-3", "z", None, "abc", 1_100_000),
    ("Cộng", None, None, 50_000, 150_000, None),
]
COLUMNS: Final = {
    "col-booked_on": "Ngày GD",
    "col-reference": "Số CT",
    "col-narrative": "Diễn giải",
    "col-debit": "Ghi nợ",
    "col-credit": "Ghi có",
    "col-balance": "Số dư",
}
TYPED: Final = {
    **COLUMNS,
    "leg": "bank",
    "delimiter": ",",
    "encoding": "utf-8-sig",
    "date_format": "%d/%m/%Y",
    "thousands": ".",
    "header_rows": "1",
    "skip_containing": "Cộng",
    "account": "001",
    "name": "BIDV tháng",
    "note": "first",
}


@pytest.fixture
async def served(database_url: str) -> AsyncIterator[Served]:
    async with a_service(database_url, role="all", mappings={"plain": MAPPING}) as one:
        yield one


async def signed_in(served: Served, visitor: Visitor, *roles: Role, tenant: str = "haiduong") -> str:
    name = await a_person(served, *roles, tenant=tenant)
    assert await visitor.sign_in(name) == 200
    return name


async def begin(
    visitor: Visitor, body: bytes, name: str = "mẫu.csv", start: str = "", index: str = INDEX
) -> tuple[int, str]:
    await visitor.get(index)
    form = aiohttp.FormData(quote_fields=False)
    for key, value in {**visitor.hidden, "start": start}.items():
        form.add_field(key, value)
    form.add_field("file", body, filename=name, content_type="text/csv")
    return await visitor.send(index, form)


async def proposed(visitor: Visitor, **changes: str) -> tuple[int, str]:
    """Begin on the sample and propose what is typed."""
    await begin(visitor, as_csv(SHEET))
    return await visitor.post(f"{INDEX}/draft", {**TYPED, **changes, "act": "propose"})


async def imported(served: Served, headers: Any, body: bytes, mapping: str) -> dict[str, Any]:
    route = f"{served.url}/v1/statements"
    async with served.session.post(route, params={"mapping": mapping}, data=body, headers=headers) as reply:
        told = await reply.json()
        if reply.status != 202:
            return {"status": reply.status, **told}
    for _ in range(400):
        async with served.session.get(f"{served.url}/v1/imports/{told['id']}", headers=headers) as reply:
            found: dict[str, Any] = await reply.json()
        if found["state"] in {"done", "failed"}:
            break
        await asyncio.sleep(0.05)
    return found


def uploads(served: Served) -> list[str]:
    folder = DATA / urlsplit(served.database_url).path.strip("/") / "uploads"
    return [file.name for file in folder.iterdir()] if folder.is_dir() else []


async def test_a_mapping_is_made_approved_by_another_and_read_by(served: Served) -> None:
    officer = await served.token("haiduong", Role.OFFICER)
    async with Visitor(served) as maker, Visitor(served) as checker:
        await signed_in(served, maker, Role.OFFICER)
        await signed_in(served, checker, Role.APPROVER)
        status, page = await begin(maker, as_csv(SHEET))
        assert (status, "NGÂN HÀNG BIDV" in page, '<option value="Ghi có">' in page) == (200, True, True)
        status, page = await maker.post(f"{INDEX}/draft", {**TYPED, "act": "preview"})
        assert status == 200
        assert "không phải số" in page
        assert "150.000" in page
        assert "<script>alert" not in page
        status, page = await maker.post(f"{INDEX}/draft", {**TYPED, "act": "propose"})
        assert (status, "Chưa có gì thay đổi cho đến khi người khác duyệt" in page) == (200, True)
        assert uploads(served) == []
        address = maker.url
        assert (await imported(served, officer, as_csv(SHEET), "BIDV tháng"))["status"] == 400
        await checker.get(address)
        status, page = await checker.post(f"{address}/approve")
        assert (status, "Đã duyệt BIDV tháng v1" in page) == (200, True)
    told = await imported(served, officer, as_csv(SHEET), "BIDV tháng")
    assert (told["state"], told["read"]["new"], len(told["refused"])) == ("done", 2, 1)
    assert await served.fetchval("SELECT mapping FROM statement") == "BIDV tháng v1"
    acts = await served.fetchval("SELECT array_agg(act ORDER BY number) FROM audit_entry WHERE act LIKE 'mapping%'")
    assert acts == ["mapping_proposed", "mapping_approved"]


async def test_nobody_approves_what_they_proposed_by_page_or_in_the_database(served: Served) -> None:
    async with Visitor(served) as visitor:
        name = await signed_in(served, visitor, Role.ADMIN)
        _, page = await proposed(visitor)
        assert "Bạn lập đề nghị này nên không thể duyệt" in page
        address = visitor.url
        assert (await visitor.post(f"{address}/approve"))[0] == 403
        await visitor.get(address)
        assert (await visitor.post(f"{address}/reject", {"answer": "x"}))[0] == 403
    async with connect(served.database_url) as connection:
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute(
                "UPDATE mapping SET state = 'approved', decided_by = $1, decided_at = now() WHERE true", name
            )
    assert await served.fetchval("SELECT state FROM mapping") == "open"


async def test_of_two_who_decide_at_once_one_is_told_of_the_other(served: Served) -> None:
    async with Visitor(served) as maker, Visitor(served) as one, Visitor(served) as other:
        await signed_in(served, maker, Role.OFFICER)
        await proposed(maker)
        address = maker.url
        for checker in (one, other):
            await signed_in(served, checker, Role.APPROVER)
            await checker.get(address)
        replies = await asyncio.gather(
            one.post(f"{address}/approve"), other.post(f"{address}/reject", {"answer": "no"})
        )
    assert sorted(status for status, _ in replies) == [200, 409]


async def test_a_rejected_mapping_is_not_read_by_and_its_next_version_begins_from_it(served: Served) -> None:
    async with Visitor(served) as maker, Visitor(served) as checker:
        await signed_in(served, maker, Role.OFFICER)
        await signed_in(served, checker, Role.ADMIN)
        await proposed(maker)
        address = maker.url
        await checker.get(address)
        assert (await checker.post(f"{address}/reject", {"answer": ""}))[0] == 400
        await checker.get(address)
        _, page = await checker.post(f"{address}/reject", {"answer": "wrong column"})
        assert "wrong column" in page
        assert (await imported(served, await served.token("haiduong", Role.OFFICER), as_csv(SHEET), "BIDV tháng"))[
            "status"
        ] == 400
        _, page = await begin(maker, as_xlsx(SHEET), "mẫu.xlsx", start=address.rpartition("/")[2])
        assert '<option value="Ghi có" selected>' in page
        status, page = await maker.post(f"{INDEX}/draft", {**TYPED, "note": "again", "act": "propose"})
        assert (status, "BIDV tháng v2" in page) == (200, True)


async def test_one_version_of_a_name_waits_at_a_time_and_its_maker_may_take_it_back(served: Served) -> None:
    async with Visitor(served) as maker:
        await signed_in(served, maker, Role.OFFICER)
        await proposed(maker)
        address = maker.url
        assert (await proposed(maker))[0] == 409
        await maker.get(address)
        _, page = await maker.post(f"{address}/withdraw")
        assert "Đã rút BIDV tháng v1" in page
        assert (await proposed(maker))[0] == 200


WRONG: Final = {
    "a column feeds two fields": ({"col-bank_reference": "Số CT"}, "đã dùng cho trường khác"),
    "one amount and two": ({"col-amount": "Số dư", "col-balance": ""}, "hoặc một cột số tiền"),
    "no day": ({"col-booked_on": ""}, "Chọn cột ngày hạch toán"),
    "no amount": ({"col-credit": "", "col-debit": ""}, "Chọn cột tiền vào và cột tiền ra"),
    "no name": ({"name": ""}, "Hãy đặt tên"),
    "another tenant's account": ({"account": "999"}, "There is no account"),
    "an encoding there is not": ({"encoding": "klingon"}, "klingon"),
    "a pattern of no day": ({"date_format": "%H"}, "does not give day"),
    "days of another pattern": ({"date_format": "%Y-%m-%d"}, "Không đọc được dòng nào"),
    "a heading there is not": ({"col-credit": "Không có"}, "no column headed"),
    "thousands and decimals alike": ({"decimal": "."}, "cannot both be"),
    "no columns": (dict.fromkeys(COLUMNS, ""), "Hãy chọn các cột trước"),
}


@pytest.mark.parametrize(("changes", "said"), WRONG.values(), ids=WRONG)
async def test_what_cannot_be_so_is_said_beside_its_field(served: Served, changes: dict[str, str], said: str) -> None:
    async with Visitor(served) as maker:
        await signed_in(served, maker, Role.OFFICER)
        status, page = await proposed(maker, **changes)
    assert (status, said in page) == (422, True), re.sub(r"(?s).*<main", "", page)
    assert await served.fetchval("SELECT count(*) FROM mapping") == 0


async def test_credit_and_debit_mixed_up_are_seen_and_so_is_a_day_read_as_an_amount(served: Served) -> None:
    async with Visitor(served) as maker:
        await signed_in(served, maker, Role.OFFICER)
        await begin(maker, as_csv(SHEET))
        mixed = {**TYPED, "col-credit": "Ghi nợ", "col-debit": "Ghi có", "act": "preview"}
        _, page = await maker.post(f"{INDEX}/draft", mixed)
        assert "“Ghi nợ” nghe như tiền ra" in page
        assert "−150.000" in page
        _, page = await maker.post(
            f"{INDEX}/draft", {**TYPED, "col-balance": "Ngày GD", "col-booked_on": "", "act": "preview"}
        )
        assert "Chọn cột ngày hạch toán" in page


async def test_a_column_that_says_the_same_in_every_row_names_no_payment(served: Served) -> None:
    rows = [HEADER, *(("08/05/2024", "LO-1", "x", None, 1000 + n, None) for n in range(3))]
    async with Visitor(served) as maker:
        await signed_in(served, maker, Role.OFFICER)
        await begin(maker, as_csv(rows))
        status, page = await maker.post(f"{INDEX}/draft", {**TYPED, "act": "propose"})
    assert (status, "Mọi dòng có cùng tham chiếu" in page) == (422, True)


@pytest.mark.parametrize("body", [b"\x7fELF" + bytes(999), b"%PDF-1.7", b"\xff\xfe\x00", b"PK\x03\x04" + bytes(99)])
async def test_a_sample_that_is_no_table_is_said_so_and_hurts_nobody(served: Served, body: bytes) -> None:
    async with Visitor(served) as maker:
        await signed_in(served, maker, Role.OFFICER)
        status, page = await begin(maker, body)
        assert (status, '<select id="f-leg"' in page) == (200, True)


async def test_a_name_of_the_configuration_is_taken(served: Served) -> None:
    async with Visitor(served) as maker:
        await signed_in(served, maker, Role.OFFICER)
        assert (await proposed(maker, name="plain"))[0] == 400
        assert "Số tham chiếu" in (await maker.get(f"{INDEX}/configured/plain"))[1]
        _, page = await begin(maker, as_csv(SHEET), start="configured:plain")
        assert '<option value="Số tham chiếu" selected>' in page


async def test_a_person_has_one_sample_and_nobody_elses(served: Served) -> None:
    async with Visitor(served) as one, Visitor(served) as other:
        await signed_in(served, one, Role.OFFICER)
        await signed_in(served, other, Role.OFFICER)
        for _ in range(3):
            await begin(one, as_csv(SHEET))
        assert len(uploads(served)) == 1
        assert (await other.get(f"{INDEX}/draft"))[0] == 404


async def test_another_tenants_mappings_do_not_exist(served: Served) -> None:
    async with Visitor(served) as maker, Visitor(served) as theirs:
        await signed_in(served, maker, Role.OFFICER)
        await proposed(maker)
        number = maker.url.rpartition("/")[2]
        await signed_in(served, theirs, Role.ADMIN, tenant="haiphong")
        there = "/desk/haiphong/mappings"
        assert (await theirs.get(f"{there}/{number}"))[0] == 404
        await theirs.get(there)
        assert (await theirs.post(f"{there}/{number}/approve"))[0] == 404
        assert (await begin(theirs, as_csv(SHEET), start=number, index=there))[0] == 404
        assert (await theirs.get(f"{there}/configured/plain"))[0] == 404


@pytest.mark.parametrize(("role", "status"), [(Role.APPROVER, 403), (Role.AUDITOR, 403), (Role.OPERATOR, 200)])
async def test_who_may_make_one(served: Served, role: Role, status: int) -> None:
    async with Visitor(served) as visitor:
        await signed_in(served, visitor, role)
        assert (await visitor.get(INDEX))[0] == 200
        assert (await begin(visitor, as_csv(SHEET)))[0] == status
