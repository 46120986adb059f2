"""Notices over HTTP: every good and bad thing a source can send, against a served service and a real database."""

import asyncio
import gzip
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from adapters import registry
from paygate.database import connect
from paygate.domain.errors import ConfigurationError, DatabaseUnavailableError
from paygate.telemetry import REGISTRY
from paygate.web.notices import BODY_LIMIT
from tests.served import (
    NOON,
    NOTICES,
    SECRET,
    VNPAY_OPTIONS,
    Line,
    Served,
    a_line_to,
    a_paid_notice,
    a_service,
    signed,
)


@pytest.fixture
async def served(database_url: str) -> AsyncIterator[Served]:
    async with a_service(database_url) as one:
        yield one


@pytest.fixture
async def wired(database_url: str, tmp_path: Path) -> AsyncIterator[tuple[Served, Line]]:
    async with a_line_to(database_url, tmp_path) as (url, line), a_service(database_url, through=url) as one:
        yield one, line


def counted(source: str, outcome: str) -> float:
    return REGISTRY.get_sample_value("paygate_notices_total", {"source": source, "outcome": outcome}) or 0.0


async def stored(served: Served, condition: str = "true") -> int:
    return int(await served.fetchval(f"SELECT count(*) FROM notice WHERE {condition}"))


def with_signature_broken(body: bytes) -> bytes:
    message = json.loads(body)
    message["SoTien"] += 1
    return json.dumps(message).encode()


# -- What is believed, and what is not ---------------------------------------------------------------------------------


async def test_a_signed_notice_is_stored_word_for_word_and_acknowledged_as_its_source_expects(served: Served) -> None:
    body = signed()
    status, reply = await served.post(body, headers={"X-Request-Id": "the-bus-17"})
    assert (status, reply["MaLoi"]) == (200, "00")
    assert await served.fetchval("SELECT body FROM notice WHERE request_id = 'the-bus-17'") == body


async def test_a_notice_sent_again_is_stored_once_and_acknowledged_again(served: Served) -> None:
    body = signed()
    replies = [await served.post(body) for _ in range(3)]
    assert [reply["MaLoi"] for _, reply in replies] == ["00"] * 3
    assert await stored(served) == 1


async def test_a_get_source_is_read_from_its_undecoded_query(served: Served) -> None:
    simulator = registry.simulator("vnpay", SECRET.encode(), VNPAY_OPTIONS)
    method, query, _ = simulator.request(a_paid_notice(description="Le phi ho so: A+B 100%"), NOON)
    path = f"{served.url}/v1/notices/hd-vnpay?{query.decode()}"
    reader, writer = await asyncio.open_connection(*served.address)
    writer.write(f"{method} {path.removeprefix(served.url)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    assert b'"RspCode":"00"' in answer.replace(b" ", b"")
    assert await served.fetchval("SELECT body FROM notice") == query


async def test_a_bad_signature_is_refused_in_the_sources_words_and_counted(served: Served) -> None:
    before = counted("hd-dvcqg", "unauthentic")
    status, reply = await served.post(with_signature_broken(signed()))
    assert (status, reply["MaLoi"]) == (401, "99")
    assert counted("hd-dvcqg", "unauthentic") == before + 1
    assert await stored(served) == 0


async def test_twins_that_move_the_delimiter_are_refused(served: Served, shared: Path) -> None:
    vectors = json.loads((shared / "vectors/dvcqg_payplat_maxacthuc.json").read_text(encoding="utf-8"))
    twins = [value for value in vectors["delimiter_injection_twins"].values() if isinstance(value, dict)]
    assert len(twins) >= 2
    for twin in twins:
        assert (await served.post(json.dumps(twin).encode()))[0] == 401


async def test_an_unknown_source_does_not_exist(served: Served) -> None:
    status, problem = await served.post(signed(), "/v1/notices/nobody")
    assert (status, problem["type"]) == (404, "urn:paygate:problem:not-found")


async def test_a_source_is_not_found_below_another_path(served: Served) -> None:
    assert (await served.post(signed(), NOTICES + "/more"))[0] == 404


async def test_a_method_the_source_does_not_use_is_refused(served: Served) -> None:
    async with served.session.get(served.url + NOTICES) as reply:
        assert (reply.status, reply.headers["Allow"]) == (405, "POST")


# -- What is authentic is kept, whatever it says -----------------------------------------------------------------------


async def test_an_authentic_notice_nobody_can_read_is_quarantined_and_acknowledged(served: Served) -> None:
    status, reply = await served.post(signed(a_paid_notice(currency="VNĐ")))
    assert (status, reply["MaLoi"]) == (200, "00")
    assert await stored(served, "state = 'quarantined' AND reason LIKE '%MaTienTe%' AND amount IS NULL") == 1


async def test_a_quarantined_notice_sent_again_is_a_repeat(served: Served) -> None:
    body = signed(a_paid_notice(currency="VNĐ"))
    for _ in range(2):
        assert (await served.post(body))[0] == 200
    assert await stored(served) == 1


async def test_the_same_news_in_other_words_is_kept_beside_the_first_as_a_conflict(served: Served) -> None:
    first, other = (
        a_paid_notice(reference="R", transaction_id="T"),
        a_paid_notice(reference="R", transaction_id="T", amount=9),
    )
    for facts in (first, other, other):
        assert (await served.post(signed(facts)))[0] == 200
    assert await stored(served, "conflicting") == 1
    assert await stored(served) == 2


@pytest.mark.parametrize(
    "text",
    [
        '{"MaLoi": "\\u0000"}',
        '{"MaLoi": "\\ud800"}',
        '{"SoTien": NaN}',
        '{"MaLoi": "00", "MaLoi": "99"}',
        "[" * 300 + "]" * 300,
        '{"a":' * 300 + "1" + "}" * 300,
        "",
        "\xff",
    ],
    ids=["nul", "lone surrogate", "nan", "key twice", "300 arrays deep", "300 objects deep", "empty", "not utf-8"],
)
async def test_what_is_no_strict_json_is_refused_and_breaks_nothing(served: Served, text: str) -> None:
    status, _ = await served.post(text.encode("latin-1"))
    assert status == 401
    assert (await served.post(signed()))[0] == 200


# -- Size and encoding -------------------------------------------------------------------------------------------------


async def test_a_body_over_64_kib_is_refused(served: Served) -> None:
    before = counted("hd-dvcqg", "refused")
    status, problem = await served.post(b" " * (BODY_LIMIT + 1))
    assert (status, problem["type"]) == (413, "urn:paygate:problem:too-large")
    assert counted("hd-dvcqg", "refused") == before + 1


async def test_a_chunked_body_over_64_kib_is_refused(served: Served) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(80):
            yield b" " * 1024

    async with served.session.post(served.url + NOTICES, data=parts()) as reply:
        assert reply.status == 413


async def test_an_encoded_body_is_refused_unread(served: Served) -> None:
    status, problem = await served.post(gzip.compress(signed()), headers={"Content-Encoding": "gzip"})
    assert (status, problem["type"]) == (415, "urn:paygate:problem:unsupported-encoding")


async def test_a_request_that_is_no_http_is_a_problem_without_its_own_bytes(served: Served) -> None:
    reader, writer = await asyncio.open_connection(*served.address)
    writer.write(
        b"POST /v1/notices/hd-dvcqg HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 77<script>\r\n\r\n"
    )
    answer = await reader.read()
    writer.close()
    assert answer.split(b" ")[1] == b"400"
    assert b"urn:paygate:problem:malformed-request" in answer
    assert b"script" not in answer


# -- The database away -------------------------------------------------------------------------------------------------


async def until_accepted(served: Served, body: bytes) -> None:
    for _ in range(100):
        if (await served.post(body))[0] == 200:
            return
        await asyncio.sleep(0.05)
    pytest.fail("the intake did not recover")


async def test_without_a_database_a_notice_is_asked_to_come_again_and_then_taken(wired: tuple[Served, Line]) -> None:
    served, line = wired
    before, body = counted("hd-dvcqg", "unavailable"), signed()
    await line.cut()
    async with served.session.post(served.url + NOTICES, data=body) as reply:
        assert (reply.status, reply.headers["Retry-After"]) == (503, "2")
        assert (await reply.json(content_type=None))["type"] == "urn:paygate:problem:unavailable"
    assert counted("hd-dvcqg", "unavailable") == before + 1
    await line.mend()
    await until_accepted(served, body)
    assert await stored(served) == 1


async def test_a_frozen_database_is_answered_within_three_seconds_and_the_retry_is_stored_once(
    wired: tuple[Served, Line],
) -> None:
    served, line = wired
    loop, body = asyncio.get_running_loop(), signed()
    assert (await served.post(signed()))[0] == 200
    line.freeze()
    began = loop.time()
    statuses = [
        status for status, _ in await asyncio.gather(*(served.post(signed()) for _ in range(5)), served.post(body))
    ]
    assert set(statuses) == {503}
    assert loop.time() - began < 3
    await line.mend()
    await until_accepted(served, body)
    assert await stored(served, f"body = '\\x{body.hex()}'") == 1


async def test_a_full_inbox_asks_to_come_again(database_url: str, tmp_path: Path) -> None:
    async with (
        a_line_to(database_url, tmp_path) as (url, line),
        a_service(database_url, through=url, inbox_limit=3) as served,
    ):
        assert (await served.post(signed()))[0] == 200
        line.freeze()
        posts = [asyncio.create_task(served.post(signed())) for _ in range(8)]
        done, _ = await asyncio.wait(posts, timeout=1)
        assert {post.result()[0] for post in done} == {503}
        assert len(done) >= 4  # one batch under way, three in the queue
        await asyncio.wait(posts)


async def test_readiness_follows_the_database(wired: tuple[Served, Line]) -> None:
    served, line = wired
    async with served.session.get(served.url + "/readyz") as reply:
        assert reply.status == 200
    await line.cut()
    async with served.session.get(served.url + "/readyz") as reply:
        assert (reply.status, (await reply.json())["ready"]) == (503, False)
    async with served.session.get(served.url + "/livez") as reply:
        assert reply.status == 200


# -- Start and stop ----------------------------------------------------------------------------------------------------


async def test_a_port_in_use_is_one_clear_line(database_url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ConfigurationError, match=rf"port {taken.getsockname()[1]} .* in use"):
            async with a_service(database_url, port=taken.getsockname()[1]):
                pass


async def test_without_a_database_at_the_start_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailableError, match="does not answer"):
        async with a_service(f"postgresql://postgres@/postgres?host={tmp_path}"):
            pass


async def test_what_is_under_way_when_told_to_stop_is_stored_and_acknowledged(database_url: str) -> None:
    async with aiohttp.ClientSession() as session:
        async with a_service(database_url) as served:
            posts = [asyncio.create_task(session.post(served.url + NOTICES, data=signed())) for _ in range(50)]
            await asyncio.sleep(0.03)
        statuses = [
            one.status
            for one in await asyncio.gather(*posts, return_exceptions=True)
            if not isinstance(one, BaseException)
        ]
    async with connect(database_url) as connection:
        kept = await connection.fetchval("SELECT count(*) FROM notice")
    assert set(statuses) == {200}
    assert kept >= len(statuses) > 0
