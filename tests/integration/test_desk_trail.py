"""The chain of acts as it is read at the desk and handed out."""

import asyncio
import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from paygate import audit
from paygate.access import Role
from paygate.database import Database, connect
from paygate.domain.deeds import Deed
from tests.command_line import paygate
from tests.desk import Visitor, a_person
from tests.served import Served, a_service

TRAIL = "/desk/haiduong/audit"
TAMPERED = "UPDATE audit_entry SET actor = 'mallory' WHERE number = 2"


async def write_down(
    served: Served,
    *said: str,
    count: int = 1,
    tenant: str = "haiduong",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write down that someone did something about something."""
    async with connect(served.database_url) as connection:
        tenant_id = await connection.fetchval("SELECT tenant_id FROM tenant WHERE code = $1", tenant)
        for number in range(count):
            async with connection.transaction():
                await audit.append(connection, tenant_id, *said, detail or {"lý do": f"<b>vì {number}</b>"})


async def an_auditor(served: Served, visitor: Visitor) -> None:
    assert await visitor.sign_in(await a_person(served, Role.AUDITOR)) in {200, 403}


def rows_of(text: str) -> list[int]:
    return [int(number) for number in re.findall(r'href="/desk/haiduong/audit/(\d+)"', text)]


async def test_the_latest_entries_come_first_and_older_ones_by_the_page(database_url: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as auditor:
        await an_auditor(served, auditor)
        await write_down(served, "lan", "match_undone", "match:1", count=120)
        seen, path = [], TRAIL
        while path:
            status, text = await auditor.get(path)
            assert (status, "<b>vì" in text) == (200, False)
            seen += rows_of(text)
            older = re.search(r'href="([^"]+before=\d+)"', text)
            path = older[1].replace("&amp;", "&") if older else ""
        assert seen == list(range(120, 0, -1))


async def test_filters_leave_what_they_say_and_can_be_taken_away_one_by_one(database_url: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as auditor:
        await an_auditor(served, auditor)
        await write_down(served, "lan", "match_undone", "match:1")
        await write_down(served, "minh", "match_undone", "match:2")
        await write_down(served, "lan", "token_issued", "minh")
        await write_down(served, "lan", "match_undone", "match:1", tenant="haiphong")
        for query, expected in (
            ("actor=lan", [3, 1]),
            ("act=match_undone", [2, 1]),
            ("subject=match:1", [1]),
            ("actor=lan&act=match_undone", [1]),
            ("subject=match:1&actor=minh", []),
            ("actor=%00%F0%9F%92%A9'--", []),
            ("before=2", [1]),
            ("before=-1", [3, 2, 1]),
        ):
            status, text = await auditor.get(f"{TRAIL}?{query}")
            assert (status, rows_of(text)) == (200, expected), query
        _, text = await auditor.get(f"{TRAIL}?actor=lan&act=match_undone")
        assert f'href="{TRAIL}?act=match_undone"' in text
        assert f'href="{TRAIL}?actor=lan"' in text


async def test_an_entry_is_shown_whole_with_its_digests(database_url: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as auditor:
        await an_auditor(served, auditor)
        await write_down(served, "lan", "match_undone", "match:1", count=2)
        query = "SELECT encode(digest, 'hex') FROM audit_entry WHERE number = $1"
        first, second = [await served.fetchval(query, number) for number in (1, 2)]
        status, text = await auditor.get(f"{TRAIL}/2")
        assert (status, first in text, second in text, "&lt;b&gt;vì 1" in text) == (200, True, True, True)
        for number in ("3", "0", "x", "9" * 30):
            assert (await auditor.get(f"{TRAIL}/{number}"))[0] == 404


async def checked(auditor: Visitor) -> str:
    """Have the chain checked, and return the page that says what was found."""
    await auditor.get(TRAIL)
    status, text = await auditor.post(f"{TRAIL}/checks")
    for _ in range(200):
        assert status == 200
        if "data-again" not in text:
            return text
        await asyncio.sleep(0.05)
        status, text = await auditor.get(auditor.url)
    raise AssertionError("the check does not end")


async def test_the_chain_is_checked_in_the_background_and_a_change_is_named(database_url: str) -> None:
    async with a_service(database_url, role="all") as served, Visitor(served) as auditor, Visitor(served) as other:
        await an_auditor(served, auditor)
        assert "Chuỗi nguyên vẹn: 0 mục" in await checked(auditor)
        await write_down(served, "lan", "match_undone", "match:1", count=3)
        assert "Chuỗi nguyên vẹn: 3 mục" in await checked(auditor)
        async with connect(database_url) as connection:
            await connection.execute(TAMPERED)
        text = await checked(auditor)
        assert "Mục 2 đã bị sửa." in text
        assert f'href="{TRAIL}/1"' in text
        number = auditor.url.rpartition("/")[2]
        await other.sign_in(await a_person(served, Role.ADMIN, tenant="haiphong"))
        for path in (f"/desk/haiphong/audit/checks/{number}", "/desk/haiphong/audit/checks/x"):
            assert (await other.get(path))[0] == 404


async def test_an_entry_leads_to_the_page_of_what_it_is_about(database_url: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as admin, Visitor(served) as auditor:
        lan = await a_person(served, Role.ADMIN)
        await admin.sign_in(lan)
        await an_auditor(served, auditor)
        number = await served.fetchval("SELECT person_id FROM person WHERE name = $1", lan)
        for act, subject, place in (
            (Deed.PERSON_CHANGED, lan, f"people/{number}"),
            (Deed.PERSON_CHANGED, "nobody", "audit?subject=nobody"),
            (Deed.RULES_WITHDRAWN, 'a"/../b', "rules/a%22%2F..%2Fb"),
            (Deed.MAPPING_REJECTED, "mapping:7", "mappings/7"),
            (Deed.DISCREPANCY_CLOSED, "discrepancy:12", "discrepancies/12"),
            (Deed.CLOSE_ASKED, "day:2024-05-08", "reports/2024-05-08"),
            (Deed.NOTICE_BODY_TAKEN, "notice:3", "notices/3"),
            (Deed.MATCH_UNDONE, "match:1", "audit?subject=match%3A1"),
        ):
            await write_down(served, "lan", act, subject)
            _, text = await admin.get(TRAIL)
            assert f'href="/desk/haiduong/{place}"' in text, act
        assert f"/people/{number}" not in (await auditor.get(TRAIL))[1]


async def test_what_an_entry_comes_to_is_said_in_words(database_url: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as auditor:
        await an_auditor(served, auditor)
        await a_person(served, Role.OFFICER, name="lan.nguyen")
        async with connect(database_url) as connection:
            await connection.execute("UPDATE person SET full_name = 'Nguyễn Thị Lan' WHERE name = 'lan.nguyen'")
        about = {"reason": "wrong_account", "amount": 150_000, "state": "assigned"}
        for act, detail, said in (
            (
                Deed.DISCREPANCY_ASSIGNED,
                {**about, "to": "lan.nguyen", "from": None},
                ">giao cho: Nguyễn Thị Lan; lý do: Tiền về sai tài khoản; số tiền: 150.000 ₫; trạng thái: Đã giao<",
            ),
            (Deed.DISCREPANCY_PROPOSED, {**about, "kind": "write_off", "detail": {}}, ">loại: Xóa lệch; lý do: "),
            (Deed.DISCREPANCY_PROPOSED, {"amount": 1_050, "currency": "USD"}, ">số tiền: 10,50 USD<"),
            (Deed.DISCREPANCY_PROPOSED, {"detail": {"payments": [7, 8]}}, ">cụ thể (khoản nộp: 7, 8)<"),
            (Deed.MATCH_UNDONE, {"id": 1_204, "leg": "bank"}, ">cặp khớp số: 1204; chặng: Ngân hàng<"),
            (
                Deed.PERSON_CHANGED,
                {"before": {"roles": ["officer"], "agencies": ["A"]}, "after": {"roles": ["admin"], "agencies": []}},
                "sau (đơn vị: tất cả các đơn vị; các vai trò: Quản trị viên); trước (",
            ),
            (Deed.TRIMMED, {"gone": 1_500, "before": "2024-05-08"}, ">trước: 08/05/2024; đã xóa: 1.500<"),
            (Deed.NOTICES_REPLAYED, {"notices": list(range(1, 13))}, "8, 9, 10 … (12)<"),
        ):
            await write_down(served, "lan.nguyen", act, "x:1", detail=detail)
            _, text = await auditor.get(TRAIL)
            newest = text.replace("\N{NO-BREAK SPACE}", " ").partition("<tbody>")[2].partition("</tr>")[0]
            assert said in newest, newest
            assert ">Nguyễn Thị Lan</td>" in newest
            assert "null" not in newest
            assert "wrong_account" not in newest
        _, text = await auditor.get(f"{TRAIL}/1")
        assert "Nguyễn Thị Lan (lan.nguyen)" in text


@pytest.mark.parametrize("role", [Role.OFFICER, Role.APPROVER, Role.OPERATOR, Role.SERVICE])
async def test_the_trail_is_for_auditors_and_administrators_of_the_whole_tenant(database_url: str, role: Role) -> None:
    async with a_service(database_url) as served, Visitor(served) as other, Visitor(served) as limited:
        await other.sign_in(await a_person(served, role))
        await limited.sign_in(await a_person(served, Role.AUDITOR, agencies=["000.01.12.H23"]))
        for visitor in (other, limited):
            assert (await visitor.get(TRAIL))[0] == 403
            assert (await visitor.get(f"{TRAIL}/1"))[0] == 403
            assert (await visitor.post(f"{TRAIL}/checks"))[0] == 403
        assert (await other.get("/desk/haiphong/audit"))[0] == 404


async def test_lists_of_a_long_chain_go_by_an_index(database: Database) -> None:
    async with database.connection() as connection:
        await connection.execute(
            "INSERT INTO audit_entry SELECT 1, i, 'p' || i % 50, 'a' || i % 9, 's' || i % 4000, '{}', now(), '', ''"
            " FROM generate_series(1, 20000) AS i; ANALYZE audit_entry"
        )
        for wanted in (
            audit.Wanted(),
            audit.Wanted(actor="p7"),
            audit.Wanted(act="a3"),
            audit.Wanted(subject="s9"),
            audit.Wanted(actor="p7", act="a3", subject="s7"),
        ):
            query, given = wanted.query
            plan = await connection.fetch("EXPLAIN " + audit.QUERIES[query], 1, audit.BEYOND_ALL, 51, *given)
            assert not [row[0] for row in plan if "Seq Scan" in row[0]]
        plan = await connection.fetch("EXPLAIN " + audit.QUERIES["list_acts"], 1)
        assert not [row[0] for row in plan if "Seq Scan" in row[0]]


def test_the_chain_is_exported_so_that_others_can_check_it(tmp_path: Path, database_url: str) -> None:
    (tmp_path / "paygate.toml").write_text(
        f'database_url = "{database_url}"\n[tenants.haiduong]\nname = "Hải Dương"\nagency = "H23"\n', encoding="utf-8"
    )
    tenant = ("--tenant", "haiduong")
    for name in ("lan", "minh"):
        paygate(tmp_path, "people", "add", name, "--role", "officer", *tenant)
    written = paygate(tmp_path, "audit", "export", "--output", "trail.ndjson", *tenant)
    assert written.returncode == 0, written.stderr
    entries = [json.loads(line) for line in (tmp_path / "trail.ndjson").read_text(encoding="utf-8").splitlines()]
    assert [one["number"] for one in entries] == [1, 2]
    previous = audit.GENESIS
    for one in entries:
        fields = {name: one[name] for name in ("tenant_id", "number", "actor", "act", "subject")}
        recorded_at = datetime.fromisoformat(one["recorded_at"])
        entry = audit.Entry(**fields, detail=json.dumps(one["detail"]), recorded_at=recorded_at)
        assert one["previous"] == previous.hex()
        previous = entry.digest(previous)
        assert one["digest"] == previous.hex()
    later = paygate(tmp_path, "audit", "export", "--after", "1", *tenant)
    assert [json.loads(line)["number"] for line in later.stdout.splitlines()] == [2]
