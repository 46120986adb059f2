"""An XLSX file is a zip archive, and nothing that others packed is believed.

What a table needs of it is inflated, counted while it is, and packed anew: the library that reads sheets sees an
archive that we wrote. Macros, links to other files, pictures and drawings are never unpacked at all.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final

from adapters.statements.table.extent import Extent
from paygate.domain.errors import UnreadableStatementError

MAX_FILE_BYTES: Final = 64 * 2**20
MAX_MEMBERS: Final = 200
MAX_DIRECTORY_BYTES: Final = 65_536
MAX_INFLATED_BYTES: Final = 256 * 2**20
"""Of all members that are read; a million rows of a statement take about as much."""

MAX_RATIO: Final = 200
"""Inflated to packed, of members that come to more than RATIO_FROM_BYTES; sheets come to 10 to 50."""

RATIO_FROM_BYTES: Final = 4 * 2**20

WORKBOOK: Final = "xl/workbook.xml"

_FOREIGN: Final = {
    "xl/workbook.bin": "an XLSB workbook, which is not read; save it as XLSX",
    "mimetype": "an OpenDocument file, which is not read; save it as XLSX",
    "word/document.xml": "a Word document",
    "ppt/presentation.xml": "a presentation",
}
_READ = re.compile(
    r"\[content_types\]\.xml|_rels/\.rels"
    r"|xl/(?:workbook|sharedstrings|styles)\.xml|xl/_rels/workbook\.xml\.rels|xl/worksheets/[^/]+\.xml"
)
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)

_END: Final = struct.Struct("<4s4H2LH")
_END_64: Final = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64: Final = struct.Struct("<4sLQL")
_CHUNK: Final = 2**20

_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    struct.error,
    OSError,
)
"""What the standard library makes of archives that lie."""


def repack(file: BinaryIO) -> BinaryIO:
    """Return an archive of our own with what a table needs of another.

    Raises:
        UnreadableStatementError: it is no workbook, broken, encrypted, or larger than memory should hold.
    """
    try:
        _check_directory(file)
        with zipfile.ZipFile(file) as archive:
            return _repack(archive)
    except _BROKEN as error:
        raise UnreadableStatementError(f"it is a broken archive: {error}") from error


def _check_directory(file: BinaryIO) -> None:
    """Look at the size of the directory before anybody reads it into memory."""
    start = file.tell()
    size = file.seek(0, io.SEEK_END) - start
    if size > MAX_FILE_BYTES:
        raise UnreadableStatementError(f"it is larger than {MAX_FILE_BYTES // 2**20} MiB")
    from_end = min(size, _END.size + 65_535)
    file.seek(-from_end, io.SEEK_END)
    tail = file.read()
    file.seek(start)
    at = tail.rfind(b"PK\5\6")
    if at < 0:
        raise UnreadableStatementError("it is a broken archive: its directory is missing, as when a file is cut off")
    _, _, _, _, members, directory, _, _ = _END.unpack(tail[at : at + _END.size].ljust(_END.size, b"\0"))
    if at >= _LOCATOR_64.size and tail[at - _LOCATOR_64.size :].startswith(b"PK\6\7"):
        members, directory = _large_directory(file, tail[at - _LOCATOR_64.size : at])
    if members > MAX_MEMBERS or directory > MAX_DIRECTORY_BYTES:
        raise UnreadableStatementError(f"it is an archive of more than {MAX_MEMBERS} files, as no workbook is")


def _large_directory(file: BinaryIO, locator: bytes) -> tuple[int, int]:
    start = file.tell()
    file.seek(_LOCATOR_64.unpack(locator)[2])
    end = _END_64.unpack(file.read(_END_64.size))
    file.seek(start)
    return end[7], end[8]


def _repack(archive: zipfile.ZipFile) -> BinaryIO:
    packed = io.BytesIO()
    left = MAX_INFLATED_BYTES
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as ours:
        for name, info in _members(archive).items():
            with ours.open(name, "w") as target:
                for chunk in _passed_on(archive, info):
                    left -= len(chunk)
                    if left < 0:
                        raise UnreadableStatementError(f"it unpacks to more than {MAX_INFLATED_BYTES // 2**20} MiB")
                    target.write(chunk)
    packed.seek(0)
    return packed


def _passed_on(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    if not _SHEET.fullmatch(_named(info).lower()):
        yield from _inflate(archive, info)
        return
    extent = Extent()
    for chunk in _inflate(archive, info):
        yield extent.pass_on(chunk)
    yield extent.rest()


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return what is read, by names as they should be."""
    infos = archive.infolist()
    if len(infos) > MAX_MEMBERS:
        raise UnreadableStatementError(f"it is an archive of more than {MAX_MEMBERS} files, as no workbook is")
    named: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        name = _named(info)
        if name.startswith("/") or ".." in name.split("/") or not name.isprintable():
            raise UnreadableStatementError(f"it is an archive with a file named {name[:40]!r}")
        if name.lower() in {known.lower() for known in named}:
            raise UnreadableStatementError(f"it is an archive with two files named {name[:40]!r}")
        named[name] = info
    lowered = {name.lower() for name in named}
    if WORKBOOK not in lowered:
        foreign = next((what for name, what in _FOREIGN.items() if name in lowered), "an archive, but no workbook")
        raise UnreadableStatementError(f"it is {foreign}")
    return {name: info for name, info in named.items() if _READ.fullmatch(name.lower())}


def _named(info: zipfile.ZipInfo) -> str:
    return info.filename.replace("\\", "/")


def _inflate(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    if info.flag_bits & 1:
        raise UnreadableStatementError("it is encrypted; save it without a password")
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise UnreadableStatementError(f"its {info.filename[:40]!r} is packed in a way that workbooks are not")
    size = 0
    with archive.open(info) as member:
        while chunk := member.read(_CHUNK):
            if not size and (_DOCTYPE.search(chunk) or b"\0" in chunk):
                raise UnreadableStatementError(f"its {info.filename[:40]!r} is not as workbooks write XML")
            size += len(chunk)
            if size > RATIO_FROM_BYTES and size > MAX_RATIO * max(info.compress_size, 1):
                raise UnreadableStatementError(
                    f"its {info.filename[:40]!r} unpacks to more than {MAX_RATIO} times its size"
                )
            yield chunk
