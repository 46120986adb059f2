"""Zip archives that were tampered with."""

from collections.abc import Callable, Mapping
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile


def altered(data: bytes, changes: Mapping[str, Callable[[bytes], bytes]]) -> bytes:
    """Write an archive again with some members changed."""
    file = BytesIO()
    with ZipFile(BytesIO(data)) as archive, ZipFile(file, "w", ZIP_DEFLATED) as written:
        for name in archive.namelist():
            written.writestr(name, changes.get(name, bytes)(archive.read(name)))
    return file.getvalue()


def added(data: bytes, members: Mapping[str, bytes]) -> bytes:
    """Write an archive again with more members."""
    file = BytesIO(data)
    with ZipFile(file, "a", ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()
