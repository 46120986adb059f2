"""ZaloPay's callback, version 2: POST JSON, sent for payments that succeeded and for no others."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from adapters.zalopay.payloads import Callback, read_data, read_envelope
from adapters.zalopay.signature import key_that_signed
from adapters.zalopay.translate import translate
from paygate.domain.adapter import Capabilities
from paygate.domain.errors import InvalidInputError, NotAuthenticError, UnreadableNoticeError
from paygate.domain.notice import NoticeFacts, RawNotice, Reply, Verified

STORED: Final = Reply(200, b'{"return_code":1,"return_message":"success"}')
REPEATED: Final = Reply(200, b'{"return_code":2,"return_message":"received before"}')
REFUSED: Final = Reply(401, b'{"return_code":-1,"return_message":"mac not equal"}')


class ZalopayOptions(BaseModel):
    """The secrets of the source are key2, which signs what comes to us; `key1` signs what we ask."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    app_id: int = Field(ge=1, le=2**63 - 1)
    key1: SecretStr | None = None


class Zalopay:
    """The notices of one application."""

    capabilities: Final = Capabilities(
        cannot_know=(
            "that a payment failed or the payer left: ZaloPay then sends nothing",
            "what ZaloPay keeps as fee",
        ),
    )
    methods: Final = frozenset({"POST"})
    signed_headers: Final = ()
    secret_headers: Final = frozenset[str]()

    def __init__(self, secrets: Sequence[bytes], options: ZalopayOptions) -> None:
        self._keys = tuple(secrets)
        self._app_id = str(options.app_id)

    def verify(self, raw: RawNotice, now: datetime) -> Verified:  # noqa: ARG002 -- ZaloPay signs no time of sending
        try:
            envelope = read_envelope(raw.body)
        except InvalidInputError as error:
            raise NotAuthenticError(str(error)) from None
        key_id = key_that_signed(envelope, self._keys)
        callback = read_data(envelope.data)
        # A merchant may have given several applications one key: another's money is not this source's.
        if str(callback.order.get("app_id", self._app_id)) != self._app_id:
            raise NotAuthenticError("signed for another application")
        return Verified(key_id, callback)

    def read(self, raw: RawNotice) -> Callback:
        try:
            return read_data(read_envelope(raw.body).data)
        except InvalidInputError as error:
            raise UnreadableNoticeError(str(error)) from None

    def translate(self, payload: object) -> NoticeFacts:
        if not isinstance(payload, Callback):
            raise TypeError(f"{type(payload).__name__} is no payload of this adapter")
        return translate(payload)

    def acknowledge(self, payload: object, *, repeated: bool) -> Reply:  # noqa: ARG002 -- the answer is the same for all
        return REPEATED if repeated else STORED

    def refuse(self) -> Reply:
        return REFUSED
