"""What one-stop systems are told: the kinds of event, and the event itself."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final


class EventKind(StrEnum):
    """The state a payment has come to, money that a dossier does not show or shows at last, a flag that was wrong."""

    PAID = "payment.paid"
    REFUND_PENDING = "payment.refund_pending"
    PARTLY_REFUNDED = "payment.partly_refunded"
    REFUNDED = "payment.refunded"
    REVERSED = "payment.reversed"
    PAID_NOT_RECORDED = "dossier.paid_not_recorded"
    RECORDED = "dossier.paid_not_recorded.resolved"
    FLAG_CORRECTED = "dossier.flag_corrected"


_PATTERN: Final = re.compile(r"[a-z_]+(?:\.[a-z_]+)*(?:\.\*)?\Z|\*\Z")


def kinds_matching(patterns: Iterable[str]) -> frozenset[EventKind]:
    """Return the kinds that patterns like `payment.*`, `dossier.paid_not_recorded` and `*` name.

    Raises:
        ValueError: a pattern names none.
    """
    found: set[EventKind] = set()
    for pattern in patterns:
        named = {kind for kind in EventKind if _matches(pattern, kind)}
        if not named:
            raise ValueError(
                f"there is no type {pattern!r}; there is {', '.join(EventKind)}, payment.*, dossier.* and *"
            )
        found |= named
    return frozenset(found)


def _matches(pattern: str, kind: EventKind) -> bool:
    if not _PATTERN.match(pattern):
        return False
    return kind.startswith(pattern.removesuffix("*")) if pattern.endswith("*") else kind == pattern


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """An event of a tenant's feed.

    `event_id` is the same however often it is told; `data` tells of the payment in the words of the neutral body, or of
    the dossier.
    """

    sequence: int
    event_id: str
    kind: str
    recorded_at: datetime
    data: Mapping[str, Any]

    def shown(self) -> dict[str, Any]:
        """Return the event as the feed shows it."""
        return {
            "id": self.event_id,
            "sequence": self.sequence,
            "type": self.kind,
            "timestamp": self.recorded_at.isoformat(),
            "data": self.data,
        }

    def body(self) -> bytes:
        """Return the event as it is delivered: the same bytes every time."""
        return json.dumps(self.shown(), ensure_ascii=False, separators=(",", ":")).encode()
