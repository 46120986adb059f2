"""Acts on many discrepancies: exactly what was shown is acted on, once, and what is left out is counted."""

from paygate.access import Role
from tests.desk import Visitor, a_person
from tests.desk_cases import WHY, number_of, propose, signed_in, state_of
from tests.province import a_province

LIST = "/desk/haiduong/discrepancies"


async def chosen(visitor: Visitor, what: str, query: str = "", **fields: object) -> str:
    """Choose, and return the address of the page that shows what was chosen."""
    await visitor.get(f"{LIST}?{query}")
    status, text = await visitor.post(f"{LIST}/acts", {"act": what, "list": query, **fields})
    assert status == 200, text
    return visitor.url


async def test_all_of_a_list_is_proposed_and_what_changed_meanwhile_is_left_out(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as visitor, Visitor(served) as other:
        await signed_in(visitor, Role.OFFICER)
        await signed_in(other, Role.OFFICER)
        changed = await number_of(served, "overpaid")
        where = await chosen(visitor, "propose", scope="all")
        status, _ = await visitor.post(where, {"kind": "write_off", "reason": ""})
        assert status == 422
        assert await state_of(served, changed) == "open"
        await propose(other, changed)
        status, text = await visitor.post(where, {"kind": "write_off", "reason": WHY})
        assert status == 200, text
        assert "1 đã đổi sau khi xem" in text
        assert await served.fetchval("SELECT count(*) FROM proposal WHERE discrepancy_id = $1", changed) == 1


async def test_an_act_sent_twice_acts_once(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as visitor:
        await signed_in(visitor, Role.OFFICER)
        one = await number_of(served, "overpaid")
        where = await chosen(visitor, "propose", scope="ticked", id=[one])
        hidden = dict(visitor.hidden)
        for _ in range(2):
            visitor.hidden = hidden
            _, text = await visitor.post(where, {"kind": "write_off", "reason": WHY})
            assert "1 đề nghị, 10.000\xa0₫." in text
        assert await served.fetchval("SELECT count(*) FROM proposal") == 1
        await chosen(visitor, "propose", scope="ticked", id=[one])
        _, text = await visitor.get(visitor.url)
        assert "1 đã có đề nghị" in text


async def test_several_are_assigned_to_one_person(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as visitor:
        name = await signed_in(visitor, Role.OFFICER)
        where = await chosen(visitor, "assign", "verdict=duplicate", scope="all")
        _, text = await visitor.post(where, {"to": name})
        assert "đã giao 2 vụ" in text
        assert await served.fetchval("SELECT count(*) FROM discrepancy WHERE assignee = $1", name) == 2


async def test_what_another_agency_has_is_left_out_and_no_number_is_told(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as visitor:
        await signed_in(visitor, Role.OFFICER, agencies=("000.00.00.H00",))
        one = await number_of(served, "overpaid")
        await chosen(visitor, "propose", scope="ticked", id=[one])
        _, text = await visitor.get(visitor.url)
        assert "1 ngoài quyền" in text
        assert "10.000" not in text


async def test_who_makes_no_proposals_neither_chooses_nor_sees_what_another_chose(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as visitor, Visitor(served) as other:
        await signed_in(visitor, Role.OFFICER)
        where = await chosen(visitor, "propose", scope="all")
        await signed_in(other, Role.OFFICER)
        assert (await other.get(where))[0] == 404
        auditor = await a_person(served, Role.AUDITOR)
        async with Visitor(served) as third:
            await third.sign_in(auditor)
            _, page = await third.get(LIST)
            assert "/acts" not in page
            assert (await third.get(where))[0] == 403
