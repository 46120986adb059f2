"""An identity provider, asked over the guarded way out: where it is, what it signs with, and who has come.

Discovery (OpenID Connect Discovery 1.0), the authorization code flow with PKCE (RFC 7636, S256) and the issuer in the
answer (RFC 9207). What stands in for a request under way is one secret that the browser keeps: state, nonce and
verifier are made of it, so that strangers who begin to sign in cost us nothing that lasts.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, Literal, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict, ValidationError

from paygate.domain.errors import EgressRefusedError, NotAllowedError, UnreachableError
from paygate.egress import Answer
from paygate.id_token import ALGORITHMS, Expected, UnknownKeyError, check_token
from paygate.identities import Identity
from paygate.telemetry import Event, log

ASK_SECONDS: Final = 8.0
"""For one answer of the provider's; two of them fit into the time of a request."""
METADATA_SECONDS: Final = 3600.0
KEYS_SECONDS: Final = 3600.0
LOOK_AGAIN_SECONDS: Final = 30.0
"""Between two looks for a key that is not known: whoever sends made-up tokens has us ask no more often."""
REST_SECONDS: Final = 5.0
"""After the provider gave no answer it is not asked for it again for so long."""
MOST_KEYS: Final = 50
LONGEST_CODE: Final = 4096
SECRET_BYTES: Final = 32

Send = Callable[[str, str, Mapping[str, str], bytes], Awaitable[Answer]]
"""Sends one request: method, URL, headers, body.

Raises:
    EgressRefusedError, UnreachableError: it may not leave, or there is no answer.
"""
ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """What is configured of a provider. `returning` is where it leads people back to."""

    issuer: str
    client_id: str
    client_secret: str
    scopes: tuple[str, ...]
    name_claim: Literal["email", "preferred_username"]
    label: str
    returning: str


class _Metadata(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    id_token_signing_alg_values_supported: list[str] = ["RS256"]
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]
    authorization_response_iss_parameter_supported: bool = False


class _Tokens(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    id_token: str


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in at the provider that was begun; all of it follows from a secret."""

    secret: str

    @classmethod
    def anew(cls) -> "Begun":
        return cls(secrets.token_urlsafe(SECRET_BYTES))

    @property
    def state(self) -> str:
        return self._made_for("state")

    @property
    def nonce(self) -> str:
        return self._made_for("nonce")

    @property
    def verifier(self) -> str:
        return self._made_for("verifier")

    @property
    def challenge(self) -> str:
        return _base64(hashlib.sha256(self.verifier.encode()).digest())

    def _made_for(self, what: str) -> str:
        return _base64(hmac.digest(self.secret.encode("utf-8", "surrogatepass"), what.encode(), "sha256"))


class Provider:
    """An identity provider. Its metadata and keys are kept for a while, and asked for by one at a time."""

    def __init__(self, facts: ProviderFacts, send: Send, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.facts = facts
        self._send = send
        self._clock = clock
        self._turn = asyncio.Lock()
        self._metadata: tuple[float, _Metadata] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._rests_until = 0.0

    async def begin(self, begun: Begun) -> str:
        """Return the address at which somebody is to sign in.

        Raises:
            UnreachableError: the provider gives no answer that can be used.
        """
        metadata = await self._known()
        asked = {
            "response_type": "code",
            "client_id": self.facts.client_id,
            "redirect_uri": self.facts.returning,
            "scope": " ".join(self.facts.scopes),
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": begun.challenge,
            "code_challenge_method": "S256",
        }
        address = metadata.authorization_endpoint
        return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"

    async def identify(self, begun: Begun, code: str, issuer: str | None, now: datetime) -> Identity:
        """Find out who has come back from the provider with a code. `issuer` is who the answer says it is from.

        Raises:
            NotAllowedError: the answer, the code or the token does not hold.
            UnreachableError: as `begin`.
        """
        metadata = await self._known()
        if issuer != self.facts.issuer and (issuer or metadata.authorization_response_iss_parameter_supported):
            raise NotAllowedError("the answer is of another provider")
        if not 0 < len(code) <= LONGEST_CODE:
            raise NotAllowedError("the answer holds no code")
        token = await self._redeem(metadata, begun, code)
        algorithms = [one for one in ALGORITHMS if one in metadata.id_token_signing_alg_values_supported]
        expected = Expected(self.facts.issuer, self.facts.client_id, begun.nonce, algorithms)
        try:
            claims = check_token(token, await self._signing_keys(metadata, KEYS_SECONDS), expected, now)
        except UnknownKeyError:
            claims = check_token(token, await self._signing_keys(metadata, LOOK_AGAIN_SECONDS), expected, now)
        return Identity(self.facts.issuer, claims["sub"], name_in(claims, self.facts.name_claim))

    async def _known(self) -> _Metadata:
        async with self._turn:
            if self._metadata is None or self._clock() - self._metadata[0] > METADATA_SECONDS:
                address = f"{self.facts.issuer.rstrip('/')}/.well-known/openid-configuration"
                found = self._read(_Metadata, await self._ask("GET", address))
                self._check(found)
                self._metadata = self._clock(), found
            return self._metadata[1]

    async def _signing_keys(self, metadata: _Metadata, older_than: float) -> KeySet:
        async with self._turn:
            if self._keys is None or self._clock() - self._keys[0] > older_than:
                answer = await self._ask("GET", metadata.jwks_uri)
                self._keys = self._clock(), self._read_keys(answer)
            return self._keys[1]

    async def _redeem(self, metadata: _Metadata, begun: Begun, code: str) -> str:
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.facts.returning,
            "code_verifier": begun.verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        name, secret = self.facts.client_id, self.facts.client_secret
        if "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            pair = f"{quote(name, safe='')}:{quote(secret, safe='')}"  # RFC 6749, 2.3.1
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            fields |= {"client_id": name, "client_secret": secret}
        answer = await self._ask("POST", metadata.token_endpoint, headers, urlencode(fields).encode())
        if answer.status in {400, 401}:
            raise NotAllowedError("the provider does not honour the code")
        return self._read(_Tokens, answer).id_token

    async def _ask(
        self, method: str, address: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        if self._clock() < self._rests_until:
            raise UnreachableError("the identity provider has just given no answer")
        try:
            async with asyncio.timeout(ASK_SECONDS):
                return await self._send(method, address, headers or {"Accept": "application/json"}, body)
        except (EgressRefusedError, UnreachableError, TimeoutError) as error:
            self._rests_until = self._clock() + REST_SECONDS
            raise _failed(f"the identity provider does not answer: {type(error).__name__}") from error

    def _read(self, model: type[ModelT], answer: Answer) -> ModelT:
        if answer.status != HTTPStatus.OK:
            raise _failed(f"the identity provider answers with status {answer.status}")
        try:
            return model.model_validate_json(answer.body)
        except (ValidationError, ValueError) as error:
            raise _failed(f"the identity provider's answer cannot be read: {type(error).__name__}") from error

    def _check(self, found: _Metadata) -> None:
        scheme = urlsplit(self.facts.issuer).scheme
        addresses = (found.authorization_endpoint, found.token_endpoint, found.jwks_uri)
        if found.issuer != self.facts.issuer or not all(_usable(one, scheme) for one in addresses):
            raise _failed("the identity provider's configuration is of another, or names addresses of no use")

    def _read_keys(self, answer: Answer) -> KeySet:
        try:
            told: dict[str, Any] = json.loads(answer.body) if answer.status == HTTPStatus.OK else {}
            # A key for sealing or for a shared secret signs nothing that we believe.
            signing = [one for one in told["keys"] if one.get("use") != "enc" and one.get("kty") in {"RSA", "EC"}]
            return KeySet.import_key_set({"keys": signing[:MOST_KEYS]})
        except (JoseError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise _failed("the identity provider's keys cannot be read") from error


def name_in(claims: Mapping[str, Any], claim: Literal["email", "preferred_username"]) -> str | None:
    """Return what the provider vouches for as somebody's name; an address that it has not verified is none."""
    if claim == "email" and claims.get("email_verified") is not True:
        return None
    name = claims.get(claim)
    return name if isinstance(name, str) and name and "\0" not in name else None


def _usable(address: str, scheme: str) -> bool:
    """Tell whether an address may be used: no weaker than the issuer's, and nothing in it that breaks a header."""
    parts = urlsplit(address)
    plain = address.isascii() and address.isprintable() and " " not in address
    return plain and parts.scheme in {"https", scheme} and bool(parts.netloc) and not parts.fragment


def _failed(message: str) -> UnreachableError:
    log.error(Event.PROVIDER_FAILED, why=message)
    return UnreachableError(message)


def _base64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
