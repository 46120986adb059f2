"""The configuration: one frozen model, read once, by the command line and the composition root alone.

`paygate.toml` (or `--config`, or PAYGATE_CONFIG) gives tenants, accounts, sources and mappings; `PAYGATE_*` in the
environment wins over it. A key nobody knows is refused with its line and the names that exist.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import platformdirs
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from paygate.desk_settings import DeskSettings, OidcSettings
from paygate.domain.errors import ConfigurationError
from paygate.domain.legs import LEG_OF_ACCOUNT, Leg
from paygate.domain.news import kinds_matching
from paygate.domain.reach import Allowed
from paygate.domain.table_columns import check_columns

DEFAULT_FILE: Final = Path("paygate.toml")

FEE_DECIMALS: Final = 4
"""Of the percentage of a fee; of a thousand million đồng the last of them makes a thousand."""

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$")]


Months = Annotated[int, Field(ge=0, le=1200)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PrintSettings(_Table):
    """As `PrintForm` has it."""

    parent: str = ""
    place: str = ""
    font_size: int = Field(default=13, ge=11, le=14)
    signers: tuple[str, ...] = Field(default=(), max_length=4)


class TenantSettings(_Table):
    name: str
    agency: str
    timezone: str = "Asia/Ho_Chi_Minh"
    report_form: PrintSettings = PrintSettings()

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"there is no time zone {value!r}") from error
        return value


class StatementDue(_Table):
    """When the statement of a business day must be here: `by` a time of the day that many business days after it."""

    days: int = Field(default=1, ge=0, le=60)
    by: time = time(23, 59)


class AccountSettings(_Table):
    tenant: str
    bank: str
    kind: Literal["bank", "treasury", "gateway", "receipt"] = "bank"
    statement_due: StatementDue | None = None
    file_key: str | None = None


class FeeSettings(_Table):
    percent: Annotated[Decimal, Field(ge=0, le=100, decimal_places=FEE_DECIMALS)] = Decimal(0)
    fixed: int = Field(default=0, ge=0, le=10**9)
    borne_by: Literal["agency", "payer", "gateway"] = "agency"


class SourceSettings(BaseModel):
    """A source of notices. Keys that are not listed here belong to its adapter, which checks them."""

    model_config = ConfigDict(frozen=True, extra="allow")

    tenant: str
    adapter: str
    secrets: tuple[str, ...] = ()
    account: str | None = None
    legs: Mapping[Leg, Annotated[int, Field(ge=0, le=60)]] = Field(default_factory=dict)
    cut_off: time = time(0, 0)
    fee: FeeSettings | None = None
    promotions: bool = False
    query_url: str | None = None
    query_expiry_hours: int = Field(default=72, ge=1, le=24 * 30)
    query_rate: float = Field(default=2.0, gt=0, le=100)
    silent_hours: int | None = Field(default=None, ge=1, le=24 * 60)

    @property
    def options(self) -> Mapping[str, Any]:
        """The adapter's own keys."""
        return self.model_extra or {}


class MappingSettings(_Table):
    """How a CSV or spreadsheet is read: our field = the header of its column."""

    leg: Literal["bank", "settlement", "treasury", "receipt"] = "bank"
    columns: Mapping[str, str]
    delimiter: str = ","
    date_format: str = "%d/%m/%Y"
    thousands: str = ""
    decimal: str = ""
    debits_negative: bool = False
    header_rows: int = Field(default=1, ge=1, le=50)
    skip_containing: tuple[str, ...] = ()
    opening_containing: tuple[str, ...] = ()
    closing_containing: tuple[str, ...] = ()
    encoding: str = "utf-8-sig"
    sheet: str | Annotated[int, Field(ge=1)] | None = None
    account: str | None = None
    currency: str = "VND"
    source: str | None = None

    @field_validator("columns")
    @classmethod
    def _columns_of_the_leg(cls, value: Mapping[str, str], info: ValidationInfo) -> Mapping[str, str]:
        try:
            check_columns(info.data.get("leg", "bank"), value)
        except ConfigurationError as error:
            raise ValueError(str(error)) from error
        return value


class EndpointSettings(_Table):
    """Where a tenant's events are delivered to."""

    tenant: str
    url: str
    secrets: Annotated[tuple[str, ...], Field(min_length=1)]
    types: Annotated[tuple[str, ...], Field(min_length=1)] = ("*",)

    @field_validator("types")
    @classmethod
    def _known_types(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        kinds_matching(value)
        return value


class CalendarSettings(_Table):
    """Single days that are not as the calendar has them: what the year's exchange of working days decided."""

    days_off: frozenset[date] = frozenset()
    working_days: frozenset[date] = frozenset()


class RetentionSettings(_Table):
    """Whole months for which things are kept once they are settled. Left out, or 0: for ever."""

    notice_bodies: Months = 0
    payment_events: Months = 0
    match_history: Months = 0
    feed: Months = 0


class Settings(BaseSettings):
    """Everything paygate can be told."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix="PAYGATE_", env_nested_delimiter=None)

    database_url: str | None = None
    data_dir: Path = Path(platformdirs.user_data_dir("paygate", appauthor=False))
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    inbox_limit: int = Field(default=10_000, ge=1, description="notices that may wait for the database")
    record_wait_days: int = Field(
        default=1, ge=0, le=365, description="business days after which a payment whose record never came is named"
    )
    egress_allowed: tuple[str, ...] = Field(
        default=(), description="networks, addresses and names of one's own that may be asked"
    )
    calendar: CalendarSettings = CalendarSettings()
    retention: RetentionSettings = RetentionSettings()
    desk: DeskSettings = DeskSettings()
    tenants: Mapping[Name, TenantSettings] = Field(default_factory=dict)
    accounts: Mapping[str, AccountSettings] = Field(default_factory=dict)
    sources: Mapping[Name, SourceSettings] = Field(default_factory=dict)
    mappings: Mapping[Name, MappingSettings] = Field(default_factory=dict)
    endpoints: Mapping[Name, EndpointSettings] = Field(default_factory=dict)

    _path: Path | None = PrivateAttr(default=None)
    _text: str = PrivateAttr(default="")

    def read_from(self, path: Path, text: str) -> Self:
        """Remember the file, so that what is wrong in it can be shown later too."""
        self._path, self._text = path, text
        return self

    def place_of(self, *where: str) -> str:
        """Name the file and line at which a key stands, as far as there is a file."""
        line = line_of(self._text, where)
        return f"{self._path}:{line}" if line else str(self._path or "the configuration")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file, and read nothing else."""
        return (env_settings, init_settings)

    @field_validator("egress_allowed")
    @classmethod
    def _readable_entries(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        Allowed.read(value)
        return value

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        for number, account in self.accounts.items():
            _known(account.tenant, self.tenants, ("accounts", number, "tenant"))
        for name, source in self.sources.items():
            _known(source.tenant, self.tenants, ("sources", name, "tenant"))
            if source.account is not None:
                _known(source.account, self.accounts, ("sources", name, "account"))
                _check_account(name, source, self.accounts[source.account])
            elif Leg.BANK in source.legs:
                raise _misfit(("sources", name, "legs"), f"sources.{name} expects the bank leg but names no account")
        for name, endpoint in self.endpoints.items():
            _known(endpoint.tenant, self.tenants, ("endpoints", name, "tenant"))
        for name, mapping in self.mappings.items():
            _check_mapping(name, mapping, self)
        return self


def _check_account(name: str, source: SourceSettings, account: AccountSettings) -> None:
    if account.tenant != source.tenant:
        raise _misfit(("sources", name, "account"), f"sources.{name}.account belongs to another tenant")
    if Leg.BANK in source.legs and (leg := LEG_OF_ACCOUNT[account.kind]) is not Leg.BANK:
        message = f"its account {source.account!r} is of kind {account.kind!r}: its lines tell of the {leg} leg"
        raise _misfit(("sources", name, "legs"), f"sources.{name} expects the bank leg, but {message}")


def _check_mapping(name: str, mapping: MappingSettings, settings: Settings) -> None:
    if mapping.source is not None:
        _known(mapping.source, settings.sources, ("mappings", name, "source"))
    account = settings.accounts.get(mapping.account or "")
    own = Leg(mapping.leg)
    if own is not Leg.BANK and account is not None and (leg := LEG_OF_ACCOUNT[account.kind]) is not own:
        message = f"its account {mapping.account!r} is of kind {account.kind!r}: its lines tell of the {leg} leg"
        raise _misfit(("mappings", name, "account"), f"mappings.{name} reads the {own} leg, but {message}")


def _known(value: str, names: Mapping[str, object], where: tuple[str, ...]) -> None:
    if value not in names:
        what = where[-1]
        raise _misfit(where, f"{'.'.join(where)}: there is no {what} {value!r}; there is {_list(names)}")


def _misfit(where: tuple[str, ...], message: str) -> PydanticCustomError:
    """Make the error of a key that is right by itself and does not fit another, so that it is shown with its line."""
    return PydanticCustomError("misfit", "{message}", {"message": message, "where": where})


def _list(names: Sequence[str] | Mapping[str, object]) -> str:
    return ", ".join(sorted(names)) or "none"


def load_settings(file: Path | None = None) -> Settings:
    """Read the configuration.

    Raises:
        ConfigurationError: with file, line, and the names that exist.
    """
    chosen = file or (Path(os.environ["PAYGATE_CONFIG"]) if os.environ.get("PAYGATE_CONFIG") else None)
    path = chosen or DEFAULT_FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        if chosen is not None:
            raise ConfigurationError(f"{path}: there is no such file") from error
        text = ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    try:
        return Settings(**tomllib.loads(text)).read_from(path, text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: {error}") from error
    except ValidationError as error:
        raise ConfigurationError(_explain(error, path, text)) from error


def _explain(error: ValidationError, path: Path, text: str) -> str:
    found = error.errors(include_url=False)
    first = next((one for one in found if one["type"] == "extra_forbidden"), found[0])
    where = [str(part) for part in first["loc"] if part != "[key]"]
    place = first.get("ctx", {}).get("where", where)
    at = f"{path}:{line}" if (line := line_of(text, place)) else str(path)
    key = ".".join(where)
    if first["type"] == "extra_forbidden":
        return f"{at}: {misspelt(key, where[-1], _names_at(where[:-1]))}"
    message = first["msg"].removeprefix("Value error, ")
    return f"{at}: {key}: {message}" if key else f"{at}: {message}"


def misspelt(key: str, name: str, known: Sequence[str]) -> str:
    """Say that a key is not known, which ones are, and which was probably meant."""
    close = difflib.get_close_matches(name, known, n=1)
    meant = f" (did you mean {close[0]!r}?)" if close else ""
    return f"{key} is not a key{meant}; the keys here are {_list(known)}"


def _names_at(where: Sequence[str]) -> list[str]:
    tables: dict[tuple[str, ...], type[BaseModel]] = {
        ("calendar",): CalendarSettings,
        ("retention",): RetentionSettings,
        ("desk",): DeskSettings,
        ("desk", "oidc"): OidcSettings,
        ("tenants",): TenantSettings,
        ("accounts",): AccountSettings,
        ("accounts", "statement_due"): StatementDue,
        ("sources", "fee"): FeeSettings,
        ("mappings",): MappingSettings,
        ("endpoints",): EndpointSettings,
    }
    # What stands second is mostly a name of the user's own choice.
    found = tables.get(tuple(where)) or tables.get((*where[:1], *where[2:]), Settings)
    return list(found.model_fields)


def line_of(text: str, where: Sequence[str]) -> int | None:
    """Return the line, from 1, on which the key at that path stands in a TOML text, as far as it can be told."""
    header: list[str] = []
    best = None
    for number, line in enumerate(text.splitlines(), start=1):
        if table := re.match(r"\s*\[([^\[\]]+)\]", line):
            header = [part.strip().strip("\"'") for part in re.findall(r'"[^"]*"|\'[^\']*\'|[^.]+', table.group(1))]
            if where and header[: len(where)] == list(where):
                return number
            if list(where[: len(header)]) == header:
                best = number
        elif key := re.match(r"\s*(\"[^\"]*\"|'[^']*'|[A-Za-z0-9_-]+)\s*=", line):
            path = [*header, key.group(1).strip("\"'")]
            if list(where[: len(path)]) == path:
                return number
    return best


def resolve_secret(reference: str) -> bytes:
    """Fetch a secret named as `env:NAME` or `file:PATH`.

    Raises:
        ConfigurationError: it is not there, empty, or written out in the configuration.
    """
    scheme, _, name = reference.partition(":")
    if scheme == "env" and name:
        value = os.environ.get(name, "").encode()
    elif scheme == "file" and name:
        try:
            value = Path(name).read_bytes().strip()
        except OSError as error:
            raise ConfigurationError(f"secret {reference}: {error.strerror}") from error
    else:
        raise ConfigurationError("a secret is named as env:NAME or file:PATH, never written into the configuration")
    if not value:
        raise ConfigurationError(f"secret {reference} is empty or not set")
    return value
