"""Asking for a day to be closed: done in the background, and written into the chain of who did what."""

from datetime import date

from paygate import audit, jobs
from paygate.database import Connection
from paygate.domain.deeds import Deed
from paygate.jobs import JobKind


async def ask_close(connection: Connection, tenant_id: int, day: date, person: str) -> str:
    """Have a day closed and return the number of the job; that of one that waits for the same.

    To be called inside a transaction.

    Raises:
        TooMuchWaitsError: the tenant has as many open jobs as it may.
    """
    wanted = {"date": day.isoformat()}
    job_id = await jobs.ask(connection, tenant_id, JobKind.RECONCILIATION, wanted, asked_by=person)
    await audit.append(connection, tenant_id, person, Deed.CLOSE_ASKED, f"day:{day.isoformat()}", {"job": job_id})
    return job_id
