"""ViettelPay's (Viettel Money's) results for agencies: POST, form-encoded, HMAC-SHA1 over fields that are configured.

In the public code of one-stop systems nobody checks a result, and the one signature there leaves amount and status out.
Which fields are signed is therefore configuration, and only what is signed is believed.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from json.encoder import encode_basestring_ascii
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, field_validator

from adapters.viettelpay.payloads import Result, read_result
from adapters.viettelpay.signature import ACCESS_CODE, SIGNABLE, key_that_signed, sign
from adapters.viettelpay.translate import STORED_CODE, Formats, translate
from paygate.domain.adapter import Capabilities
from paygate.domain.errors import InvalidInputError, NotAuthenticError, UnreadableNoticeError
from paygate.domain.notice import NoticeFacts, RawNotice, Reply, Verified

REFUSED: Final = Reply(401, b'{"error_code":"02"}')
"""02: wrong check_sum."""

PAID_NEEDS: Final = ("payment_status", "trans_amount")
"""What must be signed besides order_id for a payment to be taken for paid."""


class ViettelpayOptions(BaseModel):
    """`signed_fields` in their order. The patterns say what the codes look like that stand beside the amount."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    merchant_code: str = Field(pattern=r"^[A-Za-z0-9._-]{1,50}$")
    access_code: str = Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")
    signed_fields: tuple[str, ...] = (ACCESS_CODE, "error_code", "merchant_code", "order_id")
    order_id_pattern: re.Pattern[str] = re.compile(r"[!-~]{1,100}")
    transaction_id_pattern: re.Pattern[str] = re.compile(r"[!-~]{0,100}")

    @field_validator("signed_fields")
    @classmethod
    def _can_be_signed(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [field for field in value if field not in SIGNABLE]:
            raise ValueError(f"{unknown[0]} is no field of a result; there is {', '.join(SIGNABLE)}")
        if len(set(value)) != len(value):
            raise ValueError("a field stands twice")
        if "order_id" not in value:
            raise ValueError("without order_id any signature would serve for any order")
        return value


class Viettelpay:
    """The results to one merchant."""

    methods: Final = frozenset({"POST"})
    signed_headers: Final = ()
    secret_headers: Final = frozenset[str]()

    def __init__(self, secrets: Sequence[bytes], options: ViettelpayOptions) -> None:
        self._secrets = tuple(secrets)
        self._options = options
        self._unsigned = tuple(field for field in PAID_NEEDS if field not in options.signed_fields)
        self._formats = Formats(options.order_id_pattern, options.transaction_id_pattern)

    @property
    def capabilities(self) -> Capabilities:
        never = ("when it was paid", "why it was not")
        if not self._unsigned:
            return Capabilities(cannot_know=never)
        unsigned = " and ".join(self._unsigned)
        untold = f"whether it was paid: the signature leaves out {unsigned}"
        return Capabilities(cannot_know=(*never, untold), money_confirms=True)

    def verify(self, raw: RawNotice, now: datetime) -> Verified:  # noqa: ARG002 -- ViettelPay signs no time of sending
        options = self._options
        try:
            result = read_result(raw.body)
        except InvalidInputError as error:
            raise NotAuthenticError(str(error)) from None
        key_id = key_that_signed(result, options.signed_fields, options.access_code, self._secrets)
        if result.merchant_code != options.merchant_code:
            raise NotAuthenticError("signed for another merchant")
        return Verified(key_id, result)

    def read(self, raw: RawNotice) -> Result:
        try:
            return read_result(raw.body)
        except InvalidInputError as error:
            raise UnreadableNoticeError(str(error)) from None

    def translate(self, payload: object) -> NoticeFacts:
        return translate(_result(payload), self._options.signed_fields, self._unsigned, self._formats)

    def acknowledge(self, payload: object, *, repeated: bool) -> Reply:  # noqa: ARG002 -- a repeat is answered alike
        options, order = self._options, _result(payload).order_id
        # By the first secret, the current one: the reply's check_sum covers what the reply says.
        signed = (options.access_code, STORED_CODE, options.merchant_code, order)
        quote = encode_basestring_ascii
        return Reply(
            200,
            f'{{"error_code":"{STORED_CODE}","merchant_code":{quote(options.merchant_code)},'
            f'"order_id":{quote(order)},"check_sum":"{sign(signed, self._secrets[0]).hex()}"}}'.encode(),
        )

    def refuse(self) -> Reply:
        return REFUSED


def _result(payload: object) -> Result:
    if not isinstance(payload, Result):
        raise TypeError(f"{type(payload).__name__} is no payload of this adapter")
    return payload
