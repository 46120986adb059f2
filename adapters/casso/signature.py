"""X-Casso-Signature: `t=` milliseconds `,v1=` hexadecimal HMAC-SHA512 of `t.` and the body written anew (version 2).

Version 1 signs nothing: its `secure-token` header holds the secret itself.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from adapters.casso.canonical import write
from adapters.signing import refuse_stale, signing_key
from paygate.domain.errors import InvalidInputError, NotAuthenticError

SIGNATURE_HEADER: Final = "x-casso-signature"
TOKEN_HEADER: Final = "secure-token"  # noqa: S105 -- the name of a header

_HEADER = re.compile(r"t=(?P<sent_at>[0-9]{1,15})(?P<signatures>(?:,v1=[0-9a-f]{128})+)\Z")
_MILLISECONDS: Final = 1000


def string_to_sign(sent_at: str, message: Mapping[str, Any]) -> str:
    """Return what Casso signs of a message sent at that Unix time in milliseconds.

    Raises:
        InvalidInputError: the message has no one writing.
    """
    return f"{sent_at}.{write(message)}"


def sign(text: str, secret: bytes) -> str:
    """Return the signature of a string to sign."""
    return hmac.digest(secret, text.encode(), "sha512").hex()


def key_that_signed(header: str, message: Mapping[str, Any], secrets: Sequence[bytes], now: datetime) -> int:
    """Return the number of the secret that signed.

    Raises:
        NotAuthenticError: the header is missing or malformed, the time is off, or no secret signed.
    """
    presented = _HEADER.match(header)
    if presented is None:
        raise NotAuthenticError(f"{SIGNATURE_HEADER} is missing or malformed")
    sent_at = presented["sent_at"]
    refuse_stale(int(sent_at) // _MILLISECONDS, now)
    try:
        text = string_to_sign(sent_at, message)
    except InvalidInputError as error:
        raise NotAuthenticError(str(error)) from None
    signatures = presented["signatures"].removeprefix(",v1=").split(",v1=")
    return signing_key([sign(text, secret).encode() for secret in secrets], [one.encode() for one in signatures])


def refuse_other_token(presented: str, token: bytes) -> None:
    """Check the static token. It says who sent, not what: whoever can alter the body on its way is believed.

    Raises:
        NotAuthenticError: there is none, or another one.
    """
    if not hmac.compare_digest(token, presented.encode("utf-8", "replace")):
        raise NotAuthenticError("not the configured token")
