"""The sample province as it would stand in `paygate.toml`: tenant, accounts, sources and how the CSV is read."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from adapters.registry import simulator
from paygate.demo.bank import COLUMNS, DATE_FORMAT, MAPPING, THOUSANDS
from paygate.demo.books import COLUMNS_OF, MAPPING_OF
from paygate.demo.catalogue import PROVINCE
from paygate.demo.scene import (
    ACCOUNT_OF,
    COUNTER,
    COUNTER_ACCOUNT,
    FEE_PERCENT,
    GATEWAY,
    GATEWAY_ACCOUNT,
    PORTAL,
    PORTAL_ACCOUNT,
    PROVINCE_GATEWAY,
)
from paygate.domain.adapter import Simulator
from paygate.domain.legs import Leg
from paygate.settings import AccountSettings, MappingSettings, Settings, SourceSettings, TenantSettings

TENANT: Final = "haiduong"
BANK_DAYS: Final = 1
EVERY_LEG: Final[Mapping[Leg, int]] = MappingProxyType(
    {Leg.PAYMENT: 0, **dict.fromkeys((Leg.SETTLEMENT, Leg.BANK, Leg.TREASURY, Leg.RECEIPT, Leg.REPORT), 1)}
)
FEE: Final[Mapping[str, Any]] = MappingProxyType({"percent": FEE_PERCENT, "fixed": 0, "borne_by": "agency"})


@dataclass(frozen=True, slots=True)
class SampleSource:
    """A source of the sample. Its secret is no secret: two runs sign alike, so that a second one changes nothing."""

    code: str
    adapter: str
    options: Mapping[str, Any] = field(default_factory=dict)
    legs: Mapping[Leg, int] = field(default_factory=lambda: {Leg.PAYMENT: 0, Leg.BANK: BANK_DAYS})
    fee: Mapping[str, Any] | None = None

    @property
    def secret(self) -> bytes:
        digest = sha256(f"paygate demo {self.code}".encode()).digest()
        return b"whsec_" + b64encode(digest) if self.adapter == "standardwebhooks" else digest.hex().encode()

    def simulator(self) -> Simulator:
        return simulator(self.adapter, self.secret, self.options)


SOURCES: Final[Mapping[str, SampleSource]] = MappingProxyType(
    {
        source.code: source
        for source in (
            SampleSource(PORTAL, "dvcqg", {"partner_code": "DVC-TEST", "failed_codes": ["99"]}),
            SampleSource(GATEWAY, "vnpay", {"terminal_code": "PAYGATE1"}),
            SampleSource(PROVINCE_GATEWAY, "standardwebhooks"),
            SampleSource(COUNTER, "standardwebhooks", legs=EVERY_LEG, fee=FEE),
        )
    }
)


def configure(folder: Path, database_url: str | None) -> Settings:
    """Write the secrets into `folder` and return the configuration that names them there.

    Whatever the environment says of a real database or a port is left aside: a sample never mixes with real data.
    """
    settings = Settings(
        tenants={TENANT: TenantSettings(name="Tỉnh Hải Dương", agency=PROVINCE)},
        accounts={
            PORTAL_ACCOUNT: AccountSettings(tenant=TENANT, bank="970436"),
            GATEWAY_ACCOUNT: AccountSettings(tenant=TENANT, bank="970415"),
            COUNTER_ACCOUNT: AccountSettings(tenant=TENANT, bank="970405"),
        },
        sources={source.code: _source(source, folder) for source in SOURCES.values()},
        mappings={
            MAPPING: MappingSettings(columns=COLUMNS, date_format=DATE_FORMAT, thousands=THOUSANDS),
            **{name: _book(leg) for leg, name in MAPPING_OF.items()},
        },
    )
    return settings.model_copy(
        update={"database_url": database_url, "data_dir": folder, "host": "127.0.0.1", "port": 0}
    )


def _book(leg: Leg) -> MappingSettings:
    source = COUNTER if leg is Leg.SETTLEMENT else None
    return MappingSettings.model_validate(
        {"leg": str(leg), "columns": COLUMNS_OF[leg], "date_format": DATE_FORMAT, "source": source}
    )


def _source(source: SampleSource, folder: Path) -> SourceSettings:
    file = folder / f"{source.code}.secret"
    file.write_bytes(source.secret)
    return SourceSettings.model_validate(
        {
            "tenant": TENANT,
            "adapter": source.adapter,
            "secrets": (f"file:{file}",),
            "account": ACCOUNT_OF[source.code],
            "legs": source.legs,
            "fee": source.fee,
            **source.options,
        }
    )
