"""The composition root: it alone names concrete things and hands each room what it needs of the others."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, BinaryIO, Final, Literal

import uvloop
from aiohttp.web import Application

from adapters import registry
from adapters.statements.registry import FORMATS
from adapters.statements.table.mapping import TableMapping
from paygate.access import Caller, authenticate
from paygate.audit_checks import checking
from paygate.background import Advance, JobRunner, Work, importing
from paygate.casework import Casework
from paygate.configured import (
    adapters,
    built,
    caretaker,
    choose_mapping,
    endpoints,
    open_statement,
    questioned,
    store_parties,
)
from paygate.confirmation import confirm, declare
from paygate.database import Connection, Database, check_durability, migrate, open_database
from paygate.deliveries import Deliveries, Endpoint
from paygate.desk import Ground, backtesting, build_desk, tidy_web
from paygate.directory import Directory
from paygate.domain.adapter import Adapter
from paygate.domain.calendar import Calendar
from paygate.domain.print_form import PrintForm
from paygate.domain.record_reading import read_records
from paygate.domain.statement import StatementPart
from paygate.egress import open_egress
from paygate.embedded import embedded_database
from paygate.inbox import GroupCommitInbox, open_inbox, store_within
from paygate.inquiry import Poller
from paygate.intake import Intake, Sender
from paygate.jobs import Job, JobKind
from paygate.ledger import apply_batch
from paygate.mappings import Chosen
from paygate.matches import Matches
from paygate.months import make_months
from paygate.provider import Send
from paygate.records import request_payment, upsert
from paygate.report_files import ReportFiles, exporting
from paygate.settings import Settings
from paygate.telemetry import Event, log
from paygate.uploads import Uploads
from paygate.web.casework import CaseworkRoutes
from paygate.web.events import EventRoutes
from paygate.web.headers import strict
from paygate.web.health import Gauges, HealthRoutes
from paygate.web.imports import ImportRoutes, Readable
from paygate.web.matches import MatchRoutes
from paygate.web.notices import NoticeDoor
from paygate.web.payables import Asker, PayableRoutes
from paygate.web.problems import Handler
from paygate.web.records import RecordRoutes
from paygate.web.repeats import Repeats
from paygate.web.report_files import ReportFileRoutes
from paygate.web.reports import ReportRoutes
from paygate.web.routes import Route, build_application
from paygate.web.server import DEFAULT_LIMITS, Limits, listen, settle_memory
from paygate.worker import Worker
from reconciliation import casework
from reconciliation.arrivals import feed_gauges
from reconciliation.closing import close_day
from reconciliation.desk.periods import tell_period
from reconciliation.engine import match_dirty
from reconciliation.model import REASONS, Reason
from reconciliation.parting import rejoin_alone, undo_alone
from reconciliation.policy import Policy
from reconciliation.report import list_discrepancies, record_view, view_discrepancy

Role = Literal["all", "web", "worker"]
Listening = Callable[[Application, Handler], AbstractAsyncContextManager[str]]

_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Service:
    """What every command works with."""

    settings: Settings
    database_url: str
    database: Database
    directory: Directory

    @property
    def policy(self) -> Policy:
        decided = self.settings.calendar
        calendar = Calendar(days_off=decided.days_off, working_days=decided.working_days)
        return Policy(calendar, self.settings.record_wait_days)

    def adapters(self) -> Mapping[str, Adapter]:
        """Build the adapter of every source, as `adapters` does."""
        return adapters(self.settings)

    def askers(self) -> Mapping[str, Asker]:
        """Build the look-up of every source that asks what a dossier must pay and says where its money goes.

        Raises:
            ConfigurationError: as `adapters`.
        """
        accounts, sources = self.directory.accounts, self.directory.sources
        return {
            code: Asker(sources[code], accounts[source.account], lookup)
            for code, source in self.settings.sources.items()
            if source.account and (lookup := built(self.settings, code, source, registry.build_lookup))
        }

    def endpoints(self) -> list[Endpoint]:
        """Return where events are delivered to, with what signs for each.

        Raises:
            ConfigurationError: a secret is not there, or a URL may not be asked; with its line.
        """
        return endpoints(self.settings, self.directory)

    async def match(self, tenant_id: int) -> None:
        await match_dirty(self.database, tenant_id, self.policy)

    @property
    def readable(self) -> Readable:
        """Return what statements may be."""
        return Readable(tuple(FORMATS), self.choose_mapping)

    @property
    def uploads(self) -> Uploads:
        return Uploads(self.settings.data_dir / "uploads")

    @property
    def report_files(self) -> ReportFiles:
        told = self.settings.tenants
        forms = {code: PrintForm(**one.report_form.model_dump()) for code, one in told.items()}
        return ReportFiles(self.database, self.policy.calendar, forms, self.settings.data_dir / "reports")

    async def choose_mapping(
        self, connection: Connection, tenant_id: int, name: str, version: int | None = None
    ) -> Chosen:
        """Find a mapping as `choose_mapping` does, in this service's settings or database."""
        return await choose_mapping(self.settings, connection, tenant_id, name, version)

    async def open_statement(
        self, tenant_id: int, file: BinaryIO, wanted: Mapping[str, Any]
    ) -> tuple[str, Iterator[StatementPart]]:
        """Open a tenant's statement file as `open_statement` does, with this service's settings."""
        table = None
        if (name := wanted["mapping"]) is not None:
            async with self.database.connection() as connection:
                chosen = await self.choose_mapping(connection, tenant_id, name, wanted.get("version"))
            table = TableMapping(**chosen.content)
        return await asyncio.to_thread(open_statement, self.settings, file, wanted["format"], table, wanted["account"])

    async def close_day(self, job: Job, advance: Advance) -> Mapping[str, Any]:  # noqa: ARG002 -- it is one transaction
        day = date.fromisoformat(job.wanted["date"])
        await build_worker(self).settle(job.tenant_id)
        closed = await close_day(self.database, job.tenant_id, day, self.policy, datetime.now(UTC))
        return {"status": closed.report["status"]}

    async def authenticate(self, token: str) -> Caller:
        async with self.database.connection() as connection:
            return await authenticate(connection, token)

    def ground(self, asked: Callable[[], None], changed: Callable[[], None], send: Send) -> Ground:
        case, files = casework_of(self), self.report_files.make
        parties = self.settings, self.database, self.directory, self.policy
        return Ground(*parties, case, files, self.uploads, self.readable, asked, changed, send)


@contextmanager
def _database_url(settings: Settings) -> Iterator[str]:
    if settings.database_url:
        yield settings.database_url
    else:
        with embedded_database(settings.data_dir) as url:
            yield url


@asynccontextmanager
async def open_service(settings: Settings) -> AsyncIterator[Service]:
    """Reach the database, bring its schema forward and write the configured parties into it.

    Raises:
        DatabaseUnavailableError, ConfigurationError: with one line that says what is amiss.
    """
    with _database_url(settings) as url:
        await migrate(url)
        async with open_database(url) as database:
            async with database.connection() as connection:
                directory = await store_parties(connection, settings)
            await make_months(database, datetime.now(UTC))
            yield Service(settings, url, database, directory)


def build_worker(service: Service) -> Worker:
    """Make the worker that takes notices into the ledger and has the matcher follow."""
    return Worker(service.database, apply_batch, partial(confirm, service.database, store_within), service.match)


def build_jobs(service: Service, changed: Callable[[], None]) -> JobRunner:
    """Make the runner of what is asked for over HTTP and done in the background."""
    work: dict[JobKind, Work] = {
        JobKind.STATEMENT: importing(service.database, service.uploads, service.open_statement),
        JobKind.RECONCILIATION: service.close_day,
        JobKind.AUDIT_CHECK: checking(service.database),
        JobKind.BACKTEST: backtesting(service.database, service.policy),
        JobKind.EXPORT: exporting(service.database, service.report_files, service.directory.tenants),
    }
    tidy = partial(tidy_web, service.report_files.clear)
    return JobRunner(service.database, work, service.uploads, changed, tidy=tidy)


def matches_of(service: Service) -> Matches:
    return Matches(service.database, undo_alone, rejoin_alone)


def casework_of(service: Service) -> Casework:
    return Casework(casework, service.policy.calendar)


def _private_routes(service: Service, asked: Callable[[], None], changed: Callable[[], None]) -> list[Route]:
    repeats = Repeats(service.database)
    records = RecordRoutes(
        database=service.database,
        repeats=repeats,
        sources=service.directory.sources,
        read_records=read_records,
        upsert=upsert,
        request_payment=request_payment,
        view_record=record_view,
        changed=changed,
    )
    imports = ImportRoutes(
        database=service.database,
        repeats=repeats,
        uploads=service.uploads,
        readable=service.readable,
        accounts=service.directory.accounts,
        asked=asked,
    )
    reports = ReportRoutes(
        database=service.database,
        load_report=partial(tell_period, is_business_day=service.policy.calendar.is_business_day),
        list_discrepancies=list_discrepancies,
        repeats=repeats,
        asked=asked,
    )
    files = ReportFileRoutes(service.report_files.make)
    decided = matches_of(service)
    matches = MatchRoutes(decided.undo, decided.rejoin, changed)
    cases = CaseworkRoutes(service.database, repeats, casework_of(service), view_discrepancy, changed)
    events = EventRoutes(service.database)
    return [route for room in (records, imports, reports, files, matches, cases, events) for route in room.routes()]


def build_web(
    service: Service, inbox: GroupCommitInbox, asked: Callable[[], None], changed: Callable[[], None], send: Send
) -> Application:
    """Put together everything reachable over HTTP but the notices, which go beside it.

    `asked` is called when a job was asked for, `changed` when stored facts may let waiting work go on.
    `send` asks an identity provider.
    """
    gauges = Gauges(
        service.database,
        class_of=lambda reason: REASONS[Reason(reason)].verdict,
        feed_gauges=partial(feed_gauges, calendar=service.policy.calendar),
    )
    health = HealthRoutes(service.database, inbox, gauges)
    private = _private_routes(service, asked, changed)
    desk = build_desk(service.ground(asked, changed, send))
    public = [*health.routes(), *PayableRoutes(service.database, service.askers()).routes(), *desk.routes]
    tenants = service.directory.tenants
    application = build_application(public, private, service.authenticate, desk.door.caller_of, tenants)
    strict(application, https=desk.door.entrance.secure)
    return application


@asynccontextmanager
async def _web(service: Service, listening: Listening, changed: Callable[[], None]) -> AsyncIterator[str]:
    sources, adapters = service.directory.sources, service.adapters()
    senders = {code: Sender.of(sources[code], adapter) for code, adapter in adapters.items()}
    async with service.database.connection() as connection:
        declared = {sources[code]: adapter.capabilities.money_confirms for code, adapter in adapters.items()}
        await declare(connection, declared)
    runner = build_jobs(service, changed)
    # Left from the last to the first: no more requests, what is queued is stored, then jobs under way are given back.
    async with (
        runner.working(),
        open_inbox(service.database_url, limit=service.settings.inbox_limit, committed=changed) as inbox,
        open_egress(service.settings.egress_allowed) as egress,
    ):
        application = build_web(service, inbox, runner.wake, changed, egress.send)
        async with listening(application, NoticeDoor(Intake(inbox), senders).receive) as url:
            yield url


async def serve(  # noqa: PLR0913 -- where, as what, and the two ends of its life
    settings: Settings,
    *,
    host: str,
    port: int,
    role: Role,
    ready: Callable[[str], None],
    stop: asyncio.Event,
    limits: Limits = DEFAULT_LIMITS,
) -> None:
    """Serve until told to stop. `ready` is called with the URL once notices can come, for a worker with ''.

    Raises:
        ConfigurationError: what is configured cannot be served, the port is in use, or the database is unsafe.
        DatabaseUnavailableError: there is no database to begin with.
    """
    async with open_service(settings) as service, AsyncExitStack() as stack:
        async with service.database.connection() as connection:
            await check_durability(connection)
        worker = build_worker(service)
        ends: list[asyncio.Task[Any]] = [asyncio.create_task(stop.wait())]
        if role != "web":
            ends.append(await stack.enter_async_context(_running(worker.run, "worker")))
            care = caretaker(settings, service.database)
            ends.append(await stack.enter_async_context(_running(care.run, "caretaker")))
            deliveries = await stack.enter_async_context(_deliveries(service))
            ends.append(await stack.enter_async_context(_running(deliveries.run, "deliveries")))
            ends += await stack.enter_async_context(_asking(service, worker.wake))
        url = ""
        if role != "worker":
            web = _web(service, partial(listen, host=host, port=port, limits=limits), worker.wake)
            url = await stack.enter_async_context(web)
        log.info(Event.SERVING, url=url)
        ready(url)
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        ends[0].cancel()
    log.info(Event.STOPPED)


@asynccontextmanager
async def _deliveries(service: Service) -> AsyncIterator[Deliveries]:
    endpoints = service.endpoints()
    async with open_egress(service.settings.egress_allowed) as egress:
        deliveries = Deliveries(service.database, egress, endpoints)
        await deliveries.begin()
        yield deliveries


@asynccontextmanager
async def _running(
    run: Callable[[asyncio.Event], Coroutine[Any, Any, None]], name: str
) -> AsyncIterator[asyncio.Task[Any]]:
    """Run until left; on leaving, let it finish what is under way."""
    stop = asyncio.Event()
    task = asyncio.create_task(run(stop), name=name)
    try:
        yield task
    finally:
        stop.set()
        await task


@asynccontextmanager
async def _asking(service: Service, changed: Callable[[], None]) -> AsyncIterator[Sequence[asyncio.Task[Any]]]:
    """Ask the sources that may be asked; where there is none, nothing runs."""
    asked = questioned(service.settings, service.directory)
    if not asked:
        yield ()
        return
    async with open_egress(service.settings.egress_allowed) as egress:
        poller = Poller(service.database, asked, send=egress.send, store=store_within, changed=changed)
        async with _running(poller.run, "poller") as task:
            yield (task,)


def run_service(settings: Settings, *, host: str, port: int, role: Role, ready: Callable[[str], None]) -> None:
    """Serve on uvloop until SIGINT or SIGTERM. Raises what `serve` raises."""

    def settled(url: str) -> None:
        settle_memory()
        ready(url)

    async def until_signalled() -> None:
        stop = asyncio.Event()
        for one in _STOP_SIGNALS:
            asyncio.get_running_loop().add_signal_handler(one, stop.set)
        await serve(settings, host=host, port=port, role=role, ready=settled, stop=stop)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(until_signalled())
