"""Whatever is sent as records is refused or read, row by row, and the service goes on."""

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from paygate.access import Role
from tests.nasty import csv_injections, json_files, naughty_strings, xml_attacks
from tests.record_rows import a_row
from tests.served import Served, a_service, signed

TYPES = ("application/json", "application/x-ndjson", "text/csv")


@pytest.fixture
async def served(database_url: str) -> AsyncIterator[Served]:
    async with a_service(database_url) as one:
        yield one


async def put(served: Served, headers: Mapping[str, str], body: bytes, kind: str = TYPES[0]) -> tuple[int, Any]:
    sent = {**headers, "Content-Type": kind}
    async with served.session.put(f"{served.url}/v1/records", data=body, headers=sent) as reply:
        return reply.status, await reply.json(content_type=None)


@pytest.mark.parametrize("kind", TYPES)
async def test_what_is_no_record_is_refused_whole_or_row_by_row(served: Served, shared: Path, kind: str) -> None:
    service = await served.token("haiduong", Role.SERVICE)
    for name, body in {**json_files(shared), **xml_attacks(shared)}.items():
        status, said = await put(served, service, body, kind)
        assert status in {200, 400}, name
        if status == 200:
            assert {row["result"] for row in said["rows"]} <= {"refused"}, name
            assert all(row["reason"] for row in said["rows"]), name
    assert await served.fetchval("SELECT count(*) FROM procedure_record") == 0
    assert (await served.post(signed()))[0] == 200


async def test_naughty_names_are_kept_as_they_are_or_refused(served: Served, shared: Path) -> None:
    service = await served.token("haiduong", Role.SERVICE)
    names = list(dict.fromkeys([*naughty_strings(shared), *csv_injections(shared)]))
    rows = [a_row(dossier_code=name, procedure_name=name, agency_name=name) for name in names]
    status, said = await put(served, service, json.dumps(rows).encode())
    assert status == 200
    kept = [row["result"] == "created" for row in said["rows"]]
    assert len(kept) == len(names)
    assert sum(kept) > 300
    stored = [name for name, created in zip(names, kept, strict=True) if created]
    found = await served.fetchval("SELECT array_agg(procedure_name) FROM procedure_record")
    assert sorted(found) == sorted(stored)
