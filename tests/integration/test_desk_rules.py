"""Rules at the desk: read, tried on past days in the background, proposed by one person and approved by another."""

import asyncio
import html
import re
from typing import Any

import aiohttp
import pytest

from paygate.access import Role
from paygate.database import connect
from reconciliation.rules.reading import shipped_content, shipped_rules
from tests.desk import Visitor, a_person
from tests.province import a_province
from tests.served import Served, a_service

RULES = "/desk/haiduong/rules"
OTHERS = shipped_content().decode().replace('"2026-2"', '"hd"').replace("enabled = false", "enabled = true")
PLAIN = OTHERS.replace("enabled = true\n", "")


async def sent(visitor: Visitor, act: str, rules: str, **fields: Any) -> tuple[int, str]:
    """Send the form of a rule set, as browsers send one with a file."""
    assert (await visitor.get(f"{RULES}/new"))[0] == 200
    body = aiohttp.FormData(default_to_multipart=True)
    for name, value in {**visitor.hidden, "rules": rules.replace("\n", "\r\n"), "act": act, **fields}.items():
        if isinstance(value, bytes):
            body.add_field(name, value, filename="rules.toml", content_type="application/octet-stream")
        else:
            body.add_field(name, value)
    headers = {"Sec-Fetch-Site": "same-origin"}
    async with visitor.session.post(f"{visitor.served.url}{RULES}/new", data=body, headers=headers) as reply:
        text = await reply.text()
        visitor.hidden = dict(re.findall(r'<input type="hidden" name="(csrf|once)" value="([^"]*)">', text))
        visitor.url = reply.url.path_qs
        return reply.status, html.unescape(text)


async def signed_in(served: Served, visitor: Visitor, *roles: Role) -> str:
    name = await a_person(served, *roles)
    assert await visitor.sign_in(name) in {200, 403}
    return name


async def test_the_rules_in_force_are_read_out_in_sentences(database_url: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as auditor:
        await signed_in(served, auditor, Role.AUDITOR)
        status, text = await auditor.get(RULES)
        assert (status, shipped_rules().version in text) == (200, True)
        assert "Cùng mã tham chiếu, tài khoản và số tiền." in text
        status, text = await auditor.get(f"{RULES}/{shipped_rules().version}")
        assert (status, "kind = &#34;exact&#34;" in text) == (200, True)
        for unknown in ("nothing-00000000", "%2e%2e%2fetc", "x" * 300):
            assert (await auditor.get(f"{RULES}/{unknown}"))[0] == 404


@pytest.mark.parametrize(
    ("spoil", "fault", "line"),
    [
        (("most_facts = 20", "most_facts = 21"), "rule sum_reference: most_facts", 19),
        (("name = ", "nmae = "), "did you mean 'name'", 4),
        (("[[rules]]", "[[rules"), "not TOML", 13),
        (("<", "<"), "", None),
    ],
)
async def test_what_is_wrong_with_a_rule_set_is_said_with_its_line(
    database_url: str, spoil: tuple[str, str], fault: str, line: int | None
) -> None:
    async with a_service(database_url) as served, Visitor(served) as officer:
        await signed_in(served, officer, Role.OFFICER)
        bad = OTHERS.replace(*spoil, 1) if fault else OTHERS + "\n</textarea><script>alert(1)</script>"
        status, text = await sent(officer, "propose", bad)
        assert (status, fault in text) == (422, True)
        assert line is None or f"Ở dòng {line}:" in text
        assert "<script>alert" not in (await officer.get(RULES))[1]
        assert await served.fetchval("SELECT count(*) FROM rule_set") == 0


async def test_hostile_text_comes_back_as_text(database_url: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as officer:
        await signed_in(served, officer, Role.OFFICER)
        assert (await officer.get(f"{RULES}/new"))[0] == 200
        body = aiohttp.FormData({**officer.hidden, "rules": "</textarea><script>alert(1)</script>", "act": "check"})
        body.add_field("file", b"", filename="", content_type="application/octet-stream")
        reply = await officer.session.post(
            f"{served.url}{RULES}/new", data=body, headers={"Sec-Fetch-Site": "same-origin"}
        )
        assert (reply.status, "<script>alert" in await reply.text()) == (422, False)


async def test_a_rule_set_is_proposed_by_one_person_and_approved_by_another(database_url: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as maker, Visitor(served) as checker:
        lan = await signed_in(served, maker, Role.ADMIN)
        await signed_in(served, checker, Role.APPROVER)
        async with connect(database_url) as connection:
            await connection.execute("UPDATE person SET full_name = 'Nguyễn Thị Lan' WHERE name = $1", lan)
        status, text = await sent(maker, "propose", "", file=OTHERS.encode())
        assert (status, "chờ người khác duyệt" in text) == (200, True)
        version = maker.url.rpartition("/")[2]
        assert "Bạn lập đề nghị này" in text
        assert "Duyệt và áp dụng" not in text
        assert (await maker.post(f"{RULES}/{version}/approve"))[0] == 403
        assert (await sent(maker, "propose", OTHERS))[0] == 422
        status, text = await checker.get(f"{RULES}/{version}")
        assert (status, "Nguyễn Thị Lan đề nghị" in text, "1.000" in text) == (200, True, True)
        again = dict(checker.hidden)
        status, text = await checker.post(f"{RULES}/{version}/approve")
        assert (status, f"{version} đã có hiệu lực" in text) == (200, True)
        checker.hidden = again
        assert (await checker.post(f"{RULES}/{version}/approve"))[0] == 200
        assert "Nguyễn Thị Lan đề nghị" in (await checker.get(RULES))[1]
        acts = await served.fetchval("SELECT array_agg(act ORDER BY number) FROM audit_entry")
        assert acts == ["rules_proposed", "rules_approved"]


async def test_a_proposal_is_withdrawn_by_its_maker_alone(database_url: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as maker, Visitor(served) as other:
        await signed_in(served, maker, Role.OFFICER)
        await signed_in(served, other, Role.ADMIN)
        await sent(maker, "propose", OTHERS)
        version = maker.url.rpartition("/")[2]
        _, text = await other.get(f"{RULES}/{version}")
        assert "Rút lại" not in text
        assert (await other.post(f"{RULES}/{version}/withdraw"))[0] == 403
        _, text = await maker.get(f"{RULES}/{version}")
        assert "Rút lại" in text
        status, text = await maker.post(f"{RULES}/{version}/withdraw")
        assert (status, f"Đã rút {version}" in text, "Duyệt và áp dụng" in text) == (200, True, False)
        assert (await maker.post(f"{RULES}/{version}/withdraw"))[0] == 404
        await other.get(f"{RULES}/{version}")
        assert (await other.post(f"{RULES}/{version}/approve"))[0] == 404
        assert (await sent(maker, "propose", OTHERS))[0] == 200
        acts = await served.fetchval("SELECT array_agg(act ORDER BY number) FROM audit_entry")
        assert acts == ["rules_proposed", "rules_withdrawn", "rules_proposed"]


async def test_a_checker_refuses_a_proposal_and_its_maker_reads_why(database_url: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as maker, Visitor(served) as checker:
        await signed_in(served, maker, Role.ADMIN)
        hoa = await signed_in(served, checker, Role.APPROVER)
        await sent(maker, "propose", OTHERS)
        version = maker.url.rpartition("/")[2]
        assert (await maker.post(f"{RULES}/{version}/reject", {"answer": "x"}))[0] == 403
        for given in ("", " \n ", "x" * 600):
            await checker.get(f"{RULES}/{version}")
            status, text = await checker.post(f"{RULES}/{version}/reject", {"answer": given})
            assert (status, 'id="e-answer"' in text) == (422, True)
        await checker.get(f"{RULES}/{version}")
        status, _ = await checker.post(f"{RULES}/{version}/reject", {"answer": "<b>dung sai quá rộng</b>"})
        assert status == 200
        for path in (RULES, f"{RULES}/{version}"):
            _, text = await maker.get(path)
            assert ("&lt;b&gt;dung sai quá rộng" in text, hoa in text, "bị từ chối" in text) == (True, True, True)
        told = await served.fetchval("SELECT detail ->> 'reason' FROM audit_entry WHERE act = 'rules_rejected'")
        assert told == "<b>dung sai quá rộng</b>"


async def test_rules_are_tried_on_past_days_and_nothing_stored_changes(province_url: str) -> None:
    async with a_province(province_url, role="all") as served, Visitor(served) as officer, Visitor(served) as other:
        await signed_in(served, officer, Role.OFFICER)
        before = await served.fetchval("SELECT count(*) FROM match")
        deaf = re.sub(
            r'(kind = "(?:narrative_\w+|sum_narrative|tolerance)"\n)',
            r"\1enabled = false\n",
            OTHERS.replace("enabled = true\n", ""),
        )
        status, _ = await sent(officer, "try", deaf, first="08/05/2024", last="13/05/2024")
        assert (status, "/rules/backtests/" in officer.url) == (200, True)
        text = ""
        for _ in range(200):
            status, text = await officer.get(officer.url)
            assert status == 200
            if "data-again" not in text:
                break
            await asyncio.sleep(0.05)
        assert "Sẽ không còn khớp" in text
        assert "thay cho" in text
        assert "sẽ không còn ghép được" in text
        assert await served.fetchval("SELECT count(*) FROM match") == before
        number = officer.url.rpartition("/")[2]
        await other.sign_in(await a_person(served, Role.ADMIN, tenant="haiphong"))
        assert (await other.get(f"/desk/haiphong/rules/backtests/{number}"))[0] == 404


@pytest.mark.parametrize(
    ("first", "last"),
    [("", "x"), ("32/05/2024", "08/05/2024"), ("09/05/2024", "08/05/2024"), ("01/01/2023", "08/05/2024")],
)
async def test_days_of_which_there_is_no_trial_are_asked_for_again(database_url: str, first: str, last: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as officer:
        await signed_in(served, officer, Role.OFFICER)
        status, text = await sent(officer, "try", OTHERS, first=first, last=last)
        assert (status, 'id="e-first"' in text) == (422, True)
        assert not await served.fetchval("SELECT count(*) FROM job")


@pytest.mark.parametrize(
    ("role", "may_read", "may_propose", "may_approve"),
    [
        (Role.OFFICER, True, True, False),
        (Role.APPROVER, True, False, True),
        (Role.AUDITOR, True, False, False),
        (Role.OPERATOR, False, False, False),
        (Role.ADMIN, True, True, True),
    ],
)
async def test_who_may_read_propose_and_approve(
    database_url: str, role: Role, *, may_read: bool, may_propose: bool, may_approve: bool
) -> None:
    async with a_service(database_url) as served, Visitor(served) as visitor:
        await signed_in(served, visitor, role)
        assert ((await visitor.get(RULES))[0] == 200) == may_read
        assert ((await visitor.get(f"{RULES}/new"))[0] == 200) == may_propose
        await visitor.get(RULES if may_read else "/account")
        assert (await visitor.post(f"{RULES}/none-0/approve"))[0] == (404 if may_approve else 403)
        assert (await visitor.get("/desk/haiphong/rules"))[0] == 404


async def test_a_form_without_its_token_or_too_large_is_refused(database_url: str) -> None:
    async with a_service(database_url) as served, Visitor(served) as officer:
        await signed_in(served, officer, Role.OFFICER)
        status, _ = await sent(officer, "propose", OTHERS, csrf="other")
        assert status == 403
        status, _ = await sent(officer, "check", "", file=b"#" * 1_000_000)
        assert status == 413
        status, _ = await sent(officer, "check", "", file=b"#" * 100_000)
        assert status == 422
        status, _ = await sent(officer, "check", "", file=b"\xff\xfe\x00")
        assert status == 400
