"""Every adapter there is, one line each. A new source is one folder and one line here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError

from adapters.casso import Casso, CassoOptions
from adapters.casso.simulator import CassoSimulator
from adapters.dvcqg import Dvcqg, DvcqgOptions
from adapters.dvcqg.lookup import DvcqgLookup
from adapters.dvcqg.query import DvcqgInquirer
from adapters.dvcqg.simulator import DvcqgSimulator
from adapters.keypay import Keypay, KeypayOptions
from adapters.keypay.simulator import KeypaySimulator
from adapters.momo import Momo, MomoOptions
from adapters.momo.query import MomoInquirer
from adapters.momo.simulator import MomoSimulator
from adapters.payos import Payos, PayosOptions
from adapters.payos.simulator import PayosSimulator
from adapters.sepay import Sepay, SepayOptions
from adapters.sepay.simulator import SepaySimulator
from adapters.standardwebhooks import StandardWebhooks, StandardWebhooksOptions
from adapters.standardwebhooks.simulator import StandardWebhooksSimulator
from adapters.vietinbank import Vietinbank, VietinbankOptions
from adapters.vietinbank.simulator import VietinbankSimulator
from adapters.viettelpay import Viettelpay, ViettelpayOptions
from adapters.viettelpay.simulator import ViettelpaySimulator
from adapters.vnpay import Vnpay, VnpayOptions
from adapters.vnpay.query import VnpayInquirer
from adapters.vnpay.simulator import VnpaySimulator
from adapters.zalopay import Zalopay, ZalopayOptions
from adapters.zalopay.query import ZalopayInquirer
from adapters.zalopay.simulator import ZalopaySimulator
from paygate.domain.adapter import Adapter, Inquirer, Lookup, Respondent, Simulator
from paygate.domain.errors import ConfigurationError

OptionsT = TypeVar("OptionsT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Kind(Generic[OptionsT]):
    """What belongs together: a source's own configuration keys, who reads its notices, who writes them for a trial."""

    options: type[OptionsT]
    adapter: Callable[[Sequence[bytes], OptionsT], Adapter]
    simulator: Callable[[bytes, OptionsT], Simulator]
    inquirer: Callable[[Sequence[bytes], OptionsT], Inquirer] | None = None
    """Who asks the source what became of a payment; None: it cannot be asked."""
    respondent: Callable[[bytes, OptionsT], Respondent] | None = None
    """Who answers such questions in a trial."""
    needs_secret: Callable[[OptionsT], bool] = lambda _: True
    """Whether these options leave it to a secret to authenticate notices, and not to a token among themselves."""
    lookup: Callable[[Sequence[bytes], OptionsT], Lookup] | None = None
    """Reads and answers the source's question what a dossier must pay, where it asks one."""


ADAPTERS: Final[Mapping[str, Kind[Any]]] = {
    "dvcqg": Kind(DvcqgOptions, Dvcqg, DvcqgSimulator, DvcqgInquirer, DvcqgSimulator, lookup=DvcqgLookup),
    "vnpay": Kind(VnpayOptions, Vnpay, VnpaySimulator, VnpayInquirer, VnpaySimulator),
    "payos": Kind(PayosOptions, Payos, PayosSimulator),
    "casso": Kind(CassoOptions, Casso, CassoSimulator, needs_secret=lambda options: options.static_token is None),
    "momo": Kind(MomoOptions, Momo, MomoSimulator, MomoInquirer, MomoSimulator),
    "zalopay": Kind(ZalopayOptions, Zalopay, ZalopaySimulator, ZalopayInquirer, ZalopaySimulator),
    "sepay": Kind(SepayOptions, Sepay, SepaySimulator, needs_secret=lambda options: options.api_key is None),
    "vietinbank": Kind(VietinbankOptions, Vietinbank, VietinbankSimulator),
    "viettelpay": Kind(ViettelpayOptions, Viettelpay, ViettelpaySimulator),
    "keypay": Kind(KeypayOptions, Keypay, KeypaySimulator),
    "standardwebhooks": Kind(StandardWebhooksOptions, StandardWebhooks, StandardWebhooksSimulator),
}


def build(kind: str, secrets: Sequence[bytes], options: Mapping[str, Any]) -> Adapter:
    """Build the adapter of one source; the place of a secret in `secrets` is its key id.

    Raises:
        ConfigurationError: no such kind, no secret, an option it does not have or a wrong value of one.
    """
    chosen, read = _kind(kind), _read(kind, options)
    if not all(secrets) or (not secrets and chosen.needs_secret(read)):
        raise ConfigurationError(f"the adapter {kind} needs at least one secret, and none may be empty")
    return chosen.adapter(secrets, read)


def build_lookup(kind: str, secrets: Sequence[bytes], options: Mapping[str, Any]) -> Lookup | None:
    """Build the look-up of one source whose adapter was built from the same; None where its kind has none.

    Raises:
        ConfigurationError: as `build`.
    """
    chosen = _kind(kind)
    return None if chosen.lookup is None else chosen.lookup(secrets, _read(kind, options))


def option_names(kind: str) -> frozenset[str]:
    """Return the configuration keys that are this adapter's own.

    Raises:
        ConfigurationError: no such kind.
    """
    return frozenset(_kind(kind).options.model_fields)


def secret_option_names(kind: str) -> frozenset[str]:
    """Return those of its configuration keys that hold a secret, and so name it as `secrets` does.

    Raises:
        ConfigurationError: no such kind.
    """
    fields = _kind(kind).options.model_fields
    return frozenset(name for name, field in fields.items() if field.annotation in {SecretStr, SecretStr | None})


def simulator(kind: str, secret: bytes, options: Mapping[str, Any]) -> Simulator:
    """Build the sender of such notices, for demonstrations and tests.

    Raises:
        ConfigurationError: as `build`.
    """
    return _kind(kind).simulator(secret, _read(kind, options))


def inquirer(kind: str, secrets: Sequence[bytes], options: Mapping[str, Any]) -> Inquirer:
    """Build who asks one source; the first of the secrets signs what is asked.

    Raises:
        ConfigurationError: as `build`, or such a source cannot be asked as it is configured.
    """
    build(kind, secrets, options)
    chosen = _kind(kind)
    if chosen.inquirer is None:
        able = ", ".join(sorted(name for name, one in ADAPTERS.items() if one.inquirer))
        raise ConfigurationError(f"the adapter {kind} cannot be asked: query_url is for {able}")
    return chosen.inquirer(secrets, _read(kind, options))


def respondent(kind: str, secret: bytes, options: Mapping[str, Any]) -> Respondent:
    """Build who answers such questions, for demonstrations and tests.

    Raises:
        ConfigurationError: as `inquirer`.
    """
    chosen = _kind(kind)
    if chosen.respondent is None:
        raise ConfigurationError(f"the adapter {kind} answers no questions")
    return chosen.respondent(secret, _read(kind, options))


def _kind(kind: str) -> Kind[Any]:
    if kind not in ADAPTERS:
        raise ConfigurationError(f"there is no adapter {kind!r}; there is {', '.join(sorted(ADAPTERS))}")
    return ADAPTERS[kind]


def _read(kind: str, options: Mapping[str, Any]) -> BaseModel:
    try:
        read: BaseModel = _kind(kind).options.model_validate(dict(options))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = ", ".join(sorted(option_names(kind))) or "none"
            raise ConfigurationError(f"{key} is not a key of the adapter {kind}; its keys are: {known}") from None
        if first["type"] == "missing":
            raise ConfigurationError(f"the adapter {kind} needs the key {key}") from None
        raise ConfigurationError(f"{key} of the adapter {kind}: {first['msg'].removeprefix('Value error, ')}") from None
    return read
