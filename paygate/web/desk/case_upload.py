"""Files that show how it was, on their way in: read part by part, the token first, never more than is allowed."""

from dataclasses import dataclass, replace
from typing import Final

from aiohttp import BodyPartReader, web
from aiohttp.hdrs import CONTENT_TYPE

from paygate.access import MAKERS
from paygate.casework import Worker
from paygate.database import Connection
from paygate.domain.errors import InvalidInputError, NotAllowedError, TooLargeError
from paygate.domain.evidence import LARGEST, read_evidence
from paygate.web.desk.case_acts import CaseActs
from paygate.web.desk.discrepancy import path
from paygate.web.desk.door import Door, Page
from paygate.web.desk.forms import CSRF, LONGEST_FIELD, Form
from paygate.web.desk.visit import DeskVisit

MOST_FIELDS: Final = 8
"""Fields that stand before the file."""
PIECE: Final = 64 * 1024
"""Bytes read at a time."""


@dataclass(frozen=True, slots=True)
class EvidenceUpload:
    """Takes evidence in."""

    acts: CaseActs
    door: Door

    async def attach(self, visit: DeskVisit) -> web.StreamResponse:
        """Keep a file beside a discrepancy."""
        form, part = await _read_until_file(visit.request)
        visit = replace(visit, form=form)
        self.door.check_token(visit.session, form.secret(CSRF))
        name, told, body = "", "", b""
        if part is not None:
            name, told = part.filename or "", part.headers.get(CONTENT_TYPE, "")
            body = await self._read(visit, part)
        if not body:
            form.fault("file", visit.say("Choose a file that is not empty."))

        async def do(connection: Connection, worker: Worker, number: int, version: int) -> str:
            evidence = read_evidence(name, told, body)
            await self.acts.casework.attach(connection, worker, number, version, evidence)
            return visit.say("%(file)s is attached.", file=evidence.name)

        return await self.acts.act(visit, do)

    @staticmethod
    async def _read(visit: DeskVisit, part: BodyPartReader) -> bytes:
        try:
            return await _read(part, LARGEST)
        except TooLargeError:
            size = LARGEST // 1024**2
            visit.form.fault("file", visit.say("A file may have at most %(size)s MB.", size=size))
            return b"-"  # so that it is not called empty as well

    def pages(self) -> list[Page]:
        return [Page("POST", path("/evidence"), MAKERS, self.attach, limited=True, upload=True)]


async def _read_until_file(request: web.Request) -> tuple[Form, BodyPartReader | None]:
    """Read the fields of a form up to its file, which is left unread; None where it has none.

    Raises:
        NotAllowedError: it is no such form.
        InvalidInputError: it cannot be read, or has more fields than any of ours.
    """
    if request.content_type != "multipart/form-data":
        raise NotAllowedError("the form is not one of ours")
    fields: list[tuple[str, str]] = []
    try:
        reader = await request.multipart()
        for _ in range(MOST_FIELDS):
            part = await reader.next()
            if part is None:
                return Form(fields), None
            if not isinstance(part, BodyPartReader):
                break
            if part.filename is not None:
                return Form(fields), part
            fields.append((part.name or "", (await _read(part, LONGEST_FIELD)).decode("utf-8", "replace")))
    except ValueError:
        raise InvalidInputError("the form cannot be read") from None
    raise InvalidInputError("the form is not one of ours")


async def _read(part: BodyPartReader, limit: int) -> bytes:
    """Read a part whole.

    Raises:
        TooLargeError: it has more than `limit` bytes.
    """
    read = bytearray()
    while piece := await part.read_chunk(PIECE):
        read += piece
        if len(read) > limit:
            raise TooLargeError(f"a part of the form has more than {limit} bytes")
    return bytes(read)
