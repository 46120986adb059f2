"""A payment notice: what arrived, what it says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from paygate.domain.lifecycle import Outcome, PaymentState

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RawNotice:
    """A notice as received and not yet believed.

    `body` is the request's body, or for a GET its undecoded query string. `headers` holds only those that the
    adapter asks for in `signed_headers`, their names in lower case.
    """

    method: str
    body: bytes
    headers: Mapping[str, str] = field(default=NO_HEADERS)


@dataclass(frozen=True, slots=True)
class Verified:
    """A notice whose signature holds.

    `key_id` counts the source's secrets from 0; `payload` is what `translate` reads.
    """

    key_id: int
    payload: object


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """What an authentic notice says of one payment. `amount` is in minor units, `occurred_at` is aware.

    `alarm` says why somebody should look although the notice was understood, for example an unlisted result code.
    """

    reference: str
    transaction_id: str
    state: PaymentState
    outcome: Outcome
    amount: int
    currency: str
    occurred_at: datetime | None
    dossier_code: str | None = None
    description: str = ""
    alarm: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer in the source's own words."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
