"""Whatever is handed in as a statement ends as read or as refused with a reason, over HTTP and on the command line."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from paygate.access import Role
from paygate.background import OUR_MISTAKE
from tests.command_line import paygate, refused
from tests.nasty import csv_injections, json_files, xml_attacks
from tests.served import Served, a_service, signed
from tests.statement_files import MAPPING, Booked, camt, table

KIB = 1024


@pytest.fixture
async def served(database_url: str) -> AsyncIterator[Served]:
    async with a_service(database_url, mappings={"so-phu": MAPPING}) as one:
        yield one


async def ended(served: Served, headers: Mapping[str, str], body: bytes, query: str = "") -> Any:
    """Hand a file in and return what became of it."""
    async with served.session.post(f"{served.url}/v1/statements?{query}", data=body, headers=headers) as reply:
        said = await reply.json()
        if reply.status != 202:
            assert reply.status == 400, said
            return {"state": "failed", "reason": said["detail"]}
    for _ in range(1000):
        async with served.session.get(f"{served.url}/v1/imports/{said['id']}", headers=headers) as reply:
            told = await reply.json()
        if told["state"] in {"done", "failed"}:
            return told
        await asyncio.sleep(0.03)
    raise AssertionError(told)


def refused_with_a_reason(told: Any) -> bool:
    return bool(told["state"] == "failed" and told["reason"] and told["reason"] != OUR_MISTAKE)


def a_zip_bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"\0" * (200 * KIB * KIB))
    return packed.getvalue()


async def test_attacks_by_xml_and_by_archive_are_refused_and_the_service_lives(served: Served, shared: Path) -> None:
    officer = await served.token("haiduong", Role.OFFICER)
    for name, body in {**xml_attacks(shared), "bomb.xlsx": a_zip_bomb()}.items():
        assert refused_with_a_reason(await ended(served, officer, body, "mapping=so-phu")), name
    assert (await served.post(signed()))[0] == 200
    assert await served.fetchval("SELECT count(*) FROM statement_line") == 0


async def test_json_is_no_statement(served: Served, shared: Path) -> None:
    officer = await served.token("haiduong", Role.OFFICER)
    for name, body in list(json_files(shared).items())[::40]:
        assert refused_with_a_reason(await ended(served, officer, body)), name


async def test_formulas_in_narratives_are_read_as_text(served: Served, shared: Path) -> None:
    officer = await served.token("haiduong", Role.OFFICER)
    said = [text.replace('"', '""') for text in csv_injections(shared) if text.isprintable()]
    body = table([Booked(f"dvc{number:04}", 1, text) for number, text in enumerate(said)])
    told = await ended(served, officer, body, "format=table&mapping=so-phu")
    assert (told["state"], told["read"]["new"], told["refused"]) == ("done", len(said), [])


async def cut_everywhere(served: Served, step: int) -> None:
    officer = await served.token("haiduong", Role.OFFICER)
    whole = camt(Booked(f"dvc{number:04}") for number in range(40))
    for size in range(step, len(whole), step):
        assert refused_with_a_reason(await ended(served, officer, whole[:size])), size
    assert await served.fetchval("SELECT count(*) FROM statement_line") == 0
    assert (await ended(served, officer, whole))["read"]["new"] == 40


async def test_a_statement_that_is_cut_brings_nothing(served: Served) -> None:
    await cut_everywhere(served, 4 * KIB)


@pytest.mark.slow
async def test_a_statement_that_is_cut_at_any_kilobyte_brings_nothing(served: Served) -> None:
    await cut_everywhere(served, KIB)


def test_the_command_refuses_in_one_line(shared: Path, tmp_path: Path) -> None:
    config = tmp_path / "paygate.toml"
    config.write_text('[tenants.haiduong]\nname = "x"\nagency = "H23"\n', encoding="utf-8")
    for name, body in {**xml_attacks(shared), "bomb.xlsx": a_zip_bomb()}.items():
        file = tmp_path / name
        file.write_bytes(body)
        arguments = ["--config", str(config), "statements", "import", str(file), "--tenant", "haiduong", "--dry-run"]
        refused(paygate(tmp_path, *arguments), "paygate: ")
