"""signature = lower-case hexadecimal HMAC-SHA256 of `accessKey=…` and the signed fields as raw pairs.

The access key is never sent with a notification: it comes from the configuration.
"""

import hmac
import re
from collections.abc import Iterable, Sequence
from typing import Final

from adapters.momo.payloads import SIGNED_FIELDS, Ipn
from adapters.raw_pairs import join, refuse_twins
from adapters.signing import signing_key

ACCESS_KEY: Final = "accessKey"

_SEPARATOR = re.compile(f"&(?:{'|'.join(SIGNED_FIELDS)})=")
"""The names stand in a fixed order, so that a pair can begin at one of them alone: an honest `A & B` passes."""


def string_to_sign(access_key: str, pairs: Iterable[tuple[str, str]]) -> str:
    """Return what MoMo signs, of a notification or of a query, from pairs in the order of their names."""
    return join(((ACCESS_KEY, access_key), *pairs))


def sign(text: str, secret: bytes) -> str:
    """Return the signature of a string to sign."""
    return hmac.digest(secret, text.encode(), "sha256").hex()


def key_that_signed(ipn: Ipn, access_key: str, secrets: Sequence[bytes]) -> int:
    """Return the number of the secret that signed.

    Raises:
        NotAuthenticError: none did, or a field holds what could begin another field.
    """
    text = string_to_sign(access_key, zip(SIGNED_FIELDS, ipn, strict=False))  # the signature has no name there
    refuse_twins(text, len(SIGNED_FIELDS) + 1, _SEPARATOR)
    return signing_key([sign(text, secret).encode() for secret in secrets], (ipn.signature.encode(),))
