"""Who collects, through which source, into which account."""

from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Tenant:
    """A province or ministry that collects. `tenant_id` is its number in the database."""

    tenant_id: int
    code: str
    name: str
    agency_code: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Account:
    """A collection account of a tenant."""

    account_id: int
    tenant_id: int
    number: str
    bank: str
    kind: str


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """What a gateway may keep of each payment: per cent of the gross, and a fixed sum in minor units."""

    percent: Decimal
    fixed: int
    borne_by: Literal["agency", "payer", "gateway"]


@dataclass(frozen=True, slots=True)
class Source:
    """A configured source of notices.

    `bank_days` is the number of business days after payment until its bank line is due; None: none is expected.
    """

    source_id: int
    tenant: Tenant
    code: str
    adapter: str
    account_id: int | None
    cut_off: time
    bank_days: int | None
