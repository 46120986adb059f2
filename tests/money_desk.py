"""A tenant whose source waits for booked money, and another's beside it: what tests of confirmation stand at."""

import itertools
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Any, Final

from paygate.confirmation import declare
from paygate.database import Database
from paygate.directory import AccountEntry, SourceEntry, TenantEntry, store_directory
from paygate.domain.legs import Leg
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.parties import Source
from paygate.domain.statement import StatementEnd, StatementHead, StatementLine
from paygate.domain.statement_import import StatementImport
from paygate.records import upsert
from paygate.statements import import_statements
from reconciliation.closing import ClosedDay, close_day
from reconciliation.engine import match_dirty
from reconciliation.policy import Policy
from reconciliation.report import record_view
from tests.ledger_facts import DOSSIER, NOON, Place, a_notice, a_record, a_worker, put_notice

ACCOUNT: Final = "001"
OTHER_ACCOUNT: Final = "002"
DAY: Final = NOON.date()
BOOKED: Final = DAY + timedelta(days=1)
NOW: Final = datetime(2024, 6, 1, tzinfo=UTC)

_numbers = itertools.count(1)


def a_line(**changes: Any) -> StatementLine:
    line = StatementLine(1, BOOKED, None, 50_000, "VND", "FT1", "REF-1", "NOP LE PHI")
    return replace(line, **changes)


@dataclass
class MoneyDesk:
    """Notices and statements come in here; `place` is of the source that waits, `sure` of one that need not."""

    database: Database
    source: Source
    place: Place
    sure: Place

    async def declare(self, *, money_confirms: bool) -> None:
        async with self.database.connection() as connection:
            await declare(connection, {self.source: money_confirms})

    async def fetch(self, query: str, *arguments: object) -> list[Any]:
        async with self.database.connection() as connection:
            return await connection.fetch(query, *arguments)

    async def pending(self, place: Place | None = None, **changes: Any) -> None:
        """Lay in a notice that does not prove its payment, as intake does; a second of the same is none."""
        unproven = {"state": PaymentState.PENDING, "outcome": Outcome.PENDING}
        facts = a_notice(**(unproven | changes))
        async with self.database.connection() as connection:
            await put_notice(connection, place or self.place, facts)

    async def book(self, *lines: StatementLine, account: str = ACCOUNT, leg: Leg | None = None) -> StatementImport:
        """Import a statement, a new file each time."""
        numbered = [replace(line, row=row) for row, line in enumerate(lines, 1)]
        head = StatementHead(account, "S1", "VND", leg=leg)
        async with self.database.connection() as connection:
            file = sha256(f"{next(_numbers)}".encode()).digest()
            return await import_statements(
                connection, self.place.tenant_id, [head, *numbered, StatementEnd()], file_hash=file, format="camt"
            )

    async def record(self) -> None:
        async with self.database.transaction() as connection:
            await upsert(connection, self.place.tenant_id, [a_record()])

    async def sweep(self) -> None:
        await a_worker(self.database, match=self.match).sweep()
        await self.match(self.place.tenant_id)

    async def match(self, tenant_id: int) -> None:
        await match_dirty(self.database, tenant_id, Policy())

    async def reconcile(self, day: date = DAY) -> ClosedDay:
        """Do what the command does."""
        await a_worker(self.database).settle(self.place.tenant_id)
        return await close_day(self.database, self.place.tenant_id, day, Policy(), NOW)

    async def states(self) -> list[str]:
        query = "SELECT state::text FROM payment WHERE tenant_id = $1 ORDER BY payment_id"
        return [row["state"] for row in await self.fetch(query, self.place.tenant_id)]

    async def booked_notices(self) -> list[Any]:
        query = "SELECT * FROM notice WHERE tenant_id = $1 AND method = 'STATEMENT' ORDER BY notice_id"
        return await self.fetch(query, self.place.tenant_id)

    async def dossier(self) -> dict[str, Any]:
        async with self.database.connection() as connection:
            found = await record_view(connection, self.place.tenant_id, DOSSIER)
        assert found is not None
        return dict(found)

    async def reasons(self) -> set[str]:
        query = "SELECT reason FROM discrepancy WHERE tenant_id = $1 AND state <> 'resolved'"
        return {row["reason"] for row in await self.fetch(query, self.place.tenant_id)}


async def a_money_desk(database: Database, code: str = "haiduong") -> MoneyDesk:
    accounts = {number: AccountEntry(code, "970436", "bank") for number in (ACCOUNT, OTHER_ACCOUNT)}
    legs = {Leg.PAYMENT: 0, Leg.BANK: 1}
    kinds = ("viettelpay", "vnpay")
    entries = {f"{code}-{kind}": SourceEntry(code, kind, ACCOUNT, time(), legs) for kind in kinds}
    async with database.connection() as connection:
        tenants = {code: TenantEntry("Hải Dương", "H23", "Asia/Ho_Chi_Minh")}
        directory = await store_directory(connection, tenants, accounts, entries)
        waits, sure = (directory.sources[name] for name in entries)
        await declare(connection, {waits: True, sure: False})
    tenant_id, account_id = waits.tenant.tenant_id, waits.account_id or 0
    places = [Place(tenant_id, source.source_id, account_id) for source in (waits, sure)]
    return MoneyDesk(database, waits, *places)
