"""Any other system, by the Standard Webhooks specification, with paygate's own neutral body."""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict

from adapters.standardwebhooks.signature import HEADERS, key_that_signed
from adapters.standardwebhooks.translate import translate
from paygate.domain.adapter import Capabilities
from paygate.domain.errors import ConfigurationError
from paygate.domain.notice import NoticeFacts, RawNotice, Reply, Verified

STORED: Final = Reply(200, b'{"success":true}')
REFUSED: Final = Reply(401, b'{"success":false}')

_PREFIX: Final = b"whsec_"


class StandardWebhooksOptions(BaseModel):
    """There is nothing to configure but the secrets."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StandardWebhooks:
    """The notices of one sender. The payload is the body's bytes: nothing is parsed before it is believed."""

    capabilities: Final = Capabilities()
    methods: Final = frozenset({"POST"})
    signed_headers: Final = HEADERS
    secret_headers: Final = frozenset[str]()

    def __init__(self, secrets: Sequence[bytes], options: StandardWebhooksOptions) -> None:  # noqa: ARG002 -- no keys
        self._keys = tuple(signing_key_of(secret) for secret in secrets)

    def verify(self, raw: RawNotice, now: datetime) -> Verified:
        return Verified(key_that_signed(raw, self._keys, now), raw.body)

    def read(self, raw: RawNotice) -> bytes:
        return raw.body

    def translate(self, payload: object) -> NoticeFacts:
        if not isinstance(payload, bytes):
            raise TypeError(f"{type(payload).__name__} is no payload of this adapter")
        return translate(payload)

    def acknowledge(self, payload: object, *, repeated: bool) -> Reply:  # noqa: ARG002 -- any 2xx ends the sending
        return STORED

    def refuse(self) -> Reply:
        return REFUSED


def signing_key_of(secret: bytes) -> bytes:
    """Return the key in a secret: base64, with or without the prefix `whsec_`.

    Raises:
        ConfigurationError: not base64, or nothing in it.
    """
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise ConfigurationError("a Standard Webhooks secret is base64, with or without whsec_ before it") from None
    if not key:
        raise ConfigurationError("a Standard Webhooks secret is empty")
    return key
