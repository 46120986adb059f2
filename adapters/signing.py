"""What every signature check shares: constant time, every live secret, a window of time."""

import hmac
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from paygate.domain.errors import NotAuthenticError

TOLERANCE_SECONDS: Final = 300
"""How far a sender's clock and ours may lie apart, to either side and inclusive (Standard Webhooks)."""

MAX_SIGNATURES: Final = 16
"""Signatures one notice may present: a sender in rotation sends two or three."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def signing_key(computed: Iterable[bytes], presented: Sequence[bytes]) -> int:
    """Return the number, from 0, of the secret whose computed signature was presented.

    Every computed signature is compared with every presented one, so that the time taken says nothing of which
    secret is live or how much of a guess was right.

    Raises:
        NotAuthenticError: none was presented, or too many were.
    """
    if len(presented) > MAX_SIGNATURES:
        raise NotAuthenticError(f"more than {MAX_SIGNATURES} signatures")
    found = [number for number, own in enumerate(computed) for given in presented if hmac.compare_digest(own, given)]
    if not found:
        raise NotAuthenticError("no live secret made this signature")
    return found[0]


def refuse_stale(sent_at: int, now: datetime) -> None:
    """Check a sender's Unix time, counted in whole seconds as it is sent: 300 away passes, 301 does not.

    Raises:
        NotAuthenticError: sent too long ago, or by a clock too far ahead.
    """
    whole_now = (now - _EPOCH) // timedelta(seconds=1)
    if abs(whole_now - sent_at) > TOLERANCE_SECONDS:
        raise NotAuthenticError(f"sent more than {TOLERANCE_SECONDS} s from now")
