"""The walk of the whole route table: who may go where, whose things they see there, and that no other site sends them.

The table itself is `tests/who_may.py`.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

import pytest
from aiohttp import FormData, web

from paygate.access import Role
from paygate.app import build_web, open_service
from paygate.egress import open_egress
from paygate.inbox import open_inbox
from tests.codes import a_desk_with_codes
from tests.desk import Visitor, a_person
from tests.province import a_province
from tests.served import Served, settings_for
from tests.who_may import NOBODYS, Line, filled, read_table

UPLOADS: Final = {
    "/desk/{tenant}/rules/new",
    "/desk/{tenant}/discrepancies/{id}/evidence",
    "/desk/{tenant}/imports",
    "/desk/{tenant}/mappings",
}
"""Pages whose form carries a file."""
REASONED: Final = {"reason": "x"}
BODIES: Final[Mapping[str, Any]] = {
    "/v1/records": [],
    "/v1/payment-requests": {"reference": "R", "dossier_code": NOBODYS["code"], "amount": 1, "source": "hd-dvcqg"},
    "/v1/reconciliations": {"date": "2024-05-08"},
    "/v1/matches/{id}/undo": REASONED,
    "/v1/matches/{id}/rejoin": REASONED,
    "/v1/discrepancies/{id}/assign": {"version": 1, "to": None},
    "/v1/discrepancies/{id}/comment": {"version": 1, "text": "x"},
    "/v1/discrepancies/{id}/propose": {"version": 1, "kind": "write_off", "reason": "x"},
    "/v1/discrepancies/{id}/withdraw": {"version": 1},
    "/v1/discrepancies/{id}/approve": {"version": 1},
    "/v1/discrepancies/{id}/reject": {"version": 1, "reason": "x"},
}
"""What is sent to routes that read it before they look at who sends it."""
IN_THE_BODY: Final = {"/v1/payment-requests", "/v1/reconciliations"}
"""Routes that are told the tenant there."""

KNOWN: Final = {
    "notices": "SELECT notice_id FROM notice WHERE tenant_id = $1 ORDER BY notice_id LIMIT 1",
    "payments": "SELECT payment_id FROM payment WHERE tenant_id = $1 ORDER BY payment_id LIMIT 1",
    "discrepancies": "SELECT discrepancy_id FROM discrepancy WHERE tenant_id = $1 ORDER BY discrepancy_id LIMIT 1",
    "dossiers": "SELECT dossier_code FROM procedure_record WHERE tenant_id = $1 ORDER BY dossier_code LIMIT 1",
    "records": "SELECT dossier_code FROM procedure_record WHERE tenant_id = $1 ORDER BY dossier_code LIMIT 1",
    "people": "SELECT person_id FROM person_role WHERE tenant_id = $1 ORDER BY person_id LIMIT 1",
    "tokens": "SELECT token_id FROM api_token WHERE tenant_id = $1 ORDER BY token_id LIMIT 1",
    "matches": "SELECT match_id FROM match WHERE tenant_id = $1 ORDER BY match_id LIMIT 1",
    "imports": "SELECT job_id FROM job WHERE tenant_id = $1 AND kind = 'statement' LIMIT 1",
    "reconciliations": "SELECT job_id FROM job WHERE tenant_id = $1 AND kind = 'reconciliation' LIMIT 1",
}
"""How something of a tenant's is found, by the part of the path its number stands behind."""


async def send(visitor: Visitor, line: Line, path: str, csrf: str, **headers: str) -> tuple[int, str]:
    """Send what the route asks for, with a token; return the status and where it leads."""
    headers = {"Sec-Fetch-Site": "same-origin", **headers}
    data: Any = None
    if line.unsafe and not line.page:
        headers |= {"X-CSRF-Token": csrf, "Content-Type": "application/json"}
        body = BODIES.get(line.path, {})
        said = {"tenant": path.partition("tenant=")[2].partition("&")[0]} if line.path in IN_THE_BODY else {}
        data = json.dumps({**body, **said} if isinstance(body, dict) else body).encode()
    elif line.unsafe:
        fields = {"csrf": csrf, "once": "o" * 30}
        data = FormData(fields, default_to_multipart=True) if line.path in UPLOADS else fields
    url = visitor.served.url + path
    async with visitor.session.request(line.method, url, data=data, headers=headers, allow_redirects=False) as reply:
        await reply.read()
        return reply.status, reply.headers.get("Location", "")


async def token_of(visitor: Visitor) -> str:
    await visitor.get("/account")
    return visitor.hidden["csrf"]


def came_in(status: int, leads: str) -> bool:
    return status not in {401, 403} and not leads.startswith("/sign-in?")


@pytest.fixture
async def served(database_url: str) -> AsyncIterator[Served]:
    async with a_desk_with_codes(database_url) as one:
        yield one


async def jobs_of(served: Served, tenant: str) -> dict[str, str]:
    """Ask for a job of each kind, for its role is looked at where it is found."""
    admin, found = await served.token(tenant, Role.ADMIN), {}
    for part, path, body in (
        ("imports", f"/v1/statements?tenant={tenant}", b"<Document/>"),
        ("reconciliations", "/v1/reconciliations", json.dumps({"tenant": tenant, "date": "2024-05-08"}).encode()),
    ):
        status, asked = await served.post(body, path, {**admin, "Content-Type": "application/json"})
        assert status == 202, asked
        found[part] = str(asked["id"])
    return found


async def signed_in(stack: AsyncExitStack, served: Served, *roles: Role, **whose: Any) -> tuple[Visitor, str]:
    """Sign a person in and return their browser and their token."""
    visitor = await stack.enter_async_context(Visitor(served))
    await visitor.sign_in(await a_person(served, *roles, **whose))
    return visitor, await token_of(visitor)


def guarded() -> Sequence[Line]:
    """Return the lines that need a session; what ends it comes last."""
    return sorted((line for line in read_table().values() if not line.open), key=lambda line: line.path == "/sign-out")


async def test_every_route_has_its_line_and_every_line_its_route(database_url: str) -> None:
    async with (
        open_service(settings_for(database_url)) as service,
        open_inbox(database_url, limit=1, committed=list) as inbox,
        open_egress() as egress,
    ):
        routes = build_web(service, inbox, list, list, egress.send).router.routes()
    found = {_named(route) for route in routes if route.method != "HEAD"}
    assert not sorted(found - read_table().keys()), "these have no line in tests/who_may.py"
    assert not sorted(read_table().keys() - found)


def _named(route: web.AbstractRoute) -> tuple[str, str]:
    assert route.resource is not None
    return route.method, route.resource.canonical


@pytest.mark.parametrize("role", Role)
async def test_each_role_may_do_what_the_table_says_and_nothing_else(served: Served, role: Role) -> None:
    async with AsyncExitStack() as stack:
        visitor, csrf = await signed_in(stack, served, role)
        wrong, jobs = [], await jobs_of(served, "haiduong")
        for line in guarded():
            status, leads = await send(visitor, line, filled(line, "haiduong", **jobs), csrf)
            expected = line.roles is None or role in line.roles
            if came_in(status, leads) != expected or status >= 500:
                wrong.append(f"{line}: {status}, expected to come in: {expected}")
        assert not wrong


async def test_who_is_limited_to_an_agency_comes_only_where_that_is_heeded(served: Served) -> None:
    async with AsyncExitStack() as stack:
        visitor, csrf = await signed_in(stack, served, *Role, agencies=["000.00.12.H23"])
        wrong, jobs = [], await jobs_of(served, "haiduong")
        for line in guarded():
            status, leads = await send(visitor, line, filled(line, "haiduong", **jobs), csrf)
            if came_in(status, leads) != line.agencies or status >= 500:
                wrong.append(f"{line}: {status}, expected to come in: {line.agencies}")
        assert not wrong


async def test_who_is_not_signed_in_is_led_there_and_a_system_is_told(served: Served) -> None:
    async with Visitor(served) as visitor:
        wrong = []
        for line in guarded():
            status, leads = await send(visitor, line, filled(line, "haiduong"), "")
            if (status, leads[:14]) != ((303, "/sign-in?next=") if line.page else (401, "")):
                wrong.append(f"{line}: {status} {leads}")
        assert not wrong


async def test_another_tenant_does_not_exist_whatever_one_may_in_one_s_own(served: Served) -> None:
    async with AsyncExitStack() as stack:
        visitor, csrf = await signed_in(stack, served, *Role, tenant="haiphong")
        wrong = []
        for line in (one for one in guarded() if one.of_a_tenant):
            status, _ = await send(visitor, line, filled(line, "haiduong"), csrf)
            if status != 404:
                wrong.append(f"{line}: {status}")
        assert not wrong


async def test_things_of_another_tenant_are_not_found_in_one_s_own(province_url: str) -> None:
    async with a_province(province_url) as served, AsyncExitStack() as stack:
        tenant_id = await served.fetchval("SELECT tenant_id FROM tenant WHERE code = 'haiduong'")
        known = {part: str(await served.fetchval(query, tenant_id)) for part, query in KNOWN.items()}
        assert "None" not in known.values()
        ours, our_csrf = await signed_in(stack, served, *Role)
        theirs, their_csrf = await signed_in(stack, served, *Role, tenant="haiphong")
        wrong, seen = [], 0
        for line in guarded():
            numbers = [part for part, name in re.findall(r"(\w+)/\{(\w+)\}", line.path) if name != "tenant"]
            if not {*numbers} & known.keys():
                continue
            if not line.unsafe and {*numbers} <= known.keys() and line.path.count("{") <= 2:
                status, _ = await send(ours, line, filled(line, "haiduong", **known), our_csrf)
                seen += status == 200
                wrong += [f"{line} of our own: {status}"] if status != 200 else []
            status, _ = await send(theirs, line, filled(line, "haiphong", **known), their_csrf)
            wrong += [f"{line} of another: {status}"] if status != 404 else []
        assert not wrong
        assert seen >= 8


# -- What another site sends -------------------------------------------------------------------------------------------

FOREIGN: Final[Sequence[dict[str, str]]] = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": ""},
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
)


async def test_no_unsafe_page_takes_what_another_site_sends_or_a_token_of_another_session(served: Served) -> None:
    async with AsyncExitStack() as stack:
        visitor, csrf = await signed_in(stack, served, *Role)
        _, foreign = await signed_in(stack, served, *Role)
        wrong = []
        for line in (one for one in guarded() if one.unsafe):
            path = filled(line, "haiduong")
            tried = [await send(visitor, line, path, token) for token in ("", foreign, csrf[:-1], "\N{PILE OF POO}")]
            if line.page:  # a header cannot hold that
                tried += [await send(visitor, line, path, csrf, **headers) for headers in FOREIGN]
            wrong += [f"{line}: {status}" for status, _ in tried if status != 403]
        assert not wrong
        assert (await visitor.get("/account"))[0] == 200


async def test_no_page_without_a_session_takes_what_another_site_sends(served: Served) -> None:
    async with Visitor(served) as visitor:
        wrong = []
        for line in (one for one in read_table().values() if one.open and one.unsafe and one.page):
            for headers in FOREIGN:
                status, _ = await send(visitor, line, line.path, "", **headers)
                wrong += [f"{line} {headers}: {status}"] if status != 403 else []
        assert not wrong


@pytest.mark.parametrize("origin", ["", "null", "https://evil.example", "http://127.0.0.1"])
async def test_over_plain_http_the_origin_has_to_be_ours(served: Served, origin: str) -> None:
    for given, status in ((origin, 403), (served.url, 422)):
        headers = {"Origin": given} if given else {}
        async with served.session.post(served.url + "/sign-in", data={"name": "x"}, headers=headers) as reply:
            assert reply.status == status


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "multipart/form-data; boundary=x", ""])
async def test_a_form_of_another_kind_is_not_read(served: Served, kind: str) -> None:
    async with AsyncExitStack() as stack:
        visitor, csrf = await signed_in(stack, served, Role.OFFICER)
        headers = {"Sec-Fetch-Site": "same-origin", "Content-Type": kind}
        body = f"csrf={csrf}&once={'o' * 30}".encode()
        async with visitor.session.post(served.url + "/account/sessions/end", data=body, headers=headers) as reply:
            assert reply.status == 403


# -- A form that is sent twice -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [2, 8])
async def test_a_form_that_is_sent_several_times_at_once_acts_once_and_leads_to_one_place(
    served: Served, times: int
) -> None:
    async with AsyncExitStack() as stack:
        visitor, _ = await signed_in(stack, served, Role.ADMIN)
        await visitor.get("/desk/haiduong/people/new")
        form = {**visitor.hidden, "name": "moi", "full_name": "Người mới", "roles": "officer", "role": "officer"}
        headers = {"Sec-Fetch-Site": "same-origin"}

        async def post() -> tuple[int, str]:
            url = served.url + "/desk/haiduong/people/new"
            async with visitor.session.post(url, data=form, headers=headers, allow_redirects=False) as reply:
                return reply.status, reply.headers.get("Location", "")

        found = await asyncio.gather(*(post() for _ in range(times)))
        assert {status for status, _ in found} <= {200, 303}
    assert await served.fetchval("SELECT count(*) FROM audit_entry WHERE act = 'person_added'") == 1
    assert await served.fetchval("SELECT count(*) FROM person WHERE name = 'moi'") == 1


async def test_a_form_of_one_person_s_is_not_answered_to_another(served: Served) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(2):
            visitor, csrf = await signed_in(stack, served, Role.OFFICER)
            form = {"csrf": csrf, "once": "o" * 30}
            headers = {"Sec-Fetch-Site": "same-origin"}
            async with visitor.session.post(served.url + "/account/sessions/end", data=form, headers=headers) as reply:
                assert reply.status == 200
    assert await served.fetchval("SELECT count(*) FROM form_reply") == 2
