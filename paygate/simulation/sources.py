"""The configured sources with both their sides: the simulator that writes notices, and what is believed of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from adapters import registry
from paygate.configured import built
from paygate.domain.adapter import Adapter, Simulator
from paygate.domain.errors import (
    ConfigurationError,
    InvalidInputError,
    NotAPaymentError,
    NotAuthenticError,
    UnreadableNoticeError,
)
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.money import DONG
from paygate.domain.notice import NoticeFacts, RawNotice, Several
from paygate.parcels import Parcel, parcel_of
from paygate.settings import Settings, SourceSettings, resolve_secret

BEFORE_THERE_WERE_ANY: Final = datetime(1999, 1, 1, tzinfo=UTC)
MORE_MONEY: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class SimulatedSource:
    """One configured source. `simulator` signs as it does, `adapter` reads as the service does."""

    code: str
    adapter: Adapter
    simulator: Simulator

    def written(self, facts: NoticeFacts, now: datetime) -> Parcel:
        return parcel_of(self.code, *self.simulator.request(facts, now))

    def understood(self, facts: NoticeFacts, now: datetime) -> NoticeFacts:
        """Return what the service is to believe of facts the source can say: how far its word counts, it knows."""
        told = self._told(facts, now)
        return facts._replace(state=told.state, outcome=told.outcome)

    def try_out(self, now: datetime) -> None:
        """Write a notice and check it as the service will.

        Raises:
            NotAuthenticError: the service would refuse it.
        """
        facts = NoticeFacts("TRIAL", "1", PaymentState.PAID, Outcome.PAID, 1, DONG, now)
        self.understood(self.simulator.shape(facts) or facts, now)

    def malformed(self, facts: NoticeFacts, now: datetime) -> NoticeFacts:
        """Return facts like these whose notice is authentic and cannot be read.

        Raises:
            InvalidInputError: there are none for this source.
        """
        # A time before there were such payments; where the source tells of none, a reference of two lines.
        too_early = facts._replace(occurred_at=BEFORE_THERE_WERE_ANY)
        for broken in (too_early, facts._replace(reference=f"{facts.reference}\n")):
            try:
                self._told(broken, now)
            except (UnreadableNoticeError, NotAPaymentError):
                return broken
            except (NotAuthenticError, ValueError):
                continue
        raise InvalidInputError(f"{self.code}: no notice of this source can be made unreadable")

    def tampered(self, facts: NoticeFacts, now: datetime) -> Parcel:
        """Return the notice as somebody on its way would alter it, to more money or another payment.

        Raises:
            InvalidInputError: whatever is altered, the notice is still believed.
        """
        parcel = self.written(facts, now)
        for forged in _forged(parcel, facts, self.adapter.signed_headers):
            try:
                self.adapter.verify(self._raw(forged), now)
            except NotAuthenticError:
                return forged
        raise InvalidInputError(f"{self.code}: no notice of this source can be altered so that it is refused")

    def _told(self, facts: NoticeFacts, now: datetime) -> NoticeFacts:
        payload = self.adapter.verify(self._raw(self.written(facts, now)), now).payload
        # Of a source that lists several payments in a notice, this one lists one.
        return self.adapter.translate(payload.parts[0].payload if isinstance(payload, Several) else payload)

    def _raw(self, parcel: Parcel) -> RawNotice:
        asked = self.adapter.signed_headers
        headers = {name: value for name, value in parcel.headers.items() if name in asked}
        return RawNotice(parcel.method, parcel.content, headers)


def _forged(parcel: Parcel, facts: NoticeFacts, signed_headers: Sequence[str]) -> Sequence[Parcel]:
    source, method, headers = parcel.source, parcel.method, parcel.headers
    content, reference = parcel.content.decode(), facts.reference
    another = reference[:-1] + ("1" if reference.endswith("0") else "0")
    altered = [
        content.replace(str(facts.amount), str(facts.amount + MORE_MONEY)),
        content.replace(reference, another),
    ]
    # Where a token stands in for a signature, whoever does not know it can only guess it.
    guessed = {name: value + "0" if name in signed_headers else value for name, value in headers.items()}
    return [
        *(parcel_of(source, method, text.encode(), headers) for text in altered if text != content),
        parcel_of(source, method, content.encode(), guessed),
    ]


def simulated_sources(
    settings: Settings, chosen: Sequence[str], keys: Mapping[str, str]
) -> Mapping[str, SimulatedSource]:
    """Build the chosen sources, or all. `keys` name, as `secrets` do, what a source signs with if not by its secret.

    Raises:
        InvalidInputError: there is none, or none of that name.
        ConfigurationError: as `built`; or what a source would sign does not verify, perhaps for want of a key.
    """
    if not settings.sources:
        raise InvalidInputError("no source is configured, so there is nothing to simulate")
    for code in (*chosen, *keys):
        if code not in settings.sources:
            raise InvalidInputError(f"there is no source {code!r}; there is {', '.join(sorted(settings.sources))}")
    return {code: _simulated(settings, code, keys.get(code)) for code in dict.fromkeys(chosen) or settings.sources}


def _simulated(settings: Settings, code: str, key: str | None) -> SimulatedSource:
    source = settings.sources[code]
    adapter = built(settings, code, source, registry.build)
    try:
        simulated = SimulatedSource(code, adapter, _simulator(settings, code, source, key))
        simulated.try_out(datetime.now(UTC))
    except (ConfigurationError, NotAuthenticError) as error:
        raise ConfigurationError(
            f"{code}: {error}; --key {code}=file:PATH names what this source signs with, where that is not its secret"
        ) from None
    return simulated


def _simulator(settings: Settings, code: str, source: SourceSettings, key: str | None) -> Simulator:
    signs = None if key is None else resolve_secret(key)

    def build(kind: str, secrets: Sequence[bytes], options: Mapping[str, object]) -> Simulator:
        # A token among the options stands in for a secret where there is none.
        return registry.simulator(kind, signs or (secrets[0] if secrets else b""), options)

    return built(settings, code, source, build)
