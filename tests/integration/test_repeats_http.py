"""`Idempotency-Key`: what was asked for once is done once, and the answer is the same to the byte."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from paygate.access import Role
from paygate.database import connect
from paygate.web import repeats
from paygate.web.repeats import HEADER, KEPT_HOURS, forget_replies
from tests.served import Served, a_service
from tests.statement_files import Booked, camt

DOSSIER = "000.00.12.H23-240508-0001"
REQUESTS = "/v1/payment-requests"


@pytest.fixture
async def served(database_url: str) -> AsyncIterator[Served]:
    async with a_service(database_url) as one:
        yield one


def a_request(**changes: Any) -> bytes:
    given = {"tenant": "haiduong", "reference": "R1", "dossier_code": DOSSIER, "amount": 1, "source": "hd-dvcqg"}
    return json.dumps(given | changes).encode()


async def post(
    served: Served, path: str, headers: Mapping[str, str], body: bytes, key: str | None = "a-key"
) -> tuple[int, bytes, Mapping[str, str]]:
    sent = {**headers, **({HEADER: key} if key is not None else {})}
    async with served.session.post(served.url + path, data=body, headers=sent) as reply:
        return reply.status, await reply.read(), reply.headers


CREATING = [
    (REQUESTS, a_request(), a_request(amount=2)),
    ("/v1/statements", camt([Booked("A")]), camt([Booked("B")])),
    (
        "/v1/reconciliations",
        b'{"tenant": "haiduong", "date": "2024-05-08"}',
        b'{"tenant": "haiduong", "date": "2024-05-09"}',
    ),
]


@pytest.mark.parametrize(("path", "body", "other"), CREATING)
async def test_the_same_request_is_answered_the_same(served: Served, path: str, body: bytes, other: bytes) -> None:
    service = await served.token("haiduong", Role.ADMIN)
    first = await post(served, path, service, body)
    again = await post(served, path, service, body)
    assert first[0] in {201, 202}
    assert first[:2] == again[:2]
    assert first[2]["Content-Type"] == again[2]["Content-Type"]


@pytest.mark.parametrize(("path", "body", "other"), CREATING)
async def test_another_request_under_the_same_key_is_refused(
    served: Served, path: str, body: bytes, other: bytes
) -> None:
    service = await served.token("haiduong", Role.ADMIN)
    await post(served, path, service, body)
    status, said, _ = await post(served, path, service, other)
    assert (status, json.loads(said)["type"]) == (422, "urn:paygate:problem:repeat-differs")


async def test_a_statement_repeated_is_imported_once(served: Served) -> None:
    officer = await served.token("haiduong", Role.OFFICER)
    for _ in range(3):
        await post(served, "/v1/statements", officer, camt([Booked("A")]))
    assert await served.fetchval("SELECT count(*) FROM job") == 1
    status, _, _ = await post(served, "/v1/statements?account=001", officer, camt([Booked("A")]))
    assert status == 422


async def test_a_key_is_its_callers_own_and_its_routes_own(served: Served) -> None:
    one, other = [await served.token("haiduong", Role.ADMIN) for _ in range(2)]
    assert (await post(served, REQUESTS, one, a_request()))[0] == 201
    assert (await post(served, REQUESTS, other, a_request(reference="R2")))[0] == 201
    body = b'{"tenant": "haiduong", "date": "2024-05-08"}'
    assert (await post(served, "/v1/reconciliations", one, body))[0] == 202


async def test_without_a_key_nothing_is_kept(served: Served) -> None:
    service = await served.token("haiduong", Role.SERVICE)
    assert [(await post(served, REQUESTS, service, a_request(), None))[0] for _ in range(2)] == [201, 200]
    assert await served.fetchval("SELECT count(*) FROM repeatable_reply") == 0


async def test_a_refused_request_holds_no_key(served: Served) -> None:
    service = await served.token("haiduong", Role.SERVICE)
    await post(served, REQUESTS, service, a_request(), None)
    assert (await post(served, REQUESTS, service, a_request(amount=9)))[0] == 409
    assert (await post(served, REQUESTS, service, a_request(reference="R2")))[0] == 201


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "ü"])
async def test_a_key_that_is_none_is_refused(served: Served, key: str) -> None:
    service = await served.token("haiduong", Role.SERVICE)
    status, said, _ = await post(served, REQUESTS, service, a_request(), key)
    assert (status, HEADER in json.loads(said)["detail"]) == (400, True)


async def test_of_many_at_once_one_is_done_and_the_others_are_told_to_wait_or_the_same(served: Served) -> None:
    service = await served.token("haiduong", Role.SERVICE)
    answers = await asyncio.gather(*(post(served, REQUESTS, service, a_request()) for _ in range(12)))
    assert {status for status, _, _ in answers} <= {201, 409}
    assert len({said for status, said, _ in answers if status == 201}) == 1
    assert all(int(headers["Retry-After"]) > 0 for status, _, headers in answers if status == 409)
    assert (await post(served, REQUESTS, service, a_request()))[0] == 201


async def test_a_twin_that_another_process_works_on_is_waited_for_and_then_told_of(
    served: Served, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = await served.token("haiduong", Role.SERVICE)
    async with connect(database_url) as elsewhere:
        transaction = elsewhere.transaction()
        await transaction.start()
        await elsewhere.execute(
            "INSERT INTO repeatable_reply (tenant_id, person, route, key, request_hash)"
            " SELECT tenant_id, person.name, $1, 'a-key', sha256('') FROM tenant, person WHERE code = 'haiduong'",
            f"POST {REQUESTS}",
        )
        status, said, headers = await post(served, REQUESTS, service, a_request())
        assert (status, json.loads(said)["type"]) == (409, "urn:paygate:problem:repeat-in-progress")
        assert int(headers["Retry-After"]) > 0
        await transaction.rollback()
    assert (await post(served, REQUESTS, service, a_request()))[0] == 201


async def test_keys_are_dropped_in_time_and_not_before(served: Served) -> None:
    service = await served.token("haiduong", Role.SERVICE)
    for key in ("old", "new"):
        await post(served, REQUESTS, service, a_request(reference=key), key)
    await served.fetchval(
        "UPDATE repeatable_reply SET asked_at = now() - make_interval(hours => $1, mins => 1) WHERE key = 'old'",
        KEPT_HOURS,
    )
    assert repeats.KEPT_HOURS >= 24
    async with connect(served.database_url) as connection:
        await forget_replies(connection)
    assert await served.fetchval("SELECT array_agg(key) FROM repeatable_reply") == ["new"]
