"""What is done behind the callers' backs: takes open jobs, does them under their leases, and tidies up."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, BinaryIO, Final, Protocol

from paygate import jobs
from paygate.database import Connection, Database
from paygate.domain.errors import PaygateError, TemporaryError, worded
from paygate.domain.statement import StatementPart
from paygate.jobs import Job, JobKind
from paygate.mappings import called
from paygate.statements import Origin, import_statements
from paygate.telemetry import Event, log, log_unhandled
from paygate.uploads import Uploads

POLL_SECONDS: Final = 1.0
"""Between two looks for jobs of other processes and for leases that ended; a new job is told by `wake`."""
MAX_AT_ONCE: Final = 2
"""Jobs, of as many tenants: one more would take the processor from the notices."""
RENEW_SECONDS: Final = jobs.LEASE_SECONDS / 6
RETRY_SECONDS: Final = (5.0, 60.0)
"""Pauses after a job could not reach what it needs; it fails when it could not once more than the table is long."""
TIDY_SECONDS: Final = 3600.0

OUT_OF_REACH: Final = worded("what it needs could not be reached; ask again later")
OUR_MISTAKE: Final = worded("the service made a mistake")

Advance = Callable[[int], None]
"""Is told how far a job has come."""


class Work(Protocol):
    """Does a job and returns its result."""

    async def __call__(self, job: Job, advance: Advance, /) -> Mapping[str, Any]: ...


class OpenStatement(Protocol):
    """Returns the format of a tenant's file, guessed unless it is named, and its parts as they are read.

    `wanted` names format, mapping, its version, and account, each None where nothing was chosen.

    Raises:
        InvalidInputError: a format or mapping there is not, or a format that cannot be guessed.
        UnreadableStatementError: from the iterator, when the file is refused as a whole.
    """

    async def __call__(
        self, tenant_id: int, file: BinaryIO, wanted: Mapping[str, Any], /
    ) -> tuple[str, Iterator[StatementPart]]: ...


def importing(database: Database, uploads: Uploads, open_statement: OpenStatement) -> Work:
    """Make the work of a `JobKind.STATEMENT`: read an upload into the ledger."""

    async def import_upload(job: Job, advance: Advance) -> Mapping[str, Any]:
        wanted = job.wanted
        mapping = called(wanted["mapping"], wanted.get("version"))
        with uploads.open(job.upload or "") as file:
            kind, parts = await open_statement(job.tenant_id, file, wanted)
            async with database.connection() as connection:
                result = await import_statements(
                    connection,
                    job.tenant_id,
                    parts,
                    file_hash=bytes.fromhex(wanted["sha256"]),
                    format=kind,
                    account=wanted["account"],
                    origin=Origin(wanted.get("name", ""), job.asked_by, mapping),
                    progress=advance,
                )
        return result.as_json()

    return import_upload


class _LostError(Exception):
    """Another runner has the job."""


class JobRunner:
    """Does the jobs of a process, each tenant's one after another.

    `changed` is called after each, since what it stored may let waiting work go on; `tidy` now and then.
    """

    def __init__(
        self,
        database: Database,
        work: Mapping[JobKind, Work],
        uploads: Uploads,
        changed: Callable[[], None],
        tidy: Callable[[Connection], Awaitable[None]],
    ) -> None:
        self._database = database
        self._work = work
        self._uploads = uploads
        self._changed = changed
        self._tidy_too = tidy
        self._woken = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._tidied = -TIDY_SECONDS

    def wake(self) -> None:
        """Say that there may be a job."""
        self._woken.set()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Do jobs until left; what is under way then is broken off and given back."""
        looking = asyncio.create_task(self._look(), name="jobs")
        try:
            yield
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _look(self) -> None:
        while True:
            self._woken.clear()
            try:
                await self._start_due()
                await self._tidy()
            except PaygateError as error:
                log.warning(Event.DATABASE_AWAY, reason=type(error).__name__)
            except Exception as error:  # noqa: BLE001 -- a look that fails must not be the last one
                log_unhandled(error)
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._woken.wait()

    async def _start_due(self) -> None:
        if len(self._tasks) >= MAX_AT_ONCE:
            return
        async with self._database.connection() as connection:
            tenants = await jobs.tenants_with_jobs(connection)
        for tenant_id in tenants:
            if len(self._tasks) >= MAX_AT_ONCE:
                return
            async with self._database.transaction() as connection:
                job = await jobs.claim(connection, tenant_id, await asyncio.to_thread(self._uploads.names))
            if job is not None:
                task = asyncio.create_task(self._do(job), name=f"job {job.job_id}")
                self._tasks.add(task)
                task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log_unhandled(error)
        self.wake()

    async def _do(self, job: Job) -> None:
        about = {"tenant": job.tenant, "job": job.job_id, "kind": str(job.kind)}
        come = _Come()
        try:
            result = await self._work_under_lease(job, come)
        except asyncio.CancelledError:
            with suppress(PaygateError):  # else its lease runs out
                async with self._database.connection() as connection:
                    await jobs.give_back(connection, job)
            raise
        except _LostError:
            log.warning(Event.JOB_LOST, **about)
        except TemporaryError as error:
            log.warning(Event.JOB_PUT_OFF, reason=type(error).__name__, **about)
            await self._put_off(job, come)
        except PaygateError as error:
            log.info(Event.JOB_FAILED, refused=type(error).__name__, **about)
            await self._fail(job, come, error)
        except Exception as error:  # noqa: BLE001 -- nobody awaits the task: it is told here or never
            log_unhandled(error)
            await self._fail(job, come, PaygateError(OUR_MISTAKE))
        else:
            async with self._database.connection() as connection:
                await jobs.end(connection, job, come.far, result)
            log.info(Event.JOB_DONE, **about)
            self._drop(job)
            self._changed()

    async def _work_under_lease(self, job: Job, come: "_Come") -> Mapping[str, Any]:
        working = asyncio.ensure_future(self._work[job.kind](job, come.to))
        holding = asyncio.create_task(self._hold(job, come))
        try:
            await asyncio.wait({working, holding}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise _LostError
            return working.result()
        finally:
            working.cancel()
            holding.cancel()
            await asyncio.gather(working, holding, return_exceptions=True)

    async def _hold(self, job: Job, come: "_Come") -> None:
        """Renew the lease until it is lost."""
        held_until = time.monotonic() + jobs.LEASE_SECONDS
        while time.monotonic() < held_until:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                began = time.monotonic()
                async with self._database.connection() as connection:
                    if not await jobs.renew(connection, job, come.far):
                        return
                held_until = began + jobs.LEASE_SECONDS
            except TemporaryError as error:
                log.warning(Event.DATABASE_AWAY, reason=type(error).__name__)

    async def _put_off(self, job: Job, come: "_Come") -> None:
        if job.turn > len(RETRY_SECONDS):
            await self._fail(job, come, PaygateError(OUT_OF_REACH))
            return
        async with self._database.connection() as connection:
            await jobs.put_off(connection, job, OUT_OF_REACH, RETRY_SECONDS[job.turn - 1])

    async def _fail(self, job: Job, come: "_Come", error: PaygateError) -> None:
        async with self._database.connection() as connection:
            await jobs.fail(connection, job, come.far, error)
        self._drop(job)

    def _drop(self, job: Job) -> None:
        if job.upload is not None:
            self._uploads.remove(job.upload)

    async def _tidy(self) -> None:
        if time.monotonic() - self._tidied < TIDY_SECONDS:
            return
        async with self._database.connection() as connection:
            await jobs.forget_finished(connection)
            await self._tidy_too(connection)
            names = self._uploads.names()
            needed = await jobs.uploads_needed(connection, names)
        for name in self._uploads.strays(needed):
            self._uploads.remove(name)
        self._tidied = time.monotonic()


class _Come:
    """How far a job has come."""

    def __init__(self) -> None:
        self.far = 0

    def to(self, far: int) -> None:
        self.far = far
