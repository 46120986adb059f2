"""MoMo's instant payment notification, version 2: POST JSON, answered 204 without a body."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from adapters.momo.payloads import Ipn, read_ipn
from adapters.momo.signature import key_that_signed
from adapters.momo.translate import translate
from paygate.domain.adapter import Capabilities
from paygate.domain.errors import InvalidInputError, NotAuthenticError, UnreadableNoticeError
from paygate.domain.notice import NoticeFacts, RawNotice, Reply, Verified

STORED: Final = Reply(204)
REFUSED: Final = Reply(401)
"""MoMo reads the status alone and documents no body."""


class MomoOptions(BaseModel):
    """`access_key` is signed with every message and sent with none that comes to us."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    partner_code: str = Field(pattern=r"^[A-Za-z0-9_-]{1,50}$")
    access_key: str = Field(pattern=r"^[A-Za-z0-9_-]{1,100}$")


class Momo:
    """The notices of one partner."""

    capabilities: Final = Capabilities(
        cannot_know=("that the payer left: MoMo then sends nothing", "what MoMo keeps as its fee")
    )
    methods: Final = frozenset({"POST"})
    signed_headers: Final = ()
    secret_headers: Final = frozenset[str]()

    def __init__(self, secrets: Sequence[bytes], options: MomoOptions) -> None:
        self._secrets = tuple(secrets)
        self._options = options

    def verify(self, raw: RawNotice, now: datetime) -> Verified:  # noqa: ARG002 -- responseTime is of the payment
        try:
            ipn = read_ipn(raw.body)
        except InvalidInputError as error:
            raise NotAuthenticError(str(error)) from None
        key_id = key_that_signed(ipn, self._options.access_key, self._secrets)
        # One company may run several partner codes under one pair of keys: another's money is not this source's.
        if ipn.partner_code != self._options.partner_code:
            raise NotAuthenticError("signed for another partner")
        return Verified(key_id, ipn)

    def read(self, raw: RawNotice) -> Ipn:
        try:
            return read_ipn(raw.body)
        except InvalidInputError as error:
            raise UnreadableNoticeError(str(error)) from None

    def translate(self, payload: object) -> NoticeFacts:
        if not isinstance(payload, Ipn):
            raise TypeError(f"{type(payload).__name__} is no payload of this adapter")
        return translate(payload)

    def acknowledge(self, payload: object, *, repeated: bool) -> Reply:  # noqa: ARG002 -- the status says it all
        return STORED

    def refuse(self) -> Reply:
        return REFUSED
