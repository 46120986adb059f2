"""A notice that tells of several payments: one row for each, one answer for all, every road of theirs apart."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from paygate.telemetry import REGISTRY
from tests.served import Served, a_line_to, a_service

PATH = "/v1/notices/hd-casso"
TOKEN = "R5G4cbnN7uSAwfTd"
HEADERS = {"secure-token": TOKEN}


@pytest.fixture
def sources(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Any]:
    monkeypatch.setenv("PAYGATE_TEST_TOKEN", TOKEN)
    return {"hd-casso": {"tenant": "haiduong", "adapter": "casso", "static_token": "env:PAYGATE_TEST_TOKEN"}}


@pytest.fixture
async def served(database_url: str, sources: Mapping[str, Any]) -> AsyncIterator[Served]:
    async with a_service(database_url, sources=sources) as one:
        yield one


def movement(number: int, **changed: Any) -> dict[str, Any]:
    return {
        "id": number,
        "tid": f"FT{number}",
        "description": "Le phi ho so 000.00.12.H23-240508-0001",
        "amount": 1000 + number,
        "cusum_balance": 0,
        "when": "2024-05-08 14:07:12",
    } | changed


def listing(*movements: object) -> bytes:
    return json.dumps({"error": 0, "data": movements}).encode()


async def rows(served: Served, columns: str) -> list[list[Any]]:
    found = await served.fetchval(
        f"SELECT json_agg(json_build_array({columns}) ORDER BY reference, notice_id) FROM notice"
    )
    return list(json.loads(found))


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("paygate_notices_total", {"source": "hd-casso", "outcome": outcome}) or 0.0


async def test_each_payment_has_a_row_of_its_own_with_the_whole_body_and_the_answer_comes_once(served: Served) -> None:
    body, before = listing(movement(1), movement(2), movement(3)), counted("stored")
    assert await served.post(body, PATH, HEADERS) == (200, {"success": True})
    assert await rows(served, "reference, amount, state") == [
        ["FT1", 1001, "received"],
        ["FT2", 1002, "received"],
        ["FT3", 1003, "received"],
    ]
    assert await served.fetchval("SELECT count(DISTINCT dedupe_key) FROM notice") == 3
    assert await served.fetchval("SELECT array_agg(DISTINCT body) FROM notice") == [body]
    assert counted("stored") == before + 3


async def test_a_token_is_kept_nowhere(served: Served) -> None:
    await served.post(listing(movement(1)), PATH, HEADERS)
    assert await served.fetchval("SELECT count(*) FROM notice WHERE notice::text LIKE '%' || $1 || '%'", TOKEN) == 0


async def test_without_the_token_nothing_is_stored(served: Served) -> None:
    for headers in ({}, {"secure-token": "x"}):
        assert await served.post(listing(movement(1)), PATH, headers) == (401, {"success": False})
    assert await served.fetchval("SELECT count(*) FROM notice") == 0


async def test_what_came_before_is_a_repeat_in_whatever_company_it_comes_again(served: Served) -> None:
    for body in (listing(movement(1), movement(2)), listing(movement(2)), listing(movement(3), movement(1))):
        assert (await served.post(body, PATH, HEADERS))[0] == 200
    assert await rows(served, "reference, conflicting") == [["FT1", False], ["FT2", False], ["FT3", False]]


async def test_the_same_movement_twice_in_one_body_is_stored_once(served: Served) -> None:
    await served.post(listing(movement(1), movement(1)), PATH, HEADERS)
    assert await served.fetchval("SELECT count(*) FROM notice") == 1


async def test_a_movement_that_says_otherwise_is_kept_beside_the_first_as_a_conflict(served: Served) -> None:
    await served.post(listing(movement(1), movement(1, amount=7)), PATH, HEADERS)
    assert await rows(served, "reference, amount, conflicting") == [["FT1", 1001, False], ["FT1", 7, True]]


async def test_what_is_no_payment_and_what_nobody_can_read_do_not_hold_up_their_neighbours(served: Served) -> None:
    body = listing(movement(1), movement(2, amount=-5), movement(3, when="today"), movement(0), "x")
    for _ in range(2):
        assert (await served.post(body, PATH, HEADERS))[0] == 200
    assert sorted(await rows(served, "state, reason"), key=str) == [
        ["applied", "Casso tried the connection"],
        ["applied", "no money came: amount is not above 0"],
        ["quarantined", "a movement is not a JSON object"],
        ["quarantined", "when is not a time written yyyy-MM-dd HH:mm:ss"],
        ["received", None],
    ]


async def test_the_worker_makes_a_payment_of_each(database_url: str, sources: Mapping[str, Any]) -> None:
    async with a_service(database_url, role="all", sources=sources) as served:
        await served.post(listing(movement(1), movement(2)), PATH, HEADERS)
        for _ in range(100):
            states = await served.fetchval("SELECT array_agg(DISTINCT state::text) FROM notice")
            if states == ["parked"]:  # their dossier's record has not come
                break
            await asyncio.sleep(0.05)
        assert await served.fetchval("SELECT array_agg(amount ORDER BY amount) FROM payment") == [1001, 1002]


async def test_what_could_not_be_stored_lets_the_whole_be_sent_again(
    database_url: str, sources: Mapping[str, Any], tmp_path: Path
) -> None:
    body = listing(movement(1), movement(2), movement(3))
    async with (
        a_line_to(database_url, tmp_path) as (url, line),
        a_service(database_url, through=url, sources=sources) as served,
    ):
        await line.cut()
        assert (await served.post(body, PATH, HEADERS))[0] == 503
        await line.mend()
        for _ in range(100):
            if (await served.post(body, PATH, HEADERS))[0] == 200:
                break
            await asyncio.sleep(0.05)
        assert await served.fetchval("SELECT count(*) FROM notice") == 3


async def test_a_place_for_some_of_them_stores_those_and_asks_for_the_whole_again(
    database_url: str, sources: Mapping[str, Any]
) -> None:
    async with a_service(database_url, sources=sources, inbox_limit=2) as served:
        assert (await served.post(listing(movement(1), movement(2), movement(3)), PATH, HEADERS))[0] == 503
        assert await served.fetchval("SELECT count(*) FROM notice") == 2
        assert (await served.post(listing(movement(3)), PATH, HEADERS))[0] == 200
