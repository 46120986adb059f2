"""Builders for what the ledger is made of: a test overrides the one thing it is about."""

import itertools
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from functools import partial
from hashlib import sha256
from typing import Any, Final

from paygate.confirmation import confirm
from paygate.database import Connection, Database
from paygate.directory import AccountEntry, SourceEntry, TenantEntry, store_directory
from paygate.domain.legs import Leg
from paygate.domain.lifecycle import NoticeState, Outcome, PaymentState
from paygate.domain.notice import NoticeFacts, dedupe_key
from paygate.domain.record import Obligation, ProcedureRecord, RecordStatus
from paygate.inbox import store_within
from paygate.ledger import apply_batch
from paygate.worker import Worker

DOSSIER: Final = "000.00.12.H23-240508-0001"
NOON: Final = datetime(2024, 5, 8, 5, 0, tzinfo=UTC)
"""Noon of 8 May 2024 in Hải Dương."""

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Place:
    """A tenant with one source and one account."""

    tenant_id: int
    source_id: int
    account_id: int


async def a_place(connection: Connection, code: str = "haiduong", *, cut_off: time = time(0, 0)) -> Place:
    account = f"001-{code}"
    directory = await store_directory(
        connection,
        {code: TenantEntry("Hải Dương", "H23", "Asia/Ho_Chi_Minh")},
        {account: AccountEntry(code, "970436", "bank")},
        {f"{code}-dvcqg": SourceEntry(code, "dvcqg", account, cut_off, {Leg.PAYMENT: 0, Leg.BANK: 1})},
    )
    source = directory.sources[f"{code}-dvcqg"]
    assert source.account_id is not None
    return Place(source.tenant.tenant_id, source.source_id, source.account_id)


def a_notice(**changes: Any) -> NoticeFacts:
    paid = NoticeFacts("REF-1", "T-1", PaymentState.PAID, Outcome.PAID, 50_000, "VND", NOON, DOSSIER)
    return paid._replace(**changes)


def a_failure(**changes: Any) -> NoticeFacts:
    return a_notice(**({"state": PaymentState.FAILED, "outcome": Outcome.DECLINED} | changes))


def a_record(**changes: Any) -> ProcedureRecord:
    record = ProcedureRecord(
        dossier_code=DOSSIER,
        procedure_code="1.005129",
        procedure_name="Cấp giấy phép",
        agency_code="000.00.12.H23",
        agency_name="Sở Xây dựng",
        status=RecordStatus.PROCESSING,
        received_on=NOON.date(),
        processing_started_on=None,
        expires_on=None,
        exempt=False,
        online_payment_flag=0,
        version=None,
        obligations=(Obligation("LP01", "charge", "Lệ phí", 50_000),),
    )
    return replace(record, **changes)


async def put_notice(
    connection: Connection, place: Place, facts: NoticeFacts, *, body: bytes | None = None, **columns: Any
) -> int:
    """Lay a notice into the inbox as intake does; return its number."""
    body = body if body is not None else f"body {next(_numbers)}".encode()
    row: dict[str, Any] = {
        "tenant_id": place.tenant_id,
        "source_id": place.source_id,
        "dedupe_key": dedupe_key(facts),
        "body_hash": sha256(body).digest(),
        "method": "POST",
        "body": body,
        "headers": json.dumps({"x": "y"}),
        "key_id": 0,
        "request_id": "r",
        "received_at": NOON,
        "state": NoticeState.RECEIVED,
        "reference": facts.reference,
        "transaction_id": facts.transaction_id,
        "said_state": facts.state,
        "outcome": facts.outcome,
        "amount": facts.amount,
        "currency": facts.currency,
        "occurred_at": facts.occurred_at,
        "dossier_code": facts.dossier_code,
        "description": facts.description,
        "alarm": facts.alarm,
    } | columns
    names, places = ", ".join(row), ", ".join(f"${number}" for number in range(1, len(row) + 1))
    statement = f"INSERT INTO notice ({names}) VALUES ({places}) RETURNING notice_id"
    number: int = await connection.fetchval(statement, *row.values())
    return number


async def quarantine(connection: Connection, place: Place, body: bytes) -> int:
    """Lay a notice into the inbox that nobody could translate."""
    untold = "reference transaction_id said_state outcome amount currency occurred_at dossier_code description"
    columns = dict.fromkeys(untold.split())
    return await put_notice(
        connection,
        place,
        a_notice(),
        body=body,
        dedupe_key=sha256(body).digest(),
        state=NoticeState.QUARANTINED,
        reason="a field is missing",
        **columns,
    )


async def match_nothing(tenant_id: int) -> None:
    """Stand in for the matcher where a test is about the ledger alone."""


def a_worker(database: Database, **changes: Any) -> Worker:
    given: dict[str, Any] = {
        "apply": apply_batch,
        "confirm": partial(confirm, database, store_within),
        "match": match_nothing,
        "draw": lambda _most: 0.0,
    }
    return Worker(database, **(given | changes))


async def notice_states(connection: Connection, place: Place) -> dict[int, NoticeState]:
    rows = await connection.fetch(
        "SELECT notice_id, state FROM notice WHERE tenant_id = $1 ORDER BY notice_id", place.tenant_id
    )
    return {row["notice_id"]: NoticeState(row["state"]) for row in rows}


async def payments(connection: Connection, place: Place) -> list[dict[str, Any]]:
    rows = await connection.fetch(
        "SELECT * FROM payment WHERE tenant_id = $1 ORDER BY reference, transaction_id", place.tenant_id
    )
    return [dict(row) for row in rows]
