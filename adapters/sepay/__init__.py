"""SePay's notices of money on a bank account: the webhook, and BankHub's variant of it; POST JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, SecretStr

from adapters.sepay.payloads import read_transfer
from adapters.sepay.signature import API_KEY_HEADER, HEADERS, key_that_signed, refuse_other_key
from adapters.sepay.translate import translate
from paygate.domain.adapter import Capabilities
from paygate.domain.errors import ConfigurationError, InvalidInputError, UnreadableNoticeError
from paygate.domain.notice import NoticeFacts, RawNotice, Reply, Verified

STORED: Final = Reply(200, b'{"success":true}')
REFUSED: Final = Reply(401, b'{"success":false}')


class SepayOptions(BaseModel):
    """`api_key` is for webhooks that are sent with `Authorization: Apikey …` instead of a signature."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_key: SecretStr | None = None


class Sepay:
    """The notices of one webhook. The payload is the body's bytes: nothing is parsed before it is believed."""

    capabilities: Final = Capabilities(cannot_know=("attempts to pay that brought no money", "who paid"))
    methods: Final = frozenset({"POST"})

    def __init__(self, secrets: Sequence[bytes], options: SepayOptions) -> None:
        # Both at once would leave the choice to the caller, who could leave out the signature and show the key.
        if secrets and options.api_key is not None:
            raise ConfigurationError("the adapter sepay takes either secrets or an api_key, never both")
        self._secrets = tuple(secrets)
        self._api_key = options.api_key.get_secret_value().encode() if options.api_key is not None else None
        if self._api_key == b"":
            raise ConfigurationError("the api_key of the adapter sepay is empty")

    @property
    def signed_headers(self) -> Sequence[str]:
        return HEADERS if self._api_key is None else (API_KEY_HEADER,)

    @property
    def secret_headers(self) -> frozenset[str]:
        return frozenset() if self._api_key is None else frozenset({API_KEY_HEADER})

    def verify(self, raw: RawNotice, now: datetime) -> Verified:
        if self._api_key is None:
            return Verified(key_that_signed(raw, self._secrets, now), raw.body)
        refuse_other_key(raw, self._api_key)
        return Verified(0, raw.body)

    def read(self, raw: RawNotice) -> bytes:
        return raw.body

    def translate(self, payload: object) -> NoticeFacts:
        if not isinstance(payload, bytes):
            raise TypeError(f"{type(payload).__name__} is no payload of this adapter")
        try:
            return translate(read_transfer(payload))
        except InvalidInputError as error:
            raise UnreadableNoticeError(str(error)) from None

    def acknowledge(self, payload: object, *, repeated: bool) -> Reply:  # noqa: ARG002 -- SePay knows one answer
        return STORED

    def refuse(self) -> Reply:
        return REFUSED
