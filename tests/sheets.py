"""The same rows as CSV, XLSX and XLS, written by other libraries than ours."""

import csv
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from io import BytesIO, StringIO
from typing import Any, Final, TypeAlias

import xlsxwriter
import xlwt

Value: TypeAlias = str | int | float | bool | date | None
Table: TypeAlias = Sequence[Sequence[Value]]
Merge: TypeAlias = tuple[int, int, int, int]
"""First row, first column, last row, last column, from 0."""

DAY_FORMAT: Final = "dd/mm/yyyy"
TIME_FORMAT: Final = "dd/mm/yyyy hh:mm:ss"


def in_words(value: Value) -> str:
    """Write a value as a Vietnamese bank writes it in a CSV."""
    if isinstance(value, datetime):
        return f"{value:%d/%m/%Y %H:%M:%S}"
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}".replace(",", ".")
    return "" if value is None else str(value)


def as_csv(rows: Table, encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    text = StringIO()
    csv.writer(text, delimiter=delimiter).writerows([list(map(in_words, row)) for row in rows])
    return text.getvalue().encode(encoding)


def as_xlsx(rows: Table, merges: Sequence[Merge] = (), *, name: str = "Sao kê", **options: Any) -> bytes:
    return xlsx_of({name: rows}, {name: merges}, **options)


def xlsx_of(
    sheets: Mapping[str, Table],
    merges: Mapping[str, Sequence[Merge]] | None = None,
    hidden: Sequence[str] = (),
    **options: Any,
) -> bytes:
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"strings_to_formulas": False, "strings_to_urls": False, **options}) as book:
        days = {
            date: book.add_format({"num_format": DAY_FORMAT}),
            datetime: book.add_format({"num_format": TIME_FORMAT}),
        }
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for merge in (merges or {}).get(name, ()):
                sheet.merge_range(*merge, "")
            for row, column, value in _filled(rows):
                if isinstance(value, date):
                    sheet.write_datetime(row, column, value, days[type(value)])
                elif isinstance(value, str):
                    sheet.write_string(row, column, value)
                else:
                    sheet.write(row, column, value)
            if name in hidden:
                sheet.hide()
    return file.getvalue()


def as_xls(rows: Table, merges: Sequence[Merge] = (), *, name: str = "Sao kê", dates_1904: bool = False) -> bytes:
    book = xlwt.Workbook()
    book.dates_1904 = dates_1904
    sheet = book.add_sheet(name)
    days = {kind: xlwt.easyxf(num_format_str=text) for kind, text in ((date, DAY_FORMAT), (datetime, TIME_FORMAT))}
    for first_row, first_column, last_row, last_column in merges:
        sheet.merge(first_row, last_row, first_column, last_column)
    for row, column, value in _filled(rows):
        if isinstance(value, date):
            sheet.write(row, column, value, days[type(value)])
        else:
            sheet.write(row, column, value)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


CONTAINERS: Final[Mapping[str, Callable[[Table], bytes]]] = {"csv": as_csv, "xlsx": as_xlsx, "xls": as_xls}


def _filled(rows: Table) -> list[tuple[int, int, Value]]:
    return [
        (number, column, value)
        for number, row in enumerate(rows)
        for column, value in enumerate(row)
        if value not in {None, ""} or isinstance(value, bool)
    ]
