"""Whether the service lives, whether it can work, and what it counts."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol

import asyncpg
from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from paygate.database import Connection, Database, load_queries, migrations
from paygate.domain.errors import DatabaseUnavailableError
from paygate.telemetry import GAUGES, REGISTRY, log_unhandled
from paygate.web.openapi import DESCRIPTION

QUERIES: Final = load_queries("paygate.sql", "queries/health.sql")

FRESH_SECONDS: Final = 15.0
"""How long gauges read from the database are served again."""
PATIENCE_SECONDS: Final = 0.08
"""How long a scrape waits for fresh gauges before it takes the ones there are."""
FIRST_PATIENCE_SECONDS: Final = 2.0
REST_FACTOR: Final = 20
"""Reading the gauges may take one part in so many of the time."""
WINDOWS: Final = ("day", "week", "month")

Families = dict[str, GaugeMetricFamily]


FeedGauges = Callable[[Connection, datetime], Awaitable[Iterable[tuple[str, Sequence[str], float]]]]
"""Tells how old each feed is and whether it is late: gauge, labels' values, value."""


class InboxState(Protocol):
    """What readiness asks of the inbox."""

    @property
    def full(self) -> bool: ...

    @property
    def connected(self) -> bool: ...


class Gauges:
    """The gauges that live in the database, read at most every `FRESH_SECONDS` and never on a scrape's time."""

    def __init__(self, database: Database, class_of: Callable[[str], str], feed_gauges: FeedGauges) -> None:
        self._database = database
        self._class_of = class_of
        self._feed_gauges = feed_gauges
        self._families: list[GaugeMetricFamily] = []
        self._due_at = 0.0
        self._reading: asyncio.Task[None] | None = None
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def collect(self) -> Iterable[GaugeMetricFamily]:
        return self._families

    async def text(self) -> bytes:
        """Return the gauges in Prometheus' format."""
        if self._reading is None and time.monotonic() >= self._due_at:
            self._reading = asyncio.create_task(self._read(), name="gauges")
        if self._reading is not None:
            await asyncio.wait({self._reading}, timeout=PATIENCE_SECONDS if self._families else FIRST_PATIENCE_SECONDS)
        return generate_latest(self._registry)

    async def _read(self) -> None:
        began = time.monotonic()
        try:
            self._families = await self._families_now(datetime.now(UTC))
        except DatabaseUnavailableError:
            self._families = []  # better none than old ones that look fresh
        except Exception as error:  # noqa: BLE001 -- nobody awaits the task: it is told here or never
            log_unhandled(error)
        finally:
            now = time.monotonic()
            self._due_at = now + max(FRESH_SECONDS, (now - began) * REST_FACTOR)
            self._reading = None

    async def _families_now(self, now: datetime) -> list[GaugeMetricFamily]:
        families = {name: GaugeMetricFamily(name, text, labels=labels) for name, (text, labels) in GAUGES.items()}
        async with self._database.connection() as connection:
            for row in await connection.fetch(QUERIES["notices_waiting"], now):
                families["paygate_notices_waiting"].add_metric([row["state"]], row["waiting"])
                families["paygate_oldest_waiting_seconds"].add_metric([row["state"]], row["oldest_seconds"])
            for row in await connection.fetch(QUERIES["success"], now):
                for window in WINDOWS:
                    if attempts := row[f"{window}_attempts"]:
                        labels = [row["tenant"], row["source"], window]
                        families["paygate_success_ratio"].add_metric(labels, row[f"{window}_paid"] / attempts)
            for name, feed, value in await self._feed_gauges(connection, now):
                families[name].add_metric(feed, value)
            self._add_discrepancies(families, await connection.fetch(QUERIES["discrepancies_live"]))
        return list(families.values())

    def _add_discrepancies(self, families: Families, rows: Iterable[asyncpg.Record]) -> None:
        at_risk: dict[tuple[str, str], int] = {}
        for row in rows:
            families["paygate_discrepancies_open"].add_metric([row["tenant"], row["reason"]], row["live"])
            key = (row["tenant"], self._class_of(row["reason"]))
            at_risk[key] = at_risk.get(key, 0) + row["amount"]
        for labels, total in at_risk.items():
            families["paygate_amount_at_risk_minor_units"].add_metric(labels, total)


class HealthRoutes:
    """What probes and scrapers ask."""

    def __init__(self, database: Database, inbox: InboxState, gauges: Gauges) -> None:
        self._database = database
        self._inbox = inbox
        self._gauges = gauges

    async def live(self, _: web.Request) -> web.Response:
        return web.json_response({"live": True})

    async def ready(self, _: web.Request) -> web.Response:
        """Say whether notices can be taken; 503 where not, with what is amiss."""
        amiss = [one async for one in self._amiss()]
        return web.json_response({"ready": not amiss, "amiss": amiss}, status=503 if amiss else 200)

    async def _amiss(self) -> AsyncIterator[str]:
        try:
            async with self._database.connection() as connection:
                migration = await connection.fetchval(QUERIES["answer"], timeout=2)
        except DatabaseUnavailableError:
            yield "the database does not answer"
        else:
            if migration != migrations()[-1][0]:
                yield "the schema is not this version's"
        if not self._inbox.connected:
            yield "the inbox has no connection"
        if self._inbox.full:
            yield "the inbox is full"

    async def metrics(self, _: web.Request) -> web.Response:
        body = generate_latest(REGISTRY) + await self._gauges.text()
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def openapi(self, _: web.Request) -> web.Response:
        return web.json_response(DESCRIPTION)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/livez", self.live),
            web.get("/readyz", self.ready),
            web.get("/metrics", self.metrics),
            web.get("/openapi.json", self.openapi),
        ]
