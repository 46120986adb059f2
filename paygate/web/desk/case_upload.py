"""Files that show how it was, on their way in: read part by part, the token first, never more than is allowed."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Final

from aiohttp import BodyPartReader, web
from aiohttp.hdrs import CONTENT_TYPE

from paygate.access import MAKERS
from paygate.casework import Worker
from paygate.database import Connection
from paygate.domain.evidence import LARGEST, read_evidence
from paygate.web.desk.case_acts import CaseActs
from paygate.web.desk.discrepancy import path
from paygate.web.desk.door import Door, Page
from paygate.web.desk.forms import Form
from paygate.web.desk.sent_files import begin_parts, cut_off
from paygate.web.desk.visit import DeskVisit

TOO_LARGE: Final = b"-"
"""In place of a file that has more bytes than it may have, so that it is not called empty as well."""


@dataclass(frozen=True, slots=True)
class EvidenceUpload:
    """Takes evidence in."""

    acts: CaseActs
    door: Door

    async def attach(self, visit: DeskVisit) -> web.StreamResponse:
        """Keep a file beside a discrepancy."""
        with cut_off():
            parts = await begin_parts(visit, self.door.check_token)
            fields, part = await parts.fields()
            visit = replace(visit, form=Form(fields))
            name, told = _called(part)
            body = b"" if part is None else await _read(visit, parts.pieces(part))
        if not body:
            visit.form.fault("file", visit.say("Choose a file that is not empty."))

        async def do(connection: Connection, worker: Worker, number: int, version: int) -> str:
            evidence = read_evidence(name, told, body)
            await self.acts.casework.attach(connection, worker, number, version, evidence)
            return visit.say("%(file)s is attached.", file=evidence.name)

        return await self.acts.act(visit, do)

    def pages(self) -> list[Page]:
        return [Page("POST", path("/evidence"), MAKERS, self.attach, limited=True, upload=True)]


def _called(part: BodyPartReader | None) -> tuple[str, str]:
    """Return what a file is called, and what its sender calls its kind."""
    return ("", "") if part is None else (part.filename or "", part.headers.get(CONTENT_TYPE, ""))


async def _read(visit: DeskVisit, pieces: AsyncIterator[bytes]) -> bytes:
    """Read a file whole, noting a fault where it has more bytes than it may."""
    read = bytearray()
    async for piece in pieces:
        read += piece
        if len(read) > LARGEST:
            visit.form.fault("file", visit.say("A file may have at most %(size)s MB.", size=LARGEST // 1024**2))
            return TOO_LARGE
    return bytes(read)
