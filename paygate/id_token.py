"""The word of an identity provider: an ID token, read as OpenID Connect Core 3.1.3.7 says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from paygate.domain.errors import NotAllowedError

ALGORITHMS: Final = ("RS256", "ES256", "PS256")
"""Signatures that are believed, whatever else a provider offers."""
LEEWAY_SECONDS: Final = 60
"""How far two clocks may be apart."""
LONGEST_SUBJECT: Final = 255


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must say: who it is from, for whom, in answer to which request, signed how."""

    issuer: str
    client_id: str
    nonce: str
    algorithms: Sequence[str]


class UnknownKeyError(NotAllowedError):
    """A token is signed by a key that the provider has not published, or not yet when we looked."""


def check_token(token: str, keys: KeySet, expected: Expected, now: datetime) -> Mapping[str, Any]:
    """Return the claims of a token that holds; `sub` is among them.

    Raises:
        UnknownKeyError: none of the keys is the one it names.
        NotAllowedError: it does not hold.
    """
    try:
        # An empty list would mean the library's own choice of algorithms.
        registry = JWSRegistry(algorithms=list(expected.algorithms) or ["none of ours"], strict_check_header=False)
        claims = jwt.decode(token, keys, registry=registry).claims
        _registry(expected, now).validate(claims)
    except InvalidKeyIdError as error:
        raise UnknownKeyError("the provider signs with a key it has not published") from error
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise NotAllowedError(f"the provider's token does not hold: {type(error).__name__}") from error
    _check_party(claims, expected)
    if not 0 < len(claims["sub"]) <= LONGEST_SUBJECT or "\0" in claims["sub"]:
        raise NotAllowedError("the provider's token names nobody")
    return claims


def _registry(expected: Expected, now: datetime) -> jwt.JWTClaimsRegistry:
    return jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": expected.issuer},
        aud={"essential": True, "value": expected.client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": expected.nonce},
    )


def _check_party(claims: Mapping[str, Any], expected: Expected) -> None:
    """Refuse a token that was made for another, though it may be meant for us as well."""
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    party = claims.get("azp")
    if (party is None and len(audience) > 1) or (party is not None and party != expected.client_id):
        raise NotAllowedError("the provider's token was made for another")
    if not isinstance(claims["nonce"], str):
        raise NotAllowedError("the provider's token answers no request of ours")
