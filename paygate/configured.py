"""What the configuration becomes: the parties by their numbers, each source's adapter, who asks, and who is told."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, BinaryIO, TypeVar

from adapters import registry
from adapters.standardwebhooks import signing_key_of
from adapters.standardwebhooks.signature import signed_headers
from adapters.statements.table.mapping import TableMapping
from paygate import audit
from paygate.caretaker import Caretaker
from paygate.database import Connection, Database
from paygate.deliveries import Endpoint
from paygate.directory import AccountEntry, Directory, SourceEntry, TenantEntry, store_directory
from paygate.domain.adapter import Adapter, Inquirer
from paygate.domain.errors import ConfigurationError, InvalidInputError
from paygate.domain.legs import LEG_OF_ACCOUNT, Leg
from paygate.domain.news import kinds_matching
from paygate.domain.parties import FeeSchedule
from paygate.domain.reach import Allowed
from paygate.domain.retention import Kept
from paygate.domain.statement import StatementPart
from paygate.domain.statement_owner import squeezed
from paygate.egress import read_url
from paygate.inquiry import Questioned
from paygate.mappings import Chosen, approved, list_approved
from paygate.months import make_months
from paygate.provider import ProviderFacts
from paygate.retention import NOBODY, Trimming
from paygate.settings import (
    AccountSettings,
    EndpointSettings,
    FeeSettings,
    Settings,
    SourceSettings,
    misspelt,
    resolve_secret,
)
from paygate.statement_files import read_isolated
from paygate.totp import Seal

BuiltT = TypeVar("BuiltT")


async def store_parties(connection: Connection, settings: Settings) -> Directory:
    """Write the configured tenants, accounts and sources into the database and return them with their numbers."""
    return await store_directory(connection, _tenants(settings), _accounts(settings), _sources(settings))


def _tenants(settings: Settings) -> dict[str, TenantEntry]:
    return {code: TenantEntry(one.name, one.agency, one.timezone) for code, one in settings.tenants.items()}


def _accounts(settings: Settings) -> dict[str, AccountEntry]:
    return {number: _account(one) for number, one in settings.accounts.items()}


def _account(settings: AccountSettings) -> AccountEntry:
    due = settings.statement_due
    if due is None:
        return AccountEntry(settings.tenant, settings.bank, settings.kind)
    return AccountEntry(settings.tenant, settings.bank, settings.kind, due.days, due.by)


def _sources(settings: Settings) -> dict[str, SourceEntry]:
    return {
        code: SourceEntry(
            one.tenant,
            one.adapter,
            one.account,
            one.cut_off,
            one.legs,
            one.silent_hours,
            _fee(one.fee),
            one.promotions,
        )
        for code, one in settings.sources.items()
    }


def _fee(settings: FeeSettings | None) -> FeeSchedule | None:
    return FeeSchedule(settings.percent, settings.fixed, settings.borne_by) if settings else None


def built(
    settings: Settings,
    code: str,
    source: SourceSettings,
    build: Callable[[str, Sequence[bytes], Mapping[str, Any]], BuiltT],
) -> BuiltT:
    """Build what belongs to a source's kind from the source's secrets and its own keys.

    Raises:
        ConfigurationError: a secret is not there, or a key of the source is wrong; with its line.
    """
    place = settings.place_of("sources", code)
    try:
        own = registry.option_names(source.adapter)
        if unknown := next((name for name in source.options if name not in own), None):
            place = settings.place_of("sources", code, unknown)
            known = sorted(own | SourceSettings.model_fields.keys())
            raise ConfigurationError(misspelt(f"sources.{code}.{unknown}", unknown, known))  # noqa: TRY301 -- its place is added below
        options = dict(source.options)
        for name in options.keys() & registry.secret_option_names(source.adapter):
            options[name] = _secret_text(str(options[name]))
        return build(source.adapter, [resolve_secret(one) for one in source.secrets], options)
    except ConfigurationError as error:
        raise ConfigurationError(f"{place}: {error}") from error


def _secret_text(reference: str) -> str:
    try:
        return resolve_secret(reference).decode()
    except UnicodeDecodeError:
        raise ConfigurationError(f"secret {reference} is not text in UTF-8") from None


def adapters(settings: Settings) -> Mapping[str, Adapter]:
    """Build the adapter of every source, which needs the sources' secrets.

    Raises:
        ConfigurationError: a secret is not there, or a key of a source is wrong; with its line.
    """
    return {code: built(settings, code, source, registry.build) for code, source in settings.sources.items()}


def inquirers(settings: Settings) -> Mapping[str, Inquirer]:
    """Build who asks, of every source that may be asked.

    Raises:
        ConfigurationError: as `built`; such a source cannot be asked, or not where `query_url` says.
    """
    asked = {code: source for code, source in settings.sources.items() if source.query_url is not None}
    for code, source in asked.items():
        try:
            read_url(source.query_url or "", Allowed.read(settings.egress_allowed))
        except ConfigurationError as error:
            raise ConfigurationError(f"{settings.place_of('sources', code, 'query_url')}: {error}") from None
    return {code: built(settings, code, source, registry.inquirer) for code, source in asked.items()}


def questioned(settings: Settings, directory: Directory) -> Sequence[Questioned]:
    """Put together whom the poller asks.

    Raises:
        ConfigurationError: as `inquirers`.
    """
    return [
        Questioned(
            directory.sources[code],
            inquirer,
            settings.sources[code].query_url or "",
            settings.sources[code].query_rate,
            settings.sources[code].query_expiry_hours,
        )
        for code, inquirer in inquirers(settings).items()
    ]


def endpoints(settings: Settings, directory: Directory) -> list[Endpoint]:
    """Put together where events are delivered to, with what signs for each.

    Raises:
        ConfigurationError: a secret is not there, or a URL may not be asked; with its line.
    """
    return [_endpoint(settings, directory, name, one) for name, one in settings.endpoints.items()]


def _endpoint(settings: Settings, directory: Directory, name: str, one: EndpointSettings) -> Endpoint:
    try:
        read_url(one.url, Allowed.read(settings.egress_allowed))
        keys = [signing_key_of(resolve_secret(secret)) for secret in one.secrets]
    except ConfigurationError as error:
        raise ConfigurationError(f"{settings.place_of('endpoints', name)}: {error}") from error
    tenant_id = directory.tenants[one.tenant].tenant_id
    return Endpoint(tenant_id, name, one.url, kinds_matching(one.types), partial(signed_headers, keys=keys))


def amiss(settings: Settings, directory: Directory) -> Iterator[str]:
    """Say of each source, each endpoint and the desk what first keeps it from being served, with its line."""
    tried: list[Callable[[], object]] = [
        *(partial(built, settings, code, source, registry.build) for code, source in settings.sources.items()),
        *(partial(_endpoint, settings, directory, name, one) for name, one in settings.endpoints.items()),
        partial(desk_seal, settings),
        partial(provider_facts, settings),
    ]
    for make in tried:
        try:
            make()
        except ConfigurationError as error:
            yield str(error)


def desk_seal(settings: Settings) -> Seal | None:
    """Make what seals the secrets of authenticator apps, None where no secret is configured for that.

    Raises:
        ConfigurationError: it is configured and not there, or too short; with its line.
    """
    if settings.desk.secret is None:
        return None
    named = (settings.desk.secret,) if isinstance(settings.desk.secret, str) else settings.desk.secret
    try:
        return Seal(*map(resolve_secret, named))
    except ConfigurationError as error:
        raise ConfigurationError(f"{settings.place_of('desk', 'secret')}: {error}") from error


def provider_facts(settings: Settings) -> ProviderFacts | None:
    """Put together what is configured of the identity provider, None where there is none.

    Raises:
        ConfigurationError: its secret is not there, or it may not be asked; with its line.
    """
    desk, told = settings.desk, settings.desk.oidc
    if told is None or desk.public_url is None:
        return None
    try:
        read_url(told.issuer, Allowed.read(settings.egress_allowed))
        secret = _secret_text(told.client_secret)
    except ConfigurationError as error:
        raise ConfigurationError(f"{settings.place_of('desk', 'oidc')}: {error}") from error
    returning = f"{desk.public_url.rstrip('/')}/sign-in/oidc/callback"
    return ProviderFacts(told.issuer, told.client_id, secret, told.scopes, told.name_claim, told.label, returning)


def trimming(  # noqa: PLR0913 -- what, when, by whom and for whom
    settings: Settings,
    database: Database,
    now: datetime,
    *,
    actor: str = NOBODY,
    only: int | None = None,
    rehearsal: bool = False,
) -> Trimming:
    """Make what drops that which is over its time, as it is configured."""
    months = {kind: getattr(settings.retention, kind) for kind in Kept}
    return Trimming(database, months, now, append_audit=audit.append, actor=actor, only=only, rehearsal=rehearsal)


def caretaker(settings: Settings, database: Database) -> Caretaker:
    """Make what looks at the calendar: months ahead at each look, trimming at night."""

    async def trim(now: datetime) -> None:
        await trimming(settings, database, now).run()

    zones = [one.timezone for one in settings.tenants.values()]
    return Caretaker(partial(make_months, database), trim, zones, lambda: datetime.now(UTC))


def open_statement(
    settings: Settings,
    file: BinaryIO,
    format: str | None,  # noqa: A002 -- the contract's word for it
    table: TableMapping | None,
    account: str | None,
) -> tuple[str, Iterator[StatementPart]]:
    """Open a statement file as a format, guessed where it is None, by a mapping and an account's key.

    A mapping does not make a file a table: the key goes with it, so that no file that has checksums escapes them.

    Raises:
        InvalidInputError: a format there is not, or one that cannot be guessed.
        ConfigurationError: the account's key is not there.
    """
    return read_isolated(file, format, table, file_key(settings, account or (table.account if table else None)))


def table_mapping(settings: Settings, name: str | None) -> TableMapping | None:
    """Find a configured mapping.

    Raises:
        InvalidInputError: there is none of that name.
    """
    if name is None:
        return None
    if name not in settings.mappings:
        raise InvalidInputError(f"there is no mapping {name!r}; there is {', '.join(settings.mappings) or 'none'}")
    return TableMapping(**settings.mappings[name].model_dump())


def mappings_of(settings: Settings, tenant: str) -> list[str]:
    """Name the configured mappings that are for a tenant, or for any."""
    return [
        name
        for name, one in settings.mappings.items()
        if (one.account is None or _whose(settings.accounts, one.account) in {None, tenant})
        and (one.source is None or settings.sources[one.source].tenant == tenant)
    ]


def _whose(accounts: Mapping[str, AccountSettings], number: str) -> str | None:
    return accounts[number].tenant if number in accounts else None


def check_mapping(settings: Settings, tenant: str, content: Mapping[str, Any]) -> None:
    """Refuse what a tenant's files cannot be read by.

    Raises:
        ConfigurationError: it names what is wrong and what there is.
    """
    table = TableMapping(**content)
    accounts = {number: one for number, one in settings.accounts.items() if one.tenant == tenant}
    sources = [code for code, one in settings.sources.items() if one.tenant == tenant]
    if table.source is not None and table.source not in sources:
        raise ConfigurationError(f"there is no source {table.source!r}; there is {', '.join(sources) or 'none'}")
    if table.account is None:
        return
    if table.account not in accounts:
        raise ConfigurationError(f"there is no account {table.account!r}; there is {', '.join(accounts) or 'none'}")
    kind = accounts[table.account].kind
    if table.leg != Leg.BANK and LEG_OF_ACCOUNT[kind] != table.leg:
        raise ConfigurationError(f"account {table.account!r} tells of the {LEG_OF_ACCOUNT[kind]} leg, not {table.leg}")


async def choose_mapping(
    settings: Settings, connection: Connection, tenant_id: int, name: str, version: int | None = None
) -> Chosen:
    """Find a mapping by its name: one of the configuration, else the tenant's own as it was approved last.

    Raises:
        InvalidInputError: there is none of that name, or none of that version was approved.
    """
    if name in settings.mappings:
        return Chosen(name, None, settings.mappings[name].model_dump())
    if (stored := await approved(connection, tenant_id, name, version)) is not None:
        return stored
    known = [*settings.mappings, *(one.name for one in await list_approved(connection, tenant_id))]
    raise InvalidInputError(f"there is no mapping {name[:40]!r}; there is {', '.join(sorted(known)) or 'none'}")


def file_key(settings: Settings, account: str | None, tenant: str | None = None) -> bytes | None:
    """Fetch the key of the checksums in an account's files, None where it has none or is not the tenant's.

    Raises:
        ConfigurationError: it is configured and not there; with its line.
    """
    wanted = squeezed(account or "")
    own = (number for number, one in settings.accounts.items() if tenant in {None, one.tenant})
    number = next((one for one in own if squeezed(one) == wanted), "")
    if not number or (reference := settings.accounts[number].file_key) is None:
        return None
    try:
        return resolve_secret(reference)
    except ConfigurationError as error:
        place = settings.place_of("accounts", number, "file_key")
        raise ConfigurationError(f"{place}: {error}") from error
