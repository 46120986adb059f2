"""Work that was asked for and outlives the request: one job at a time for each tenant, under leases that heal.

A job is taken under a lease that its runner renews. A runner that stops in good order gives its jobs back; one that is
killed lets the lease run out, and the next runner takes the job up again. The number of its turn fences a job: whoever
stood still and comes back with an earlier one can no longer write.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import asyncpg

from paygate.database import Connection, TenantLock, load_queries
from paygate.domain.errors import NotFoundError, PaygateError, TooMuchWaitsError, worded

QUERIES: Final = load_queries("paygate.sql", "queries/jobs.sql")

MAX_OPEN: Final = 100
"""Jobs of a tenant that may wait or run."""
LEASE_SECONDS: Final = 30.0
MAX_TURNS: Final = 3
"""How often a job is begun that never ends: it may be the job that takes its runner down."""
ABANDONED_SECONDS: Final = 3600.0
"""After which a job is given up whose upload no running service has."""
KEPT_DAYS: Final = 30
"""For which a finished job can be asked after."""

INTERRUPTED: Final = worded("the service was interrupted while it ran")
ABANDONED: Final = worded("the service that held the upload has not come back; send the file again")


class JobKind(StrEnum):
    STATEMENT = "statement"
    RECONCILIATION = "reconciliation"
    EXPORT = "export"
    BACKTEST = "backtest"
    AUDIT_CHECK = "audit_check"


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Job:
    """A job as stored. `tenant` is the tenant's code; `wanted` and `result` are as its kind has them.

    `failure` is the message of the error that ended it, and its values; `reason` the sentence they make.
    """

    tenant: str
    tenant_id: int
    job_id: str
    kind: JobKind
    wanted: Mapping[str, Any]
    asked_by: str
    upload: str | None
    state: JobState
    turn: int
    progress: int
    result: Mapping[str, Any] | None
    failure: Mapping[str, Any] | None
    reason: str | None
    asked_at: datetime
    finished_at: datetime | None

    @property
    def refusal(self) -> PaygateError | None:
        """Return why it failed, or waits to be tried again."""
        if self.reason is None:
            return None
        message, values = (self.failure or {"message": self.reason, "values": {}}).values()
        return PaygateError(message, **values)


async def ask(  # noqa: PLR0913 -- whose, what, by whom and from which file
    connection: Connection,
    tenant_id: int,
    kind: JobKind,
    wanted: Mapping[str, Any],
    *,
    asked_by: str,
    upload: str | None = None,
) -> str:
    """Store a job to be done and return its number; that of the same one where it still waits.

    Raises:
        TooMuchWaitsError: the tenant has as many open jobs as it may.
    """
    said = json.dumps(wanted, sort_keys=True)
    if upload is None:
        waiting: str | None = await connection.fetchval(QUERIES["same_job_waiting"], tenant_id, kind, said)
        if waiting is not None:
            return waiting
    if await connection.fetchval(QUERIES["count_open_jobs"], tenant_id) >= MAX_OPEN:
        raise TooMuchWaitsError("%(most)s jobs of the tenant are open", most=MAX_OPEN)
    job_id = uuid.uuid4().hex
    await connection.execute(QUERIES["store_job"], tenant_id, job_id, kind, said, asked_by, upload)
    return job_id


async def find(connection: Connection, kind: JobKind, job_id: str) -> Job:
    """Find a job of a kind, whosever it is.

    Raises:
        NotFoundError: there is none of that number.
    """
    row = await connection.fetchrow(QUERIES["read_job"], job_id, kind) if job_id.isalnum() else None
    if row is None:
        raise NotFoundError("there is no such job")
    return _job(row)


async def find_open(connection: Connection, tenant_id: int, kind: JobKind, wanted: Mapping[str, Any]) -> str | None:
    """Return the number of a job that will do what is wanted, or does it just now; None: there is none."""
    found: str | None = await connection.fetchval(QUERIES["find_open_job"], tenant_id, kind, json.dumps(wanted))
    return found


async def recent(connection: Connection, tenant_id: int, kind: JobKind, limit: int) -> list[Job]:
    """Return the jobs of a kind that a tenant asked for last, without their results."""
    return [_job(row) for row in await connection.fetch(QUERIES["list_jobs"], tenant_id, kind, limit)]


async def tenants_with_jobs(connection: Connection) -> list[int]:
    """Return the tenants that have something to be taken or taken up again."""
    return [row["tenant_id"] for row in await connection.fetch(QUERIES["list_tenants_with_jobs"])]


async def claim(connection: Connection, tenant_id: int, uploads: list[str]) -> Job | None:
    """Take a tenant's next job whose upload, if it has one, is among those at hand; None where there is none.

    To be called inside a transaction.
    """
    if not await connection.fetchval(QUERIES["try_turn"], TenantLock.JOBS, tenant_id):
        return None
    await connection.execute(QUERIES["free_interrupted"], tenant_id, MAX_TURNS, INTERRUPTED)
    await connection.execute(QUERIES["fail_abandoned"], tenant_id, uploads, ABANDONED_SECONDS, ABANDONED)
    row = await connection.fetchrow(QUERIES["claim_job"], tenant_id, uploads, LEASE_SECONDS)
    return None if row is None else _job(row)


async def renew(connection: Connection, job: Job, progress: int) -> bool:
    """Say how far a job has come and hold it for another while; False: it is no longer ours."""
    held = await connection.fetchval(QUERIES["renew_job"], job.tenant_id, job.job_id, job.turn, progress, LEASE_SECONDS)
    return held is not None


async def end(connection: Connection, job: Job, progress: int, result: Mapping[str, Any]) -> None:
    """Store what a job came to, if it is still ours."""
    await _end(connection, job, JobState.DONE, progress, json.dumps(result), None)


async def fail(connection: Connection, job: Job, progress: int, error: PaygateError) -> None:
    """Store why a job failed, if it is still ours: as a sentence, and as what it is said from in other languages."""
    said = json.dumps({"message": error.message, "values": error.values}, default=str).replace("\\u0000", "")
    await _end(connection, job, JobState.FAILED, progress, said, str(error).replace("\0", ""))


async def _end(  # noqa: PLR0913, PLR0917 -- the columns of an ended job
    connection: Connection, job: Job, state: JobState, progress: int, result: str | None, reason: str | None
) -> None:
    place = job.tenant_id, job.job_id, job.turn
    await connection.execute(QUERIES["end_job"], *place, state, progress, result, reason)


async def put_off(connection: Connection, job: Job, reason: str, seconds: float) -> None:
    """Let a job be tried again after a while."""
    await connection.execute(QUERIES["put_off_job"], job.tenant_id, job.job_id, job.turn, reason, seconds)


async def give_back(connection: Connection, job: Job) -> None:
    """Let another runner have a job at once."""
    await connection.execute(QUERIES["give_back_job"], job.tenant_id, job.job_id, job.turn)


async def uploads_needed(connection: Connection, names: list[str]) -> set[str]:
    """Return those of the uploads that an open job, or the making of a mapping, will read."""
    return {row["upload"] for row in await connection.fetch(QUERIES["uploads_needed"], names)}


async def forget_finished(connection: Connection) -> None:
    """Drop jobs nobody asks after any more."""
    await connection.execute(QUERIES["forget_jobs"], KEPT_DAYS)


def _job(row: asyncpg.Record) -> Job:
    fields = dict(row)
    fields["kind"], fields["state"] = JobKind(row["kind"]), JobState(row["state"])
    fields["wanted"] = json.loads(row["wanted"])
    said = None if row["result"] is None else json.loads(row["result"])
    failed = fields["state"] is JobState.FAILED
    fields["result"], fields["failure"] = (None, said) if failed else (said, None)
    return Job(**fields)
