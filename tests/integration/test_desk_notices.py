"""The inbox at the desk: shown by state and reason, and put to work again as it was shown."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from paygate.access import Role
from paygate.database import connect
from paygate.domain.lifecycle import NoticeState
from paygate.notice_lists import QUERIES
from tests.desk import Visitor, a_person
from tests.inbox_pages import HOSTILE, Inbox, an_inbox, place_of, put
from tests.ledger_facts import a_failure
from tests.served import Served, a_service

INBOX = "/desk/haiduong/notices"


@pytest.fixture
async def served(database_url: str) -> AsyncIterator[Served]:
    async with a_service(database_url, role="all") as one:
        yield one


@pytest.fixture
async def inbox(served: Served) -> Inbox:
    return await an_inbox(served)


async def at_desk(
    served: Served, visitor: Visitor, *roles: Role, tenant: str = "haiduong", agencies: tuple[str, ...] = ()
) -> None:
    assert await visitor.sign_in(await a_person(served, *roles, tenant=tenant, agencies=agencies)) == 200


async def state_of(served: Served, number: int) -> str:
    return str(await served.fetchval("SELECT state FROM notice WHERE notice_id = $1", number))


def row_counts(page: str) -> list[int]:
    return [int(one) for one in re.findall(r'</th><td class="n">(\d+)</td>', page)]


async def test_each_shelf_shows_its_notices_with_why_they_stand_there(served: Served, inbox: Inbox) -> None:
    async with Visitor(served) as visitor:
        await at_desk(served, visitor, Role.AUDITOR)
        shown = {
            shelf: (await visitor.get(f"{INBOX}?state={shelf}"))[1]
            for shelf in ("parked", "dead", "quarantined", "applied")
        }
    assert f"{INBOX}/{inbox.waiting}" in shown["parked"]
    assert "Hồ sơ của khoản nộp chưa đến" in shown["parked"]
    assert '<span class="said">Hồ sơ của khoản nộp chưa đến' in shown["parked"]
    assert re.search(r'lang="en">[^<]*exhausted', shown["dead"])
    assert f"{INBOX}/{inbox.unreadable}" in shown["quarantined"]
    assert "REF-KNOWN" in shown["applied"]
    assert "Chạy lại" not in shown["dead"]


async def test_a_reason_is_a_filter(served: Served, inbox: Inbox) -> None:
    async with Visitor(served) as visitor:
        await at_desk(served, visitor, Role.OPERATOR)
        _, page = await visitor.get(f"{INBOX}?state=quarantined&reason=an+amount+is+missing&source=hd-dvcqg")
        assert (f"{INBOX}/{inbox.fixed}" in page, f"{INBOX}/{inbox.hostile}" in page) == (True, False)
        _, page = await visitor.get(f"{INBOX}?state=quarantined&source=hd-vnpay")
        assert "Không có thông báo nào khớp bộ lọc" in page


async def test_what_others_wrote_is_text_and_nothing_else(served: Served, inbox: Inbox) -> None:
    async with Visitor(served) as visitor:
        await at_desk(served, visitor, Role.OFFICER)
        for path in (f"{INBOX}?state=quarantined", f"{INBOX}/{inbox.hostile}"):
            status, page = await visitor.get(path)
            assert (status, "<script>alert" in page, "&lt;script&gt;alert" in page) == (200, False, True)


async def test_the_bytes_are_handed_out_as_they_came_and_as_nothing_a_browser_shows(
    served: Served, inbox: Inbox
) -> None:
    async with Visitor(served) as visitor:
        await at_desk(served, visitor, Role.AUDITOR)
        async with visitor.session.get(f"{served.url}{INBOX}/{inbox.hostile}/body") as reply:
            headers, body = reply.headers, await reply.read()
    assert body == HOSTILE.encode()
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"].startswith(f'attachment; filename="notice-{inbox.hostile}.bin"')
    assert headers["X-Content-Type-Options"] == "nosniff"
    taken = await served.fetchval("SELECT subject FROM audit_entry WHERE act = 'notice_body_taken'")
    assert taken == f"notice:{inbox.hostile}", "it is noted who takes what a payer gave away"


async def test_bytes_whose_time_is_over_are_gone(served: Served, inbox: Inbox) -> None:
    await served.fetchval("UPDATE notice SET body = NULL WHERE notice_id = $1", inbox.dead)
    async with Visitor(served) as visitor:
        await at_desk(served, visitor, Role.AUDITOR)
        assert (await visitor.get(f"{INBOX}/{inbox.dead}/body"))[0] == 410
        assert "đã hết thời hạn lưu giữ" in (await visitor.get(f"{INBOX}/{inbox.dead}"))[1]


async def test_a_replay_does_what_its_preview_said(served: Served, inbox: Inbox) -> None:
    async with Visitor(served) as visitor:
        await at_desk(served, visitor, Role.OPERATOR)
        await visitor.get(f"{INBOX}?state=quarantined")
        status, page = await visitor.post(f"{INBOX}/replays", {"which": "all", "state": "quarantined"})
        assert (status, row_counts(page)) == (200, [1, 1, 0, 2, 0, 0])
        assert await state_of(served, inbox.fixed) == "quarantined"
        latecomer = await put(served, a_failure(reference="LATE"), state=NoticeState.DEAD)
        status, page = await visitor.post(visitor.url)
        assert (status, "Đã cho chạy lại: 1. Không cần làm gì nữa: 1." in page) == (200, True)
    for _ in range(200):
        if await state_of(served, inbox.fixed) == "applied":
            break
        await asyncio.sleep(0.02)
    states = [await state_of(served, one) for one in (inbox.fixed, inbox.known, inbox.unreadable, latecomer)]
    assert states == ["applied", "applied", "quarantined", "dead"]
    assert await served.fetchval("SELECT count(*) FROM payment WHERE reference = 'REF-KNOWN'") == 0
    assert await served.fetchval("SELECT detail->'due' FROM audit_entry WHERE act = 'notices_replayed'") == "1"


async def test_a_replay_of_what_still_lacks_its_record_moves_nothing(served: Served, inbox: Inbox) -> None:
    async with Visitor(served) as visitor:
        await at_desk(served, visitor, Role.OPERATOR)
        await visitor.get(INBOX)
        _, page = await visitor.post(f"{INBOX}/replays", {"which": "ticked", "notice": [inbox.waiting, inbox.dead]})
        assert row_counts(page) == [1, 0, 1, 0, 0, 0]
        await visitor.post(visitor.url)
    assert await state_of(served, inbox.waiting) == "parked"


async def test_a_replay_sent_twice_is_done_once(served: Served, inbox: Inbox) -> None:
    async with Visitor(served) as visitor:
        await at_desk(served, visitor, Role.ADMIN)
        await visitor.get(INBOX)
        await visitor.post(f"{INBOX}/replays", {"notice": inbox.dead})
        address, hidden = visitor.url, dict(visitor.hidden)
        first = (await visitor.post(address))[1]
        again = (await visitor.post(address, hidden))[1]
    assert ("Đã cho chạy lại: 1" in first, "Đã cho chạy lại: 1" in again) == (True, True)
    assert await served.fetchval("SELECT count(*) FROM audit_entry WHERE act = 'notices_replayed'") == 1


async def test_what_came_to_rest_since_the_preview_is_left_alone(served: Served, inbox: Inbox) -> None:
    async with Visitor(served) as visitor:
        await at_desk(served, visitor, Role.OPERATOR)
        await visitor.get(INBOX)
        await visitor.post(f"{INBOX}/replays", {"notice": inbox.dead})
        await served.fetchval("UPDATE notice SET state = 'applied' WHERE notice_id = $1", inbox.dead)
        _, page = await visitor.post(visitor.url)
    assert "Đã cho chạy lại: 0. Không cần làm gì nữa: 1." in page


@pytest.mark.parametrize("role", [Role.OFFICER, Role.APPROVER, Role.AUDITOR])
async def test_who_only_reads_cannot_replay(served: Served, inbox: Inbox, role: Role) -> None:
    async with Visitor(served) as visitor:
        await at_desk(served, visitor, role)
        assert (await visitor.get(f"{INBOX}/{inbox.dead}"))[0] == 200
        assert (await visitor.post(f"{INBOX}/replays", {"notice": inbox.dead}))[0] == 403
    assert await state_of(served, inbox.dead) == "dead"


async def test_who_is_limited_to_an_agency_is_not_let_in(served: Served, inbox: Inbox) -> None:
    async with Visitor(served) as visitor:
        await at_desk(served, visitor, Role.OFFICER, agencies=("000.00.12.H23",))
        assert (await visitor.get(INBOX))[0] == 403


async def test_another_tenants_notices_do_not_exist_at_the_desk(served: Served, inbox: Inbox) -> None:
    async with Visitor(served) as mine, Visitor(served) as theirs:
        await at_desk(served, mine, Role.ADMIN)
        await mine.get(INBOX)
        await mine.post(f"{INBOX}/replays", {"notice": inbox.dead})
        await at_desk(served, theirs, Role.ADMIN, tenant="haiphong")
        there = "/desk/haiphong/notices"
        assert (await theirs.get(f"{there}/{inbox.dead}"))[0] == 404
        assert (await theirs.get(f"{there}/{inbox.dead}/body"))[0] == 404
        assert (await theirs.get(INBOX))[0] == 404
        assert (await theirs.get(mine.url.replace("haiduong", "haiphong")))[0] == 404
        _, page = await theirs.get(there)
        _, page = await theirs.post(f"{there}/replays", {"notice": inbox.dead})
        assert row_counts(page) == [0, 0, 0, 0, 0, 0]
    assert await state_of(served, inbox.dead) == "dead"


@pytest.mark.parametrize(
    "query",
    [
        "state=x&source=y&reason=%00",
        "after=x",
        "state=retrying&after=9-9-9",
        "after=" + "9" * 40,
        "state=retrying&after=99999999999999999-1",
    ],
)
async def test_an_address_that_was_tampered_with_is_answered(served: Served, query: str) -> None:
    async with Visitor(served) as visitor:
        await at_desk(served, visitor, Role.OPERATOR)
        assert (await visitor.get(f"{INBOX}?{query}"))[0] in {200, 400}


MANY = """
INSERT INTO notice (tenant_id, source_id, dedupe_key, body_hash, method, body, key_id, request_id, received_at, state,
    reason, next_attempt_at)
SELECT $1, $2, sha256(n::text::bytea), sha256(n::text::bytea), 'POST', 'x', 0, 'r', now(),
    CASE n % 40 WHEN 0 THEN 'dead' WHEN 1 THEN 'parked' WHEN 2 THEN 'retrying' ELSE 'applied' END::notice_state,
    'reason ' || n % 3, now() + (n + 3600) * interval '1 second'
FROM generate_series(1, 20000) AS n
"""


async def test_pages_follow_each_other_without_a_gap_and_read_by_index(served: Served) -> None:
    place = await place_of(served)
    async with connect(served.database_url) as connection:
        await connection.execute(MANY, place.tenant_id, place.source_id)
        await connection.execute("ANALYZE notice")
    for shelf, whole in (("dead", 500), ("retrying", 500), ("parked", 500)):
        async with Visitor(served) as visitor:
            await at_desk(served, visitor, Role.OPERATOR)
            seen, address = [], f"{INBOX}?state={shelf}"
            while address:
                _, page = await visitor.get(address)
                seen += re.findall(rf'href="{INBOX}/(\d+)"', page)
                following = re.search(rf'class="button second" href="({INBOX}[^"]*)"', page)
                address = following[1].replace("&amp;", "&") if following else ""
            assert (len(seen), len(set(seen))) == (whole, whole)
    async with connect(served.database_url) as connection:
        arguments = {
            "list_waiting": (place.tenant_id, "dead", 0, None, None, 51),
            "list_due": (place.tenant_id, datetime(2020, 1, 1, tzinfo=UTC), 0, None, None, 51),
            "list_applied": (place.tenant_id, 2**62, None, 51, 5000),
            "count_waiting_reasons": (place.tenant_id, "dead", None, 10_001, 20),
            "count_states": (place.tenant_id, 10_001),
        }
        for name, given in arguments.items():
            plan = "\n".join(row[0] for row in await connection.fetch("EXPLAIN " + QUERIES[name], *given))
            assert "Seq Scan on notice" not in plan, plan
