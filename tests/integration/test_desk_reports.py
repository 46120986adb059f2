"""Reports at the desk: days, months and quarters, over HTTP."""

import html
import json
import re
from collections import Counter
from datetime import date
from typing import Any, Final

import pytest

from paygate.access import Role
from paygate.database import connect
from paygate.web.desk import report_cases
from reconciliation.desk.periods import QUERIES
from tests.desk import Visitor, a_person
from tests.integration.test_web import call
from tests.outside_stories import BANK
from tests.province import DAYS, done, table
from tests.served import Served, a_service

REPORTS = "/desk/haiduong/reports"
AGENCY = "000.00.12.H23"


async def signed_in(visitor: Visitor, served: Served, *roles: Role, agencies: tuple[str, ...] = ()) -> None:
    assert await visitor.sign_in(await a_person(served, *(roles or (Role.OFFICER,)), agencies=agencies)) == 200


async def report_of(served: Served, day: str) -> dict[str, Any]:
    status, told = await call(
        served, "GET", f"/v1/reports/haiduong/{day}", await served.token("haiduong", Role.AUDITOR)
    )
    assert status == 200
    return told


async def correct_the_first_day(served: Served) -> None:
    """Let a bank line of the day come late, and close the day again."""
    headers = await served.token("haiduong", Role.ADMIN)
    line = {"booked_on": "08/05/2024", "reference": "", "narrative": "DEN MUON", "credit": "77000", "debit": ""}
    route = "/v1/statements?tenant=haiduong&account=001&format=table&mapping=bank"
    await done(served, route, headers, data=table(BANK, [line]))
    await done(served, "/v1/reconciliations", headers, json={"tenant": "haiduong", "date": DAYS[0]})


def figures(page: str) -> Counter[str]:
    """Count the amounts of a page."""
    return Counter(re.findall(r"[−\d.]+\N{NO-BREAK SPACE}₫", page))


async def test_the_closed_days_stand_in_a_list_with_their_state(province: Served) -> None:
    async with Visitor(province) as visitor:
        await signed_in(visitor, province)
        status, page = await visitor.get(REPORTS)
    assert status == 200
    assert all(f'href="{REPORTS}/{day}"' in page for day in DAYS)
    assert 'value="2024-Q2"' in page
    assert 'value="2024-05"' in page


@pytest.mark.parametrize(
    ("query", "leads_to"),
    [("day=08/05/2024", "2024-05-08"), ("period=2024-05", "2024-05"), ("period=2024-Q2", "2024-Q2")],
)
async def test_what_is_chosen_leads_to_its_report(province: Served, query: str, leads_to: str) -> None:
    async with Visitor(province) as visitor:
        await signed_in(visitor, province)
        assert (await visitor.get(f"{REPORTS}?{query}"))[0] == 200
        assert visitor.url == f"{REPORTS}/{leads_to}"


async def test_what_is_no_day_is_said_beside_its_field_and_kept(province: Served) -> None:
    async with Visitor(province) as visitor:
        await signed_in(visitor, province)
        status, page = await visitor.get(f"{REPORTS}?day=31/02/2024")
    assert status == 422
    assert "Không phải ngày" in page
    assert 'value="31/02/2024"' in page


@pytest.mark.parametrize("day", DAYS)
async def test_the_page_of_a_day_shows_what_its_report_says(province: Served, day: str) -> None:
    report = await report_of(province, day)
    async with Visitor(province) as visitor:
        await signed_in(visitor, province)
        status, page = await visitor.get(f"{REPORTS}/{day}")
    assert status == 200
    assert len(page.encode()) < 100_000
    assert report["digest"] in page
    for section in ("totals", "classes", "reasons"):
        for one in report[section].values():
            assert f"{one['amount']:,}".replace(",", ".").replace("-", "−") in page
    assert f"Lượt {report['run']}" in page


async def test_a_month_adds_its_days_up_and_says_which_are_not_closed(province: Served) -> None:
    days = [await report_of(province, day) for day in DAYS]
    async with Visitor(province) as visitor:
        await signed_in(visitor, province)
        _, month = await visitor.get(f"{REPORTS}/2024-05")
        _, quarter = await visitor.get(f"{REPORTS}/2024-Q2")
    for section in ("totals", "classes", "reasons"):
        for name in days[0][section].keys() & days[1][section].keys():
            amount = sum(one[section].get(name, {"amount": 0})["amount"] for one in days)
            assert f"{amount:,}".replace(",", ".").replace("-", "−") in month
    assert "Chưa khóa sổ" in month
    assert f"{REPORTS}/2024-05-14" in month
    assert f"{REPORTS}/2024-05-11" not in month, "a Saturday on which nothing came need not be closed"
    assert figures(month) == figures(quarter), "nothing of the other months is closed"


async def test_systems_are_told_months_and_quarters_as_people_are(province: Served) -> None:
    days = [await report_of(province, day) for day in DAYS]
    month, quarter = await report_of(province, "2024-05"), await report_of(province, "2024-Q2")
    assert month["totals"] == quarter["totals"]
    assert month["totals"]["payments"]["count"] == sum(one["totals"]["payments"]["count"] for one in days)
    assert [day["business_date"] for day in month["days"]] == sorted(DAYS, reverse=True)
    assert {"date": "2024-05-14", "why": "not_closed"} in month["open_days"]
    auditor = await province.token("haiduong", Role.AUDITOR)
    for odd, status in (("2024-13", 400), ("2023-05", 404), ("2024-05?run=1", 404), ("2024-Q9", 404)):
        assert (await call(province, "GET", f"/v1/reports/haiduong/{odd}", auditor))[0] == status
    async with province.session.get(f"{province.url}/v1/reports/haiduong/2024-Q2.csv", headers=auditor) as reply:
        assert (reply.status, (await reply.text())[:5]) == (200, "date,")


async def test_the_state_of_an_unfinished_month_is_incomplete(province: Served) -> None:
    async with Visitor(province) as visitor:
        await signed_in(visitor, province)
        _, page = await visitor.get(f"{REPORTS}/2024-05")
    assert "Chưa đủ số liệu" in page.split('class="verdict"')[1].split("</p>")[0]


async def test_an_earlier_run_can_be_looked_at_and_says_that_another_corrects_it(province: Served) -> None:
    earliest = (await report_of(province, DAYS[0]))["run"]
    await correct_the_first_day(province)
    latest = await report_of(province, DAYS[0])
    assert latest["corrects"] == earliest
    async with Visitor(province) as visitor:
        await signed_in(visitor, province)
        _, page = await visitor.get(f"{REPORTS}/{DAYS[0]}?run={earliest}")
        assert "Đã có lượt sau" in page
        assert f"Lượt {latest['run']}" in page
        for unknown in ("999999", "x", "-1", "9" * 30):
            assert (await visitor.get(f"{REPORTS}/{DAYS[0]}?run={unknown}"))[0] == 404


async def test_a_day_that_is_not_closed_has_no_report_and_says_so(province: Served) -> None:
    async with Visitor(province) as visitor:
        await signed_in(visitor, province)
        status, page = await visitor.get(f"{REPORTS}/2023-01-02")
        assert (status, "chưa có báo cáo" in page) == (200, True)
        for unknown in ("2024-13", "2024-02-30", "2024-Q9", "x"):
            assert (await visitor.get(f"{REPORTS}/{unknown}"))[0] == 404


async def test_whoever_is_limited_to_an_agency_sees_its_rows_and_no_sum_of_all(province: Served) -> None:
    report = await report_of(province, DAYS[0])
    async with Visitor(province) as visitor:
        await signed_in(visitor, province, agencies=(AGENCY,))
        status, page = await visitor.get(f"{REPORTS}/{DAYS[0]}")
        assert status == 200
        assert report["digest"] not in page
        assert "Chứng minh" not in page
        (own,) = [one for one in report["by_agency"] if one["agency_code"] == AGENCY]
        missing = f"{own['classes']['missing']['amount']:,}".replace(",", ".")
        assert missing in page
    async with Visitor(province) as visitor:
        await signed_in(visitor, province, agencies=("elsewhere",))
        _, page = await visitor.get(f"{REPORTS}/{DAYS[0]}")
        assert set(figures(page)) <= {"0\N{NO-BREAK SPACE}₫"}


async def test_reports_are_for_those_who_reconcile_and_for_no_other_tenant(province: Served) -> None:
    async with Visitor(province) as visitor:
        await visitor.sign_in(await a_person(province, Role.OPERATOR))
        assert (await visitor.get(REPORTS))[0] == 403
    async with Visitor(province) as visitor:
        await visitor.sign_in(await a_person(province, Role.ADMIN, tenant="haiphong"))
        assert (await visitor.get(f"{REPORTS}/{DAYS[0]}"))[0] == 404


async def test_where_nothing_is_closed_the_list_says_so(database_url: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as visitor:
        await signed_in(visitor, served)
        status, page = await visitor.get(REPORTS)
    assert (status, "Chưa có ngày nào khóa sổ" in page) == (200, True)


async def test_every_figure_leads_to_a_list_that_adds_up_to_it(province: Served) -> None:
    async with Visitor(province) as visitor:
        await signed_in(visitor, province)
        for period in (DAYS[0], "2024-05"):
            _, page = await visitor.get(f"{REPORTS}/{period}")
            found = re.findall(
                rf'<a href="({REPORTS}/{period}/cases[^"]*)">([\d.]+)</a>(?:</td><td[^>]*>([^<]*))?', page
            )
            assert len(found) > 20
            for address, count, amount in found:
                status, listed = await visitor.get(html.unescape(address))
                assert status == 200
                (said,) = re.findall(r'class="verdict">[^<]*?([\d.]+) vụ · ([^<]*)<', listed)
                assert said[0] == count, address
                assert "₫" not in amount or said[1] == amount, address


async def test_the_cases_of_a_run_stay_what_they_were(province: Served) -> None:
    first = (await report_of(province, DAYS[0]))["run"]
    kept = "SELECT count(*) FROM run_case WHERE run_id = $1"
    before = await province.fetchval(kept, first)
    await correct_the_first_day(province)
    latest = (await report_of(province, DAYS[0]))["run"]
    assert (await province.fetchval(kept, first), await province.fetchval(kept, latest)) == (before, before + 1)


async def test_long_lists_of_cases_go_on_where_the_page_before_ended(
    province: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_cases, "CASES", 4)
    seen: list[str] = []
    async with Visitor(province) as visitor:
        await signed_in(visitor, province)
        _, page = await visitor.get(f"{REPORTS}/{DAYS[0]}/cases")
        while True:
            seen += re.findall(r'<th scope="row">(.*?)</th>', page)
            if not (more := re.search(r'href="(\?[^"]*after=[^"]*)"', page)):
                break
            _, page = await visitor.get(f"{REPORTS}/{DAYS[0]}/cases{html.unescape(more[1])}")
        total = int(re.findall(r'class="verdict">([\d.]+) vụ', page)[0])
    assert len(seen) == len(set(seen)) == total > 8


async def test_a_case_of_a_figure_leads_to_its_discrepancy_of_the_reason_that_is_asked_for(province: Served) -> None:
    await correct_the_first_day(province)
    async with Visitor(province) as visitor:
        await signed_in(visitor, province)
        for reason in ("bank_unexpected", "overpaid", "duplicate_payment"):
            _, page = await visitor.get(f"{REPORTS}/2024-05/cases?reason={reason}")
            rows = page.partition("<tbody>")[2].partition("</tbody>")[0].split("</tr>")[:-1]
            assert rows, reason
            for row in rows:
                (number,) = re.findall(r'<th scope="row"><a href="/desk/haiduong/discrepancies/(\d+)"', row)
                told = await province.fetchval("SELECT reason FROM discrepancy WHERE discrepancy_id = $1", int(number))
                assert told == reason
        _, page = await visitor.get(f"{REPORTS}/2024-05/cases")
        rows = re.findall(r'<th scope="row">(.*?)</th>', page)
        assert not [one for one in rows if not one.startswith("<a ")]


async def test_an_agency_lists_no_cases_but_its_own(province: Served) -> None:
    async with Visitor(province) as visitor:
        await signed_in(visitor, province, agencies=("elsewhere",))
        for query in ("", "?agency=000.00.12.H23", "?verdict=mismatched"):
            _, page = await visitor.get(f"{REPORTS}/{DAYS[0]}/cases{query}")
            assert "0 vụ" in page
            assert "H23-" not in page


@pytest.mark.parametrize("query", ["reason=odd", "run=x", "run=99999"])
async def test_cases_of_what_there_is_not_are_not_found(province: Served, query: str) -> None:
    async with Visitor(province) as visitor:
        await signed_in(visitor, province)
        assert (await visitor.get(f"{REPORTS}/{DAYS[0]}/cases?{query}"))[0] == 404
        hostile = "verdict=%00&agency=%27&source=%22%3E%3Cscript%3E&procedure=x&after=9_%00"
        status, page = await visitor.get(f"{REPORTS}/{DAYS[0]}/cases?{hostile}")
        assert status == 200
        assert '"><script>' not in page


def crowded(report: dict[str, Any], count: int) -> dict[str, Any]:
    """Let as many agencies, sources and procedures have cases of every class."""
    classes = {name: {"count": 12_345, "amount": 1_234_567_890} for name in report["classes"]}
    names = {
        "by_agency": [{"agency_code": f"000.00.12.{one:05}", "agency_name": "Ủy ban nhân dân"} for one in range(count)],
        "by_source": [{"source": f"source-{one:05}"} for one in range(count)],
        "by_procedure": [{"procedure_code": f"1.{one:06}", "procedure_name": "Cấp giấy phép"} for one in range(count)],
    }
    parts = {part: [{**one, "classes": classes, "reasons": {}} for one in rows] for part, rows in names.items()}
    return {**report, "classes": classes, **parts}


async def test_a_page_stays_small_however_many_agencies_and_procedures_there_are(province: Served) -> None:
    report = crowded(await report_of(province, DAYS[0]), 600)
    async with connect(province.database_url) as connection:
        await connection.execute("UPDATE run SET report = $1 WHERE run_id = $2", json.dumps(report), report["run"])
    async with Visitor(province) as visitor:
        await signed_in(visitor, province)
        _, page = await visitor.get(f"{REPORTS}/{DAYS[0]}")
    assert len(page.encode()) <= 100_000
    assert "575 mục khác" in page


async def test_no_report_reads_more_than_its_own_days(province: Served) -> None:
    async with connect(province.database_url) as connection:
        await connection.execute(LAY_MUCH)
        for name, arguments in PLANS.items():
            statement = await connection.prepare(QUERIES[name])
            plan = json.dumps(await statement.explain(*arguments))
            read = set(re.findall(r'"Seq Scan"[^{}]*?"Relation Name": "(\w+)"', plan))
            assert not read & {"run", "run_case", "payment", "statement_line"}, name


SPAN = (date(2024, 5, 1), date(2024, 5, 31))
PLANS: Final[dict[str, tuple[Any, ...]]] = {
    "list_closed_days": (1, *SPAN, 50),
    "list_runs_of_day": (1, SPAN[0]),
    "load_latest_reports": (1, *SPAN),
    "list_days_without_run": (1, *SPAN),
    "bridge_of_runs": (1, *SPAN),
    "list_run_cases": (1, [7], "missing", None, None, None, None, None, 0, "", 51),
    "sum_run_cases": (1, [7], "missing", None, None, None, None, None),
}
LAY_MUCH: Final = """
    INSERT INTO run (tenant_id, run_id, business_date, sequence, rule_set, status, report, digest)
    OVERRIDING SYSTEM VALUE
    SELECT 1, 1000 + n, date '2010-01-01' + n, 1, 'x', 'matched', report, 'x'
    FROM generate_series(1, 3000) AS n, (SELECT report FROM run LIMIT 1) AS r;
    INSERT INTO run_case (tenant_id, run_id, case_key, verdict, amount, reasons, amounts, currencies)
    SELECT 1, 1000 + n % 3000 + 1, 'payment:' || n, 'missing', 1, '{bank_missing}', '{1}', '{VND}'
    FROM generate_series(1, 20000) AS n;
    INSERT INTO payment (tenant_id, source_id, reference, transaction_id, reference_key, state, outcome, amount,
                         currency, occurred_at, business_date)
    SELECT 1, 1, 'R' || n, '', 'R' || n, 'paid', 'paid', 1, 'VND', now(), date '2010-01-01' + n % 3000
    FROM generate_series(1, 20000) AS n;
    INSERT INTO statement_line (tenant_id, account_id, statement_id, row_number, identity, occurrence, booked_on,
                                amount, currency, bank_reference, reference, reference_key, narrative, counterparty)
    SELECT 1, 1, 1, n, sha256(n::text::bytea), 1, date '2010-01-01' + n % 3000, 1, 'VND', '', '', '', '', ''
    FROM generate_series(1, 20000) AS n;
    ANALYZE run, run_case, payment, statement_line;
"""
