"""What of the configuration people may see: never a secret, nor where one lies."""

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from paygate.domain.calendar import Calendar
from paygate.domain.retention import Kept
from paygate.settings import AccountSettings, Settings, SourceSettings
from paygate.web.desk.settings_pages import Configured, ConfiguredAccount, ConfiguredSource, Secret


def disclose(settings: Settings, tenant: str) -> Configured:
    """Return what is configured for a tenant, the ages of secrets as of now."""
    decided = settings.calendar
    return Configured(
        sources=[_source(code, one) for code, one in settings.sources.items() if one.tenant == tenant],
        accounts=[_account(settings, number, one) for number, one in settings.accounts.items() if one.tenant == tenant],
        endpoints={name: _host(one.url) for name, one in settings.endpoints.items() if one.tenant == tenant},
        kept={kind: getattr(settings.retention, kind) for kind in Kept},
        calendar=Calendar(days_off=decided.days_off, working_days=decided.working_days),
    )


def _source(code: str, one: SourceSettings) -> ConfiguredSource:
    return ConfiguredSource(
        code=code,
        adapter=one.adapter,
        account=one.account,
        legs={str(leg): days for leg, days in one.legs.items()},
        cut_off=one.cut_off,
        silent_hours=one.silent_hours,
        is_asked=one.query_url is not None,
        secrets=[_secret(reference) for reference in one.secrets],
    )


def _account(settings: Settings, number: str, one: AccountSettings) -> ConfiguredAccount:
    mappings = [name for name, mapping in settings.mappings.items() if mapping.account == number]
    return ConfiguredAccount(number, one.bank, one.kind, mappings)


def _secret(reference: str) -> Secret:
    """Tell since when a secret's file says what it says; of one in the environment nothing is known."""
    scheme, _, name = reference.partition(":")
    if scheme != "file":
        return Secret(None)
    try:
        return Secret(datetime.fromtimestamp(Path(name).stat().st_mtime, UTC))
    except OSError:
        return Secret(None)


def _host(url: str) -> str:
    """Return where an address leads; what follows the host may be a secret."""
    return urlsplit(url).netloc.rpartition("@")[2]
