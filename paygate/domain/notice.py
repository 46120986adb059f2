"""A payment notice: what arrived, what it says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from paygate.domain.errors import UnreadableNoticeError
from paygate.domain.lifecycle import NoticeState, Outcome, PaymentState

NO_HEADERS: Mapping[str, str] = MappingProxyType({})

QUERY = "QUERY"
"""The method of what did not arrive by itself: the source's answer to a question of ours."""

STATEMENT = "STATEMENT"
"""The method of what no source sent: that the bank has booked the money of a payment which waited for it."""

UNSIGNED = -1
"""The key id of what no source signs: of an answer, for which the connection we made vouches, and of booked money."""

_OUR_WORDING = frozenset({QUERY, STATEMENT})


class RawNotice(NamedTuple):
    """A notice as received and not yet believed.

    `body` is the request's body, or for a GET its undecoded query string. `headers` holds only those that the
    adapter asks for in `signed_headers`, their names in lower case. Of an answer (`QUERY`) they hold what was asked,
    of booked money (`STATEMENT`) the payment it is for.
    """

    method: str
    body: bytes
    headers: Mapping[str, str] = NO_HEADERS


class Verified(NamedTuple):
    """A notice whose signature holds.

    `key_id` counts the source's secrets from 0, or is `UNSIGNED`; `payload` is what `translate` reads, or `Several`
    of it.
    """

    key_id: int
    payload: object


class Part(NamedTuple):
    """What a notice says of one payment among several. `words` are the same whatever stands beside it."""

    words: bytes
    payload: object


@dataclass(frozen=True, slots=True)
class Several:
    """The payload of a notice that tells of several payments, each translated, stored and judged by itself."""

    parts: tuple[Part, ...]


class NoticeFacts(NamedTuple):
    """What an authentic notice says of one payment. `amount` is in minor units, `occurred_at` is aware.

    `alarm` says why somebody should look although the notice was understood, for example an unlisted result code.
    """

    reference: str
    transaction_id: str
    state: PaymentState
    outcome: Outcome
    amount: int
    currency: str
    occurred_at: datetime | None
    dossier_code: str | None = None
    description: str = ""
    alarm: str | None = None


class Reply(NamedTuple):
    """An answer in the source's own words."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"


class Stored(StrEnum):
    """What storing a notice came to."""

    NEW = "new"
    REPEAT = "repeat"
    CONFLICT = "conflict"


class ReceivedNotice(NamedTuple):
    """An authentic notice as the inbox stores it, its fields in the order of the insert's arguments.

    `body` is the whole body, `body_hash` that of the words which tell of this payment: of all of them, in most notices.
    The translation's fields are None in a notice that is quarantined or tells of no payment; `reason` says why.
    """

    tenant_id: int
    source_id: int
    dedupe_key: bytes
    body_hash: bytes
    conflicting: bool
    method: str
    body: bytes
    headers: str | None
    key_id: int
    request_id: str
    received_at: datetime
    state: NoticeState
    reason: str | None
    reference: str | None = None
    transaction_id: str | None = None
    said_state: PaymentState | None = None
    outcome: Outcome | None = None
    amount: int | None = None
    currency: str | None = None
    occurred_at: datetime | None = None
    dossier_code: str | None = None
    description: str | None = None
    alarm: str | None = None

    def telling(self, facts: NoticeFacts) -> Self:
        """Return it with its translation, whose fields follow each other as those of the facts do."""
        told: dict[str, Any] = dict(zip(self._fields[-len(facts) :], facts, strict=True))
        return self._replace(**told)


def payload_told(payload: object, body_hash: bytes) -> object:
    """Return what a stored notice tells: its payload, or that part of it whose words have the stored hash.

    Raises:
        UnreadableNoticeError: no part has; the whole was stored as one, before anybody could take it apart.
    """
    if not isinstance(payload, Several):
        return payload
    for part in payload.parts:
        if sha256(part.words).digest() == body_hash:
            return part.payload
    raise UnreadableNoticeError("it tells of several payments and was stored as one: have its source send it again")


def dedupe_key(facts: NoticeFacts) -> bytes:
    """Identify the news a notice brings: the same payment in the same state with the same outcome is a repeat."""
    reference, transaction_id = facts.reference, facts.transaction_id
    # Each part that may hold anything is preceded by its length, so that no two identities read the same.
    text = f"{len(reference)}:{reference}{len(transaction_id)}:{transaction_id}{facts.state}:{facts.outcome}"
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


class Told(NamedTuple):
    """A notice as far as two of one identity are compared."""

    method: str
    body_hash: bytes
    amount: int | None
    currency: str | None


class Relation(StrEnum):
    """What a later notice is to the first one of its identity."""

    REPEATS = "repeats"
    AGREES = "agrees"
    CONTRADICTS = "contradicts"


def relation(first: Told, later: Told) -> Relation:
    """Compare two notices of one identity; the inbox's query does the same.

    A source that sends a notice again sends the same bytes, and anything else is suspect. An answer is worded anew each
    time, and otherwise than the notice: there the money alone is compared, and so where the bank has booked it. An
    answer that agrees is a repeat; a notice that agrees with an answer is kept beside it, for it was acknowledged.
    """
    if first.body_hash == later.body_hash:
        return Relation.REPEATS
    if _OUR_WORDING.isdisjoint({first.method, later.method}) or first[2:] != later[2:]:
        return Relation.CONTRADICTS
    return Relation.REPEATS if later.method in _OUR_WORDING else Relation.AGREES


def twin_key(key: bytes, told: Told) -> bytes:
    """Identify a notice that is kept beside the first one of the same identity.

    Answers that contradict it in the same way are one, however they are worded.
    """
    content = f"{told.amount}{told.currency}".encode() if told.method in _OUR_WORDING else told.body_hash
    return sha256(key + content).digest()
