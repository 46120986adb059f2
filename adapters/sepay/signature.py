"""X-SePay-Signature: `sha256=` and the hexadecimal HMAC-SHA256 of `timestamp.body`; or a static API key."""

import hmac
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from adapters.signing import refuse_stale, signing_key
from paygate.domain.errors import NotAuthenticError
from paygate.domain.notice import RawNotice

SIGNATURE_HEADER: Final = "x-sepay-signature"
TIME_HEADER: Final = "x-sepay-timestamp"
HEADERS: Final = (SIGNATURE_HEADER, TIME_HEADER)

API_KEY_HEADER: Final = "authorization"
API_KEY_SCHEME: Final = "Apikey "

SIGNATURE_PREFIX: Final = "sha256="

_SECONDS = re.compile(r"[0-9]{1,12}\Z")


def sign(sent_at: str, body: bytes, secret: bytes) -> str:
    """Return the X-SePay-Signature of a body sent at that Unix time."""
    return SIGNATURE_PREFIX + hmac.digest(secret, f"{sent_at}.".encode() + body, "sha256").hex()


def key_that_signed(raw: RawNotice, secrets: Sequence[bytes], now: datetime) -> int:
    """Return the number of the secret that signed.

    Raises:
        NotAuthenticError: a header is missing or malformed, the time is off, or no secret signed.
    """
    sent_at = raw.headers.get(TIME_HEADER, "")
    if not _SECONDS.match(sent_at):
        raise NotAuthenticError(f"{TIME_HEADER} is missing or not in seconds")
    refuse_stale(int(sent_at), now)
    presented = raw.headers.get(SIGNATURE_HEADER, "").encode("utf-8", "replace")
    return signing_key([sign(sent_at, raw.body, secret).encode() for secret in secrets], (presented,))


def refuse_other_key(raw: RawNotice, api_key: bytes) -> None:
    """Check the API key. It says who sent, not what: whoever can alter the body on its way is believed.

    Raises:
        NotAuthenticError: there is none, or another one.
    """
    presented = raw.headers.get(API_KEY_HEADER, "").encode("utf-8", "replace")
    if not hmac.compare_digest(API_KEY_SCHEME.encode() + api_key, presented):
        raise NotAuthenticError("not the configured API key")
