"""webhook-signature: HMAC-SHA256 of `id.timestamp.body`, base64, as a list of `v1,…` (Standard Webhooks 1.0)."""

import hmac
import re
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from adapters.signing import refuse_stale, signing_key
from paygate.domain.errors import NotAuthenticError
from paygate.domain.notice import RawNotice

ID_HEADER: Final = "webhook-id"
TIME_HEADER: Final = "webhook-timestamp"
SIGNATURE_HEADER: Final = "webhook-signature"
HEADERS: Final = (ID_HEADER, TIME_HEADER, SIGNATURE_HEADER)

SCHEME: Final = "v1,"
"""The symmetric scheme. Others may stand beside it in the list and are passed over."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,128}\Z")
"""Without the full stop, which is the delimiter of what is signed."""
_SECONDS = re.compile(r"[0-9]{1,12}\Z")


def sign(message_id: str, sent_at: str, body: bytes, key: bytes) -> bytes:
    """Return the base64 signature of a message sent at that Unix time."""
    return b64encode(hmac.digest(key, f"{message_id}.{sent_at}.".encode() + body, "sha256"))


def signed_headers(message_id: str, sent_at: str, body: bytes, keys: Sequence[bytes]) -> dict[str, str]:
    """Return the headers of a message, signed with every live key: a receiver in rotation knows one of them."""
    signatures = (SCHEME + sign(message_id, sent_at, body, key).decode() for key in keys)
    return {ID_HEADER: message_id, TIME_HEADER: sent_at, SIGNATURE_HEADER: " ".join(signatures)}


def key_that_signed(raw: RawNotice, keys: Sequence[bytes], now: datetime) -> int:
    """Return the number of the key that signed.

    Raises:
        NotAuthenticError: a header is missing or malformed, the time is off, or no key signed.
    """
    message_id, sent_at = raw.headers.get(ID_HEADER, ""), raw.headers.get(TIME_HEADER, "")
    if not _ID.match(message_id):
        raise NotAuthenticError(f"{ID_HEADER} is missing or malformed")
    if not _SECONDS.match(sent_at):
        raise NotAuthenticError(f"{TIME_HEADER} is missing or not in seconds")
    refuse_stale(int(sent_at), now)
    computed = [sign(message_id, sent_at, raw.body, key) for key in keys]
    return signing_key(computed, _presented(raw.headers.get(SIGNATURE_HEADER, "")))


def _presented(header: str) -> list[bytes]:
    listed = [one.removeprefix(SCHEME) for one in header.split(" ") if one.startswith(SCHEME)]
    return [one.encode("ascii", "replace") for one in listed]
