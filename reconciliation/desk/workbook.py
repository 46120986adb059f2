"""Writes a report and the facts behind it as a spreadsheet or a table, row by row, in a process of its own.

Nothing is held but the row at hand: facts come from files and go to files. A text is never a formula nor a link.
"""

import csv
import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from paygate.domain.formulas import guard
from paygate.domain.period import read_period
from reconciliation.desk.cells import Cell, Read, readers, text_cell
from reconciliation.desk.sheets import SHEETS, Column, Sheet, head, read_rows
from reconciliation.desk.summary import Table, heading_of, say, tables_of, title_of, verdict_of
from reconciliation.rendering import Language, word

ROWS_AT_ONCE: Final = 1000
"""Between two words of how far it has come."""
LAST_ROW: Final = 1_048_575
"""Of a sheet, counted from 0; what is more goes on on another one."""
OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_date_format": "dd/mm/yyyy",
}
CSV_FIELD: Final = 1_048_576
"""Characters of a narrative, at the most."""

Json = dict[str, Any]


def write_workbook(file: BinaryIO, target: str) -> Iterator[int]:
    """Be what a child runs: read what is asked for, write the spreadsheet, and yield how many facts are written.

    `file` holds JSON: `language`, `tenant`, `printed_at`, `report`, and `sheets`, the files of each sheet by name.
    """
    csv.field_size_limit(CSV_FIELD)
    asked = json.load(file)
    folder = str(Path(target).parent)
    with xlsxwriter.Workbook(target, {**OPTIONS, "tmpdir": folder}) as workbook:
        book = _Book(workbook, asked)
        yield from book.write()


def write_table(file: BinaryIO, target: str) -> Iterator[int]:
    """The same for one sheet as CSV; `sheets` names it alone. The first row names the columns, amounts are plain."""
    csv.field_size_limit(CSV_FIELD)
    asked = json.load(file)
    ((name, files),) = asked["sheets"].items()
    sheet, language = SHEETS[name], asked["language"]
    reads = readers(sheet, language)
    written = 0
    with Path(target).open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow([column.name for column in sheet.columns])
        for row in _facts(sheet, files):
            writer.writerow([_plain(read(text)) for read, text in zip(reads, row, strict=True)])
            written += 1
            if written % ROWS_AT_ONCE == 0:
                yield written
    yield written


def _plain(cell: Cell) -> object:
    if isinstance(cell, date):  # a time is one, too
        return cell.isoformat(" ") if isinstance(cell, datetime) else cell.isoformat()
    return "" if cell is None else guard(cell)


def _facts(sheet: Sheet, files: Sequence[str]) -> Iterator[list[str]]:
    for name in files:
        with Path(name).open(encoding="utf-8", newline="") as file:
            yield from read_rows(sheet, csv.reader(file))


class _Book:
    """A workbook under way."""

    def __init__(self, workbook: xlsxwriter.Workbook, asked: Json) -> None:
        self.workbook = workbook
        self.asked = asked
        self.report: Json = asked["report"]
        self.language: Language = asked["language"]
        self.printed_at = datetime.fromisoformat(asked["printed_at"])
        self.title = title_of(read_period(self.report["period"]), self.language)
        self.formats = {
            "title": workbook.add_format({"bold": True, "font_size": 16}),
            "verdict": workbook.add_format({"bold": True, "font_size": 12}),
            "name": workbook.add_format({"bold": True, "font_size": 12, "top": 1}),
            "head": workbook.add_format({"bold": True, "bg_color": "#E8EDF2", "bottom": 1, "text_wrap": True}),
            "total": workbook.add_format({"bold": True, "top": 1}),
            "total money": workbook.add_format({"bold": True, "top": 1, "num_format": "#,##0"}),
            "text": workbook.add_format({}),
            "money": workbook.add_format({"num_format": "#,##0"}),
            "count": workbook.add_format({"num_format": "#,##0"}),
            "day": workbook.add_format({"num_format": "dd/mm/yyyy", "align": "left"}),
            "moment": workbook.add_format({"num_format": "dd/mm/yyyy hh:mm:ss", "align": "left"}),
        }
        self.written = 0
        self.sums: dict[str, tuple[int, int]] = {}

    def write(self) -> Iterator[int]:
        self.workbook.set_properties(
            {
                "title": self.title,
                "author": "paygate",
                "created": self.printed_at.replace(tzinfo=None),
                "comments": f"{say('digest', self.language)} {self.report['digest']}",
            }
        )
        summary = self.workbook.add_worksheet(say("summary", self.language))
        for name, files in self.asked["sheets"].items():
            yield from self._sheet(SHEETS[name], files)
        self._summary(summary)
        yield self.written

    def _sheet(self, sheet: Sheet, files: Sequence[str]) -> Iterator[int]:
        reads = readers(sheet, self.language)
        amount_at = [column.name for column in sheet.columns].index("amount")
        place, part, count, amount = 0, 1, 0, 0
        page = self._page(sheet, part)
        for row in _facts(sheet, files):
            if place == LAST_ROW:
                page.autofilter(0, 0, place, len(sheet.columns) - 1)
                part += 1
                page, place = self._page(sheet, part), 0
            place += 1
            self._row(page, place, sheet.columns, reads, row)
            count, amount = count + 1, amount + int(row[amount_at] or 0)
            self.written += 1
            if self.written % ROWS_AT_ONCE == 0:
                yield self.written
        page.autofilter(0, 0, place, len(sheet.columns) - 1)
        self.sums[sheet.name] = (count, amount)

    def _page(self, sheet: Sheet, part: int) -> Worksheet:
        """Begin a sheet: the head stays in sight and repeats on paper."""
        title = word(sheet.name if sheet.name != "discrepancies" else "open discrepancies", self.language)
        page = self.workbook.add_worksheet(title if part == 1 else f"{title} ({part})")
        page.freeze_panes(1, 0)
        page.repeat_rows(0)
        page.set_landscape()
        page.set_paper(9)  # A4
        page.fit_to_pages(1, 0)
        for place, column in enumerate(sheet.columns):
            page.set_column(place, place, column.width)
        for place, column in enumerate(sheet.columns):
            page.write_string(0, place, head(column.name, self.language), self.formats["head"])
        return page

    def _row(
        self, page: Worksheet, place: int, columns: Sequence[Column], reads: Sequence[Read], row: Sequence[str]
    ) -> None:
        for at, (column, read, text) in enumerate(zip(columns, reads, row, strict=True)):
            cell = read(text)
            if isinstance(cell, str):
                page.write_string(place, at, cell)
            elif isinstance(cell, int):
                page.write_number(place, at, cell, self.formats["money"])
            elif cell is not None:
                # A day is taken too; the types do not say so.
                page.write_datetime(place, at, cast("datetime", cell), self.formats[column.kind])

    def _summary(self, page: Worksheet) -> None:
        page.set_column(0, 0, 48)
        page.set_column(1, 8, 20)
        language = self.language
        page.write_string(0, 0, self.title, self.formats["title"])
        page.write_string(1, 0, verdict_of(self.report, language), self.formats["verdict"])
        heading = [
            (say("tenant", language), self.asked["tenant"]),
            *heading_of(self.report, language),
            (say("printed_at", language), f"{self.printed_at:%H:%M %d/%m/%Y}"),
        ]
        for place, (name, said) in enumerate(heading, 2):
            page.write_string(place, 0, name)
            page.write_string(place, 1, text_cell(said))
        place = len(heading) + 3
        for table in [*self._beside(), *tables_of(self.report, language)]:
            place = self._table(page, place, table)

    def _beside(self) -> Iterator[Table]:
        """Hold what the sheets come to against what the report says."""
        language = self.language
        heads = [say(key, language) for key in ("part", "rows", "sum", "said", "why")]
        rows = []
        for name, (count, amount) in self.sums.items():
            if name in self.report["totals"]:
                said = self.report["totals"][name]
                same = (count, amount) == (said["count"], said["amount"])
                rows.append(
                    (word(name, language), count, amount, said["amount"], say("agrees" if same else "moved", language))
                )
        if rows:
            yield Table("detail", say("detail", language), heads, ("text", "count", "money", "money", "text"), rows)

    def _table(self, page: Worksheet, place: int, table: Table) -> int:
        """Write a table and return where the next may begin."""
        page.write_string(place, 0, table.title, self.formats["name"])
        for at, name in enumerate(table.heads):
            page.write_string(place + 1, at, name, self.formats["head"])
        place += 2
        for row in table.rows:
            self._cells(page, place, row, self.formats["text"], self.formats["money"])
            place += 1
        if table.total:
            self._cells(page, place, table.total, self.formats["total"], self.formats["total money"])
            place += 1
        return place + 1

    @staticmethod
    def _cells(page: Worksheet, place: int, row: Sequence[object], text: Format, number: Format) -> None:
        for at, cell in enumerate(row):
            if isinstance(cell, int):
                page.write_number(place, at, cell, number)
            else:
                page.write_string(place, at, text_cell(cell or ""), text)
