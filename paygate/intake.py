"""What happens to one notice: verified, translated, stored, and only then acknowledged in its source's words."""

import json
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final, NamedTuple, Protocol, Self

from prometheus_client import Counter

from paygate.domain.adapter import Adapter
from paygate.domain.errors import NotAuthenticError, UnreadableNoticeError
from paygate.domain.lifecycle import NoticeState
from paygate.domain.notice import NoticeFacts, RawNotice, ReceivedNotice, Reply, Stored, dedupe_key
from paygate.domain.parties import Source
from paygate.telemetry import NOTICES, Event, log

OUTCOMES: Final = ("stored", "repeated", "conflicting", "quarantined", "unauthentic", "refused", "unavailable")
"""What can become of a notice, as counted."""

_COUNTED_AS: Final = {Stored.NEW: "stored", Stored.REPEAT: "repeated", Stored.CONFLICT: "conflicting"}


class Inbox(Protocol):
    """Where notices are stored."""

    def put(self, notice: ReceivedNotice) -> Awaitable[Stored]:
        """Return, once the notice is committed, whether it was new."""


@dataclass(frozen=True, slots=True)
class Sender:
    """A configured source, the adapter that reads it, and its counters by outcome."""

    source: Source
    adapter: Adapter
    counted: Mapping[str, Counter]

    @classmethod
    def of(cls, source: Source, adapter: Adapter) -> Self:
        return cls(source, adapter, {outcome: NOTICES.labels(source.code, outcome) for outcome in OUTCOMES})


class _Arrival(NamedTuple):
    """An authentic notice as it came."""

    sender: Sender
    raw: RawNotice
    key_id: int
    now: datetime
    request_id: str


async def receive(inbox: Inbox, sender: Sender, raw: RawNotice, now: datetime, request_id: str) -> Reply:
    """Take in one notice and return the reply to send.

    Raises:
        TemporaryError: it could not be stored, and is to be sent again.
    """
    try:
        verified = sender.adapter.verify(raw, now)
    except NotAuthenticError as error:
        sender.counted["unauthentic"].inc()
        log.warning(Event.NOTICE_UNAUTHENTIC, source=sender.source.code, request_id=request_id, reason=str(error))
        return sender.adapter.refuse()
    notice = _translated(_Arrival(sender, raw, verified.key_id, now, request_id), verified.payload)
    stored = await inbox.put(notice)
    _tell(sender, notice, stored)
    return sender.adapter.acknowledge(verified.payload, repeated=stored is Stored.REPEAT)


def _translated(arrival: _Arrival, payload: object) -> ReceivedNotice:
    """Say what the notice says; what cannot be understood is kept too, with the reason."""
    try:
        facts = arrival.sender.adapter.translate(payload)
    except UnreadableNoticeError as error:
        return _quarantined(arrival, str(error))
    except Exception as error:  # noqa: BLE001 -- authentic news is never lost to a mistake in a translation
        source = arrival.sender.source.code
        log.error(Event.UNHANDLED, source=source, request_id=arrival.request_id, error=type(error).__name__)
        return _quarantined(arrival, f"{type(error).__name__} while translating")
    return _understood(arrival, facts)


def _understood(arrival: _Arrival, facts: NoticeFacts) -> ReceivedNotice:
    sender, raw, key_id, now, request_id = arrival
    # In the order of the fields: naming two dozen of them would cost more than checking the signature.
    return ReceivedNotice(
        sender.source.tenant.tenant_id,
        sender.source.source_id,
        dedupe_key(facts),
        sha256(raw.body).digest(),
        False,  # noqa: FBT003 -- as above
        raw.method,
        raw.body,
        _headers(raw),
        key_id,
        request_id,
        now,
        NoticeState.RECEIVED,
        None,
        facts.reference,
        facts.transaction_id,
        facts.state,
        facts.outcome,
        facts.amount,
        facts.currency,
        facts.occurred_at,
        facts.dossier_code,
        facts.description,
        facts.alarm,
    )


def _quarantined(arrival: _Arrival, reason: str) -> ReceivedNotice:
    source, body_hash = arrival.sender.source, sha256(arrival.raw.body).digest()
    return ReceivedNotice(
        tenant_id=source.tenant.tenant_id,
        source_id=source.source_id,
        dedupe_key=body_hash,
        body_hash=body_hash,
        conflicting=False,
        method=arrival.raw.method,
        body=arrival.raw.body,
        headers=_headers(arrival.raw),
        key_id=arrival.key_id,
        request_id=arrival.request_id,
        received_at=arrival.now,
        state=NoticeState.QUARANTINED,
        # A reason may quote a field, and a field may hold what PostgreSQL's text cannot.
        reason=reason.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0"),
    )


def _headers(raw: RawNotice) -> str | None:
    return json.dumps(dict(raw.headers)) if raw.headers else None


def _tell(sender: Sender, notice: ReceivedNotice, stored: Stored) -> None:
    """Count what came, and name what somebody should look at."""
    if stored is Stored.NEW and notice.state is NoticeState.QUARANTINED:
        sender.counted["quarantined"].inc()
        _warn(Event.NOTICE_QUARANTINED, sender, notice, notice.reason)
        return
    sender.counted[_COUNTED_AS[stored]].inc()
    if stored is Stored.CONFLICT:
        _warn(Event.NOTICE_CONFLICT, sender, notice, None)
    if notice.alarm is not None and stored is not Stored.REPEAT:
        _warn(Event.NOTICE_ALARM, sender, notice, notice.alarm)


def _warn(event: Event, sender: Sender, notice: ReceivedNotice, reason: str | None) -> None:
    log.warning(event, source=sender.source.code, request_id=notice.request_id, reason=reason)
