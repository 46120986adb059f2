"""check_sum = hexadecimal HMAC-SHA256 of the configured fields, joined by `|`, nothing escaped."""

import hmac
from collections.abc import Sequence
from typing import Final

from adapters.keypay.payloads import Callback
from adapters.signing import signing_key
from paygate.domain.errors import NotAuthenticError

DELIMITER: Final = "|"

SIGNABLE: Final = tuple(field for field in Callback._fields if field != "check_sum")


def sign(values: Sequence[str], secret: bytes) -> str:
    """Return the check_sum of values in their signed order."""
    return hmac.digest(secret, DELIMITER.join(values).encode(), "sha256").hex()


def key_that_signed(callback: Callback, fields: Sequence[str], secrets: Sequence[bytes]) -> int:
    """Return the number of the secret that signed.

    Raises:
        NotAuthenticError: none did, or a signed field holds the delimiter, so that its neighbour could be read into
            it under the same signature.
    """
    values = [getattr(callback, field) for field in fields]
    if any(DELIMITER in value for value in values):
        raise NotAuthenticError("a signed field holds the delimiter of the signature")
    return signing_key([sign(values, secret).encode() for secret in secrets], (callback.check_sum.encode(),))
