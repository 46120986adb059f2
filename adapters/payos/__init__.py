"""payOS's webhook for bank transfers: POST JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict

from adapters.payos.payloads import Webhook, read_webhook
from adapters.payos.signature import key_that_signed
from adapters.payos.translate import translate
from paygate.domain.adapter import Capabilities
from paygate.domain.errors import InvalidInputError, NotAuthenticError, UnreadableNoticeError
from paygate.domain.notice import NoticeFacts, RawNotice, Reply, Verified

STORED: Final = Reply(200, b'{"success":true}')
REFUSED: Final = Reply(401, b'{"success":false}')


class PayosOptions(BaseModel):
    """There is nothing to configure but the secrets: a payment channel's checksum key names it well enough."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Payos:
    """The notices of one payment channel."""

    capabilities: Final = Capabilities(cannot_know=("attempts to pay that brought no money",))
    methods: Final = frozenset({"POST"})
    signed_headers: Final = ()
    secret_headers: Final = frozenset[str]()

    def __init__(self, secrets: Sequence[bytes], options: PayosOptions) -> None:  # noqa: ARG002 -- no keys
        self._secrets = tuple(secrets)

    def verify(self, raw: RawNotice, now: datetime) -> Verified:  # noqa: ARG002 -- payOS signs no time of sending
        try:
            webhook = read_webhook(raw.body)
        except InvalidInputError as error:
            raise NotAuthenticError(str(error)) from None
        return Verified(key_that_signed(webhook, self._secrets), webhook)

    def read(self, raw: RawNotice) -> Webhook:
        try:
            return read_webhook(raw.body)
        except InvalidInputError as error:
            raise UnreadableNoticeError(str(error)) from None

    def translate(self, payload: object) -> NoticeFacts:
        if not isinstance(payload, Webhook):
            raise TypeError(f"{type(payload).__name__} is no payload of this adapter")
        return translate(payload.values)

    def acknowledge(self, payload: object, *, repeated: bool) -> Reply:  # noqa: ARG002 -- any 2xx ends the sending
        return STORED

    def refuse(self) -> Reply:
        return REFUSED
