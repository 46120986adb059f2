"""MaXacThuc = lower-case hexadecimal SHA-256 of the signed fields and the secret, joined by `|`, nothing escaped."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from adapters.dvcqg.payloads import Confirm
from adapters.signing import signing_key
from paygate.domain.errors import NotAuthenticError

DELIMITER: Final = "|"


def sign(fields: Sequence[str], secret: bytes) -> str:
    """Return the MaXacThuc of fields in their signed order."""
    return sha256(DELIMITER.join((*fields, "")).encode() + secret).hexdigest()


def key_that_signed(confirm: Confirm, secrets: Sequence[bytes]) -> int:
    """Return the number of the secret that signed.

    Raises:
        NotAuthenticError: none did, or a field holds the delimiter. `…712|A`, `B` and `…712`, `A|B` have one
            signature, so it authenticates neither.
    """
    signed = DELIMITER.join(confirm[:-1])
    if signed.count(DELIMITER) != len(confirm) - 2:
        raise NotAuthenticError("a signed field holds the delimiter of the signature")
    message = (signed + DELIMITER).encode()
    computed = [sha256(message + secret).hexdigest().encode() for secret in secrets]
    return signing_key(computed, (confirm.signature.encode(),))
