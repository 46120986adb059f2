"""VietinBank's notices of money on virtual accounts (thu hộ định danh 1.4.1): POST JSON, signed by RSA."""

import re
from collections.abc import Sequence
from datetime import datetime
from json.encoder import encode_basestring_ascii
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from adapters.vietinbank.payloads import Notice, read_notice
from adapters.vietinbank.signature import BankKey, certificate_that_signed, read_certificate
from adapters.vietinbank.translate import Formats, translate
from paygate.domain.adapter import Capabilities
from paygate.domain.errors import InvalidInputError, NotAuthenticError, UnreadableNoticeError
from paygate.domain.notice import NoticeFacts, RawNotice, Reply, Verified

REFUSED: Final = Reply(401, b'{"errorCode":"01","errorDesc":"Invalid signature"}')


class VietinbankOptions(BaseModel):
    """The patterns say what the bank's own codes look like, so that a signed text can be read in one way only.

    `hash` knows no SHA-1: a payer chooses the remark, and so could prepare two texts with one SHA-1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider_id: str = Field(pattern=r"^[A-Za-z0-9]{1,20}$")
    hash: Literal["sha256", "sha384", "sha512"] = "sha256"
    encoding: Literal["base64", "hex"] = "base64"
    transaction_id_pattern: re.Pattern[str] = re.compile(r"[A-Za-z0-9._-]{1,50}")
    customer_code_pattern: re.Pattern[str] = re.compile(r"[A-Za-z0-9._-]{1,30}")
    bank_transaction_pattern: re.Pattern[str] | None = None


class Vietinbank:
    """The notices to one provider. Its secrets are the bank's certificates, each valid in its own time."""

    capabilities: Final = Capabilities(
        cannot_know=(
            "attempts to pay that brought no money",
            "where the signed amount begins and ends, unless the patterns of its neighbours are configured",
        )
    )
    methods: Final = frozenset({"POST"})
    signed_headers: Final = ()
    secret_headers: Final = frozenset[str]()

    def __init__(self, secrets: Sequence[bytes], options: VietinbankOptions) -> None:
        self._keys: Sequence[BankKey] = tuple(read_certificate(pem, place) for place, pem in enumerate(secrets))
        self._options = options
        self._formats = Formats(
            options.transaction_id_pattern, options.customer_code_pattern, options.bank_transaction_pattern
        )

    def verify(self, raw: RawNotice, now: datetime) -> Verified:
        try:
            notice = read_notice(raw.body)
        except InvalidInputError as error:
            raise NotAuthenticError(str(error)) from None
        options = self._options
        key_id = certificate_that_signed(notice, self._keys, options.hash, options.encoding, now)
        # The bank signs for all its providers with one key. providerId is outside the signature; this keeps apart
        # what was sent to the wrong address, not what was altered.
        if notice.provider_id != options.provider_id:
            raise NotAuthenticError("signed for another provider")
        return Verified(key_id, notice)

    def read(self, raw: RawNotice) -> Notice:
        try:
            return read_notice(raw.body)
        except InvalidInputError as error:
            raise UnreadableNoticeError(str(error)) from None

    def translate(self, payload: object) -> NoticeFacts:
        return translate(_notice(payload), self._formats)

    def acknowledge(self, payload: object, *, repeated: bool) -> Reply:  # noqa: ARG002 -- the bank knows one answer
        quote = encode_basestring_ascii
        notice = _notice(payload)
        return Reply(
            200,
            f'{{"transId":{quote(notice.transaction_id)},"providerId":{quote(notice.provider_id)},'
            f'"errorCode":"00","errorDesc":"Success"}}'.encode(),
        )

    def refuse(self) -> Reply:
        return REFUSED


def _notice(payload: object) -> Notice:
    if not isinstance(payload, Notice):
        raise TypeError(f"{type(payload).__name__} is no payload of this adapter")
    return payload
