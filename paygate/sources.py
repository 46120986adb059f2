"""What a source's configuration becomes: the adapter of its kind, and who asks it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from adapters import registry
from paygate.directory import Directory
from paygate.domain.adapter import Inquirer
from paygate.domain.errors import ConfigurationError
from paygate.domain.reach import Allowed
from paygate.egress import read_url
from paygate.inquiry import Questioned
from paygate.settings import Settings, SourceSettings, misspelt, resolve_secret

BuiltT = TypeVar("BuiltT")


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
