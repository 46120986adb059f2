"""How simulators bring facts into the forms their sources write: numbers, whole seconds, codes of a pattern."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Final

from paygate.domain.errors import InvalidInputError
from paygate.domain.lifecycle import MONEY_CAME, Outcome, PaymentState
from paygate.domain.notice import NoticeFacts

MONEY_IN: Final[Mapping[PaymentState, tuple[PaymentState, Outcome]]] = dict.fromkeys(
    MONEY_CAME, (PaymentState.PAID, Outcome.PAID)
) | dict.fromkeys((PaymentState.INITIATED, PaymentState.PENDING), (PaymentState.PENDING, Outcome.PENDING))
"""What who watches an account can say of a payment: that money came, or a word nobody lists; of a failure, nothing."""

GATEWAY_FAULT: Final = (PaymentState.FAILED, Outcome.GATEWAY_FAULT)

_ATTEMPTS: Final[Mapping[PaymentState, tuple[PaymentState, Outcome]]] = {
    PaymentState.ABANDONED: (PaymentState.ABANDONED, Outcome.PAYER_LEFT),
    PaymentState.EXPIRED: (PaymentState.EXPIRED, Outcome.PAYER_LEFT),
    PaymentState.FAILED: (PaymentState.FAILED, Outcome.DECLINED),
} | dict.fromkeys(MONEY_CAME, (PaymentState.PAID, Outcome.PAID))

NUMBER_DIGITS: Final = 15
"""Digits of a number that stands for another id: what a double holds exactly, and so every reader of JSON."""

REPEATED_AT_MOST: Final = 20
"""Characters written where a pattern sets no bound, or a higher one."""

_PRINTABLE: Final = [chr(code) for code in range(0x21, 0x7F)]
_PIECE: Final = re.compile(
    r"(?P<atom>\[\^?\]?(?:\\.|[^\]\\])*\]|\\[dwAZ.\-]|[^\\^$|?*+(){}\[\]])"
    r"(?:(?P<sign>[?*+])|\{(?P<least>\d+)(?P<range>,(?P<most>\d*))?\})?"
)


def attempt(facts: NoticeFacts) -> tuple[PaymentState, Outcome]:
    """Return what a gateway with a code for every end of an attempt says of one."""
    if (facts.state, facts.outcome) == GATEWAY_FAULT:
        return GATEWAY_FAULT
    return _ATTEMPTS.get(facts.state, (PaymentState.PENDING, Outcome.PENDING))


def number(text: str, digits: int = NUMBER_DIGITS) -> str:
    """Return a positive number of at most that many digits for an id: itself where it is one, else one of its own."""
    if text.isascii() and text.isdigit() and text[0] != "0" and len(text) <= digits:
        return text
    return str(int.from_bytes(sha256(text.encode()).digest()) % (10 ** min(digits, NUMBER_DIGITS) - 1) + 1)


def whole_second(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(microsecond=0)


def whole_millisecond(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def code(text: str, pattern: re.Pattern[str]) -> str:
    """Return the text where it is a code of the pattern, else such a code, always the same one for the same text.

    Raises:
        InvalidInputError: the pattern is more than characters and classes in a row, each so many times.
    """
    if pattern.fullmatch(text):
        return text
    drawn = _drawn(text)
    written = "".join(_written(piece, drawn) for piece in _pieces(pattern.pattern))
    if not pattern.fullmatch(written):
        raise InvalidInputError(f"no code can be made up that is of the pattern {pattern.pattern}")
    return written


def _pieces(pattern: str) -> Iterator[re.Match[str]]:
    place = 0
    while place < len(pattern):
        piece = _PIECE.match(pattern, place)
        if piece is None:
            raise InvalidInputError(f"no code can be made up that is of the pattern {pattern}")
        yield piece
        place = piece.end()


def _written(piece: re.Match[str], drawn: Iterator[int]) -> str:
    atom = re.compile(piece["atom"], re.ASCII)
    alphabet = [character for character in _PRINTABLE if atom.fullmatch(character)]
    return "".join(alphabet[next(drawn) % len(alphabet)] for _ in range(_times(piece))) if alphabet else ""


def _times(piece: re.Match[str]) -> int:
    if piece["least"] is None:
        return {"?": 0, "*": REPEATED_AT_MOST, "+": REPEATED_AT_MOST}.get(piece["sign"], 1)
    least = int(piece["least"])
    if piece["range"] is None:
        return least
    return max(least, min(int(piece["most"] or REPEATED_AT_MOST), REPEATED_AT_MOST))


def _drawn(text: str) -> Iterator[int]:
    """Yield bytes that follow from the text alone, without end."""
    digest = text.encode()
    while True:
        digest = sha256(digest).digest()
        yield from digest
