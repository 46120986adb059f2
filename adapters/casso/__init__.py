"""Casso's webhooks of movements on a bank account: version 2, signed, or version 1 with a static token; POST JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, SecretStr

from adapters.casso.payloads import Movement, Unreadable, payload_in, payload_of, read_signed
from adapters.casso.signature import SIGNATURE_HEADER, TOKEN_HEADER, key_that_signed, refuse_other_token
from adapters.casso.translate import translate
from paygate.domain.adapter import Capabilities
from paygate.domain.errors import ConfigurationError, InvalidInputError, NotAuthenticError, UnreadableNoticeError
from paygate.domain.notice import NoticeFacts, RawNotice, Reply, Several, Verified

STORED: Final = Reply(200, b'{"success":true}')
REFUSED: Final = Reply(401, b'{"success":false}')


class CassoOptions(BaseModel):
    """`static_token` is for webhooks of version 1, which are not signed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    static_token: SecretStr | None = None


class Casso:
    """The notices of one webhook."""

    capabilities: Final = Capabilities(cannot_know=("attempts to pay that brought no money",))
    methods: Final = frozenset({"POST"})

    def __init__(self, secrets: Sequence[bytes], options: CassoOptions) -> None:
        # Both at once would leave the choice to the caller, who could leave out the signature and show the token.
        if secrets and options.static_token is not None:
            raise ConfigurationError("the adapter casso takes either secrets or a static_token, never both")
        self._secrets = tuple(secrets)
        self._token = options.static_token.get_secret_value().encode() if options.static_token is not None else None
        if self._token == b"":
            raise ConfigurationError("the static_token of the adapter casso is empty")

    @property
    def signed_headers(self) -> Sequence[str]:
        return (SIGNATURE_HEADER,) if self._token is None else (TOKEN_HEADER,)

    @property
    def secret_headers(self) -> frozenset[str]:
        return frozenset() if self._token is None else frozenset({TOKEN_HEADER})

    def verify(self, raw: RawNotice, now: datetime) -> Verified:
        if self._token is not None:
            refuse_other_token(raw.headers.get(TOKEN_HEADER, ""), self._token)
            return Verified(0, payload_of(raw.body))
        try:
            message = read_signed(raw.body)
        except InvalidInputError as error:
            raise NotAuthenticError(str(error)) from None
        key_id = key_that_signed(raw.headers.get(SIGNATURE_HEADER, ""), message, self._secrets, now)
        return Verified(key_id, payload_in(message))

    def read(self, raw: RawNotice) -> Movement | Several | Unreadable:
        return payload_of(raw.body)

    def translate(self, payload: object) -> NoticeFacts:
        if isinstance(payload, Unreadable):
            raise UnreadableNoticeError(payload.problem)
        if not isinstance(payload, Movement):
            raise TypeError(f"{type(payload).__name__} is no payload of this adapter")
        return translate(payload)

    def acknowledge(self, payload: object, *, repeated: bool) -> Reply:  # noqa: ARG002 -- Casso knows one answer
        return STORED

    def refuse(self) -> Reply:
        return REFUSED
