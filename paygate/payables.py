"""What a dossier must still pay: the record and the ledger, read at one moment."""

from datetime import datetime
from typing import Final

import asyncpg

from paygate.database import Connection, load_queries
from paygate.domain.lifecycle import PaymentState
from paygate.domain.parties import Account, Source
from paygate.domain.payable import Attempt, Beneficiary, NothingDue, Payable, judge_payable
from paygate.domain.record import Obligation, ProcedureRecord, RecordStatus
from paygate.domain.text import reference_key

QUERIES: Final = load_queries("paygate.sql", "queries/payables.sql")


async def find_payable(
    connection: Connection, source: Source, account: Account, dossier_code: str, now: datetime
) -> Payable | NothingDue | None:
    """Say what a dossier of the source's tenant must pay into its account; None: the tenant has no such dossier."""
    tenant = source.tenant
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        row = await _find_record(connection, tenant.tenant_id, dossier_code)
        if row is None:
            return None
        place = tenant.tenant_id, row["dossier_code"]
        lines = [Obligation(**dict(line)) for line in await connection.fetch(QUERIES["lines_due"], *place)]
        paid = await connection.fetch(QUERIES["attempts"], *place)
    record = ProcedureRecord(
        **{**dict(row), "status": RecordStatus(row["status"])}, version=None, obligations=tuple(lines)
    )
    attempts = [Attempt(**{**dict(one), "state": PaymentState(one["state"])}) for one in paid]
    due = judge_payable(record, attempts, now, now.astimezone(tenant.zone).date())
    return due if isinstance(due, NothingDue) else Payable(record, due, _beneficiary(source, account))


async def _find_record(connection: Connection, tenant_id: int, dossier_code: str) -> asyncpg.Record | None:
    """Find the record of that code, or the only one whose code differs from it in punctuation and case alone."""
    rows = await connection.fetch(QUERIES["find_records"], tenant_id, reference_key(dossier_code))
    exact = [row for row in rows if row["dossier_code"] == dossier_code]
    found = exact or rows
    return found[0] if len(found) == 1 else None


def _beneficiary(source: Source, account: Account) -> Beneficiary:
    return Beneficiary(account.number, account.bank, source.tenant.name)
