"""VNPay's instant payment notification, version 2.1.0: a GET whose query string is signed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from adapters.vnpay.payloads import Ipn, read_ipn
from adapters.vnpay.signature import key_that_signed
from adapters.vnpay.translate import translate
from paygate.domain.adapter import Capabilities
from paygate.domain.errors import InvalidInputError, NotAuthenticError, UnreadableNoticeError
from paygate.domain.notice import NoticeFacts, RawNotice, Reply, Verified

STORED: Final = Reply(200, b'{"RspCode":"00","Message":"Confirm Success"}')
REPEATED: Final = Reply(200, b'{"RspCode":"02","Message":"Order already confirmed"}')
REFUSED: Final = Reply(401, b'{"RspCode":"97","Message":"Fail checksum"}')


class VnpayOptions(BaseModel):
    """`terminal_code` is the vnp_TmnCode that VNPay issued, `query_ip` the address our questions say they come from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    terminal_code: str = Field(pattern=r"^[A-Za-z0-9_-]{1,50}$")
    query_ip: str = Field(default="127.0.0.1", pattern=r"^[0-9A-Fa-f.:]{2,45}$")


class Vnpay:
    """The notices of one terminal."""

    capabilities: Final = Capabilities(cannot_know=("what VNPay keeps as its fee", "who paid a promotion's part"))
    methods: Final = frozenset({"GET"})
    signed_headers: Final = ()
    secret_headers: Final = frozenset[str]()

    def __init__(self, secrets: Sequence[bytes], options: VnpayOptions) -> None:
        self._secrets = tuple(secrets)
        self._terminal_code = options.terminal_code

    def verify(self, raw: RawNotice, now: datetime) -> Verified:  # noqa: ARG002 -- VNPay signs no time of sending
        try:
            ipn = read_ipn(raw.body)
        except InvalidInputError as error:
            raise NotAuthenticError(str(error)) from None
        key_id = key_that_signed(ipn, self._secrets)
        # A merchant may run several terminals under one secret: another terminal's money is not this source's.
        if ipn.values.get("vnp_TmnCode") != self._terminal_code:
            raise NotAuthenticError("signed for another terminal")
        return Verified(key_id, ipn)

    def read(self, raw: RawNotice) -> Ipn:
        try:
            return read_ipn(raw.body)
        except InvalidInputError as error:
            raise UnreadableNoticeError(str(error)) from None

    def translate(self, payload: object) -> NoticeFacts:
        if not isinstance(payload, Ipn):
            raise TypeError(f"{type(payload).__name__} is no payload of this adapter")
        return translate(payload.values)

    def acknowledge(self, payload: object, *, repeated: bool) -> Reply:  # noqa: ARG002 -- the answer is the same for all
        # 01 and 04 are never sent: the record may come later, and an amount that differs is a discrepancy of ours.
        return REPEATED if repeated else STORED

    def refuse(self) -> Reply:
        return REFUSED
