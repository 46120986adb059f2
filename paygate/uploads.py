"""Files on their way in: streamed to a folder of the service's own, hashed as they come, gone when they are read."""

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from paygate.domain.errors import InvalidInputError, NotFoundError, TooLargeError, TooMuchWaitsError

UPLOAD_LIMIT: Final = 1024 * 1024 * 1024
"""Bytes of one file: more than a million entries of camt.053."""
WAITING_LIMIT: Final = 40
"""Files that may lie in the folder."""
TENANT_LIMIT: Final = 10
"""Those of one tenant."""
PIECE: Final = 1024 * 1024
"""Bytes written and hashed at a time."""
STRAY_SECONDS: Final = 3600
"""Age at which a file that no job reads is what an interrupted request left behind."""


@dataclass(slots=True)
class Upload:
    """A file that has come in whole. `digest` is its SHA-256; it is removed at the end unless it is kept."""

    name: str
    size: int
    digest: bytes
    kept: bool = False

    def keep(self) -> None:
        self.kept = True


class Uploads:
    """The folder. Nothing of what a caller sends names a file in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @asynccontextmanager
    async def receive(self, tenant_id: int, pieces: AsyncIterator[bytes]) -> AsyncIterator[Upload]:
        """Take a file in.

        Raises:
            TooLargeError: it is larger than allowed.
            TooMuchWaitsError: as many files as allowed wait to be read, or the disk is full.
            InvalidInputError: it is empty.
        """
        name = f"{tenant_id}-{secrets.token_hex(16)}"
        with _disk_errors():
            file = await asyncio.to_thread(self._create, name, tenant_id)
        upload = None
        try:
            upload = await _fill(file, name, pieces)
            yield upload
        finally:
            if upload is None or not upload.kept:
                self.remove(name)

    def names(self) -> list[str]:
        """Return the files that are here."""
        return sorted(file.name for file in self._folder.iterdir()) if self._folder.is_dir() else []

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Open a file that was kept.

        Raises:
            NotFoundError: it is not here.
        """
        try:
            file = (self._folder / name).open("rb")
        except FileNotFoundError:
            raise NotFoundError("the upload is gone; send the file again") from None
        with file:
            yield file

    def remove(self, name: str) -> None:
        (self._folder / name).unlink(missing_ok=True)

    def strays(self, needed: Collection[str]) -> list[str]:
        """Return old files that nobody needs."""
        oldest = time.time() - STRAY_SECONDS
        return [name for name in self.names() if name not in needed and _written(self._folder / name) < oldest]

    def _create(self, name: str, tenant_id: int) -> BinaryIO:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        waiting = self.names()
        of_tenant = sum(one.startswith(f"{tenant_id}-") for one in waiting)
        if len(waiting) >= WAITING_LIMIT or of_tenant >= TENANT_LIMIT:
            raise TooMuchWaitsError("too many files wait to be read")
        descriptor = os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        return os.fdopen(descriptor, "wb", buffering=0)


async def _fill(file: BinaryIO, name: str, pieces: AsyncIterator[bytes]) -> Upload:
    """Write a file a piece at a time, off the event loop, which other requests need."""
    digest, size = sha256(), 0

    def write(piece: bytes) -> None:
        digest.update(piece)
        view = memoryview(piece)
        while view:
            view = view[file.write(view) :]

    with file:
        async for piece in _gathered(pieces):
            size += len(piece)
            if size > UPLOAD_LIMIT:
                raise TooLargeError("it is larger than %(most)s bytes", most=UPLOAD_LIMIT)
            with _disk_errors():
                await asyncio.to_thread(write, piece)
        if not size:
            raise InvalidInputError("the file is empty")
        with _disk_errors():
            # Its job is stored durably, and must not find less than was hashed.
            await asyncio.to_thread(os.fsync, file.fileno())
    return Upload(name, size, digest.digest())


async def _gathered(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    gathered = bytearray()
    async for piece in pieces:
        gathered += piece
        if len(gathered) >= PIECE:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)


@contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TooMuchWaitsError("the upload cannot be written: %(why)s", why=error.strerror) from error


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()
