"""Forms with a file: read part by part from the stream, so that no file ever stands in memory."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from paygate.domain.errors import InvalidInputError, NotAllowedError, TooLargeError
from paygate.sessions import Session
from paygate.uploads import Upload, Uploads
from paygate.web.desk.forms import CSRF, LONGEST_FIELD, Form
from paygate.web.desk.visit import DeskVisit
from paygate.web.imports import PAUSE_SECONDS, PIECE, UPLOAD_SECONDS
from paygate.web.server import allow_longer

FILE: Final = "file"
MOST_FIELDS: Final = 40
LONGEST_NAME: Final = 100
"""Characters kept of what a file was called."""
MOST_BYTES: Final = 4
"""Of a character."""

CheckToken = Callable[[Session, str], None]
"""Refuses a form that was not made for the session; raises NotAllowedError."""

_BROKEN: Final = (ValueError, RuntimeError, AssertionError, HttpProcessingError)
"""What the library makes of a form that is cut off or no form."""
ReadT = TypeVar("ReadT")
_PATH: Final = re.compile(r"[/\\]")


@dataclass(frozen=True, slots=True)
class Sent:
    """What a form brought: the visit with its fields, and the file, None where none was chosen.

    `name` is what the file was called, cut and without what does not print: text of a stranger's.
    """

    visit: DeskVisit
    upload: Upload | None
    name: str


@asynccontextmanager
async def sent_file(visit: DeskVisit, uploads: Uploads, check_token: CheckToken) -> AsyncIterator[Sent]:
    """Take in a form whose first field is the session's token and whose last is the file.

    The file is gone afterwards unless it is kept.

    Raises:
        NotAllowedError: the token is not the session's.
        InvalidInputError: the form is cut off, no form of ours, or its file is empty.
        TooLargeError, TooMuchWaitsError: as `Uploads.receive`.
    """
    with cut_off():
        parts = await begin_parts(visit, check_token)
        fields, file = await parts.fields()
    sent = replace(visit, form=Form(fields))
    if file is None:
        yield Sent(sent, None, "")
        return
    async with uploads.receive(visit.tenant.tenant_id, parts.pieces(file)) as upload:
        yield Sent(sent, upload, _name(file.filename or ""))


async def begin_parts(visit: DeskVisit, check_token: CheckToken) -> "Parts":
    """Begin to read a form part by part, its token first; from then on its sender may take their time.

    Raises:
        NotAllowedError: it is no such form, or the token is not the session's.
    """
    if visit.request.content_type != "multipart/form-data":
        raise NotAllowedError("the form is not one of ours")
    parts = Parts(MultipartReader(visit.request.headers, visit.request.content))
    check_token(visit.session, await parts.token())
    allow_longer(visit.request, UPLOAD_SECONDS)
    return parts


@contextmanager
def cut_off() -> Iterator[None]:
    """Say in our words what the library finds wrong."""
    try:
        yield
    except _BROKEN as error:
        raise InvalidInputError("the form was cut off on its way, or is not one of ours") from error


class Parts:
    """The parts of a form, one after another."""

    def __init__(self, reader: MultipartReader) -> None:
        self._reader = reader

    async def token(self) -> str:
        part = await self._next()
        if part is None or part.name != CSRF:
            raise NotAllowedError("the form is not one of ours")
        return await self._text(part)

    async def fields(self) -> tuple[list[tuple[str, str]], BodyPartReader | None]:
        """Read fields until the file, or the end."""
        found: list[tuple[str, str]] = []
        while (part := await self._next()) is not None:
            if part.name == FILE:
                # A browser sends a part without a name and without bytes where no file was chosen.
                return (found, part) if part.filename else (found, None)
            if len(found) == MOST_FIELDS:
                raise InvalidInputError("the form has more fields than any of ours")
            found.append((part.name or "", await self._text(part)))
        return found, None

    async def rest(self, most_bytes: int) -> list[tuple[str, bytes]]:
        """Read all that follows, a small file among it.

        Raises:
            TooLargeError: it has more bytes than `most_bytes`.
        """
        found, left = [], most_bytes
        while (part := await self._next()) is not None:
            read = bytearray()
            while piece := await _in_time(part.read_chunk(PIECE)):
                read += piece
                if len(read) > left:
                    raise TooLargeError("the form is larger than %(most)s bytes", most=most_bytes)
            left -= len(read)
            found.append((part.name or "", bytes(read)))
        return found

    async def pieces(self, file: BodyPartReader) -> AsyncIterator[bytes]:
        """Yield the file, and see to it that the form ends behind it."""
        with cut_off():
            while piece := await _in_time(file.read_chunk(PIECE)):
                yield piece
            if await self._next() is not None:
                raise InvalidInputError("the file must stand last in the form")

    async def _next(self) -> BodyPartReader | None:
        part = await _in_time(self._reader.next())
        if isinstance(part, MultipartReader):
            raise InvalidInputError("the form holds another form")
        return part

    async def _text(self, part: BodyPartReader) -> str:
        read = bytearray()
        while piece := await _in_time(part.read_chunk(PIECE)):
            read += piece
            if len(read) > LONGEST_FIELD * MOST_BYTES:
                raise InvalidInputError("a field of the form is longer than any of ours")
        if b"\0" in read:
            raise InvalidInputError("the form holds what cannot be kept")
        return read.decode()


async def _in_time(read: Awaitable[ReadT]) -> ReadT:
    try:
        async with asyncio.timeout(PAUSE_SECONDS):
            return await read
    except TimeoutError:
        raise web.HTTPRequestTimeout from None


def _name(given: str) -> str:
    last = _PATH.split(given)[-1]
    return "".join(sign for sign in last if sign.isprintable())[:LONGEST_NAME]
