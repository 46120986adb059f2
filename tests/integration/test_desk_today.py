"""The first page over HTTP: the day's state and why, the work, the close; for each what concerns them."""

import asyncio
import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from paygate.access import Role
from paygate.database import Database, connect
from paygate.domain.calendar import Calendar
from reconciliation.desk.board import QUERIES, BoardReader, Viewer
from tests.desk import Visitor, a_person
from tests.province import a_province
from tests.served import Served, a_service

MANY = 20_000
DAY = "/desk/haiduong?day=08/05/2024"


async def signed_in(visitor: Visitor, served: Served, *roles: Role, **options: object) -> str:
    name = await a_person(served, *roles, **options)  # type: ignore[arg-type]
    await visitor.sign_in(name)
    return name


async def test_the_first_line_says_how_the_day_stands_and_why(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as visitor:
        await signed_in(visitor, served, Role.AUDITOR)
        _, page = await visitor.get(DAY)
    said = re.sub(r"\s+|<[^>]*>", " ", page)
    assert "Ngày 08/05/2024 CHƯA ĐỦ SỐ LIỆU" in said
    assert "thiếu sao kê TK …001, trễ" in said
    assert 'href="/desk/haiduong/imports"' in page
    assert "/desk/haiduong/reports/2024-05-08" in page


async def test_who_is_refused_reads_why_in_their_language(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as visitor:
        await signed_in(visitor, served, Role.OPERATOR)
        status, page = await visitor.get(DAY)
    assert status == 403
    assert "<h1>Bạn không có quyền làm việc này</h1>" in page
    assert "<p>Vai trò operator không được làm việc này.</p>" in page


async def test_what_is_open_adds_up_to_the_lists_it_leads_to(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as visitor:
        await signed_in(visitor, served, Role.OFFICER)
        live = await served.fetchval("SELECT count(*) FROM discrepancy WHERE state <> 'resolved'")
        _, page = await visitor.get(DAY)
    counts = re.findall(r'/discrepancies\?verdict=(\w+)">([\d.]+)</a>', page)
    assert {name for name, _ in counts} >= {"mismatched", "missing", "extra", "duplicate", "refund_due"}
    assert sum(int(count.replace(".", "")) for _, count in counts) == live
    assert f'/discrepancies">{live}</a>' in page


async def test_each_class_of_the_day_leads_to_as_many_cases(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as visitor:
        await signed_in(visitor, served, Role.AUDITOR)
        _, page = await visitor.get(DAY)
        counted = re.findall(r'href="([^"]+/cases\?verdict=\w+)"><span.*?</span>\s*([\d.]+)</a>', page, re.DOTALL)
        assert len(counted) >= 4
        for address, count in counted:
            _, cases = await visitor.get(address)
            body = cases[cases.index("<tbody>") :]
            assert body.count("<tr") == int(count), address


async def test_my_tasks_are_mine_and_what_i_may_approve_is_others(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as visitor:
        name = await signed_in(visitor, served, Role.OFFICER, Role.APPROVER)
        async with connect(province_url) as connection:
            ids = [
                row["discrepancy_id"]
                for row in await connection.fetch("SELECT discrepancy_id FROM discrepancy WHERE state = 'open' LIMIT 4")
            ]
            await connection.execute(
                "UPDATE discrepancy SET state = 'assigned', assignee = $2 WHERE discrepancy_id = ANY ($1)", ids, name
            )
            for number, maker in ((ids[0], name), (ids[1], "another")):
                await connection.execute(
                    """INSERT INTO proposal (tenant_id, discrepancy_id, kind, detail, amount, reason, version,
                           proposed_by) VALUES (1, $1, 'write_off', '{}', 1, 'r', 1, $2)""",
                    number,
                    maker,
                )
        _, page = await visitor.get(DAY)
    assert re.search(r"Việc của tôi: <a href=\"[^\"]+tab=mine\">4</a>", page)
    assert re.search(r"quá hạn <strong>4</strong>", page)
    assert re.search(r"chờ tôi duyệt <strong>1</strong>", page)


async def test_a_day_that_is_not_closed_says_why_and_is_closed_from_here(province_url: str) -> None:
    async with a_province(province_url, role="all") as served, Visitor(served) as visitor:
        await signed_in(visitor, served, Role.OFFICER)
        _, page = await visitor.get("/desk/haiduong?day=14/05/2024")
        assert "CHƯA KHÓA SỔ" in page
        _, page = await visitor.post("/desk/haiduong/close", {"day": "2024-05-14"})
        for _ in range(200):
            if "CHƯA KHÓA SỔ" not in page:
                break
            assert "data-again" in page or "Đang khóa sổ" not in page
            await asyncio.sleep(0.05)
            _, page = await visitor.get(visitor.url)
        run = await served.fetchval("SELECT run_id FROM run WHERE business_date = '2024-05-14'")
        assert f"Lượt {run}, khóa sổ lúc" in page
        audited = await served.fetchval("SELECT count(*) FROM audit_entry WHERE act = 'close_asked'")
        assert audited >= 1


async def test_a_close_sent_twice_is_asked_for_once(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as visitor:
        await signed_in(visitor, served, Role.OFFICER)
        await visitor.get("/desk/haiduong?day=14/05/2024")
        hidden = dict(visitor.hidden)
        for _ in range(2):
            visitor.hidden = hidden
            status, page = await visitor.post("/desk/haiduong/close", {"day": "2024-05-14"})
            assert status == 200
            assert "Đang khóa sổ" in page or "khóa sổ lúc" in page
        wanted = """SELECT count(*) FROM job WHERE kind = 'reconciliation' AND wanted = '{"date": "2024-05-14"}'"""
        assert await served.fetchval(wanted) == 1


async def test_a_close_that_failed_says_so(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as visitor:
        await signed_in(visitor, served, Role.OFFICER)
        async with connect(province_url) as connection:
            await connection.execute(
                """INSERT INTO job (tenant_id, job_id, kind, wanted, asked_by, state, reason, finished_at)
                   SELECT tenant_id, code, 'reconciliation', '{"date": "2024-05-14"}', 'x', 'failed', '<b>why</b>',
                       now() FROM tenant"""
            )
        _, page = await visitor.get("/desk/haiduong?day=14/05/2024&close=haiduong")
        assert "&lt;b&gt;why&lt;/b&gt;" in page
        for path in ("day=15/05/2024&close=haiduong", "day=14/05/2024&close=haiphong", "day=14/05/2024&close=%27x"):
            status, page = await visitor.get(f"/desk/haiduong?{path}")
            assert (status, "why" in page) == (200, False), path


async def test_only_makers_of_the_whole_tenant_close_days(province_url: str) -> None:
    async with a_province(province_url) as served:
        for role, agencies, allowed in (
            (Role.OFFICER, (), True),
            (Role.AUDITOR, (), False),
            (Role.APPROVER, (), False),
            (Role.OFFICER, ("000.00.12.H23",), False),
        ):
            async with Visitor(served) as visitor:
                await signed_in(visitor, served, role, agencies=agencies)
                _, page = await visitor.get("/desk/haiduong?day=14/05/2024")
                assert ("/desk/haiduong/close" in page) is allowed
                status, _ = await visitor.post("/desk/haiduong/close", {"day": "2024-05-14"})
                assert status == (200 if allowed else 403)


async def test_a_day_to_come_or_none_at_all_is_not_closed(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as visitor:
        await signed_in(visitor, served, Role.OFFICER)
        for given in ("2999-01-01", "31/02/2024", "", "x", "0001-01-01"):
            await visitor.get(DAY)
            status, _ = await visitor.post("/desk/haiduong/close", {"day": given})
            assert status == 400, given
        for given in ("x", "31/02/2024", "<script>", "\x00", "9" * 500, "01/01/0001", "31/12/9999"):
            status, page = await visitor.get(f"/desk/haiduong?day={quote(given)}")
            assert status == 200
            assert "<script>" not in page
            assert 'aria-invalid="true"' in page, given
        status, page = await visitor.get("/desk/haiduong?day=01/01/2999")
        assert (status, "/desk/haiduong/close" in page) == (200, False)


async def test_who_is_limited_to_agencies_sees_what_concerns_them_alone(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as own, Visitor(served) as other:
        await signed_in(own, served, Role.OFFICER, agencies=("000.00.12.H23",))
        await signed_in(other, served, Role.OFFICER, agencies=("H23.7",))
        _, page = await own.get(DAY)
        _, nothing = await other.get(DAY)
    for shown in (page, nothing):
        assert "…001" not in shown
        assert "Chưa giải thích" not in shown
        assert "Nộp thành công" not in shown
        assert "/notices" not in shown
    assert "/discrepancies?verdict=mismatched" in page
    assert "/discrepancies?verdict=" not in nothing
    assert "Không có vụ nào mở." in nothing


async def test_who_has_several_tenants_sees_how_each_stands(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as visitor:
        name = await a_person(served, Role.OFFICER)
        async with connect(province_url) as connection:
            await connection.execute(
                """INSERT INTO person_role (person_id, tenant_id, role)
                   SELECT person_id, tenant_id, 'operator' FROM person, tenant
                   WHERE person.name = $1 AND tenant.code = 'haiphong'""",
                name,
            )
        await visitor.sign_in(name)
        live = await served.fetchval("SELECT count(*) FROM discrepancy WHERE state <> 'resolved'")
        status, page = await visitor.get("/")
    assert status == 200
    assert f'/desk/haiduong/discrepancies">{live}</a>' in page
    assert "Chưa khóa sổ" in page
    assert "Thành phố Hải Phòng" in page
    assert "/desk/haiphong/discrepancies" not in page, "operators are not shown what is open"


async def test_a_tenant_without_anything_has_a_page_too(database_url: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as visitor:
        await signed_in(visitor, served, Role.ADMIN, tenant="haiphong")
        for path in ("/desk/haiphong", "/desk/haiphong?day=04/05/2024"):
            status, page = await visitor.get(path)
            assert status == 200
            assert "Không có vụ nào mở." in page


async def test_the_first_page_reads_no_payments_however_many_there_are(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(
            "INSERT INTO tenant (code, name, agency_code, timezone) VALUES ('t', 't', 'H23', 'Asia/Ho_Chi_Minh')"
        )
        await connection.execute(
            """INSERT INTO discrepancy (tenant_id, case_key, subject, reason, amount, state, since, due, assignee,
                   resolved_at)
               SELECT 1, 'payment:' || n, 'payment:' || n, 'bank_missing', n,
                   (CASE WHEN n % 10 = 0 THEN 'open' ELSE 'resolved' END)::discrepancy_state, '2024-05-01',
                   '2024-05-02', CASE WHEN n % 100 = 0 THEN 'me' END, now()
               FROM generate_series(1, $1::integer) AS n""",
            MANY,
        )
        await connection.execute(
            """INSERT INTO run (tenant_id, business_date, sequence, rule_set, status, report, digest)
               SELECT 1, '2020-01-01'::date + n, 1, 'r', 'matched', '{"feeds": [], "success": {"ratio": 1}}', ''
               FROM generate_series(1, 3000) AS n"""
        )
        await connection.execute("ANALYZE")
        today = date(2024, 5, 9)
        for name, arguments in {
            "read_run": (1, today),
            "read_run_status": (1, today),
            "closed_days_around": (1, today),
            "read_days": (1, today, 30),
            "sum_open": (1, None),
            "count_tasks": (1, None, "me", today),
            "find_oldest_open": (1, None),
        }.items():
            rows = await connection.fetch("EXPLAIN " + QUERIES[name], *arguments)
            plan = "\n".join(row[0] for row in rows)
            assert not re.search(r"Seq Scan on (discrepancy|run|payment)\b", plan), f"{name}\n{plan}"
        board = await BoardReader(Calendar()).board(
            connection,
            1,
            today - timedelta(days=1),
            viewer=Viewer("me", None, checks=True),
            zone=ZoneInfo("Asia/Ho_Chi_Minh"),
            now=datetime(2024, 5, 9, tzinfo=UTC),
        )
    assert board["risk"] == [
        {"verdict": "missing", "count": 2000, "amount": 20_010_000, "others": {}, "since": date(2024, 5, 1), "age": 7}
    ]
    assert board["tasks"] == {"count": 200, "overdue": 200, "today": 0, "approvals": 0}
