"""check_sum = hexadecimal (in later versions base64) HMAC-SHA1 of the configured fields, with nothing between them.

access_code and merchant_code are known beforehand and separate what stands beside them. Otherwise characters may move
from a field to the next under the same signature. Where the amount is signed, that matters: in `order_id`
`payment_status` `trans_amount` `vt_transaction_id` the order `A1` paid with 2500 reads like the order `A` paid with
12500 or, at the other end, the amount takes digits of the transaction. Patterns of fixed length for order_id and
vt_transaction_id leave one reading; without them the bank's statement, which does not hold such an amount, tells.
"""

import base64
import hmac
from collections.abc import Sequence
from typing import Final

from adapters.signing import signing_key
from adapters.viettelpay.payloads import Result

ACCESS_CODE: Final = "access_code"
"""Signed with every message, sent with none."""

SIGNABLE: Final = (ACCESS_CODE, *(field for field in Result._fields if field != "check_sum"))


def sign(values: Sequence[str], secret: bytes) -> bytes:
    """Return the HMAC-SHA1 of values in their signed order."""
    return hmac.digest(secret, "".join(values).encode(), "sha1")


def key_that_signed(result: Result, fields: Sequence[str], access_code: str, secrets: Sequence[bytes]) -> int:
    """Return the number of the secret that signed.

    Raises:
        NotAuthenticError: none did.
    """
    values = [access_code if field == ACCESS_CODE else getattr(result, field) for field in fields]
    written = [form for secret in secrets for form in _written(sign(values, secret))]
    return signing_key(written, (result.check_sum.encode(),)) // len(_written(b""))


def _written(digest: bytes) -> tuple[bytes, bytes]:
    return digest.hex().encode(), base64.b64encode(digest)
