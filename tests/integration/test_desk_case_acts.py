"""What people do on the page of a discrepancy: tasks, comments, proposals and decisions, by four eyes and once."""

import asyncio

import pytest

from paygate.access import Role
from paygate.database import connect
from tests.desk import Visitor
from tests.desk_cases import AGENCY, WHY, act, field, number_of, path_of, propose, signed_in, state_of
from tests.served import Served

OWN = "Bạn lập đề nghị này nên không thể duyệt."


async def test_a_task_is_given_and_said(province: Served, maker: Visitor) -> None:
    number = await number_of(province, "overpaid")
    status, text = await act(maker, number, "assign", to="maker")
    assert status == 200
    assert "Đã giao cho maker." in text
    assert await state_of(province, number) == "assigned"


async def test_pages_call_people_by_their_full_names(province: Served, maker: Visitor, checker: Visitor) -> None:
    async with connect(province.database_url) as connection:
        await connection.execute("UPDATE person SET full_name = 'Nguyễn Thị Lan' WHERE name = 'maker'")
    number = await number_of(province, "overpaid")
    _, text = await act(maker, number, "assign", to="maker")
    assert "Đã giao cho Nguyễn Thị Lan." in text
    await propose(maker, number)
    _, text = await checker.get(path_of(number))
    assert text.count("Nguyễn Thị Lan") >= 6  # assignee, proposal, events and their trail
    assert ">maker<" not in text
    dossier = text.partition("<dt>Hồ sơ</dt><dd>")[2].partition("<")[0]
    _, text = await checker.get(f"/desk/haiduong/dossiers/{dossier}")
    assert "Nguyễn Thị Lan đang xử lý" in text


async def test_a_comment_is_kept_and_stays_text(province: Served, maker: Visitor) -> None:
    number = await number_of(province, "overpaid")
    _, text = await act(maker, number, "comment", text="<script>alert(1)</script>")
    assert "Đã lưu ghi chú." in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script>alert" not in text


@pytest.mark.parametrize("text", ["", "   ", "x" * 2001])
async def test_a_comment_that_cannot_be_kept_is_asked_for_again(province: Served, maker: Visitor, text: str) -> None:
    number = await number_of(province, "overpaid")
    status, page = await act(maker, number, "comment", text=text)
    assert status == 422
    assert 'aria-invalid="true"' in page


async def test_a_proposal_is_looked_at_before_it_is_sent_and_changes_nothing_until_approved(
    province: Served, maker: Visitor
) -> None:
    number = await number_of(province, "overpaid")
    status, text = await propose(maker, number)
    assert status == 200
    assert "Chưa có gì thay đổi cho đến khi người khác duyệt." in text
    assert await state_of(province, number) == "proposed"
    assert OWN in text
    assert ">Duyệt</button>" not in text


async def test_who_can_approve_is_named_to_the_maker(province: Served, maker: Visitor, checker: Visitor) -> None:
    number = await number_of(province, "overpaid")
    _, text = await propose(maker, number)
    named = text.partition("Người duyệt được:")[2].partition("</p>")[0]
    assert "checker" in named
    assert "maker" not in named


async def test_ones_own_proposal_cannot_be_approved_by_a_forged_form_nor_over_http(
    province: Served, maker: Visitor
) -> None:
    number = await number_of(province, "overpaid")
    await propose(maker, number)
    assert (await act(maker, number, "approve"))[0] == 403
    version = int(await field(maker, path_of(number)))
    token = {"X-CSRF-Token": maker.hidden["csrf"], "Sec-Fetch-Site": "same-origin"}
    route = f"{province.url}/v1/discrepancies/{number}/approve?tenant=haiduong"
    async with maker.session.post(route, json={"version": version}, headers=token) as reply:
        assert reply.status == 403
    assert await state_of(province, number) == "proposed"


async def test_another_approves_and_it_is_resolved_by_them(province: Served, maker: Visitor, checker: Visitor) -> None:
    number = await number_of(province, "overpaid")
    await propose(maker, number)
    _, text = await checker.get(path_of(number))
    assert "Duyệt sẽ đóng 1 vụ; hệ thống không chuyển tiền." in text
    assert WHY in text
    status, text = await act(checker, number, "approve")
    assert status == 200
    assert "Bạn đã duyệt đề nghị" in text
    assert await state_of(province, number) == "resolved"
    assert await province.fetchval("SELECT resolved_by FROM discrepancy WHERE discrepancy_id = $1", number) == "checker"


async def test_the_maker_reads_why_it_was_rejected_and_has_the_task_again(
    province: Served, maker: Visitor, checker: Visitor
) -> None:
    number = await number_of(province, "overpaid")
    await propose(maker, number)
    status, text = await act(checker, number, "reject", answer="")
    assert status == 422
    await act(checker, number, "reject", answer="Thiếu chứng từ <b>")
    assert await state_of(province, number) == "assigned"
    _, text = await maker.get(path_of(number))
    assert "bị checker từ chối:" in text
    assert "Thiếu chứng từ &lt;b&gt;" in text


async def test_the_maker_takes_a_proposal_back(province: Served, maker: Visitor) -> None:
    number = await number_of(province, "overpaid")
    await propose(maker, number)
    _, text = await act(maker, number, "withdraw")
    assert "Bạn đã rút đề nghị" in text
    assert await state_of(province, number) == "assigned"


async def test_a_form_that_is_sent_twice_acts_once_and_leads_to_the_same_words(
    province: Served, maker: Visitor
) -> None:
    number = await number_of(province, "overpaid")
    version = await field(maker, path_of(number))
    hidden = dict(maker.hidden)
    fields = {"version": version, "text": "một lần"}
    first = await maker.post(path_of(number, "/comment"), fields)
    second = await maker.post(path_of(number, "/comment"), {**hidden, **fields})
    assert ("Đã lưu ghi chú." in first[1], "Đã lưu ghi chú." in second[1]) == (True, True)
    assert await province.fetchval("SELECT count(*) FROM discrepancy_event WHERE said = 'commented'") == 1


async def test_of_two_approvers_at_once_the_second_is_told_who_was_first(
    province: Served, maker: Visitor, checker: Visitor
) -> None:
    number = await number_of(province, "overpaid")
    await propose(maker, number)
    async with Visitor(province) as other:
        await signed_in(other, Role.APPROVER, name="other")
        version = await field(other, path_of(number))
        await checker.get(path_of(number))
        replies = await asyncio.gather(
            *(one.post(path_of(number, "/approve"), {"version": version}) for one in (checker, other))
        )
    assert sorted(status for status, _ in replies) == [200, 409]
    late = next(text for status, text in replies if status == 409)
    assert "quyết định của bạn không được ghi." in late
    assert "đã duyệt lúc" in late


async def test_who_acts_on_what_has_moved_is_shown_what_changed_and_keeps_what_they_wrote(
    province: Served, maker: Visitor
) -> None:
    number = await number_of(province, "overpaid")
    version = await field(maker, path_of(number, "/propose/write_off"))
    async with connect(province.database_url) as connection:
        await connection.execute(
            "INSERT INTO discrepancy_event (tenant_id, discrepancy_id, change, left_state, said)"
            " SELECT tenant_id, discrepancy_id, 5000, state, 'changed' FROM discrepancy WHERE discrepancy_id = $1",
            number,
        )
    where = path_of(number, "/propose/write_off")
    status, text = await maker.post(where, {"version": version, "reason": "đã gõ lý do", "step": "send"})
    assert status == 409
    assert "Số liệu đã đổi" in text
    assert "+5.000" in text
    assert "đã gõ lý do" in text
    assert await state_of(province, number) == "open"


async def test_a_proposal_on_facts_that_moved_since_cannot_be_approved(
    province: Served, maker: Visitor, checker: Visitor
) -> None:
    number = await number_of(province, "overpaid")
    await propose(maker, number)
    async with connect(province.database_url) as connection:
        await connection.execute(
            "INSERT INTO discrepancy_event (tenant_id, discrepancy_id, change, left_state, said)"
            " SELECT tenant_id, discrepancy_id, 5000, state, 'changed' FROM discrepancy WHERE discrepancy_id = $1",
            number,
        )
    _, text = await checker.get(path_of(number))
    assert "Số liệu đã đổi sau khi đề nghị" in text
    assert ">Duyệt</button>" not in text
    assert (await act(checker, number, "approve"))[0] == 409


async def test_a_refund_is_of_no_more_than_is_at_stake(province: Served, maker: Visitor, checker: Visitor) -> None:
    number = await number_of(province, "overpaid")
    where = path_of(number, "/propose/refund")
    for amount in ("0", "10.001", "1e3", "", "-5", "1.00"):
        version = await field(maker, where)
        status, _ = await maker.post(where, {"version": version, "reason": WHY, "amount": amount, "step": "check"})
        assert status == 422, amount
    await propose(maker, number, "refund", amount="10.000 ₫")
    await act(checker, number, "approve")
    assert await state_of(province, number) == "assigned"
    assert await province.fetchval("SELECT refund_amount FROM discrepancy WHERE discrepancy_id = $1", number) == 10_000


async def test_a_match_is_split_when_another_approves(province: Served, maker: Visitor, checker: Visitor) -> None:
    number = await number_of(province, "amount_differs")
    match = await province.fetchval(
        "SELECT match_id FROM match AS m JOIN discrepancy AS d USING (payment_id) WHERE d.discrepancy_id = $1", number
    )
    where = path_of(number, "/propose/split")
    version = await field(maker, where)
    status, _ = await maker.post(where, {"version": version, "reason": WHY, "match": match + 999, "step": "check"})
    assert status == 422
    await propose(maker, number, "split", match=match)
    await act(checker, number, "approve")
    assert await province.fetchval("SELECT count(*) FROM match WHERE match_id = $1", match) == 0
    assert await province.fetchval("SELECT undone_by FROM match_history WHERE match_id = $1", match) == "checker"


async def test_what_cannot_be_proposed_has_no_page(province: Served, maker: Visitor) -> None:
    number = await number_of(province, "bank_missing")
    for kind in ("refund", "split", "nonsense", "approve"):
        assert (await maker.get(path_of(number, f"/propose/{kind}")))[0] == 404


@pytest.mark.parametrize("what", ["assign", "comment", "propose/write_off"])
async def test_who_only_looks_cannot_act(province: Served, what: str) -> None:
    number = await number_of(province, "overpaid")
    async with Visitor(province) as auditor:
        await signed_in(auditor, Role.AUDITOR)
        _, text = await auditor.get(path_of(number))
        assert "Vai trò của bạn chỉ xem" in text
        assert (await auditor.post(path_of(number, f"/{what}"), {"version": "1", "to": "maker", "text": "x"}))[0] == 403


async def test_acts_on_what_is_not_ones_own_are_not_found(province: Served) -> None:
    number = await number_of(province, "overpaid")
    async with Visitor(province) as stranger, Visitor(province) as limited:
        await signed_in(stranger, Role.ADMIN, tenant="haiphong")
        await signed_in(limited, Role.OFFICER, agencies=["000.00.99.H23"])
        fields = {"version": "1", "text": "x", "to": "", "reason": "x", "step": "send"}
        for what in ("assign", "comment", "propose/write_off"):
            for visitor, tenant in ((stranger, "haiduong"), (stranger, "haiphong"), (limited, "haiduong")):
                await visitor.get("/")
                assert (await visitor.post(path_of(number, f"/{what}", tenant), fields))[0] == 404, what
    assert await state_of(province, number) == "open"


async def test_who_is_limited_to_the_agency_works_on_it(province: Served) -> None:
    number = await number_of(province, "overpaid")
    async with Visitor(province) as own:
        name = await signed_in(own, Role.OFFICER, agencies=[AGENCY])
        await act(own, number, "assign", to=name)
    assert await state_of(province, number) == "assigned"


@pytest.mark.parametrize("version", ["", "x", "-1", "999999999999", "9" * 30])
async def test_a_version_that_never_was_is_refused(province: Served, maker: Visitor, version: str) -> None:
    number = await number_of(province, "overpaid")
    await maker.get(path_of(number))
    status, _ = await maker.post(path_of(number, "/comment"), {"version": version, "text": "x"})
    assert status == 422
    assert await province.fetchval("SELECT count(*) FROM discrepancy_event WHERE said = 'commented'") == 0


async def test_every_act_stands_in_the_chain_and_on_the_page(
    province: Served, maker: Visitor, checker: Visitor
) -> None:
    number = await number_of(province, "overpaid")
    await act(maker, number, "assign", to="maker")
    await propose(maker, number)
    await act(checker, number, "approve")
    _, text = await checker.get(path_of(number))
    trail = text.partition('id="trail"')[2]
    assert [trail.count(f">{who}<") for who in ("maker", "checker", "paygate")] == [2, 1, 1]
    subject = f"discrepancy:{number}"
    assert await province.fetchval("SELECT count(*) FROM audit_entry WHERE subject = $1", subject) == 3
