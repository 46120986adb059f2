"""What the page of one discrepancy shows, to whom, and that nothing anyone sent is taken for a page of ours."""

import html
import json
import re

import pytest

from paygate.access import Role
from paygate.database import connect
from tests.desk import Visitor
from tests.desk_cases import AGENCY, number_of, path_of, signed_in
from tests.served import Served

HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>\N{RIGHT-TO-LEFT OVERRIDE}'


async def execute(province: Served, statement: str, *arguments: object) -> None:
    async with connect(province.database_url) as connection:
        await connection.execute(statement, *arguments)


async def numbers(province: Served) -> list[int]:
    async with connect(province.database_url) as connection:
        return [row[0] for row in await connection.fetch("SELECT discrepancy_id FROM discrepancy ORDER BY 1")]


async def test_every_discrepancy_of_the_province_can_be_looked_into(province: Served, visitor: Visitor) -> None:
    for number in await numbers(province):
        status, text = await visitor.get(path_of(number))
        assert status == 200, number
        assert "<h1>" in text
        assert len(text.encode()) < 100_000


async def test_the_legs_of_a_dossier_stand_as_its_record_shows_them(province: Served, visitor: Visitor) -> None:
    number = await number_of(province, "receipt_missing")
    _, text = await visitor.get(path_of(number))
    code = await province.fetchval("SELECT dossier_code FROM discrepancy WHERE discrepancy_id = $1", number)
    headers = await province.token("haiduong", Role.OFFICER)
    async with province.session.get(f"{province.url}/v1/records/{code}?tenant=haiduong", headers=headers) as reply:
        legs = (await reply.json())["legs"]
    assert legs["receipt"] == "missing"
    assert [text.count(f'<li class="leg {one}"') for one in ("present", "missing", "not_expected")] == [
        list(legs.values()).count(one) for one in ("present", "missing", "not_expected")
    ]


async def test_contenders_of_an_ambiguous_payment_are_shown_with_their_scores(
    province: Served, visitor: Visitor
) -> None:
    number = await number_of(province, "ambiguous", "dossier")
    _, text = await visitor.get(path_of(number))
    assert "Các dòng ứng viên" in text
    assert text.count("ghi sổ 1 ngày sau khi nộp") == 2


async def test_what_others_wrote_stays_text(province: Served, visitor: Visitor) -> None:
    await execute(province, "UPDATE statement_line SET narrative = $1, counterparty = $1, reference = $1", HOSTILE)
    await execute(province, "UPDATE procedure_record SET procedure_name = $1, agency_name = $1", HOSTILE)
    await execute(province, "UPDATE payment SET transaction_id = $1 || payment_id", HOSTILE)
    for reason in ("ambiguous", "overpaid", "amount_differs", "net_differs"):
        _, text = await visitor.get(path_of(await number_of(province, reason)))
        assert "<script>alert" not in text
        assert "<img" not in text
        assert "&lt;script&gt;" in text or reason == "net_differs"


async def notice_of(province: Served, number: int) -> int:
    found = await province.fetchval(
        "SELECT min(e.notice_id) FROM discrepancy AS d JOIN payment AS p USING (tenant_id, dossier_code)"
        " JOIN payment_event AS e ON e.tenant_id = d.tenant_id AND e.payment_id = p.payment_id"
        " WHERE d.discrepancy_id = $1",
        number,
    )
    return int(found)


async def test_a_notice_is_shown_as_text_with_ids_masked_and_handed_out_as_it_came(
    province: Served, visitor: Visitor
) -> None:
    number = await number_of(province, "overpaid")
    notice = await notice_of(province, number)
    body = json.dumps({"HoTenNguoiNop": HOSTILE, "SoCMNDNguoiNop": "030201004567"}).encode()
    await execute(province, "UPDATE notice SET body = $1 WHERE notice_id = $2", body, notice)
    status, text = await visitor.get(path_of(number, f"/notices/{notice}"))
    assert status == 200
    assert "•••••••••567" in text
    assert "030201004567" not in text
    assert "<script>alert" not in text
    assert "\\u202e" in text
    async with visitor.session.get(province.url + path_of(number, f"/notices/{notice}/body")) as reply:
        assert await reply.read() == body
        assert reply.headers["Content-Disposition"].startswith("attachment;")
        assert reply.content_type == "application/octet-stream"
        assert "sandbox" in reply.headers["Content-Security-Policy"]
    assert await province.fetchval("SELECT count(*) FROM audit_entry WHERE act = 'notice_body_taken'") == 1


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe\x00<b>\x1b[31m",
        b"[" * 40_000,
        b"a=1&SoCCCD=030201004567&b=<b>",
        b"<SoCMND>030201004567</SoCMND>",
        b"",
    ],
)
async def test_a_body_that_is_nothing_we_know_is_shown_all_the_same(
    province: Served, visitor: Visitor, body: bytes
) -> None:
    number = await number_of(province, "overpaid")
    notice = await notice_of(province, number)
    await execute(province, "UPDATE notice SET body = $1 WHERE notice_id = $2", body, notice)
    status, text = await visitor.get(path_of(number, f"/notices/{notice}"))
    assert status == 200
    assert len(text.encode()) < 100_000
    assert not [one for one in ("\0", "\x1b", "030201004567", "<b>") if one in text]


async def test_a_body_that_was_trimmed_is_said_to_be_gone(province: Served, visitor: Visitor) -> None:
    number = await number_of(province, "overpaid")
    notice = await notice_of(province, number)
    await execute(province, "UPDATE notice SET body = NULL WHERE notice_id = $1", notice)
    assert (await visitor.get(path_of(number, f"/notices/{notice}")))[0] == 200
    assert (await visitor.get(path_of(number, f"/notices/{notice}/body")))[0] in {404, 410}


async def test_a_notice_of_another_case_is_not_there(province: Served, visitor: Visitor) -> None:
    number = await number_of(province, "overpaid")
    other = await notice_of(province, await number_of(province, "underpaid"))
    assert (await visitor.get(path_of(number, f"/notices/{other}")))[0] == 404
    assert (await visitor.get(path_of(number, f"/notices/{other}/body")))[0] == 404


@pytest.mark.parametrize("number", ["0", "999999", "99999999999999999999", "1x", "-1", "١"])
async def test_what_is_no_discrepancy_is_not_there(visitor: Visitor, number: str) -> None:
    assert (await visitor.get(f"/desk/haiduong/discrepancies/{number}"))[0] == 404


async def test_another_tenants_discrepancy_is_not_there(province: Served) -> None:
    number = await number_of(province, "overpaid")
    async with Visitor(province) as other:
        await signed_in(other, Role.OFFICER, tenant="haiphong")
        assert (await other.get(path_of(number)))[0] == 404
        assert (await other.get(path_of(number, tenant="haiphong")))[0] == 404


async def test_who_is_limited_to_agencies_sees_theirs_alone(province: Served) -> None:
    number = await number_of(province, "overpaid")
    notice = await notice_of(province, number)
    async with Visitor(province) as own, Visitor(province) as other:
        await signed_in(own, Role.OFFICER, agencies=[AGENCY])
        await signed_in(other, Role.OFFICER, agencies=["000.00.99.H23"])
        assert (await own.get(path_of(number)))[0] == 200
        assert (await own.get(path_of(await number_of(province, "net_differs"))))[0] == 404
        assert (await other.get(path_of(number)))[0] == 404
        assert (await other.get(path_of(number, f"/notices/{notice}/body")))[0] == 404


async def test_both_languages_tell_the_same(province: Served, visitor: Visitor) -> None:
    number = await number_of(province, "overpaid")
    await visitor.get(path_of(number))
    await visitor.post("/language", {"language": "en", "next": path_of(number)})
    _, text = await visitor.get(path_of(number))
    assert "What each leg says" in text
    assert "Từng chặng" not in text


async def test_the_sentence_says_what_is_wrong_with_its_figures(province: Served, visitor: Visitor) -> None:
    _, text = await visitor.get(path_of(await number_of(province, "overpaid")))
    said = text.partition('<p class="lead">')[2].partition("</p>")[0].replace("\N{NO-BREAK SPACE}", " ")
    assert said == "Thu 160.000 ₫, phải thu 150.000 ₫: thừa 10.000 ₫."


async def test_the_way_on_is_that_of_the_list_one_came_from(province: Served, visitor: Visitor) -> None:
    async with connect(province.database_url) as connection:
        rows = await connection.fetch(
            "SELECT discrepancy_id FROM discrepancy WHERE reason = 'record_closed' AND state <> 'resolved' ORDER BY 1"
        )
    first, second = (row[0] for row in rows)
    _, text = await visitor.get(path_of(first, "?list=reason%3Drecord_closed"))
    ways = re.findall(r'<a href="([^"]*)" rel="(prev|next)"', text)
    assert [(href.partition("?")[0], html.unescape(href).partition("?")[2]) for href, _ in ways] == [
        (path_of(second), "list=reason%3Drecord_closed")
    ]
