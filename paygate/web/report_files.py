"""Reports of closed days as files: sums and facts as a table, a spreadsheet, a print form."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final, Literal, Protocol
from urllib.parse import quote

from aiohttp import web

from paygate.domain.errors import InvalidInputError
from paygate.domain.period import read_period
from paygate.domain.report_file import MEDIA_TYPES, FileKind, ReportFile
from paygate.web.reports import DATE, run_of
from paygate.web.routes import READERS, Route, Visit
from paygate.web.server import allow_longer

MAKING_SECONDS: Final = 900.0
"""For a file to be made and taken, which most other requests are much shorter than."""
PIECE: Final = 262_144
LANGUAGES: Final[Mapping[str, Literal["vi", "en"]]] = {"vi": "vi", "en": "en"}


class MakeFile(Protocol):
    """Makes a file and lends it.

    Raises:
        NotFoundError: there is nothing to make it of.
        TooMuchWaitsError: others are being made.
    """

    def __call__(self, wanted: ReportFile, now: datetime, /) -> AbstractAsyncContextManager[Path]: ...


@dataclass(frozen=True, slots=True)
class ReportFileRoutes:
    make: MakeFile

    async def get(self, kind: FileKind, visit: Visit) -> web.StreamResponse:
        """Make the file of a period's report and hand it over."""
        request = visit.request
        wanted = ReportFile(
            visit.tenant(request.match_info["tenant"]),
            read_period(request.match_info["date"]),
            kind,
            _language(request.query.get("lang", "vi")),
            run_of(visit),
            request.query.get("sheet"),
        )
        allow_longer(request, MAKING_SECONDS)
        async with self.make(wanted, datetime.now(UTC)) as file:
            size = (await asyncio.to_thread(file.stat)).st_size
            return await hand_over(request, file_pieces(file), size, wanted.name, wanted.kind)

    def routes(self) -> list[Route]:
        path = f"/v1/reports/{{tenant}}/{DATE}"
        return [Route("GET", f"{path}.{kind}", READERS, partial(self.get, kind)) for kind in FileKind]


async def hand_over(
    request: web.BaseRequest, pieces: AsyncIterator[bytes], size: int, name: str, kind: FileKind
) -> web.StreamResponse:
    """Answer with a file that is to be kept, under its name (RFC 6266)."""
    response = web.StreamResponse(
        headers={
            "Content-Type": MEDIA_TYPES[kind],
            "Content-Disposition": f"attachment; filename=\"{_plain(name)}\"; filename*=UTF-8''{quote(name, safe='')}",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
    )
    response.content_length = size
    first = await anext(pieces, b"")  # what goes wrong before it is still told in words
    await response.prepare(request)
    await response.write(first)
    async for piece in pieces:
        await response.write(piece)
    await response.write_eof()
    return response


async def file_pieces(file: Path) -> AsyncIterator[bytes]:
    """Read a file piece by piece."""
    with await asyncio.to_thread(file.open, "rb") as opened:
        while piece := await asyncio.to_thread(opened.read, PIECE):
            yield piece


def _plain(name: str) -> str:
    return "".join(one if one.isascii() and (one.isalnum() or one in "-._") else "_" for one in name)


def _language(given: str) -> Literal["vi", "en"]:
    if given not in LANGUAGES:
        raise InvalidInputError(
            "there is no language %(language)r; there is %(languages)s",
            language=given[:10],
            languages=", ".join(LANGUAGES),
        )
    return LANGUAGES[given]
