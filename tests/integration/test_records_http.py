"""Records in bulk over HTTP: the service has others to answer meanwhile."""

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from paygate import app
from paygate.access import Role
from paygate.domain.record_reading import read_records
from tests.record_rows import a_row
from tests.served import a_service, signed


def many(count: int) -> bytes:
    return json.dumps([a_row(dossier_code=f"H23-240508-{number:06}") for number in range(count)]).encode()


async def test_notices_are_answered_while_records_are_being_read(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, answered = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    order: list[str] = []

    def read_slowly(body: bytes, content_type: str) -> Iterator[Any]:
        loop.call_soon_threadsafe(reading.set)
        # Were it read where notices are answered, nobody could say so, and this would wait in vain.
        order.append("answered while reading" if answered.wait(20) else "nobody was answered")
        yield from read_records(body, content_type)

    monkeypatch.setattr(app, "read_records", read_slowly)
    async with a_service(database_url) as served:
        headers = {**await served.token("haiduong", Role.SERVICE), "Content-Type": "application/json"}
        putting = asyncio.create_task(served.session.put(f"{served.url}/v1/records", data=many(3), headers=headers))
        await asyncio.wait_for(reading.wait(), 20)
        assert (await served.post(signed()))[0] == 200
        answered.set()
        async with await putting as reply:
            assert [row["result"] for row in (await reply.json())["rows"]] == ["created"] * 3
    assert order == ["answered while reading"]


async def test_many_records_are_told_of_in_their_order(database_url: str) -> None:
    async with a_service(database_url) as served:
        headers = {**await served.token("haiduong", Role.SERVICE), "Content-Type": "application/json"}
        async with served.session.put(f"{served.url}/v1/records", data=many(600), headers=headers) as reply:
            rows = (await reply.json())["rows"]
    assert [row["dossier_code"] for row in rows] == [f"H23-240508-{number:06}" for number in range(600)]
