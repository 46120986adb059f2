"""Spreadsheets made to hurt: refused with a named reason before the library that reads sheets sees anything of them."""

import struct
from collections.abc import Callable
from datetime import date
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_LZMA, ZipFile

import pytest

from adapters.statements.table import archive, extent, workbook
from adapters.statements.table.archive import repack
from adapters.statements.table.mapping import TableMapping
from adapters.statements.table.reading import read_table
from paygate.domain.errors import UnreadableStatementError
from paygate.domain.statement import StatementLine
from tests.archives import added, altered
from tests.sheets import as_xls, as_xlsx

MAPPING = TableMapping({"booked_on": "Ngày", "amount": "Số tiền"})
BOOK = as_xlsx([["Ngày", "Số tiền"], [date(2024, 5, 8), 5], [date(2024, 5, 9), 6]])
SHEET = "xl/worksheets/sheet1.xml"


def read(data: bytes) -> list[int]:
    return [part.amount for part in read_table(BytesIO(data), MAPPING) if isinstance(part, StatementLine)]


def refusal(data: bytes) -> str:
    with pytest.raises(UnreadableStatementError) as caught:
        read(data)
    return str(caught.value)


def in_sheet(old: bytes, new: bytes) -> bytes:
    def change(xml: bytes) -> bytes:
        assert old in xml
        return xml.replace(old, new)

    return altered(BOOK, {SHEET: change})


def only(**members: bytes) -> bytes:
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as written:
        for name, content in members.items():
            written.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return file.getvalue()


def test_only_what_a_table_needs_is_unpacked() -> None:
    kept = repack(BytesIO(added(BOOK, {"xl/vbaProject.bin": b"x", "xl/externalLinks/externalLink1.xml": b"<x/>"})))
    with ZipFile(kept) as ours:
        names = set(ours.namelist())
    assert "xl/workbook.xml" in names
    assert not [name for name in names if "vba" in name or "external" in name or "theme" in name or "docProps" in name]


def test_macros_links_and_pictures_are_no_reason_to_refuse() -> None:
    assert read(added(BOOK, {"xl/vbaProject.bin": b"\0" * 10_000_000, "xl/media/image1.png": b"x"})) == [5, 6]


def test_names_with_the_other_slash_are_read() -> None:
    file = BytesIO()
    with ZipFile(BytesIO(BOOK)) as book, ZipFile(file, "w") as written:
        for name in book.namelist():
            written.writestr(name.replace("/", "\\"), book.read(name))
    assert read(file.getvalue()) == [5, 6]


def test_a_member_that_unpacks_to_far_more_than_its_size_is_refused() -> None:
    bomb = in_sheet(b"</sheetData>", b"</sheetData>" + b"<x/>" * archive.RATIO_FROM_BYTES)
    assert "more than 200 times its size" in refusal(bomb)


def test_members_that_unpack_to_too_much_together_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_INFLATED_BYTES", 2**20)
    assert "it unpacks to more than 1 MiB" in refusal(in_sheet(b"</sheetData>", b"</sheetData>" + b"<x/>" * 2**19))


def test_a_declared_size_that_lies_is_refused() -> None:
    lying = bytearray(in_sheet(b"</sheetData>", b"</sheetData>" + b"<x/>" * 100_000))
    at = lying.rindex(SHEET.encode()) - 46  # its entry in the directory
    assert lying[at : at + 4] == b"PK\1\2"
    lying[at + 24 : at + 28] = struct.pack("<L", 100)
    assert "broken archive" in refusal(bytes(lying))


def test_too_many_members_are_refused_before_their_directory_is_read() -> None:
    many = added(BOOK, {f"xl/x{number}": b"" for number in range(archive.MAX_MEMBERS)})
    assert "more than 200 files" in refusal(many)
    long = added(BOOK, {"xl/" + "x" * 60_000: b"", "xl/" + "y" * 60_000: b""})
    assert "more than 200 files" in refusal(long)


@pytest.mark.parametrize("name", ["../xl/x.xml", "/xl/x.xml", "xl/..\\x.xml", "xl/x\ny.xml", "XL/Workbook.xml"])
def test_a_member_with_a_strange_or_double_name_is_refused(name: str) -> None:
    assert "file" in refusal(added(BOOK, {name: b""}))


@pytest.mark.parametrize(
    ("members", "what"),
    [
        ({"xl__workbook_dot_bin": b""}, "XLSB"),
        ({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}, "OpenDocument"),
        ({"word__document_dot_xml": b""}, "Word"),
        ({"a": b""}, "no workbook"),
    ],
)
def test_another_kind_of_file_is_refused_by_its_name(members: dict[str, bytes], what: str) -> None:
    assert what in refusal(only(**members))


def test_an_encrypted_workbook_is_refused_with_what_to_do() -> None:
    encrypted = bytearray(BOOK)
    for sign, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = -1
        while (at := encrypted.find(sign, at + 1)) >= 0:
            encrypted[at + place] |= 1
    assert "encrypted" in refusal(bytes(encrypted))
    assert "encrypted" in refusal(as_xls([["EncryptedPackage \N{EURO SIGN}"]]))


def test_a_way_of_packing_that_workbooks_do_not_use_is_refused() -> None:
    file = BytesIO()
    with ZipFile(BytesIO(BOOK)) as book, ZipFile(file, "w", ZIP_LZMA) as written:
        for name in book.namelist():
            written.writestr(name, book.read(name))
    assert "packed in a way" in refusal(file.getvalue())


@pytest.mark.parametrize("start", [b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"\0"])
def test_xml_as_no_workbook_has_it_is_refused(start: bytes) -> None:
    assert "not as workbooks write XML" in refusal(in_sheet(b"<worksheet ", start + b"<worksheet "))


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (b"B99999999999", "rows of 2 columns"),
        (b"XFD3", "16384 columns"),
        (b"AAAAAAAAAAAAAA3", "columns"),
        (b"b9999999", "rows of 2 columns"),
    ],
)
def test_two_cells_far_apart_take_no_memory(place: bytes, reason: str) -> None:
    assert reason in refusal(in_sheet(b'r="B3"', b'r="' + place + b'"'))
    assert reason in refusal(in_sheet(b'r="B3"', b"\nr = '" + place + b"'"))


def test_cells_that_do_not_say_where_they_stand_are_read_and_counted() -> None:
    def forget(xml: bytes) -> bytes:
        for place in (b"A1", b"B1", b"A2", b"B2", b"A3", b"B3"):
            xml = xml.replace(b' r="' + place + b'"', b"")
        return xml

    assert read(altered(BOOK, {SHEET: forget})) == [5, 6]
    wide = b"<row>" + b"<c/>" * (extent.MAX_COLUMNS + 1) + b"</row></sheetData>"
    assert "1025 columns" in refusal(in_sheet(b"</sheetData>", wide))
    tall = b"<row><c/></row>" * 200_000 + b'<row r="1"><c r="Z1"/></row></sheetData>'
    assert "cells" in refusal(in_sheet(b"</sheetData>", tall))


def test_a_tag_that_never_ends_takes_no_memory() -> None:
    assert "without the end of a tag" in refusal(in_sheet(b"</sheetData>", b"<c " + bytes(range(97, 123)) * 200_000))


def test_what_stands_on_the_border_of_two_pieces_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_CHUNK", 7)
    assert read(BOOK) == [5, 6]
    assert "columns" in refusal(in_sheet(b'r="B3"', b'r="XFD3"'))


def test_a_file_too_large_is_not_even_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_FILE_BYTES", 1000)
    monkeypatch.setattr(workbook, "MAX_XLS_BYTES", 1000)
    assert "larger than" in refusal(BOOK)
    assert "larger than" in refusal(as_xls([["Ngày"]]))


def test_a_workbook_cut_anywhere_is_refused() -> None:
    for size in range(4, len(BOOK) - 22, 97):
        assert "broken" in refusal(BOOK[:size])


def test_a_workbook_with_any_bit_flipped_is_read_or_refused() -> None:
    outcomes = {"read": 0, "refused": 0}
    data = bytearray(BOOK)
    for place in range(4, len(data), 13):
        data[place] ^= 0x10
        try:
            read(bytes(data))
            outcomes["read"] += 1
        except UnreadableStatementError:
            outcomes["refused"] += 1
        data[place] ^= 0x10
    assert min(outcomes.values()) > 10, outcomes


def test_an_archive_of_the_large_kind_is_counted_by_its_own_directory() -> None:
    data = _with_large_directory(BOOK, lambda members: members)
    assert read(data) == [5, 6]
    assert "more than 200 files" in refusal(_with_large_directory(BOOK, lambda _: 10**6))


def _with_large_directory(data: bytes, count: Callable[[int], int]) -> bytes:
    """Write the end of an archive as the writers of large files do, whatever its size."""
    at = data.rindex(b"PK\5\6")
    _, _, _, _, members, size, offset, _ = struct.unpack("<4s4H2LH", data[at : at + 22])
    end = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count(members), count(members), size, offset)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, at, 1)
    small = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return data[:at] + end + locator + small
