"""Files of reports over HTTP: at once, in the background, and to nobody whose they are not."""

import asyncio
import io
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from paygate import exports
from paygate.access import Role
from paygate.database import open_database
from paygate.domain.errors import NoLongerKeptError
from paygate.domain.report_file import MEDIA_TYPES, FileKind
from paygate.web.desk import exports as pages
from tests.desk import Visitor, a_person
from tests.served import Served

REPORT = "/desk/haiduong/reports/2024-05-08"


async def taken(visitor: Visitor, path: str) -> tuple[int, Any, bytes]:
    async with visitor.session.get(visitor.served.url + path) as reply:
        return reply.status, reply.headers, await reply.read()


async def signed_in(visitor: Visitor, *roles: Role, **options: Any) -> None:
    await visitor.sign_in(await a_person(visitor.served, *(roles or (Role.OFFICER,)), **options))


@pytest.mark.parametrize("kind", FileKind)
async def test_a_small_report_is_handed_over_at_once_under_a_name(province: Served, kind: FileKind) -> None:
    async with Visitor(province) as visitor:
        await signed_in(visitor)
        status, headers, content = await taken(visitor, f"{REPORT}.{kind}")
    assert status == 200
    assert headers["Content-Type"] == MEDIA_TYPES[kind]
    name = f"haiduong-2024-05-08.{kind}"
    assert headers["Content-Disposition"] == f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}"
    assert int(headers["Content-Length"]) == len(content) > 0


async def test_systems_take_the_same_files_and_choose_the_language(province: Served) -> None:
    headers = await province.token("haiduong", Role.AUDITOR)
    texts = {}
    for lang in ("vi", "en"):
        path = f"/v1/reports/haiduong/2024-05-09.csv?sheet=bank&lang={lang}"
        async with province.session.get(province.url + path, headers=headers) as reply:
            assert reply.status == 200
            texts[lang] = await reply.text()
    assert texts["vi"].splitlines()[0] == texts["en"].splitlines()[0]
    assert texts["vi"] != texts["en"]
    for wrong, status in (("lang=fr", 400), ("sheet=x", 404), ("run=999999", 404), ("run=x", 400)):
        async with province.session.get(
            f"{province.url}/v1/reports/haiduong/2024-05-09.csv?{wrong}", headers=headers
        ) as reply:
            assert reply.status == status, wrong


async def test_a_large_report_is_made_in_the_background_and_taken_from_its_page(
    province: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "SMALL", 1)
    monkeypatch.setattr(exports, "PIECE_BYTES", 4096)
    async with Visitor(province) as visitor:
        await signed_in(visitor)
        _, page = await visitor.get(f"{REPORT}.xlsx")
        assert "Tệp lớn" in page, "who asks for it at once is led to its page"
        _, page = await visitor.post(f"{REPORT}/exports", {"kind": "xlsx", "run": ""})
        for _ in range(200):
            if "Tải về" in page:
                break
            assert 'data-again="3"' in page
            await asyncio.sleep(0.1)
            _, page = await visitor.get(visitor.url)
        status, headers, content = await taken(visitor, f"{visitor.url}/file")
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    assert status == 200
    assert headers["Content-Type"] == MEDIA_TYPES[FileKind.XLSX]
    assert "Thanh toán" in book.sheet_names
    assert await province.fetchval("SELECT count(*) FROM export_piece") > 1
    assert await province.fetchval("SELECT count(*) FROM audit_entry WHERE act = 'report_exported'") == 1


async def test_a_form_that_is_sent_twice_asks_for_one_file(province: Served) -> None:
    async with Visitor(province) as visitor:
        await signed_in(visitor)
        await visitor.get(REPORT)
        hidden = dict(visitor.hidden)
        await visitor.post(f"{REPORT}/exports", {"kind": "csv"})
        first = visitor.url
        await visitor.post(f"{REPORT}/exports", {"kind": "csv", **hidden})
        assert visitor.url == first
    assert await province.fetchval("SELECT count(*) FROM job WHERE kind = 'export'") == 1


async def test_a_file_is_not_another_tenants_nor_one_agencys(province: Served) -> None:
    async with Visitor(province) as visitor:
        await signed_in(visitor)
        await visitor.get(REPORT)
        await visitor.post(f"{REPORT}/exports", {"kind": "csv"})
        theirs = visitor.url.rpartition("/")[2]
    for options, status in (({"tenant": "haiphong"}, 404), ({"agencies": ("000.00.12.H23",)}, 403)):
        async with Visitor(province) as visitor:
            await signed_in(visitor, Role.ADMIN, **options)
            own = options.get("tenant", "haiduong")
            for path in (f"{REPORT}.pdf", f"/desk/haiduong/exports/{theirs}", f"/desk/{own}/exports/{theirs}/file"):
                assert (await taken(visitor, path))[0] == status, path


@pytest.mark.parametrize(
    "path", [f"{REPORT}.doc", f"{REPORT}.csv?sheet=x", f"{REPORT}.csv?run=99999", f"{REPORT[:-2]}07.pdf"]
)
async def test_what_cannot_be_made_is_not_found(province: Served, path: str) -> None:
    async with Visitor(province) as visitor:
        await signed_in(visitor)
        assert (await taken(visitor, path))[0] == 404


async def test_files_are_forgotten_when_their_days_are_over(province_url: str) -> None:
    async with open_database(province_url, size=2) as database:
        async with database.connection() as connection:
            await connection.execute(
                "INSERT INTO export_piece (tenant_id, job_id, number, body) VALUES (1, 'a', 0, 'x')"
            )
            await exports.forget_files(connection)
            assert await connection.fetchval("SELECT count(*) FROM export_piece") == 1
            await connection.execute(
                f"UPDATE export_piece SET made_at = now() - interval '{exports.KEPT_DAYS + 1} days'"
            )
            await exports.forget_files(connection)
        with pytest.raises(NoLongerKeptError):
            await anext(exports.pieces_of(database, 1, "a", 1))
