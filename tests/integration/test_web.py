"""What people and systems may call: who may, what they get, and that a token of one tenant sees nothing of another."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from aiohttp import web

from paygate.access import Role
from paygate.app import build_web, open_service
from paygate.database import connect
from paygate.domain.money import MAX_AMOUNT
from paygate.egress import open_egress
from paygate.inbox import open_inbox
from paygate.web import health
from paygate.web.openapi import DESCRIPTION
from paygate.web.reports import PAGE
from tests.served import Served, a_paid_notice, a_service, settings_for, signed

DOSSIER = "000.00.12.H23-240508-0001"
NDJSON = {"Content-Type": "application/x-ndjson"}
TODAY = date(2024, 5, 8)


@pytest.fixture
async def served(database_url: str) -> AsyncIterator[Served]:
    async with a_service(database_url, role="all") as one:
        yield one


def a_record(**changes: Any) -> dict[str, Any]:
    record = {
        "dossier_code": DOSSIER,
        "procedure_code": "1.005129",
        "procedure_name": "Đăng ký",
        "agency_code": "000.00.12.H23",
        "agency_name": "Sở",
        "status": "processing",
        "received_on": "2024-05-08",
        "processing_started_on": "2024-05-08",
        "expires_on": None,
        "exempt": False,
        "online_payment_flag": 0,
        "version": 1,
        "obligations": [{"code": "LP01", "kind": "charge", "name": "Lệ phí", "amount": 150_000}],
    }
    return record | changes


async def call(served: Served, method: str, path: str, headers: Any = None, body: Any = None) -> tuple[int, Any]:
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    sent = {"Content-Type": "application/json", **(headers or {})}
    async with served.session.request(method, served.url + path, headers=sent, data=data) as reply:
        return reply.status, await reply.json(content_type=None)


# -- Records and payment requests --------------------------------------------------------------------------------------


async def test_records_are_stored_and_the_bad_row_is_named(served: Served) -> None:
    service = await served.token("haiduong", Role.SERVICE)
    status, reply = await call(
        served, "PUT", "/v1/records?tenant=haiduong", service, [a_record(), a_record(status="odd")]
    )
    assert status == 200
    assert [(row["dossier_code"], row["result"]) for row in reply["rows"]] == [
        (DOSSIER, "created"),
        (DOSSIER, "refused"),
    ]
    assert reply["rows"][1]["reason"]


async def test_records_come_as_one_object_a_line_too(served: Served) -> None:
    service = await served.token("haiduong", Role.SERVICE)
    lines = "\n".join(json.dumps(a_record(dossier_code=f"{DOSSIER[:-1]}{number}")) for number in range(3)).encode()
    status, reply = await call(served, "PUT", "/v1/records", {**service, **NDJSON}, lines)
    assert (status, [row["result"] for row in reply["rows"]]) == (200, ["created"] * 3)


async def test_a_paid_notice_shows_in_the_record_of_its_dossier(served: Served) -> None:
    service = await served.token("haiduong", Role.SERVICE)
    await call(served, "PUT", "/v1/records", service, [a_record()])
    await served.post(signed(a_paid_notice(reference="REF-A", occurred_at=None)))
    for _ in range(100):
        _, view = await call(served, "GET", f"/v1/records/{DOSSIER}", service)
        if view["payments"]:
            break
        await asyncio.sleep(0.05)
    assert [(one["reference"], one["status"], one["amount"]) for one in view["payments"]] == [
        ("REF-A", "paid", 150_000)
    ]
    assert view["obligations"][0]["amount"] == 150_000


async def test_a_payment_request_is_created_once_and_never_changed(served: Served) -> None:
    service = await served.token("haiduong", Role.SERVICE)
    request = {
        "tenant": "haiduong",
        "reference": "REF-1",
        "dossier_code": DOSSIER,
        "amount": 150_000,
        "source": "hd-dvcqg",
    }
    statuses = [(await call(served, "POST", "/v1/payment-requests", service, request))[0] for _ in range(2)]
    assert statuses == [201, 200]
    status, problem = await call(served, "POST", "/v1/payment-requests", service, request | {"amount": 1})
    assert (status, problem["type"]) == (409, "urn:paygate:problem:conflict")


@pytest.mark.parametrize("given", ["2024-05-08T14:03:30+07:00", "2999-01-01T00:00:00Z"])
async def test_a_payment_request_may_say_when_the_payment_was_begun_but_not_in_the_future(
    served: Served, given: str
) -> None:
    service = await served.token("haiduong", Role.SERVICE)
    request = {"tenant": "haiduong", "reference": "R", "dossier_code": DOSSIER, "amount": 1, "source": "hd-dvcqg"}
    status, _ = await call(served, "POST", "/v1/payment-requests", service, request | {"requested_at": given})
    assert status == 201
    begun_at = await served.fetchval("SELECT requested_at FROM payment_request")
    assert begun_at == min(datetime.fromisoformat(given), begun_at)
    assert begun_at <= datetime.now(UTC)


@pytest.mark.parametrize(
    "spoiled",
    [
        {"requested_at": "2024-05-08T14:03:30"},
        {"requested_at": 1},
        {"amount": 1.5},
        {"amount": -1},
        {"amount": "150000"},
        {"amount": MAX_AMOUNT + 1},
        {"reference": ""},
        {"reference": "a\0b"},
        {"more": 1},
    ],
)
async def test_a_payment_request_that_cannot_be_read_is_refused_by_its_field(served: Served, spoiled: Any) -> None:
    service = await served.token("haiduong", Role.SERVICE)
    request = {"tenant": "haiduong", "reference": "R", "dossier_code": DOSSIER, "amount": 1, "source": "hd-dvcqg"}
    status, problem = await call(served, "POST", "/v1/payment-requests", service, request | spoiled)
    assert (status, problem["type"]) == (400, "urn:paygate:problem:invalid-input")
    assert next(iter(spoiled)) in problem["detail"]


async def test_records_that_are_no_json_are_a_problem(served: Served) -> None:
    service = await served.token("haiduong", Role.SERVICE)
    status, problem = await call(served, "PUT", "/v1/records", service, b"[" * 300)
    assert (status, problem["type"]) == (400, "urn:paygate:problem:invalid-input")


# -- The closed day ----------------------------------------------------------------------------------------------------


async def test_a_day_is_closed_in_the_background_and_its_report_can_be_read(served: Served) -> None:
    officer = await served.token("haiduong", Role.OFFICER)
    assert (await call(served, "GET", f"/v1/reports/haiduong/{TODAY}", officer))[0] == 404
    status, asked = await call(
        served, "POST", "/v1/reconciliations", officer, {"tenant": "haiduong", "date": str(TODAY)}
    )
    assert status == 202
    for _ in range(100):
        _, job = await call(served, "GET", f"/v1/reconciliations/{asked['id']}", officer)
        if job["state"] in {"done", "failed"}:
            break
        await asyncio.sleep(0.05)
    assert job["state"] == "done"
    status, report = await call(served, "GET", f"/v1/reports/haiduong/{TODAY}", officer)
    assert (status, report["date"], report["status"]) == (200, str(TODAY), job["status"])
    async with served.session.get(f"{served.url}/v1/reports/haiduong/{TODAY}.csv", headers=officer) as reply:
        assert (reply.status, reply.content_type) == (200, "text/csv")


async def test_a_day_yet_to_come_fails_with_a_reason(served: Served) -> None:
    officer = await served.token("haiduong", Role.OFFICER)
    _, asked = await call(served, "POST", "/v1/reconciliations", officer, {"tenant": "haiduong", "date": "2999-01-01"})
    for _ in range(100):
        _, job = await call(served, "GET", f"/v1/reconciliations/{asked['id']}", officer)
        if job["state"] == "failed":
            break
        await asyncio.sleep(0.05)
    assert (job["state"], "yet to come" in job["reason"]) == ("failed", True)


async def test_discrepancies_are_listed_page_by_page(served: Served) -> None:
    auditor = await served.token("haiduong", Role.AUDITOR)
    await served.fetchval(
        "INSERT INTO discrepancy (tenant_id, case_key, subject, reason, amount, since, due)"
        " SELECT tenant_id, 'line:' || n, 'line:' || n, 'bank_unexpected', n, '2024-05-08', '2024-05-10'"
        " FROM tenant, generate_series(1, $1) n WHERE code = 'haiduong'",
        PAGE + 5,
    )
    _, first = await call(served, "GET", "/v1/discrepancies?reason=bank_unexpected", auditor)
    assert len(first["items"]) == PAGE
    _, second = await call(served, "GET", f"/v1/discrepancies?cursor={first['next']}", auditor)
    assert (len(second["items"]), second["next"]) == (5, None)


@pytest.mark.parametrize("query", ["cursor=x", "cursor=-1", "cursor=99999999999999999999", "state=odd"])
async def test_a_cursor_or_state_that_is_none_is_refused(served: Served, query: str) -> None:
    auditor = await served.token("haiduong", Role.AUDITOR)
    assert (await call(served, "GET", f"/v1/discrepancies?{query}", auditor))[0] == 400


# -- Who may -----------------------------------------------------------------------------------------------------------

OTHERS_THINGS = [
    ("PUT", "/v1/records?tenant=haiphong", Role.ADMIN, []),
    ("GET", f"/v1/records/{DOSSIER}?tenant=haiphong", Role.ADMIN, None),
    (
        "POST",
        "/v1/payment-requests",
        Role.ADMIN,
        {"tenant": "haiphong", "reference": "R", "dossier_code": DOSSIER, "amount": 1, "source": "hd-dvcqg"},
    ),
    ("POST", "/v1/statements?tenant=haiphong", Role.ADMIN, b"<Document/>"),
    ("GET", "/v1/imports/{id}", Role.ADMIN, None),
    ("GET", f"/v1/reports/haiphong/{TODAY}", Role.ADMIN, None),
    ("GET", f"/v1/reports/haiphong/{TODAY}.csv", Role.ADMIN, None),
    ("GET", f"/v1/reports/haiphong/{TODAY}.xlsx", Role.ADMIN, None),
    ("GET", f"/v1/reports/haiphong/{TODAY}.pdf", Role.ADMIN, None),
    ("GET", "/v1/discrepancies?tenant=haiphong", Role.ADMIN, None),
    ("GET", "/v1/discrepancies/1?tenant=haiphong", Role.ADMIN, None),
    ("POST", "/v1/discrepancies/1/assign?tenant=haiphong", Role.ADMIN, {"version": 1, "to": None}),
    ("POST", "/v1/discrepancies/1/comment?tenant=haiphong", Role.ADMIN, {"version": 1, "text": "x"}),
    ("POST", "/v1/discrepancies/1/evidence?tenant=haiphong&version=1", Role.ADMIN, b"x"),
    ("GET", "/v1/discrepancies/1/evidence/1?tenant=haiphong", Role.ADMIN, None),
    ("POST", "/v1/discrepancies/1/propose?tenant=haiphong", Role.ADMIN, {"version": 1, "kind": "write_off"}),
    ("POST", "/v1/discrepancies/1/withdraw?tenant=haiphong", Role.ADMIN, {"version": 1}),
    ("POST", "/v1/discrepancies/1/approve?tenant=haiphong", Role.ADMIN, {"version": 1}),
    ("POST", "/v1/discrepancies/1/reject?tenant=haiphong", Role.ADMIN, {"version": 1, "reason": "x"}),
    ("GET", "/v1/events?tenant=haiphong", Role.ADMIN, None),
    ("POST", "/v1/matches/1/undo?tenant=haiphong", Role.ADMIN, {"reason": "x"}),
    ("POST", "/v1/matches/1/rejoin?tenant=haiphong", Role.ADMIN, {"reason": "x"}),
    ("POST", "/v1/reconciliations", Role.ADMIN, {"tenant": "haiphong", "date": str(TODAY)}),
    ("GET", "/v1/reconciliations/{id}", Role.ADMIN, None),
]


@pytest.fixture
async def application(database_url: str) -> AsyncIterator[web.Application]:
    async with (
        open_service(settings_for(database_url)) as service,
        open_inbox(database_url, limit=1, committed=list) as inbox,
        open_egress() as egress,
    ):
        yield build_web(service, inbox, list, list, egress.send)


PAGES = ("/desk/", "/static/", "/sign-", "/language", "/account")
"""Where the desk lies, which people see and no system calls."""


def described(routes: web.UrlDispatcher) -> set[tuple[str, str]]:
    found = set()
    for route in routes.routes():
        assert route.resource is not None
        path = route.resource.canonical
        if route.method != "HEAD" and path != "/" and not path.startswith(PAGES):
            found.add((route.method.lower(), path))
    return found


async def test_the_description_names_every_route_and_no_other(application: web.Application) -> None:
    said = {(method, path) for path, methods in DESCRIPTION["paths"].items() for method in methods}
    notices = {("get", "/v1/notices/{source}"), ("post", "/v1/notices/{source}")}
    assert said - notices == described(application.router)
    assert notices <= said


async def test_every_guarded_route_is_tried_with_a_token_of_another_tenant(application: web.Application) -> None:
    guarded = {
        (method, path)
        for method, path in described(application.router)
        if path.startswith("/v1/") and "payables" not in path
    }
    assert len(guarded) == len(OTHERS_THINGS)


async def with_a_job_of(served: Served, path: str, theirs: Any) -> str:
    """Put the number of a job of its kind into a path that asks for one."""
    if "{id}" not in path:
        return path
    if "imports" in path:
        _, asked = await call(served, "POST", "/v1/statements", theirs, b"<Document/>")
    else:
        _, asked = await call(served, "POST", "/v1/reconciliations", theirs, {"tenant": "haiphong", "date": str(TODAY)})
    return path.format(id=asked["id"])


@pytest.mark.parametrize(("method", "path", "role", "body"), OTHERS_THINGS)
async def test_another_tenants_things_do_not_exist(
    served: Served, method: str, path: str, role: Role, body: Any
) -> None:
    theirs = await served.token("haiphong", role)
    path = await with_a_job_of(served, path, theirs)
    status, problem = await call(served, method, path, await served.token("haiduong", role), body)
    assert (status, problem["type"]) == (404, "urn:paygate:problem:not-found")
    assert "haiphong" not in json.dumps(problem)


@pytest.mark.parametrize(("method", "path", "role", "body"), OTHERS_THINGS)
async def test_without_a_known_token_nothing_is_told(
    served: Served, method: str, path: str, role: Role, body: Any
) -> None:
    for headers in (None, {"Authorization": "Bearer pg_guess"}, {"Authorization": "Basic eDp5"}):
        status, problem = await call(served, method, path.format(id="x"), headers, body)
        assert (status, problem["type"]) == (401, "urn:paygate:problem:unknown-caller")


@pytest.mark.parametrize(("method", "path", "role", "body"), OTHERS_THINGS)
async def test_an_operator_is_not_shown_what_is_paid(
    served: Served, method: str, path: str, role: Role, body: Any
) -> None:
    path = await with_a_job_of(served, path, await served.token("haiphong", role))
    operator = await served.token("haiphong", Role.OPERATOR)
    status, problem = await call(served, method, path, operator, body)
    assert (status, problem["type"]) == (403, "urn:paygate:problem:not-allowed")


async def test_a_path_that_is_not_there_is_a_problem(served: Served) -> None:
    status, problem = await call(served, "GET", "/v1/secrets")
    assert (status, problem["type"]) == (404, "urn:paygate:problem:not-found")


async def test_a_method_that_is_not_there_is_a_problem(served: Served) -> None:
    status, problem = await call(served, "DELETE", "/v1/records")
    assert (status, problem["type"]) == (405, "urn:paygate:problem:method-not-allowed")


# -- Metrics -----------------------------------------------------------------------------------------------------------


async def test_metrics_tell_the_success_ratio_and_what_waits(served: Served) -> None:
    await served.fetchval(
        "INSERT INTO payment (tenant_id, source_id, reference, transaction_id, reference_key, state, outcome, amount,"
        " currency, occurred_at, business_date)"
        " SELECT tenant_id, source_id, 'R' || n, '', 'R' || n, 'paid', CASE n WHEN 1 THEN 'declined' ELSE 'paid' END"
        " ::payment_outcome, 1, 'VND', now(),"
        " (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date - CASE n WHEN 4 THEN 3 ELSE 0 END"
        " FROM source, generate_series(1, 4) n WHERE code = 'hd-dvcqg'"
    )
    await served.post(signed(a_paid_notice(currency="VNĐ")))
    lines = await scrape(served)
    ratio = 'paygate_success_ratio{source="hd-dvcqg",tenant="haiduong",window='
    values = {line.split(" ")[0]: float(line.split(" ")[1]) for line in lines if line.startswith(ratio)}
    assert values[ratio + '"day"}'] == pytest.approx(2 / 3)
    assert values[ratio + '"week"}'] == pytest.approx(3 / 4)
    assert 'paygate_notices_waiting{state="quarantined"} 1.0' in lines
    assert any(line.startswith('paygate_notices_total{outcome="quarantined",source="hd-dvcqg"}') for line in lines)


async def test_a_scrape_does_not_wait_for_a_slow_database(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(health, "REST_FACTOR", 0)
    await served.post(signed(a_paid_notice(currency="VNĐ")))
    waiting = 'paygate_notices_waiting{state="quarantined"} 1.0'
    assert waiting in await scrape(served)
    loop = asyncio.get_running_loop()
    async with connect(served.database_url) as connection, connection.transaction():
        await connection.execute("LOCK TABLE payment")
        began = loop.time()
        assert waiting in await scrape(served)
        assert loop.time() - began < 0.5


async def scrape(served: Served) -> list[str]:
    async with served.session.get(served.url + "/metrics") as reply:
        return (await reply.text()).splitlines()
