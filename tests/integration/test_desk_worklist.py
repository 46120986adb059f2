"""The list of discrepancies over HTTP: what is asked for is shown, by whom it may be seen, and what is kept of it."""

import html
import re
from typing import Final
from urllib.parse import quote

from paygate.access import Role
from paygate.database import connect
from tests.desk import Visitor, a_person
from tests.province import a_province
from tests.served import Served, a_service
from tests.worklists import fill_served

LIST: Final = "/desk/haiduong/discrepancies"
ROW: Final = re.compile(r"<tr>.*?data-item>(.*?)</a>: <span class=\"said\">(.*?)</span>", re.DOTALL)


def rows_of(page: str) -> dict[str, str]:
    return {html.unescape(label): html.unescape(said) for label, said in ROW.findall(page)}


def counted(page: str) -> str:
    (caption,) = re.findall(r"<caption>(.*?)</caption>", page)
    return html.unescape(caption)


async def a_visitor(served: Served, visitor: Visitor, *roles: Role, agencies: tuple[str, ...] = ()) -> str:
    name = await a_person(served, *(roles or (Role.OFFICER,)), agencies=agencies)
    await visitor.sign_in(name)
    return name


async def test_each_row_says_what_is_wrong_in_one_sentence(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as visitor:
        await a_visitor(served, visitor)
        _, page = await visitor.get(LIST)
        said = rows_of(page)
        assert said["000.00.12.H23-240508-1129"]
        assert len(said) == 25
        await visitor.post("/language", {"language": "en", "next": LIST})
        _, page = await visitor.get(LIST + "?reason=overpaid")
        assert list(rows_of(page).values()) == ["160.000\xa0₫ was paid, 150.000\xa0₫ is due: 10.000\xa0₫ too much"]
        assert counted(page) == "one case · 10.000\xa0₫ · oldest first"


FILTERED: Final = {
    "verdict=duplicate": 2,
    "unit=payer": 1,
    "q=240508-1129": 1,
    "q=000.00.12.H23-240508-1129": 1,
    "q=TC11290000001": 1,
    "q=nothing": 0,
    "reason=overpaid&verdict=missing": 0,
    "from=10.000&to=10000": 1,
    "agency=000.00.12.H23&reason=overpaid": 1,
    "agency=-&reason=overpaid": 0,
    "source=direct&reason=overpaid": 1,
    "source=net&reason=overpaid": 0,
    "older=2000&reason=overpaid": 0,
    "assignee=-&reason=overpaid": 1,
    "state=proposed": 0,
    "tab=mine": 0,
    "tab=approval": 0,
    "tab=overdue&reason=overpaid": 1,
    "reason=no-such&verdict=duplicate": 2,
    "tab=odd&sort=odd&after=odd&reason=overpaid": 1,
    "reason=overpaid&after=99999999999999999999_2024-05-08_2024-05-08_0_1": 1,
    "reason=overpaid&after=1_2024-02-31_2024-05-08_0_1": 1,
    "q=%00": 25,
}
"""How many of the province's discrepancies each query shows."""


async def test_a_filter_shows_what_it_says(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as visitor:
        await a_visitor(served, visitor)
        pages = {query: await visitor.get(f"{LIST}?{query}") for query in FILTERED}
        assert {status for status, _ in pages.values()} == {200}
        assert {query: len(rows_of(page)) for query, (_, page) in pages.items()} == FILTERED


async def test_what_is_typed_wrong_is_told_beside_its_field_and_kept(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as visitor:
        await a_visitor(served, visitor)
        _, page = await visitor.get(f"{LIST}?from=1.5&older=x&reason=overpaid")
        assert 'id="e-from"' in page
        assert 'value="1.5"' in page
        assert len(rows_of(page)) == 1


async def test_chosen_filters_are_taken_away_one_by_one(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as visitor:
        await a_visitor(served, visitor)
        _, page = await visitor.get(f"{LIST}?tab=overdue&reason=overpaid&source=direct&sort=-amount")
        chips = re.findall(r'<span class="chip">(.*?): (.*?) <a href="(.*?)"', page)
        assert [(name, html.unescape(address)) for name, _, address in chips] == [
            ("Lý do", f"{LIST}?tab=overdue&source=direct&sort=-amount"),
            ("Nguồn", f"{LIST}?tab=overdue&reason=overpaid&sort=-amount"),
        ]


async def test_the_sorted_head_alone_says_so_and_turns_the_whole_list(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as visitor:
        await a_visitor(served, visitor)
        _, page = await visitor.get(f"{LIST}?sort=amount")
        assert re.findall(r'aria-sort="(\w+)"><a href="(.*?)"', page) == [("descending", f"{LIST}?sort=-amount")]
        _, turned = await visitor.get(f"{LIST}?sort=-amount")
        assert 'aria-sort="ascending"' in turned
        assert list(rows_of(turned)) != list(rows_of(page))


async def test_pages_lead_on_and_back_and_stay_small(database_url: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as visitor:
        await fill_served(served, 400)
        await a_visitor(served, visitor)
        status, first = await visitor.get(f"{LIST}?source=hd-dvcqg&older=1&assignee=-&tab=overdue&sort=-amount")
        assert status == 200
        _, first = await visitor.get(LIST)
        assert len(first.encode()) <= 100_000
        assert len(first[first.index("<tbody>") : first.index("</tbody>")].encode()) <= 50_000
        assert "1–50" in counted(first)
        (onward,) = re.findall(r'<a href="([^"]*)" rel="next"', first)
        _, second = await visitor.get(html.unescape(onward))
        assert "51–100" in counted(second)
        assert not rows_of(first).keys() & rows_of(second).keys()
        (back,) = re.findall(r'<a href="([^"]*)" rel="prev"', second)
        _, again = await visitor.get(html.unescape(back))
        assert rows_of(again) == rows_of(first)
        assert 'rel="prev"' not in again


async def test_a_row_leads_to_its_page_and_takes_the_list_along(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as visitor:
        await a_visitor(served, visitor)
        _, page = await visitor.get(f"{LIST}?reason=overpaid&source=direct")
        (query,) = re.findall(rf'href="{LIST}/\d+\?list=(.*?)" data-item', page)
        assert query == quote("reason=overpaid&source=direct", safe="")


HOSTILE: Final = """<script>alert("1")</script>'"><img src=x onerror=alert(1)>"""


async def test_what_others_wrote_is_shown_as_text(database_url: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as visitor:
        await fill_served(served, 3)
        async with connect(served.database_url) as connection:
            await connection.execute("UPDATE discrepancy SET dossier_code = $1, agency_code = $1", HOSTILE)
            await connection.execute("UPDATE discrepancy SET assignee = $1", HOSTILE)
        await a_visitor(served, visitor)
        address = f"{LIST}?q={quote(HOSTILE)}&agency={quote(HOSTILE)}&assignee={quote(HOSTILE)}"
        for path in (LIST, address):
            _, page = await visitor.get(path)
            assert "<script>alert" not in page
            assert "<img" not in page
        _, page = await visitor.get(LIST)
        assert rows_of(page).keys() == {HOSTILE}


async def test_agencies_others_tenants_and_strangers_see_nothing_of_it(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as limited, Visitor(served) as stranger:
        await a_visitor(served, limited, agencies=("000.00.99.H23",))
        status, page = await limited.get(LIST)
        assert status == 200
        assert not rows_of(page)
        assert not rows_of((await limited.get(f"{LIST}?agency=000.00.12.H23"))[1])
        assert not rows_of((await limited.get(f"{LIST}?agency=-"))[1])
        await stranger.sign_in(await a_person(served, Role.OFFICER, tenant="haiphong"))
        assert (await stranger.get(LIST))[0] == 404


async def test_who_may_read_the_list(database_url: str) -> None:
    may = {Role.AUDITOR: 200, Role.APPROVER: 200, Role.ADMIN: 200, Role.OPERATOR: 403, Role.SERVICE: 403}
    async with a_service(database_url) as served:
        for role, status in may.items():
            async with Visitor(served) as visitor:
                await a_visitor(served, visitor, role)
                assert (await visitor.get(LIST))[0] == status


async def test_a_list_is_kept_under_a_name_of_ones_own(database_url: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as visitor, Visitor(served) as other:
        await a_visitor(served, visitor)
        await visitor.get(f"{LIST}?reason=overpaid&sort=-amount")
        _, page = await visitor.post(f"{LIST}/views", {"name": " Tuần  này ", "list": "reason=overpaid&sort=-amount"})
        assert visitor.url == f"{LIST}?reason=overpaid&sort=-amount"
        assert re.findall(r'<li><a href="([^"]*)">Tuần này</a>', page) == [f"{LIST}?reason=overpaid&amp;sort=-amount"]
        _, page = await visitor.post(f"{LIST}/views", {"name": "Tuần này", "list": "tab=mine"})
        assert re.findall(r'<li><a href="([^"]*)">Tuần này</a>', page) == [f"{LIST}?tab=mine"]
        await a_visitor(served, other)
        assert "Tuần này" not in (await other.get(LIST))[1]
        await other.post(f"{LIST}/views/drop", {"name": "Tuần này", "list": ""})
        assert "Tuần này" in (await visitor.get(LIST))[1]
        await visitor.post(f"{LIST}/views/drop", {"name": "Tuần này", "list": ""})
        assert '">Tuần này</a>' not in (await visitor.get(LIST))[1]


async def test_what_is_no_name_is_asked_for_again(database_url: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as visitor:
        await a_visitor(served, visitor)
        await visitor.get(LIST)
        for name in ("", "   ", "x" * 61, "a\u202eb", "a\x07b"):
            status, page = await visitor.post(f"{LIST}/views", {"name": name, "list": "reason=overpaid"})
            assert status == 422
            assert 'id="e-name"' in page


async def test_only_so_many_views_are_kept(database_url: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as visitor:
        name = await a_visitor(served, visitor)
        async with connect(served.database_url) as connection:
            await connection.execute(
                "INSERT INTO saved_view SELECT t.tenant_id, p.person_id, 'v' || n, '' FROM tenant AS t, person AS p,"
                " generate_series(1, 30) AS n WHERE t.code = 'haiduong' AND p.name = $1",
                name,
            )
        await visitor.get(LIST)
        assert (await visitor.post(f"{LIST}/views", {"name": "one more", "list": ""}))[0] == 422
        assert (await visitor.post(f"{LIST}/views", {"name": "v7", "list": ""}))[0] == 200


async def test_who_proposes_sees_what_of_it_waits_and_who_approves_what_waits_for_them(database_url: str) -> None:
    async with a_service(database_url) as served:
        for role, expected in (
            (Role.OFFICER, (False, True)),
            (Role.APPROVER, (True, False)),
            (Role.AUDITOR, (True, False)),
            (Role.ADMIN, (True, True)),
        ):
            async with Visitor(served) as visitor:
                await visitor.sign_in(await a_person(served, role))
                _, page = await visitor.get(LIST)
            assert (f"{LIST}?tab=approval" in page, "Chờ người khác duyệt" in page) == expected, role
