"""Suggestions: which open line may be which open payment's, with reasons in words. Shown to a person, never applied.

Two facts that come this far agree in account, amount and currency, and nothing names one in the other. What is left is
how near their days are, whether the sender is who the notice speaks of, and whether their words are alike.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from paygate.domain.text import reference_key
from reconciliation.rules.model import WHOLE, Suggestion

PIECE: Final = 6
"""Characters of a reference's piece: shorter ones stand in a narrative by chance."""
LEAST_LIKENESS: Final = 50
"""Of 100: of a name or a text less than half of which agrees, nothing is said."""
COMMON_WORDS: Final = frozenset(
    {
        "NOP",
        "PHI",
        "LE",
        "LEPHI",
        "HO",
        "SO",
        "HOSO",
        "HS",
        "THANH",
        "TOAN",
        "TT",
        "CHUYEN",
        "KHOAN",
        "TIEN",
        "CK",
        "CHO",
        "GD",
        "DVC",
        "ONLINE",
        "QUA",
        "TAI",
        "NGAY",
        "VND",
        "DONG",
    }
)
"""What payers and banks write of any payment of a fee: it tells none from another."""


@dataclass(frozen=True, slots=True)
class OpenPayment:
    """A payment without a line. `told` is what its notices say of it in the payer's or the source's words."""

    payment_id: int
    reference: str
    dossier_code: str | None
    business_date: date
    told: str


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A bank line without a payment."""

    line_id: int
    name: str
    booked_on: date
    counterparty: str
    narrative: str


@dataclass(frozen=True, slots=True)
class Why:
    """A reason, in the officers' language and in English. It never repeats a payer's name."""

    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Suggested:
    """A payment and a line that may belong together, out of 100, and why."""

    payment: OpenPayment
    line: OpenLine
    score: int
    why: tuple[Why, ...]


def suggest(pairs: Iterable[tuple[OpenPayment, OpenLine]], rule: Suggestion) -> Sequence[Suggested]:
    """Return the likeliest pairs, the best first, at most as many as the rule shows."""
    scored = [one for pair in pairs if (one := weigh(*pair, rule)) is not None and one.score >= rule.least_score]
    scored.sort(key=lambda one: (-one.score, one.line.booked_on, one.payment.payment_id, one.line.line_id))
    return scored[: rule.most]


def weigh(payment: OpenPayment, line: OpenLine, rule: Suggestion) -> Suggested | None:
    """Score a pair out of 100 and say why; None where the line is booked outside the rule's window."""
    days = (line.booked_on - payment.business_date).days
    if not rule.window_days.first <= days <= rule.window_days.last:
        return None
    near, sender, alike = _nearness(days, rule), _sender(payment, line), _likeness(payment, line)
    weights = rule.weights
    score = (near * weights.day + sender * weights.payer + alike * weights.narrative) // WHOLE
    why = [Why("cùng tài khoản và số tiền", "the same account and amount"), _say_days(days)]
    if sender:
        why.append(Why(f"tên người chuyển khớp {sender} %", f"the sender's name agrees by {sender} %"))
    if alike:
        why.append(Why(f"nội dung giống {alike} %", f"the words are alike by {alike} %"))
    return Suggested(payment, line, score, tuple(why))


def _nearness(days: int, rule: Suggestion) -> int:
    """Return 100 for the same day, less with every day, and more than 0 at the window's end."""
    reach = max(abs(rule.window_days.first), abs(rule.window_days.last)) + 1
    return WHOLE * (reach - abs(days)) // reach


def _say_days(days: int) -> Why:
    if days == 0:
        return Why("ghi sổ cùng ngày nộp", "booked on the day of payment")
    vi, en = ("sau", "after") if days > 0 else ("trước", "before")
    return Why(f"ghi sổ {abs(days)} ngày {vi} khi nộp", f"booked {abs(days)} days {en} payment")


def _sender(payment: OpenPayment, line: OpenLine) -> int:
    """Return how much of the sender's name stands among the words of the notice."""
    name = [word for word in _words(line.counterparty) if word.isalpha()]
    told = set(_words(payment.told))
    share = WHOLE * sum(word in told for word in name) // len(name) if len(name) > 1 else 0
    return share if share >= LEAST_LIKENESS else 0


def _likeness(payment: OpenPayment, line: OpenLine) -> int:
    """Return how alike the two texts are, or how much of the reference or the dossier code stands in the narrative."""
    mine, theirs = set(_words(payment.told)) - COMMON_WORDS, set(_words(line.narrative)) - COMMON_WORDS
    share = 2 * WHOLE * len(mine & theirs) // (len(mine) + len(theirs)) if mine and theirs else 0
    narrative = reference_key(line.narrative)
    keys = (reference_key(payment.reference), reference_key(payment.dossier_code or ""))
    share = max(share, *(_pieces_in(key, narrative) for key in keys))
    return share if share >= LEAST_LIKENESS else 0


def _pieces_in(key: str, narrative: str) -> int:
    pieces = [key[place : place + PIECE] for place in range(len(key) - PIECE + 1)]
    return WHOLE * sum(piece in narrative for piece in pieces) // len(pieces) if pieces else 0


def _words(text: str) -> list[str]:
    return [word for word in map(reference_key, text.split()) if word]
