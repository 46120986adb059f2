"""What comes in another currency is shown as it is, and added to no sum of dong."""

import re

from paygate.access import Role
from paygate.database import connect
from tests.desk import Visitor, a_person
from tests.integration.test_web import call
from tests.province import DAYS
from tests.served import Served

DESK = "/desk/haiduong"
USD = "USD"


async def report_of(served: Served) -> dict[str, dict[str, dict[str, dict[str, int]]]]:
    headers = await served.token("haiduong", Role.AUDITOR)
    _, report = await call(served, "GET", f"/v1/reports/haiduong/{DAYS[0]}", headers)
    return report


async def test_a_report_states_other_currencies_apart(province: Served) -> None:
    report = await report_of(province)
    apart = report["other_currencies"][USD]
    assert apart["totals"]["payments"]["count"] == 1
    assert apart["reasons"]["currency_differs"] == apart["totals"]["payments"]
    assert report["reasons"]["currency_differs"] == {"count": 1, "amount": 0}
    dong = "SELECT sum(amount) FROM payment WHERE business_date = $1::date AND state >= 'paid' AND currency = 'VND'"
    async with connect(province.database_url) as connection:
        paid = await connection.fetchval(dong.replace("$1", f"'{DAYS[0]}'"))
    assert report["totals"]["payments"]["amount"] == paid


async def test_the_bridge_of_discrepancies_is_in_dong(province: Served) -> None:
    live = await province.fetchval("SELECT sum(amount) FROM discrepancy WHERE state <> 'resolved' AND currency = 'VND'")
    last = await province.fetchval(
        "SELECT (report -> 'proof' ->> 'closing')::bigint FROM run ORDER BY run_id DESC LIMIT 1"
    )
    assert last == live
    assert await province.fetchval("SELECT count(*) FROM discrepancy WHERE currency = 'USD'") == 1
    changes = """SELECT sum(abs(e.change))::bigint FROM discrepancy_event AS e
                 JOIN discrepancy AS d USING (discrepancy_id) WHERE d.currency = 'USD'"""
    assert await province.fetchval(changes) == 0


async def test_lists_and_sums_of_the_desk_show_dong_and_beside_them_the_other(province: Served) -> None:
    live = await province.fetchval("SELECT sum(amount) FROM discrepancy WHERE state <> 'resolved' AND currency = 'VND'")
    written = f"{live:,}".replace(",", ".") + " ₫ + 1.500,00 USD"
    async with Visitor(province) as visitor:
        await visitor.sign_in(await a_person(province, Role.OFFICER))
        for address in (f"{DESK}/discrepancies", f"{DESK}?day=08/05/2024"):
            _, page = await visitor.get(address)
            assert written in page.replace("\N{NO-BREAK SPACE}", " "), address
        _, page = await visitor.get(f"{DESK}/reports/2024-05")
        assert page.replace("\N{NO-BREAK SPACE}", " ").count("1.500,00 USD") >= 2
        for query in ("verdict=mismatched", "reason=currency_differs"):
            _, page = await visitor.get(f"{DESK}/reports/{DAYS[0]}/cases?{query}")
            (verdict,) = re.findall(r'<p class="verdict">(.*?)</p>', page)
            assert ("USD" in verdict) == (query == "reason=currency_differs")


async def test_an_amount_that_is_typed_is_of_dong(province: Served) -> None:
    async with Visitor(province) as visitor:
        await visitor.sign_in(await a_person(province, Role.OFFICER))
        _, page = await visitor.get(f"{DESK}/discrepancies?from=1&to=9999999999")
    assert "USD" not in page


async def test_a_single_discrepancy_says_its_currency_wherever_it_is_shown(province: Served) -> None:
    number = await province.fetchval("SELECT discrepancy_id FROM discrepancy WHERE currency = 'USD'")
    headers = await province.token("haiduong", Role.OFFICER)
    _, told = await call(province, "GET", f"/v1/discrepancies/{number}?tenant=haiduong", headers)
    assert (told["amount"], told["currency"]) == (150_000, USD)
    async with Visitor(province) as visitor:
        await visitor.sign_in(await a_person(province, Role.OFFICER))
        _, page = await visitor.get(f"{DESK}/discrepancies/{number}")
        (head,) = re.findall(r"<h1>(.*?)</h1>", page, re.DOTALL)
        assert "1.500,00\N{NO-BREAK SPACE}USD" in head
        _, page = await visitor.get(f"{DESK}/notices?state=applied")
        assert "1.500,00\N{NO-BREAK SPACE}USD" in page


async def test_nothing_of_another_currency_is_given_back_in_dong(province: Served) -> None:
    async with connect(province.database_url) as connection:
        await connection.execute("UPDATE discrepancy SET reason = 'overpaid' WHERE currency = 'USD'")
    number = await province.fetchval("SELECT discrepancy_id FROM discrepancy WHERE currency = 'USD'")
    headers = await province.token("haiduong", Role.OFFICER)
    _, told = await call(province, "GET", f"/v1/discrepancies/{number}?tenant=haiduong", headers)
    wanted = {"version": told["version"], "kind": "refund", "detail": {"amount": 1}, "reason": "x"}
    status, told = await call(province, "POST", f"/v1/discrepancies/{number}/propose?tenant=haiduong", headers, wanted)
    assert (status, told["detail"]) == (400, "what came in another currency is not given back in dong")
