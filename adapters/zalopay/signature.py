"""mac = lower-case hexadecimal HMAC-SHA256 of the text `data`, with key2. Queries are signed alike, with key1."""

import hmac
from collections.abc import Sequence

from adapters.signing import signing_key
from adapters.zalopay.payloads import Envelope


def sign(text: str, key: bytes) -> str:
    """Return the mac of a text."""
    return hmac.digest(key, text.encode(), "sha256").hex()


def key_that_signed(envelope: Envelope, keys: Sequence[bytes]) -> int:
    """Return the number of the key2 that signed.

    Raises:
        NotAuthenticError: none did.
    """
    return signing_key([sign(envelope.data, key).encode() for key in keys], (envelope.mac.encode(),))
