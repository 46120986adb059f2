"""The print form: what is printed is data, amounts are written out, and paper has an end."""

import csv
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from python_calamine import CalamineWorkbook

from paygate.domain.period import read_period
from paygate.domain.print_form import PrintForm
from reconciliation.desk.cells import LARGEST_EXACT, LONGEST_TEXT, readers, text_cell
from reconciliation.desk.paper import MOST_ROWS, amount_in_words, set_type
from reconciliation.desk.sheets import HEADS, SHEETS
from reconciliation.desk.summary import tables_of, title_of, verdict_of
from reconciliation.desk.workbook import write_workbook
from reconciliation.model import REASONS, Reason
from tests.reports import report

COLUMNS = (
    *("day", "number", "reason", "amount", "other_amount", "since", "due", "dossier"),
    *("agency_code", "source", "reference", "account", "state", "assignee"),
)


def asked(sheets: Mapping[str, list[str]] | None = None, **changes: object) -> dict[str, Any]:
    """What a child is asked to print."""
    told = {"period": "2024-05-08", "days": [], "open_days": [], "runs": []}
    form = PrintForm(parent="Ủy ban nhân dân tỉnh Hải Dương", place="Hải Dương")
    return {
        "language": "vi",
        "tenant": "Tỉnh Hải Dương",
        "printed_at": "2026-11-24T21:00:00+07:00",
        "report": report(**told, **changes),
        "form": asdict(form),
        "sheets": dict(sheets or {}),
    }


def lay_open(folder: Path, count: int) -> dict[str, list[str]]:
    file = folder / "open.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        for number in range(count):
            code = f"000.00.12.H23-240508-{number:04}"
            since, due = "2024-05-08", "2024-05-10"
            writer.writerow(
                [since, number, "bank_missing", 150_000, "", since, due, code, "H23", "x", "", "001", "open", ""]
            )
    return {"discrepancies": [str(file)]}


def pages_of(document: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", document))


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0, "Không đồng"),
        (105, "Một trăm linh năm đồng"),
        (1_234_567, "Một triệu hai trăm ba mươi bốn nghìn năm trăm sáu mươi bảy đồng"),
        (-5, "Âm năm đồng"),
        (2**63 - 1, "9.223.372.036.854.775.807\N{NO-BREAK SPACE}₫"),
        (5_004_610_000, "Năm tỷ không trăm linh bốn triệu sáu trăm mười nghìn đồng"),
    ],
)
def test_an_amount_is_written_out_as_offices_write_it(amount: int, words: str) -> None:
    assert amount_in_words(amount) == words


HOSTILE = (
    *('#panic("x")', "$ x", "`", "*_[", "</w>\\", '#read("/etc/hostname")'),
    *("\u202e\0x", "漢字 ไทย 😀 \ue000\x07\ufffe"),
)


@pytest.mark.parametrize("payload", HOSTILE)
def test_markup_in_a_name_is_a_name(payload: str) -> None:
    given = asked()
    given["tenant"] = payload
    given["form"]["parent"] = payload
    given["report"]["by_agency"] = [{**one, "agency_name": payload} for one in given["report"]["by_agency"]]
    assert set_type(given).startswith(b"%PDF-")


def test_paper_ends_after_so_many_rows_and_says_how_many_more_there_are(tmp_path: Path) -> None:
    whole = pages_of(set_type(asked(lay_open(tmp_path, MOST_ROWS))))
    assert whole > 40
    assert whole <= pages_of(set_type(asked(lay_open(tmp_path, MOST_ROWS + 500)))) <= whole + 1


def test_the_time_it_is_printed_is_all_that_tells_two_prints_apart() -> None:
    later = {**asked(), "printed_at": "2026-11-24T21:01:00+07:00"}
    assert set_type(asked()) == set_type(asked())
    assert set_type(asked()) != set_type(later)


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("status", ["matched", "discrepant", "incomplete"])
def test_the_verdict_comes_in_one_sentence(status: str, language: Any) -> None:
    said = verdict_of(asked(status=status)["report"], language)
    assert said.endswith(".")
    assert ("0011" in said) == (status == "incomplete"), "what is missing is named"


def test_what_pends_is_told_apart_from_what_does_not_agree() -> None:
    classes = {
        "matched": {"count": 1905},
        "mismatched": {"count": 28},
        "extra": {"count": 28},
        "pending": {"count": 42},
    }
    said = verdict_of({"status": "discrepant", "classes": classes, "open_days": [], "days": [], "feeds": []}, "vi")
    assert "56 trên 2.003 vụ không khớp, 42 vụ treo" in said


def test_a_period_has_its_title() -> None:
    titles = [title_of(read_period(name), "vi") for name in ("2024-05-08", "2024-05", "2024-Q2")]
    assert titles == [
        "Báo cáo đối soát ngày 08/05/2024",
        "Báo cáo đối soát tháng 05/2024",
        "Báo cáo đối soát quý 2 năm 2024",
    ]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_row_of_a_table_has_as_many_cells_as_its_head(language: Any) -> None:
    for table in tables_of(asked()["report"], language):
        rows = [*table.rows, *([table.total] if table.total else [])]
        assert {len(row) for row in rows} == {len(table.heads)} == {len(table.kinds)}, table.name


def test_every_column_of_a_sheet_has_its_head_in_both_languages() -> None:
    assert {column.name for sheet in SHEETS.values() for column in sheet.columns} == HEADS.keys()
    assert all(all(words) for words in HEADS.values())


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_is_said_in_words_in_a_cell(reason: Reason) -> None:
    sheet = SHEETS["discrepancies"]
    read = dict(zip([column.name for column in sheet.columns], readers(sheet, "en"), strict=True))
    assert read["reason"](str(reason)) == REASONS[reason].en


def test_a_number_a_spreadsheet_would_round_stays_a_text() -> None:
    sheet = SHEETS["payments"]
    read = dict(zip([column.name for column in sheet.columns], readers(sheet, "vi"), strict=True))
    assert read["amount"](str(LARGEST_EXACT - 1)) == LARGEST_EXACT - 1
    assert read["amount"](str(LARGEST_EXACT)) == str(LARGEST_EXACT)
    assert read["amount"]("") is None


def test_a_text_is_no_longer_than_a_cell_and_no_formula() -> None:
    assert text_cell("=" * LONGEST_TEXT) == "'" + "=" * (LONGEST_TEXT - 1)


@pytest.mark.parametrize("payload", [one.replace("\0", "") for one in (*HOSTILE, "_x0041_", "a\r\nb", " a ", "<&>")])
def test_whatever_a_narrative_holds_the_spreadsheet_can_be_read(tmp_path: Path, payload: str) -> None:
    file = tmp_path / "bank.csv"
    columns = ["day", "account", "reference", "document", "narrative", "batch", "dossier", "amount", "payment", "rule"]
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow([*columns, "verdict", "reasons"])
        writer.writerow(["2024-05-08", "001", "R", "D", payload, "", "", "5", "", "", "extra", "bank_unexpected"])
    (tmp_path / "asked").write_text(json.dumps(asked({"bank": [str(file)]})), encoding="utf-8")
    with (tmp_path / "asked").open("rb") as opened:
        assert list(write_workbook(opened, str(tmp_path / "out.xlsx"))) == [1]
    with zipfile.ZipFile(tmp_path / "out.xlsx") as archive:
        for name in archive.namelist():
            etree.fromstring(archive.read(name))
    head, row = CalamineWorkbook.from_path(tmp_path / "out.xlsx").get_sheet_by_name("Ngân hàng").to_python()
    said = row[head.index("Nội dung")]
    assert isinstance(said, str)
    if payload.isprintable():
        assert said == payload
