"""Checking the chain of who did what in the background: it grows for ever, and no page can wait for its end."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from paygate import audit, jobs
from paygate.database import Connection, Database
from paygate.jobs import Job, JobKind


async def ask_check(connection: Connection, tenant_id: int, person: str) -> str:
    """Have a tenant's chain checked and return the number of the job; that of one that waits to do the same.

    Raises:
        TooMuchWaitsError: the tenant has as many open jobs as it may.
    """
    return await jobs.ask(connection, tenant_id, JobKind.AUDIT_CHECK, {}, asked_by=person)


def checking(database: Database) -> Callable[[Job, Callable[[int], None]], Coroutine[Any, Any, Mapping[str, Any]]]:
    """Make the work of a `JobKind.AUDIT_CHECK`.

    Its result: `number` of the last entry that holds and its `digest`; where the chain is broken, the `fault` of the
    entry after it, as `audit.Fault` names it.
    """

    async def check(job: Job, advance: Callable[[int], None]) -> Mapping[str, Any]:
        async with database.connection() as connection:
            found = await audit.verify(connection, job.tenant_id, advance)
        advance(found.number)
        fault = None if found.broken is None else found.broken.fault.name
        return {"number": found.number, "digest": found.digest.hex(), "fault": fault}

    return check
