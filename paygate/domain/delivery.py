"""What becomes of an attempt to deliver an event, decided from the answer alone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Final

RETRY_SECONDS: Final = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Upper bound of the pause after each failed attempt (Standard Webhooks); the pause is drawn evenly from 0 to it (full
jitter), and is longer where the receiver asked for it. An event that fails once more than the table is long is a dead
letter: after 75 h 35 min at most, where nobody asked for more."""
RETRY_AFTER_LIMIT: Final = 86_400.0
"""The longest a receiver may ask us to wait."""
REFUSED_SECONDS: Final = 60.0
"""Until a delivery that may not leave is looked at again: somebody may have put the name or the configuration right."""

_SECONDS_DIGITS: Final = 9
"""Digits of a number of seconds worth reading; more is longer than the limit, or a nuisance."""

Draw = Callable[[float], float]
"""Returns a pause between 0 and the given number of seconds."""


class LetterState(StrEnum):
    """A dead letter: given up, to be tried again as a person wishes, or delivered after all."""

    DEAD = "dead"
    DUE = "due"
    DELIVERED = "delivered"


class Fate(StrEnum):
    """What became of an attempt."""

    DELIVERED = "delivered"
    FAILED = "failed"
    DEAD = "dead"
    GONE = "gone"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A fate, why, how often it has failed by now, and in how many seconds to try again."""

    fate: Fate
    reason: str = ""
    failed: int = 0
    pause: float = 0.0


def judge_answer(status: int, retry_after: str | None, failed: int, now: datetime, draw: Draw) -> Verdict:
    """Judge an answer to an event that had failed so often before. Any 2xx is thanks; 410 wants no more, ever."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Verdict(Fate.DELIVERED)
    if status == HTTPStatus.GONE:
        return Verdict(Fate.GONE, "answered 410: it wants no more", failed)
    return judge_failure(f"answered {status}", failed, draw, wait_asked(retry_after, now))


def judge_failure(reason: str, failed: int, draw: Draw, asked: float = 0.0) -> Verdict:
    """Say when to try again, or that it is over."""
    if failed >= len(RETRY_SECONDS):
        return Verdict(Fate.DEAD, reason, failed + 1)
    return Verdict(Fate.FAILED, reason, failed + 1, max(draw(RETRY_SECONDS[failed]), asked))


def judge_refusal(reason: str, failed: int) -> Verdict:
    """Hold what may not leave: no fault of the receiver's, hence no attempt."""
    return Verdict(Fate.REFUSED, reason, failed, REFUSED_SECONDS)


def wait_asked(retry_after: str | None, now: datetime) -> float:
    """Return the seconds a `Retry-After` asks for, given as seconds or as a date; 0 where it says nothing we read."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text) if len(text) <= _SECONDS_DIGITS else RETRY_AFTER_LIMIT
    else:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return 0.0
        seconds = ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()
    return min(max(seconds, 0.0), RETRY_AFTER_LIMIT)
