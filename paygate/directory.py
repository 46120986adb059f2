"""Tenants, accounts and sources: what the configuration says, with the numbers the database gave them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Final
from zoneinfo import ZoneInfo

from paygate.database import Connection, load_queries
from paygate.domain.errors import NotFoundError
from paygate.domain.legs import Leg
from paygate.domain.parties import Account, FeeSchedule, Source, Tenant

QUERIES: Final = load_queries("paygate.sql", "queries/directory.sql")


@dataclass(frozen=True, slots=True)
class Directory:
    """By the names people use: a tenant's code, an account's number, a source's code."""

    tenants: Mapping[str, Tenant]
    accounts: Mapping[str, Account]
    sources: Mapping[str, Source]

    def tenant(self, code: str) -> Tenant:
        """Find a tenant.

        Raises:
            NotFoundError: there is none of that code.
        """
        if code not in self.tenants:
            raise NotFoundError(f"there is no tenant {code!r}; there is {', '.join(sorted(self.tenants)) or 'none'}")
        return self.tenants[code]


@dataclass(frozen=True, slots=True)
class TenantEntry:
    """A tenant as configured."""

    name: str
    agency_code: str
    timezone: str


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """An account as configured; `tenant` is the tenant's code."""

    tenant: str
    bank: str
    kind: str
    statement_days: int | None = None
    statement_by: time = time(23, 59)
    """The statement of a business day is due by this time so many business days after it; None: as its sources say."""


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """A source as configured; `tenant` and `account` are their code and number. `legs` in business days.

    `silent_hours`: how long on business days no news of it is no news; None: it may be silent for ever. `promotions`:
    the gateway may settle more than was paid, for what it spared the payer.
    """

    tenant: str
    adapter: str
    account: str | None
    cut_off: time
    legs: Mapping[Leg, int]
    silent_hours: int | None = None
    fee: FeeSchedule | None = None
    promotions: bool = False


EXPECTED_LEGS: Final = (Leg.BANK, Leg.SETTLEMENT, Leg.TREASURY, Leg.RECEIPT, Leg.REPORT)
"""In the order in which the database keeps their days."""


async def store_directory(
    connection: Connection,
    tenants: Mapping[str, TenantEntry],
    accounts: Mapping[str, AccountEntry],
    sources: Mapping[str, SourceEntry],
) -> Directory:
    """Write the configured parties and return them with their numbers. Nothing configured earlier is removed."""
    known_tenants = {
        code: Tenant(
            await connection.fetchval(QUERIES["store_tenant"], code, entry.name, entry.agency_code, entry.timezone),
            code,
            entry.name,
            entry.agency_code,
            ZoneInfo(entry.timezone),
        )
        for code, entry in tenants.items()
    }
    known_accounts = {}
    for number, account in accounts.items():
        tenant_id = known_tenants[account.tenant].tenant_id
        account_id = await connection.fetchval(
            QUERIES["store_account"],
            tenant_id,
            number,
            account.bank,
            account.kind,
            account.statement_days,
            account.statement_by,
        )
        known_accounts[number] = Account(account_id, tenant_id, number, account.bank, account.kind)
    known_sources = {}
    for code, source in sources.items():
        tenant = known_tenants[source.tenant]
        account_id = known_accounts[source.account].account_id if source.account else None
        fee = source.fee
        source_id = await connection.fetchval(
            QUERIES["store_source"],
            tenant.tenant_id,
            code,
            source.adapter,
            account_id,
            source.cut_off,
            source.silent_hours,
            *(source.legs.get(leg) for leg in EXPECTED_LEGS),
            fee and fee.percent,
            fee and fee.fixed,
            fee and fee.borne_by,
            source.promotions,
        )
        bank_days = source.legs.get(Leg.BANK)
        known_sources[code] = Source(source_id, tenant, code, source.adapter, account_id, source.cut_off, bank_days)
    return Directory(known_tenants, known_accounts, known_sources)
