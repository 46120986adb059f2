"""`/v1/payables/{source}`: a source asks what a dossier must pay, in its own format and signed as it signs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp import web
from structlog.contextvars import bind_contextvars

from paygate.database import Database
from paygate.domain.adapter import Lookup
from paygate.domain.errors import NotAuthenticError, NotFoundError
from paygate.domain.notice import NO_HEADERS, RawNotice, Reply
from paygate.domain.parties import Account, Source
from paygate.payables import find_payable
from paygate.telemetry import Event, log
from paygate.web.notices import refuse_encoded, request_id


@dataclass(frozen=True, slots=True)
class Asker:
    """A source that asks, and the account its money goes into."""

    source: Source
    account: Account
    lookup: Lookup


@dataclass(frozen=True, slots=True)
class PayableRoutes:
    """Answers each source about its own tenant's dossiers alone. `askers` by the source's code."""

    database: Database
    askers: Mapping[str, Asker]

    async def post(self, request: web.Request) -> web.Response:
        code = request.match_info["source"]
        bind_contextvars(request_id=request_id(request), source=code)
        if (asker := self.askers.get(code)) is None:
            raise NotFoundError("there is no source of that name that asks")
        refuse_encoded(request)
        try:
            question = asker.lookup.read_question(RawNotice("POST", await request.read(), NO_HEADERS))
        except NotAuthenticError as error:
            log.warning(Event.LOOKUP_UNAUTHENTIC, reason=str(error))
            return _written(asker.lookup.refuse())
        now = datetime.now(UTC)
        async with self.database.connection() as connection:
            found = await find_payable(connection, asker.source, asker.account, question.dossier_code, now)
        return _written(asker.lookup.answer(question, found, now))

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v1/payables/{source}", self.post)]


def _written(reply: Reply) -> web.Response:
    return web.Response(status=reply.status, body=reply.body, content_type=reply.content_type)
