"""The one-stop system and the finance officer of the sample province, as callers of the HTTP interface."""

import asyncio
import json
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import asdict
from datetime import date
from http import HTTPStatus
from typing import Any, Final, TypeVar

import aiohttp

from paygate.demo.scene import Request
from paygate.demo.sources import TENANT
from paygate.demo.steps import Advance
from paygate.domain.errors import PaygateError
from paygate.domain.record import ProcedureRecord

Json = dict[str, Any]
ResultT = TypeVar("ResultT")

RECORDS_AT_ONCE: Final = 500
CALLS_AT_ONCE: Final = 16
ASK_AGAIN_SECONDS: Final = 0.05


async def at_once(calls: Iterable[Coroutine[Any, Any, ResultT]]) -> list[ResultT]:
    """Make calls side by side and return what they return; the first to fail stops the others and is raised."""
    try:
        async with asyncio.TaskGroup() as tasks:
            made = [tasks.create_task(call) for call in calls]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed
    return [task.result() for task in made]


class Desk:
    """Calls with one person's token."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str) -> None:
        self.session = session
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._turns = asyncio.Semaphore(CALLS_AT_ONCE)

    async def send_records(self, records: Sequence[ProcedureRecord], sent: Advance) -> None:
        """Send procedure records.

        Raises:
            PaygateError: a row was refused.
        """
        for first in range(0, len(records), RECORDS_AT_ONCE):
            batch = records[first : first + RECORDS_AT_ONCE]
            body = json.dumps([asdict(record) for record in batch], default=str, ensure_ascii=False)
            answer = await self._call("PUT", f"/v1/records?tenant={TENANT}", body)
            refused = [row for row in answer["rows"] if row["result"] == "refused"]
            if refused:
                raise PaygateError(f"{len(refused)} records were refused; the first: {refused[0]}")
            sent(len(batch))

    async def request_payments(self, requests: Iterable[Request], sent: Advance) -> None:
        """Register references for dossiers."""
        await at_once(self._request_payment(request, sent) for request in requests)

    async def close_day(self, day: date) -> str:
        """Close a business day and return its status.

        Raises:
            PaygateError: it could not be closed.
        """
        asked = await self._call("POST", "/v1/reconciliations", json.dumps({"tenant": TENANT, "date": str(day)}))
        while True:
            answer = await self._call("GET", f"/v1/reconciliations/{asked['id']}")
            if answer["state"] == "done":
                return str(answer["status"])
            if answer["state"] == "failed":
                raise PaygateError(f"{day} could not be closed: {answer['reason']}")
            await asyncio.sleep(ASK_AGAIN_SECONDS)

    async def report(self, day: date) -> Json:
        return await self._call("GET", f"/v1/reports/{TENANT}/{day}")

    async def verdict_of(self, dossier_code: str) -> str:
        view = await self._call("GET", f"/v1/records/{dossier_code}?tenant={TENANT}")
        return str(view["verdict"])

    async def discrepancies(self) -> list[Json]:
        """Return all that does not agree, page by page."""
        items: list[Json] = []
        cursor = ""
        while True:
            page = await self._call("GET", f"/v1/discrepancies?tenant={TENANT}{cursor}")
            items += page["items"]
            if page["next"] is None:
                return items
            cursor = f"&cursor={page['next']}"

    async def _request_payment(self, request: Request, sent: Advance) -> None:
        await self._call("POST", "/v1/payment-requests", json.dumps({"tenant": TENANT, **asdict(request)}))
        sent(1)

    async def _call(self, method: str, path: str, body: str | None = None) -> Json:
        headers = self._headers | ({"Content-Type": "application/json"} if body else {})
        async with (
            self._turns,
            self.session.request(method, f"{self._url}{path}", data=body, headers=headers) as reply,
        ):
            if reply.status >= HTTPStatus.BAD_REQUEST:
                raise PaygateError(f"{method} {path} was answered {reply.status}: {await reply.text()}")
            answer: Json = await reply.json()
            return answer
