"""What people do about discrepancies, as they and their systems ask for it over HTTP."""

import io
from typing import Any

import pytest

from paygate.access import Role, add_person, limit_person
from paygate.database import connect
from paygate.domain.evidence import LARGEST
from tests.served import Served

LIST = "/v1/discrepancies"
OUTSIDE = "000.00.99.H23"


async def call(
    province: Served, method: str, path: str, token: Any, body: Any = None, **headers: str
) -> tuple[int, Any]:
    async with province.session.request(method, province.url + path, headers={**token, **headers}, json=body) as reply:
        return reply.status, await reply.json(content_type=None)


async def listed(province: Served, token: Any, **query: str) -> list[dict[str, Any]]:
    async with province.session.get(province.url + LIST, headers=token, params=query) as reply:
        items: list[dict[str, Any]] = (await reply.json())["items"]
    return items


async def one_of(province: Served, token: Any, reason: str = "underpaid") -> dict[str, Any]:
    return (await listed(province, token, reason=reason))[0]


async def limit(province: Served, token_of: str, *agencies: str) -> None:
    """Limit whoever has a role's first token to some agencies."""
    async with connect(province.database_url) as connection, connection.transaction():
        tenant_id = await connection.fetchval("SELECT tenant_id FROM tenant WHERE code = 'haiduong'")
        person_id = await add_person(connection, token_of, Role.OFFICER, tenant_id)
        await limit_person(connection, person_id, tenant_id, agencies)


async def name_of(province: Served, role: Role) -> str:
    name: str = await province.fetchval(
        "SELECT name FROM person WHERE name LIKE $1 ORDER BY person_id DESC", f"haiduong-{role}-%"
    )
    return name


async def test_from_the_list_to_a_closing_by_two_people(province: Served) -> None:
    officer = await province.token("haiduong", Role.OFFICER)
    approver, name = await province.token("haiduong", Role.APPROVER), await name_of(province, Role.APPROVER)
    item = await one_of(province, officer)
    assert (item["state"], item["assignee"], item["proposal"]) == ("open", None, None)
    one, seen = f"{LIST}/{item['id']}", {"version": item["version"]}

    status, done = await call(province, "POST", f"{one}/assign", officer, {**seen, "to": name})
    assert (status, done["state"], done["new"]) == (200, "assigned", True)
    assert (await call(province, "POST", f"{one}/assign", officer, {**seen, "to": name}))[1]["new"] is False
    assert (await call(province, "POST", f"{one}/comment", officer, {**seen, "text": "Đã gọi điện"}))[0] == 200
    proposal = {**seen, "kind": "write_off", "reason": "too little to ask for"}
    status, done = await call(province, "POST", f"{one}/propose", officer, proposal)
    assert (status, done["state"]) == (201, "proposed")
    item = await one_of(province, officer)
    assert (item["assignee"], item["proposal"]["kind"], item["version"]) == (name, "write_off", done["version"])

    status, done = await call(province, "POST", f"{one}/approve", approver, {"version": done["version"]})
    assert (status, done["state"]) == (200, "resolved")
    status, shown = await call(province, "GET", one, approver)
    assert (shown["resolution"], shown["resolved_by"], shown["state"]) == ("write_off", name, "resolved")
    assert [event["said"] for event in shown["events"]] == ["opened", "assigned", "commented", "proposed", "closed"]


async def test_a_proposal_is_rejected_or_taken_back(province: Served) -> None:
    officer, approver = [await province.token("haiduong", role) for role in (Role.OFFICER, Role.APPROVER)]
    item = await one_of(province, officer)
    one, proposal = f"{LIST}/{item['id']}", {"version": item["version"], "kind": "not_ours", "reason": "another's"}
    _, done = await call(province, "POST", f"{one}/propose", officer, proposal)
    status, done = await call(province, "POST", f"{one}/withdraw", officer, {"version": done["version"]})
    assert (status, done["state"]) == (200, "assigned")
    _, done = await call(province, "POST", f"{one}/propose", officer, {**proposal, "version": done["version"]})
    refusal = {"version": done["version"], "reason": "look again"}
    status, done = await call(province, "POST", f"{one}/reject", approver, refusal)
    assert (status, done["state"]) == (200, "assigned")
    status, problem = await call(province, "POST", f"{one}/approve", approver, {"version": done["version"]})
    assert (status, problem["type"]) == (409, "urn:paygate:problem:conflict")
    assert "rejected the proposal at" in problem["detail"]


async def test_nobody_approves_their_own_proposal_whatever_their_role(province: Served) -> None:
    admin = await province.token("haiduong", Role.ADMIN)
    item = await one_of(province, admin)
    one, proposal = f"{LIST}/{item['id']}", {"version": item["version"], "kind": "write_off", "reason": "x"}
    _, done = await call(province, "POST", f"{one}/propose", admin, proposal)
    status, problem = await call(province, "POST", f"{one}/approve", admin, {"version": done["version"]})
    assert (status, problem["detail"]) == (403, "you made this proposal, so you cannot decide it")


@pytest.mark.parametrize("role", [Role.SERVICE, Role.APPROVER, Role.AUDITOR])
async def test_only_makers_make(province: Served, role: Role) -> None:
    token = await province.token("haiduong", role)
    for act, body in (("assign", {"to": None}), ("comment", {"text": "x"}), ("propose", {"kind": "write_off"})):
        status, _ = await call(province, "POST", f"{LIST}/1/{act}", token, {"version": 1, **body})
        assert status == 403, act


@pytest.mark.parametrize("role", [Role.SERVICE, Role.OFFICER, Role.AUDITOR])
async def test_only_checkers_check(province: Served, role: Role) -> None:
    token = await province.token("haiduong", role)
    for act, body in (("approve", {}), ("reject", {"reason": "x"})):
        assert (await call(province, "POST", f"{LIST}/1/{act}", token, {"version": 1, **body}))[0] == 403


@pytest.mark.parametrize(
    ("act", "body"),
    [
        ("assign", {"to": "x"}),
        ("assign", {"version": "1", "to": None}),
        ("assign", {"version": 1}),
        ("comment", {"version": 1, "text": "x", "more": 1}),
        ("comment", {"version": -1, "text": "x"}),
        ("comment", {"version": 2**64, "text": "x"}),
        ("comment", {"version": 1, "text": 1}),
        ("propose", {"version": 1, "kind": "forget", "reason": "x"}),
        ("propose", {"version": 1, "kind": "write_off", "detail": [], "reason": "x"}),
        ("propose", {"version": 1, "kind": "split", "detail": {"match": True}, "reason": "x"}),
        ("propose", {"version": 1, "kind": "write_off", "reason": ""}),
        ("withdraw", []),
        ("approve", {"version": None}),
        ("reject", {"version": 1}),
    ],
)
async def test_a_body_that_is_not_as_described_is_refused(province: Served, act: str, body: Any) -> None:
    token = await province.token("haiduong", Role.ADMIN)
    number = (await one_of(province, token))["id"]
    status, problem = await call(province, "POST", f"{LIST}/{number}/{act}", token, body)
    assert (status, problem["type"]) == (400, "urn:paygate:problem:invalid-input")


async def test_an_act_asked_for_twice_under_one_key_is_done_once(province: Served) -> None:
    officer = await province.token("haiduong", Role.OFFICER)
    item = await one_of(province, officer)
    path, said = f"{LIST}/{item['id']}/comment", {"version": item["version"], "text": "x"}
    replies = [await call(province, "POST", path, officer, said, **{"Idempotency-Key": "k"}) for _ in range(2)]
    assert replies[0] == replies[1]
    count = "SELECT count(*) FROM discrepancy_event WHERE said = 'commented'"
    assert await province.fetchval(count) == 1


async def test_a_file_comes_back_as_it_was_attached_to_be_kept_and_not_shown(province: Served) -> None:
    officer = await province.token("haiduong", Role.OFFICER)
    item = await one_of(province, officer)
    one, page = f"{province.url}{LIST}/{item['id']}", b"<script>alert(1)</script>"
    query = {"version": str(item["version"]), "name": "..\\..//giấy báo có.html"}
    headers = {**officer, "Content-Type": "text/html"}
    async with province.session.post(f"{one}/evidence", params=query, data=page, headers=headers) as reply:
        assert reply.status == 201
    async with province.session.get(one, headers=officer) as reply:
        [file] = (await reply.json())["evidence"]
    assert (file["name"], file["size"]) == ("giấy báo có.html", len(page))
    async with province.session.get(f"{one}/evidence/{file['id']}", headers=officer) as reply:
        assert await reply.read() == page
        assert reply.headers["Content-Type"] == "application/octet-stream"
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Content-Disposition"].startswith('attachment; filename="gi_y b_o c_.html"; filename*=UTF')
    async with province.session.get(f"{one}/evidence/{file['id'] + 1}", headers=officer) as reply:
        assert reply.status == 404


@pytest.mark.parametrize(
    ("query", "size", "status"),
    [({"version": "1"}, 0, 400), ({"version": "1"}, LARGEST + 1, 413), ({"version": "x"}, 1, 400), ({}, 1, 400)],
)
async def test_a_file_that_cannot_be_kept_is_refused(
    province: Served, query: dict[str, str], size: int, status: int
) -> None:
    officer = await province.token("haiduong", Role.OFFICER)
    number = (await one_of(province, officer))["id"]
    url = f"{province.url}{LIST}/{number}/evidence"
    async with province.session.post(url, params=query, data=io.BytesIO(b"x" * size), headers=officer) as reply:
        assert reply.status == status


async def test_who_is_limited_to_agencies_sees_and_does_nothing_beside_them(province: Served) -> None:
    officer = await province.token("haiduong", Role.OFFICER)
    item = await one_of(province, officer)
    name, dossier = await name_of(province, Role.OFFICER), f"/v1/records/{item['dossier_code']}"
    await limit(province, name, OUTSIDE)
    assert await listed(province, officer) == []
    one, seen = f"{LIST}/{item['id']}", {"version": item["version"]}
    for method, path, body in (
        ("GET", one, None),
        ("GET", dossier, None),
        ("POST", f"{one}/assign", {**seen, "to": None}),
        ("POST", f"{one}/comment", {**seen, "text": "x"}),
        ("POST", f"{one}/propose", {**seen, "kind": "write_off", "reason": "x"}),
        ("POST", f"{one}/withdraw", seen),
    ):
        assert (await call(province, method, path, officer, body))[0] == 404, path
    await limit(province, name, OUTSIDE, "000.00.12.H23")
    assert (await call(province, "GET", dossier, officer))[0] == 200
    assert (await call(province, "POST", f"{one}/comment", officer, {**seen, "text": "x"}))[0] == 200
    assert all(one["dossier_code"] for one in await listed(province, officer))
