"""The national public-service portal's payment platform (PayPlat 1.0.6): CONFIRM messages, POST JSON.

The format rests on two independent public implementations that agree; no specification of it is public.
"""

from collections.abc import Sequence
from datetime import datetime
from json.encoder import encode_basestring_ascii
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from adapters.dvcqg.payloads import Confirm, read_confirm
from adapters.dvcqg.signature import DELIMITER, key_that_signed
from adapters.dvcqg.translate import EVERY_OTHER, PAID_CODE, translate
from paygate.domain.adapter import Capabilities
from paygate.domain.errors import InvalidInputError, NotAuthenticError, UnreadableNoticeError
from paygate.domain.notice import NoticeFacts, RawNotice, Reply, Verified

FailedCode = Annotated[str, Field(pattern=r"^(?:\*|[A-Za-z0-9_-]{1,20})$")]
FieldName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,49}$")]


class DvcqgOptions(BaseModel):
    """`version` and `query_token`, the bearer token of a service bus on the way, go out with queries alone.

    `lookup_signed_fields` and `lookup_reply_signed_fields` say what a payable look-up and its answer are signed over,
    before the secret: no specification of them is public.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    partner_code: str = Field(min_length=1, max_length=50)
    version: str = "1.0.6"
    confirm_type: str = Field(default="CONFIRM", pattern=r"^[A-Za-z0-9_-]{1,50}$")
    failed_codes: tuple[FailedCode, ...] = ()
    query_token: SecretStr | None = None
    lookup_signed_fields: tuple[FieldName, ...] = ("MaDoiTac", "MaHoSo")
    lookup_reply_signed_fields: tuple[FieldName, ...] = ("error_code", "MaDoiTac", "MaHoSo", "MaTraCuuTT", "SoTien")

    @field_validator("lookup_signed_fields")
    @classmethod
    def _dossier_is_signed(cls, value: Sequence[str]) -> Sequence[str]:
        if "MaHoSo" not in value:
            raise ValueError("MaHoSo must be among them, or anybody could ask about any dossier")
        return value

    @field_validator("partner_code")
    @classmethod
    def _can_be_signed(cls, value: str) -> str:
        if DELIMITER in value:
            raise ValueError(f"no signed field may hold {DELIMITER!r}")
        return value

    @field_validator("failed_codes", mode="before")
    @classmethod
    def _every_other(cls, value: Any) -> Any:
        return [value] if value == EVERY_OTHER else value

    @field_validator("failed_codes")
    @classmethod
    def _paid_is_no_failure(cls, value: Sequence[str]) -> Sequence[str]:
        if PAID_CODE in value:
            raise ValueError(f"{PAID_CODE!r} means paid")
        return value


class Dvcqg:
    """One agency's notices from the platform."""

    capabilities: Final = Capabilities(cannot_know=("why a payment failed", "what the gateway keeps as its fee"))
    methods: Final = frozenset({"POST"})
    signed_headers: Final = ()
    secret_headers: Final = frozenset[str]()

    def __init__(self, secrets: Sequence[bytes], options: DvcqgOptions) -> None:
        self._secrets = tuple(secrets)
        self._options = options
        self._partner = encode_basestring_ascii(options.partner_code)
        self._failed_codes = frozenset(options.failed_codes)

    def verify(self, raw: RawNotice, now: datetime) -> Verified:  # noqa: ARG002 -- the platform signs no time of sending
        try:
            confirm = read_confirm(raw.body)
        except InvalidInputError as error:
            raise NotAuthenticError(str(error)) from None
        key_id = key_that_signed(confirm, self._secrets)
        # One secret may serve several partners of a shared service bus: a notice meant for another of them is
        # rightly signed and still not ours to believe.
        if confirm.partner_code != self._options.partner_code:
            raise NotAuthenticError("signed for another partner")
        return Verified(key_id, confirm)

    def read(self, raw: RawNotice) -> Confirm:
        try:
            return read_confirm(raw.body)
        except InvalidInputError as error:
            raise UnreadableNoticeError(str(error)) from None

    def translate(self, payload: object) -> NoticeFacts:
        return translate(_confirm(payload), self._options.confirm_type, self._failed_codes)

    def acknowledge(self, payload: object, *, repeated: bool) -> Reply:  # noqa: ARG002 -- the platform knows one answer
        confirm = _confirm(payload)
        return Reply(200, self._reply(PAID_CODE, "Thành công", confirm.reference, confirm.time, confirm.signature))

    def refuse(self) -> Reply:
        return Reply(401, self._reply("99", "Sai mã xác thực", "", "", ""))

    def _reply(self, code: str, sentence: str, reference: str, time: str, signature: str) -> bytes:
        # MaXacThuc is the one received: both public implementations echo it, and no rule for another is known.
        quote = encode_basestring_ascii
        return (
            f'{{"MaLoi":"{code}","MoTaLoi":"{sentence}","MaDoiTac":{self._partner},"MaThamChieu":{quote(reference)},'
            f'"ThoiGianGD":{quote(time)},"MaXacThuc":{quote(signature)}}}'
        ).encode()


def _confirm(payload: object) -> Confirm:
    if not isinstance(payload, Confirm):
        raise TypeError(f"{type(payload).__name__} is no payload of this adapter")
    return payload
