"""signature = lower-case hexadecimal HMAC-SHA256 of the fields of `data` as raw pairs, sorted by name."""

import hmac
import re
from collections.abc import Mapping, Sequence

from adapters.payos.payloads import Webhook
from adapters.raw_pairs import join, refuse_twins
from adapters.signing import signing_key

_SEPARATOR = re.compile(r"&[A-Za-z][A-Za-z0-9_]*=")
"""The names are signed along with the values and any may come, so that a pair can begin at whatever looks like one."""


def string_to_sign(values: Mapping[str, str]) -> str:
    """Return what payOS signs."""
    return join(sorted(values.items()))


def sign(text: str, secret: bytes) -> str:
    """Return the signature of a string to sign."""
    return hmac.digest(secret, text.encode(), "sha256").hex()


def key_that_signed(webhook: Webhook, secrets: Sequence[bytes]) -> int:
    """Return the number of the secret that signed.

    Raises:
        NotAuthenticError: none did, or a value holds what could begin another field.
    """
    text = string_to_sign(webhook.values)
    refuse_twins(text, max(len(webhook.values), 1), _SEPARATOR)
    return signing_key([sign(text, secret).encode() for secret in secrets], (webhook.signature.encode(),))
