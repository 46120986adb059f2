"""KeyPay, the portal's payment road of the first generation: callbacks, POST JSON, HMAC-SHA256 over configured fields.

Its attested signature leaves out `status`, so a callback alone proves no payment. Which fields are signed is
configuration, and only what is signed is believed.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, field_validator

from adapters.keypay.payloads import Callback, read_callback
from adapters.keypay.signature import SIGNABLE, key_that_signed
from adapters.keypay.translate import translate
from paygate.domain.adapter import Capabilities
from paygate.domain.errors import InvalidInputError, NotAuthenticError, UnreadableNoticeError
from paygate.domain.notice import NoticeFacts, RawNotice, Reply, Verified

STORED: Final = Reply(200, b'{"return_code":0,"return_msg":"Success"}')
REFUSED: Final = Reply(401, b'{"return_code":-1,"return_msg":"Invalid check_sum"}')

PAID_NEEDS: Final = ("status", "trans_amount")
"""What must be signed besides transaction_id for a payment to be taken for paid."""


class KeypayOptions(BaseModel):
    """`client_id` is the one KeyPay gave out; `signed_fields` stand in their order. The secrets are hash_key_2."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    client_id: str = Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")
    signed_fields: tuple[str, ...] = (
        "addition_fee",
        "client_id",
        "command",
        "trans_amount",
        "transaction_id",
        "version",
    )

    @field_validator("signed_fields")
    @classmethod
    def _can_be_signed(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [field for field in value if field not in SIGNABLE]:
            raise ValueError(f"{unknown[0]} is no field of a callback; there is {', '.join(SIGNABLE)}")
        if len(set(value)) != len(value):
            raise ValueError("a field stands twice")
        if "transaction_id" not in value:
            raise ValueError("without transaction_id any signature would serve for any transaction")
        return value


class Keypay:
    """The callbacks to one client."""

    methods: Final = frozenset({"POST"})
    signed_headers: Final = ()
    secret_headers: Final = frozenset[str]()

    def __init__(self, secrets: Sequence[bytes], options: KeypayOptions) -> None:
        self._secrets = tuple(secrets)
        self._options = options
        self._unsigned = tuple(field for field in PAID_NEEDS if field not in options.signed_fields)

    @property
    def capabilities(self) -> Capabilities:
        never = ("when it was paid", "why it was not")
        if not self._unsigned:
            return Capabilities(cannot_know=never)
        unsigned = " and ".join(self._unsigned)
        untold = f"whether it was paid: the signature leaves out {unsigned}"
        return Capabilities(cannot_know=(*never, untold), money_confirms=True)

    def verify(self, raw: RawNotice, now: datetime) -> Verified:  # noqa: ARG002 -- KeyPay signs no time of sending
        try:
            callback = read_callback(raw.body)
        except InvalidInputError as error:
            raise NotAuthenticError(str(error)) from None
        key_id = key_that_signed(callback, self._options.signed_fields, self._secrets)
        if callback.client_id != self._options.client_id:
            raise NotAuthenticError("signed for another client")
        return Verified(key_id, callback)

    def read(self, raw: RawNotice) -> Callback:
        try:
            return read_callback(raw.body)
        except InvalidInputError as error:
            raise UnreadableNoticeError(str(error)) from None

    def translate(self, payload: object) -> NoticeFacts:
        if not isinstance(payload, Callback):
            raise TypeError(f"{type(payload).__name__} is no payload of this adapter")
        return translate(payload, self._options.signed_fields, self._unsigned)

    def acknowledge(self, payload: object, *, repeated: bool) -> Reply:  # noqa: ARG002 -- KeyPay knows one answer
        return STORED

    def refuse(self) -> Reply:
        return REFUSED
