"""Asking a source what became of a payment: what is asked, when again, how often, and when a source is left in peace.

Decisions alone: facts in, facts out, the clock an argument. The tables below are the whole policy.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from paygate.domain.lifecycle import MONEY_CAME, Outcome, PaymentState
from paygate.domain.notice import NoticeFacts

GRACE_SECONDS: Final = 120
"""From the beginning of a payment to the first question: most notices come before it."""
ASK_SECONDS: Final = (120, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400)
"""Upper bound of the pause after each question that was not answered for good; the last one repeats until the expiry.
The pause is drawn evenly from 0 to it (full jitter), and `SHORTEST_SECONDS` are added."""
SHORTEST_SECONDS: Final = 30
SWEEP_ATTEMPTS: Final = 6
"""Questions that a nightly sweep puts about one payment before it leaves the rest to the next night."""

BREAK_AFTER: Final = 5
"""Failures in a row after which a source is left in peace."""
REST_SECONDS: Final = (30, 60, 120, 300, 600)
"""How long, after each failure from then on; the last one repeats. Then one question probes."""


class InquiryState(StrEnum):
    """Where an inquiry stands: asked on, settled by a result, or given up at its expiry with no result."""

    OPEN = "open"
    SETTLED = "settled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Asked:
    """A payment that a source is asked about.

    `question_id` is this question's own, letters and digits. `begun_at` is when the payment was begun as far as we
    know: as the agency says, else when it registered the reference, else when the first notice says it happened.
    """

    reference: str
    begun_at: datetime
    question_id: str

    def as_headers(self) -> Mapping[str, str]:
        """Write it as what is kept beside an answer, which cannot be understood without it."""
        return {"reference": self.reference, "begun_at": self.begun_at.isoformat(), "question_id": self.question_id}

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> Self:
        return cls(headers["reference"], datetime.fromisoformat(headers["begun_at"]), headers["question_id"])


@dataclass(frozen=True, slots=True)
class Query:
    """One question as it is sent to the source's `query_url`. Its headers may hold a secret: they are never logged."""

    body: bytes
    headers: Mapping[str, str]
    method: str = "POST"


def pause_after(attempts: int, drawn: float) -> float:
    """Return the seconds to wait after the `attempts`-th question; `drawn` lies between 0 and 1."""
    bound = ASK_SECONDS[min(attempts, len(ASK_SECONDS)) - 1]
    return SHORTEST_SECONDS + bound * drawn


def rest_after(failures: int) -> int:
    """Return for how many seconds a source is left in peace after so many failures in a row; 0: it is not."""
    if failures < BREAK_AFTER:
        return 0
    return REST_SECONDS[min(failures - BREAK_AFTER, len(REST_SECONDS) - 1)]


@dataclass(frozen=True, slots=True)
class Pace:
    """What a source has had of us: `free_at` is when the last question granted is paid for, at its rate."""

    free_at: datetime
    failures: int = 0
    rests_until: datetime | None = None

    @property
    def broken(self) -> bool:
        return self.failures >= BREAK_AFTER

    def grant(self, now: datetime, rate: float, most: int) -> tuple[int, "Pace"]:
        """Return how many questions may leave now, and the pace once they have.

        In any stretch of time no more leave than `rate` times its seconds and one second's worth beside. A source that
        failed too often gets none while it rests, then one, and no second one before that has had time to be answered.
        """
        if self.broken:
            if self.rests_until is not None and now < self.rests_until:
                return 0, self
            most = min(most, 1)
        start = max(self.free_at, now)
        granted = max(0, min(most, int((now - start).total_seconds() * rate + max(1.0, rate))))
        rests_until = now + timedelta(seconds=REST_SECONDS[0]) if self.broken and granted else self.rests_until
        return granted, Pace(start + timedelta(seconds=granted / rate), self.failures, rests_until)


class Learned(StrEnum):
    """How much an answer settled."""

    NOTHING = "nothing"
    STILL_PENDING = "still_pending"
    A_RESULT = "a_result"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an inquiry stands, and when it is asked next; None: there is nothing to ask."""

    state: InquiryState
    attempts: int
    expires_at: datetime
    next_ask_at: datetime | None = None

    def after(self, learned: Learned, now: datetime, drawn: float) -> "Standing":
        """Return where it stands after one more question.

        What is open is asked until its expiry and then given up, by name and not in silence; a result closes it as soon
        as the ledger holds it, and until then the pause goes on. What was closed was asked for a sweep, once.
        """
        attempts = self.attempts + 1
        later = now + timedelta(seconds=pause_after(attempts, drawn))
        if self.state is not InquiryState.OPEN:
            done = learned is not Learned.NOTHING or attempts >= SWEEP_ATTEMPTS
            return replace(self, attempts=attempts, next_ask_at=None if done else later)
        if learned is Learned.A_RESULT:
            return replace(self, attempts=attempts, next_ask_at=later)
        if now >= self.expires_at:
            return replace(self, state=InquiryState.EXPIRED, attempts=attempts, next_ask_at=None)
        return replace(self, attempts=attempts, next_ask_at=min(later, self.expires_at))


def learned_from(facts: NoticeFacts) -> Learned:
    """Say how much an answer settles."""
    unsettled = facts.state in {PaymentState.INITIATED, PaymentState.PENDING}
    return Learned.STILL_PENDING if unsettled else Learned.A_RESULT


def weigh(facts: NoticeFacts, expected: int | None) -> tuple[NoticeFacts, bool]:
    """Return what is believed of an answer, and whether it contradicts what is known.

    That money came is believed of the amount that was to be paid and of no other: an answer of another amount leaves
    the payment pending, and is shown to people. Where no money came there is no amount but the one that was to be paid,
    whatever the source writes there. `expected` None: no amount is known.
    """
    if expected is None or facts.amount == expected:
        return facts, False
    if facts.state not in MONEY_CAME:
        return facts._replace(amount=expected), False
    said = f"answered as {facts.state}, but with another amount than was to be paid"
    return facts._replace(state=PaymentState.PENDING, outcome=Outcome.PENDING, alarm=said), True
