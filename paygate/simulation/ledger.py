"""What a service's database holds of what was sent to it, read for the check."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import asyncpg

from paygate.database import Database, load_queries
from paygate.directory import Directory
from paygate.domain.lifecycle import NoticeState, Outcome, PaymentState
from paygate.domain.payment import Payment
from paygate.simulation.check import PaymentKey, StoredNotice

QUERIES: Final = load_queries("paygate.sql", "queries/simulation.sql")

LOOK_AGAIN_SECONDS: Final = 0.2
SETTLED_SECONDS: Final = 120.0
"""How long the worker may take with what was sent; what it has not done by then is a difference."""


class Ledger:
    """The database behind the service, from one moment on."""

    def __init__(self, database: Database, directory: Directory, codes: Iterable[str]) -> None:
        self._database = database
        self._codes = {directory.sources[code].source_id: code for code in codes}
        self._numbers = {code: number for number, code in self._codes.items()}
        self._tenants: dict[int, list[int]] = {}
        for number, code in self._codes.items():
            self._tenants.setdefault(directory.sources[code].tenant.tenant_id, []).append(number)
        self._since: dict[int, int] = {}

    async def remember_where_it_begins(self) -> None:
        async with self._database.connection() as connection:
            for tenant_id in self._tenants:
                self._since[tenant_id] = await connection.fetchval(QUERIES["last_notice"], tenant_id)

    async def wait_until_settled(self) -> None:
        """Wait until the worker has nothing left to do of what came since; it has its time, and no more."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + SETTLED_SECONDS
        while loop.time() < deadline and await self._count_unsettled():  # noqa: ASYNC110 -- another process's event
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _count_unsettled(self) -> int:
        async with self._database.connection() as connection:
            return sum(
                [
                    await connection.fetchval(QUERIES["count_unsettled"], tenant_id, self._since[tenant_id], sources)
                    for tenant_id, sources in self._tenants.items()
                ]
            )

    async def notices(self) -> Sequence[StoredNotice]:
        """Return what came of the sources since."""
        async with self._database.connection() as connection:
            return [
                self._stored(row)
                for tenant_id, sources in self._tenants.items()
                for row in await connection.fetch(QUERIES["stored_since"], tenant_id, self._since[tenant_id], sources)
            ]

    def _stored(self, row: asyncpg.Record) -> StoredNotice:
        return StoredNotice(
            self._codes[row["source_id"]], row["body_hash"], NoticeState(row["state"]), row["reference"]
        )

    async def payments(self, keys: Iterable[PaymentKey]) -> Mapping[PaymentKey, Payment]:
        """Return those of the payments that the ledger knows."""
        columns = list(zip(*((self._numbers[key.source], *key[1:]) for key in keys), strict=True)) or [(), (), ()]
        async with self._database.connection() as connection:
            return {
                PaymentKey(self._codes[row["source_id"]], row["reference"], row["transaction_id"]): _payment(row)
                for tenant_id in self._tenants
                for row in await connection.fetch(QUERIES["payments_told"], tenant_id, *columns)
            }


def _payment(row: asyncpg.Record) -> Payment:
    return Payment(
        PaymentState(row["state"]),
        Outcome(row["outcome"]),
        row["amount"],
        row["currency"],
        row["occurred_at"],
        conflicting=row["conflicting"],
    )
