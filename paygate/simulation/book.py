"""What the senders know, kept outside of the service: on disk before it counts."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, Final

from paygate.domain.errors import InvalidInputError
from paygate.simulation.plan import Letter

SUCCESS: Final = range(200, 300)
"""Statuses by which a source takes a notice for received."""


@dataclass(slots=True)
class Entry:
    """A notice that was sent: its bytes' hash, how often, how many tries went unanswered, what each answer was.

    Without any answer it may be stored or not.
    """

    letter: Letter
    body_hash: bytes
    sendings: int = 0
    unanswered: int = 0
    statuses: list[int] = field(default_factory=list)

    @property
    def acknowledged(self) -> bool:
        return any(status in SUCCESS for status in self.statuses)

    @property
    def refused(self) -> bool:
        return bool(self.statuses) and set(self.statuses) == {HTTPStatus.UNAUTHORIZED}


class Book:
    """The entries of one run, and the file of JSON lines in which every answer is put down."""

    def __init__(self, file: BinaryIO) -> None:
        self.entries: dict[int, Entry] = {}
        self._file = file
        self._waiting: list[bytes] = []
        self._written: asyncio.Future[None] | None = None

    def send(self, letter: Letter, content: bytes) -> Entry:
        """Put down that a notice is about to be sent."""
        entry = self.entries.setdefault(letter.number, Entry(letter, sha256(content).digest()))
        entry.sendings += 1
        return entry

    async def answered(self, entry: Entry, status: int) -> None:
        """Put down an answer; it counts once it is on disk. Those that come meanwhile share one flush."""
        self._waiting.append(_line(entry, status))
        if self._written is None:
            self._written = asyncio.ensure_future(self._flush())
        await asyncio.shield(self._written)
        entry.statuses.append(status)

    async def _flush(self) -> None:
        await asyncio.sleep(0)
        lines, self._waiting, self._written = self._waiting, [], None
        await asyncio.to_thread(self._write, b"".join(lines))

    def _write(self, lines: bytes) -> None:
        self._file.write(lines)
        self._file.flush()
        os.fsync(self._file.fileno())


def _line(entry: Entry, status: int) -> bytes:
    facts = entry.letter.facts
    said = {
        "source": entry.letter.source.code,
        "reference": facts.reference,
        "transaction": facts.transaction_id,
        "state": facts.state,
        "treatment": entry.letter.treatment,
        "body_hash": entry.body_hash.hex(),
        "status": status,
    }
    return json.dumps(said, ensure_ascii=False).encode() + b"\n"


@asynccontextmanager
async def open_book(path: Path) -> AsyncIterator[Book]:
    """Open a book whose answers are added to the end of a file.

    Raises:
        InvalidInputError: the file cannot be written.
    """
    try:
        file = await asyncio.to_thread(path.open, "ab")
    except OSError as error:
        raise InvalidInputError(f"{path}: {error.strerror}") from error
    with file:
        yield Book(file)
