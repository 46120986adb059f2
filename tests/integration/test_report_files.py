"""Reports as files: read again, they say what the report says, and their sheets add up to its sums."""

import csv
import io
import os
import re
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from python_calamine import CalamineWorkbook

from paygate.database import Connection, Database, open_database
from paygate.domain.calendar import Calendar
from paygate.domain.errors import NotFoundError
from paygate.domain.parties import Tenant
from paygate.domain.period import read_period
from paygate.domain.print_form import PrintForm
from paygate.domain.report_file import FileKind, ReportFile
from paygate.report_files import ReportFiles
from reconciliation.desk.periods import load_period
from reconciliation.desk.sheets import SHEETS
from reconciliation.rendering import word

NOW: Final = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
DAY: Final = "2024-05-09"
"""A day with lines of every leg."""
PAYLOAD: Final = "=cmd|'/c calc'!A1"


@pytest.fixture
async def database(province_url: str) -> AsyncIterator[Database]:
    async with open_database(province_url, size=4) as opened:
        yield opened


async def tenant_of(connection: Connection) -> Tenant:
    row = await connection.fetchrow("SELECT * FROM tenant WHERE code = 'haiduong'")
    assert row is not None
    return Tenant(row["tenant_id"], row["code"], row["name"], row["agency_code"], ZoneInfo(row["timezone"]))


@pytest.fixture
async def tenant(database: Database) -> Tenant:
    async with database.connection() as connection:
        return await tenant_of(connection)


async def made(database: Database, folder: Path, wanted: ReportFile) -> bytes:
    files = ReportFiles(database, Calendar(), {"haiduong": PrintForm()}, folder)
    async with files.make(wanted, NOW) as file:
        return file.read_bytes()


async def report_of(database: Database, tenant: Tenant, name: str) -> dict[str, Any]:
    async with database.connection() as connection:
        found = await load_period(
            connection, tenant.tenant_id, read_period(name), None, NOW.date(), Calendar().is_business_day
        )
    assert found
    return found


def sheets_of(content: bytes) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


@pytest.mark.parametrize("name", ["2024-05-08", DAY, "2024-05-10", "2024-05"])
async def test_every_sheet_of_a_workbook_adds_up_to_its_leg(
    database: Database, tenant: Tenant, tmp_path: Path, name: str
) -> None:
    report = await report_of(database, tenant, name)
    sheets = sheets_of(await made(database, tmp_path, ReportFile(tenant, read_period(name), FileKind.XLSX)))
    for leg, said in report["totals"].items():
        head, *rows = sheets[word(leg, "vi")]
        amounts = [row[head.index("Số tiền (₫)")] for row in rows]
        assert (len(rows), sum(amounts)) == (said["count"], said["amount"]), leg
    assert not [row for row in sheets["Tóm tắt"] if "đã đổi từ khi khóa sổ" in row]


async def test_cells_are_days_and_numbers_where_they_are_and_text_elsewhere(
    database: Database, tenant: Tenant, tmp_path: Path
) -> None:
    sheets = sheets_of(
        await made(database, tmp_path, ReportFile(tenant, read_period("2024-05-08"), FileKind.XLSX, "en"))
    )
    head, *rows = sheets["Payments"]
    kinds = {name: {type(row[place]) for row in rows} for place, name in enumerate(head)}
    assert kinds["Day"] == {date}
    assert kinds["Paid at"] == {datetime}
    assert kinds["Amount (₫)"] == {float}
    assert kinds["Reference"] == {str}
    assert max(row[head.index("Amount (₫)")] for row in rows) > 2**31


async def test_what_looks_like_a_formula_stays_a_text(database: Database, tenant: Tenant, tmp_path: Path) -> None:
    async with database.connection() as connection:
        await connection.execute("UPDATE statement_line SET narrative = $1", PAYLOAD)
        await connection.execute("UPDATE procedure_record SET agency_name = $1, procedure_name = $1", PAYLOAD)
    wanted = ReportFile(tenant, read_period(DAY), FileKind.XLSX)
    content = await made(database, tmp_path, wanted)
    cells = [cell for rows in sheets_of(content).values() for row in rows for cell in row]
    assert f"'{PAYLOAD}" in cells
    assert not [cell for cell in cells if isinstance(cell, str) and cell[:1] in set("=+-@\t\r\n")]
    assert b"<f>" not in b"".join(parts_of(content).values())
    table = (await made(database, tmp_path, ReportFile(tenant, read_period(DAY), FileKind.CSV, sheet="bank"))).decode()
    assert {row["narrative"] for row in csv.DictReader(io.StringIO(table))} == {f"'{PAYLOAD}"}


def parts_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


async def test_a_sheet_keeps_its_head_in_sight_and_can_be_filtered(
    database: Database, tenant: Tenant, tmp_path: Path
) -> None:
    parts = parts_of(await made(database, tmp_path, ReportFile(tenant, read_period("2024-05-08"), FileKind.XLSX)))
    sheets = [text for name, text in parts.items() if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name)]
    facts = [text for text in sheets if b'state="frozen"' in text]
    assert len(facts) == len(SHEETS)
    assert all(b"<autoFilter" in text and b"<cols>" in text for text in facts)


@pytest.mark.parametrize("sheet", SHEETS)
async def test_the_table_of_a_sheet_says_what_the_workbook_says(
    database: Database, tenant: Tenant, tmp_path: Path, sheet: str
) -> None:
    period = read_period("2024-05")
    book = sheets_of(await made(database, tmp_path, ReportFile(tenant, period, FileKind.XLSX)))
    table = (await made(database, tmp_path, ReportFile(tenant, period, FileKind.CSV, sheet=sheet))).decode()
    rows = list(csv.reader(io.StringIO(table)))
    title = word(sheet if sheet != "discrepancies" else "open discrepancies", "vi")
    assert len(rows) == len(book[title])
    assert rows[0] == [column.name for column in SHEETS[sheet].columns]


async def test_every_file_of_a_report_carries_its_digest(database: Database, tenant: Tenant, tmp_path: Path) -> None:
    for name in ("2024-05-08", "2024-Q2"):
        digest = (await report_of(database, tenant, name))["digest"]
        period = read_period(name)
        summary = sheets_of(await made(database, tmp_path, ReportFile(tenant, period, FileKind.XLSX)))["Tóm tắt"]
        assert digest in [cell for row in summary for cell in row]
        assert digest in (await made(database, tmp_path, ReportFile(tenant, period, FileKind.CSV))).decode()
        assert digest.encode() in await made(database, tmp_path, ReportFile(tenant, period, FileKind.PDF))


@pytest.mark.parametrize("language", ["vi", "en"])
async def test_the_same_report_prints_the_same_pdf_for_keeping(
    database: Database, tenant: Tenant, tmp_path: Path, language: Any
) -> None:
    wanted = ReportFile(tenant, read_period("2024-05-08"), FileKind.PDF, language)
    first, second = await made(database, tmp_path, wanted), await made(database, tmp_path, wanted)
    assert first == second
    assert first.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", first)) > 1
    assert b"pdfaid:part>2<" in first
    assert b"pdfuaid:part>1<" in first
    assert re.search(rb"/Lang\s*\(%s\)" % language.encode(), first)


@pytest.mark.parametrize(
    "wanted",
    [
        {"sheet": "nothing"},
        {"run_id": 10**9},
        {"period": read_period("2023-01")},
        {"period": read_period("2023-01-01")},
    ],
)
async def test_what_is_not_there_is_not_made_and_nothing_is_left_behind(
    database: Database, tenant: Tenant, tmp_path: Path, wanted: dict[str, Any]
) -> None:
    given = {"tenant": tenant, "period": read_period("2024-05-08"), "kind": FileKind.XLSX, **wanted}
    with pytest.raises(NotFoundError):
        await made(database, tmp_path, ReportFile(**given))
    assert not os.listdir(tmp_path)  # noqa: PTH208 -- it does not wait


async def test_the_facts_of_an_earlier_moment_are_told_from_those_of_the_report(
    database: Database, tenant: Tenant, tmp_path: Path
) -> None:
    async with database.connection() as connection:
        await connection.execute("UPDATE payment SET amount = amount + 1 WHERE business_date = '2024-05-08'")
    summary = sheets_of(await made(database, tmp_path, ReportFile(tenant, read_period("2024-05-08"), FileKind.XLSX)))
    assert [row for row in summary["Tóm tắt"] if "đã đổi từ khi khóa sổ" in row and "Thanh toán" in row]
