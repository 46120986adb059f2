"""Acts on many discrepancies: exactly what was shown is acted on, once, and what is left out is counted."""

import re

import pytest

from paygate.access import Role
from paygate.database import connect
from paygate.web.desk import bulk
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
        others = "SELECT count(*) FROM discrepancy WHERE state <> 'resolved' AND discrepancy_id <> $1"
        left = await served.fetchval(f"{others} AND state <> 'proposed'", changed)
        told = re.search(r"(\d+) đề nghị, ([\d.]+)\xa0₫", text)
        assert told
        assert int(told[1]) == await served.fetchval(others, changed) - left
        summed = await served.fetchval("SELECT sum(amount) FROM proposal WHERE discrepancy_id <> $1", changed)
        assert int(told[2].replace(".", "")) == summed


BREAKS = """
CREATE FUNCTION break_off() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF (SELECT count(*) FROM proposal) >= 5 THEN RAISE 'broken off'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER breaks BEFORE INSERT ON proposal FOR EACH ROW EXECUTE FUNCTION break_off();
"""


async def test_what_was_broken_off_after_a_part_is_gone_on_with_and_nothing_is_done_twice(
    province_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    async with a_province(province_url) as served, Visitor(served) as visitor:
        await signed_in(visitor, Role.OFFICER)
        async with connect(served.database_url) as connection:
            await connection.execute(BREAKS)
        where = await chosen(visitor, "propose", scope="all")
        status, _ = await visitor.post(where, {"kind": "write_off", "reason": WHY})
        assert status == 500
        assert await served.fetchval("SELECT count(*) FROM proposal") == 4
        async with connect(served.database_url) as connection:
            await connection.execute("DROP TRIGGER breaks ON proposal")
        _, page = await visitor.get(where)
        assert "Đã xử lý 4 trên" in page
        status, text = await visitor.post(where, {"kind": "not_ours", "reason": "khác"})
        assert status == 200, text
        assert await served.fetchval("SELECT array_agg(DISTINCT kind::text) FROM proposal") == ["write_off"]
        once = "SELECT max(times) FROM (SELECT count(*) AS times FROM proposal GROUP BY discrepancy_id) AS x"
        assert await served.fetchval(once) == 1
        assert await served.fetchval("SELECT count(*) FROM proposal") > 4


async def test_what_takes_long_is_gone_on_with_form_by_form(province_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    monkeypatch.setattr(bulk, "ACTING_SECONDS", 0.0)
    async with a_province(province_url) as served, Visitor(served) as visitor:
        name = await signed_in(visitor, Role.OFFICER)
        where = await chosen(visitor, "assign", "verdict=mismatched", scope="all")
        _, page = await visitor.get(where)
        (wanted,) = [int(one) for one in re.findall(r"<p><strong>(\d+) vụ ·", page)]
        assert wanted > 4
        times = 0
        while visitor.url == where:
            status, text = await visitor.post(where, {"to": name})
            times += 1
            done = await served.fetchval("SELECT count(*) FROM discrepancy WHERE assignee = $1", name)
            assert (status, done) == (200, min(2 * times, wanted))
            assert f"Đã xử lý {done} trên {wanted}" in text or done == wanted
        assert f"đã giao {wanted} vụ" in text
        assert await served.fetchval("SELECT count(*) FROM discrepancy_event WHERE person = $1", name) == wanted


async def test_nobody_and_nothing_is_preselected(province_url: str) -> None:
    async with a_province(province_url) as served, Visitor(served) as visitor:
        await signed_in(visitor, Role.OFFICER)
        for what, field in (("assign", "to"), ("propose", "kind")):
            where = await chosen(visitor, what, scope="all")
            status, page = await visitor.post(where, {field: "", "reason": WHY})
            assert status == 422
            assert f'href="#f-{field}"' in page


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
