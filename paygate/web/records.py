"""Procedure records and payment requests, as one-stop systems send and read them."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from itertools import islice
from typing import Annotated, Any, Final, Protocol, TypeVar

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from paygate.access import Role
from paygate.database import Connection, Database
from paygate.domain.errors import InvalidInputError, NotFoundError
from paygate.domain.money import MAX_AMOUNT
from paygate.domain.parties import Source
from paygate.domain.record import ProcedureRecord
from paygate.domain.record_reading import RefusedRecord
from paygate.domain.statement import RefusedRow
from paygate.records import RecordResult
from paygate.web.repeats import Answer, Repeats
from paygate.web.routes import READERS, Route, Visit

BODY_LIMIT: Final = 32 * 1024 * 1024
"""Bytes of one delivery of records."""
BATCH: Final = 250
"""Records in one transaction, and between two looks at what else there is to answer."""

BodyT = TypeVar("BodyT", bound=BaseModel)

WRITERS: Final = frozenset({Role.SERVICE, Role.ADMIN})

Text = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$")]


class ReadRecords(Protocol):
    """Reads a body as records, each refused row in its place."""

    def __call__(self, body: bytes, content_type: str) -> Iterator[ProcedureRecord | RefusedRow]: ...


class Upsert(Protocol):
    """Stores records and says of each, in their order, what became of it."""

    async def __call__(
        self, connection: Connection, tenant_id: int, records: Sequence[ProcedureRecord]
    ) -> Sequence[RecordResult]: ...


class RequestPayment(Protocol):
    """Registers a reference for a dossier; tells whether it was new.

    Raises:
        ConflictError: the reference is registered with another content.
    """

    async def __call__(  # noqa: PLR0913 -- named arguments of another room's function
        self,
        connection: Connection,
        tenant_id: int,
        *,
        reference: str,
        dossier_code: str,
        amount: int,
        source_id: int,
        requested_at: datetime | None,
    ) -> bool: ...


class ViewRecord(Protocol):
    """Shows a dossier with its payments, legs and verdict; None where there is none, or another agency's."""

    async def __call__(
        self, connection: Connection, tenant_id: int, dossier_code: str, agencies: Sequence[str] | None
    ) -> dict[str, Any] | None: ...


class PaymentRequest(BaseModel):
    """The reference an agency registered for a dossier. `amount` in minor units.

    `requested_at` is when the payment was begun at the source, where it was not just now: some sources cannot find a
    payment they are asked about without it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    tenant: Text
    reference: Text
    dossier_code: Text
    amount: Annotated[int, Field(ge=0, le=MAX_AMOUNT)]
    source: Text
    requested_at: AwareDatetime | None = None


@dataclass(frozen=True, slots=True)
class RecordRoutes:
    """`changed` is called when stored facts may let waiting work go on."""

    database: Database
    repeats: Repeats
    sources: Mapping[str, Source]
    read_records: ReadRecords
    upsert: Upsert
    request_payment: RequestPayment
    view_record: ViewRecord
    changed: Callable[[], None]

    async def put(self, visit: Visit) -> web.Response:
        """Store records; a bad row never stops the good ones."""
        tenant = visit.tenant()
        request = visit.request.clone(client_max_size=BODY_LIMIT)
        parts = self.read_records(await request.read(), request.content_type)
        told = []
        # Read in a thread, and told of batch by batch: notices are answered in between.
        while batch := await asyncio.to_thread(_next_batch, parts):
            told += [json.dumps(row) for row in await self._store(tenant.tenant_id, batch)]
        self.changed()
        return web.Response(text=f'{{"rows": [{", ".join(told)}]}}', content_type="application/json")

    async def _store(self, tenant_id: int, batch: Sequence[ProcedureRecord | RefusedRow]) -> list[dict[str, Any]]:
        records = [part for part in batch if isinstance(part, ProcedureRecord)]
        async with self.database.transaction() as connection:
            stored = iter(await self.upsert(connection, tenant_id, records) if records else ())
        return [_refused(part) if isinstance(part, RefusedRow) else _result(next(stored)) for part in batch]

    async def get(self, visit: Visit) -> web.Response:
        """Show one dossier."""
        tenant = visit.tenant()
        dossier_code = visit.request.match_info["dossier"]
        async with self.database.snapshot() as connection:
            view = await self.view_record(connection, tenant.tenant_id, dossier_code, visit.agencies(tenant))
        if view is None:
            raise NotFoundError("there is no such dossier")
        return web.json_response(view)

    async def post_request(self, visit: Visit) -> web.Response:
        """Register a payment's reference before its notice comes."""
        body = await visit.request.read()
        given = read_body(PaymentRequest, body)
        tenant = visit.tenant(given.tenant)
        source = self.sources.get(given.source)
        if source is None or source.tenant.tenant_id != tenant.tenant_id:
            raise NotFoundError(f"the tenant has no source {given.source!r}")

        async def create(connection: Connection) -> Answer:
            created = await self.request_payment(
                connection,
                tenant.tenant_id,
                reference=given.reference,
                dossier_code=given.dossier_code,
                amount=given.amount,
                source_id=source.source_id,
                requested_at=given.requested_at,
            )
            return HTTPStatus.CREATED if created else HTTPStatus.OK, given.model_dump(mode="json", exclude_none=True)

        reply = await self.repeats.once(visit, tenant, body, create)
        self.changed()
        return reply

    def routes(self) -> list[Route]:
        return [
            Route("PUT", "/v1/records", WRITERS, self.put),
            Route("GET", "/v1/records/{dossier}", READERS | {Role.SERVICE}, self.get, limited=True),
            Route("POST", "/v1/payment-requests", WRITERS, self.post_request),
        ]


def _next_batch(parts: Iterator[ProcedureRecord | RefusedRow]) -> list[ProcedureRecord | RefusedRow]:
    return list(islice(parts, BATCH))


def read_body(model: type[BodyT], body: bytes) -> BodyT:
    """Read a small JSON body.

    Raises:
        InvalidInputError: naming the first field that is wrong.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidInputError(f"{where}: {first['msg']}" if where else first["msg"]) from None


def _refused(row: RefusedRow) -> dict[str, Any]:
    dossier_code = row.dossier_code if isinstance(row, RefusedRecord) else None
    return {"dossier_code": dossier_code, "row": row.row, "result": "refused", "reason": row.reason}


def _result(result: RecordResult) -> dict[str, Any]:
    return {"dossier_code": result.dossier_code, "result": result.result, "reason": result.reason}
