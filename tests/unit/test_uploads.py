"""What is uploaded: kept under a name of ours, closed to others, as large and as many as allowed, gone when refused."""

import stat
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest

from paygate import uploads
from paygate.domain.errors import InvalidInputError, NotFoundError, TooLargeError, TooMuchWaitsError
from paygate.uploads import Uploads


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def keep(folder: Uploads, *parts: bytes, tenant_id: int = 1) -> str:
    async with folder.receive(tenant_id, pieces(*parts)) as upload:
        upload.keep()
    return upload.name


async def test_what_comes_in_pieces_is_kept_whole_with_its_hash(tmp_path: Path) -> None:
    folder = Uploads(tmp_path / "new" / "uploads")
    parts = (b"a" * 700_000, b"b" * 700_000, b"c")
    async with folder.receive(1, pieces(*parts)) as upload:
        upload.keep()
    assert (upload.size, upload.digest) == (1_400_001, sha256(b"".join(parts)).digest())
    with folder.open(upload.name) as file:
        assert file.read() == b"".join(parts)


async def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    name = await keep(Uploads(tmp_path / "uploads"), b"x")
    assert stat.S_IMODE((tmp_path / "uploads" / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "uploads").stat().st_mode) == 0o700


async def test_what_is_not_kept_is_gone(tmp_path: Path) -> None:
    folder = Uploads(tmp_path)
    async with folder.receive(1, pieces(b"x")) as upload:
        assert folder.names() == [upload.name]
    assert folder.names() == []
    with pytest.raises(NotFoundError), folder.open(upload.name):
        pass


async def broken() -> AsyncIterator[bytes]:
    yield b"x" * uploads.PIECE
    raise ConnectionResetError


async def test_what_breaks_off_is_gone(tmp_path: Path) -> None:
    with pytest.raises(ConnectionResetError):
        async with Uploads(tmp_path).receive(1, broken()):
            pass
    assert Uploads(tmp_path).names() == []


async def test_what_is_too_large_or_empty_is_refused_and_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "UPLOAD_LIMIT", 10)
    with pytest.raises(TooLargeError):
        await keep(Uploads(tmp_path), b"x" * 11)
    with pytest.raises(InvalidInputError, match="empty"):
        await keep(Uploads(tmp_path))
    assert Uploads(tmp_path).names() == []


async def test_one_tenant_cannot_take_the_others_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "TENANT_LIMIT", 2)
    monkeypatch.setattr(uploads, "WAITING_LIMIT", 3)
    folder = Uploads(tmp_path)
    for _ in range(2):
        await keep(folder, b"x", tenant_id=1)
    with pytest.raises(TooMuchWaitsError):
        await keep(folder, b"x", tenant_id=1)
    await keep(folder, b"x", tenant_id=11)
    with pytest.raises(TooMuchWaitsError):
        await keep(folder, b"x", tenant_id=2)


async def test_a_full_disk_is_told_as_something_that_passes(tmp_path: Path) -> None:
    in_the_way = tmp_path / "uploads"
    in_the_way.write_bytes(b"")
    with pytest.raises(TooMuchWaitsError):
        await keep(Uploads(in_the_way), b"x")
