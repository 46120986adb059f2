"""A statement while it is read: what is counted, what is kept, and what makes a line the line it is."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from typing import Final

from paygate.domain.errors import InvalidInputError, UnreadableStatementError
from paygate.domain.money import MAX_TOTAL
from paygate.domain.statement import (
    HandoverLine,
    RefusedRow,
    SettlementLine,
    StatementEnd,
    StatementHead,
    StatementLine,
    StatementPart,
    StatementSummary,
    Warned,
)

MAX_STATEMENTS: Final = 10_000
"""In one file."""

MAX_KEPT: Final = 1_000
"""Refused rows, and warnings, that a statement names one by one; the rest are counted."""

MAX_REFERENCE: Final = 500
"""Characters: what an index entry holds, and some ten times what any format allows."""


@dataclass(slots=True)
class Reading:
    """A statement as far as it has been read."""

    summary: StatementSummary
    period_from: date | None
    period_to: date | None
    refused: int = 0
    warned: int = 0

    def refuse(self, row: RefusedRow) -> None:
        self.refused += 1
        if self.refused <= MAX_KEPT:
            self.summary.refused.append(row)

    def warn(self, text: str) -> None:
        self.warned += 1
        if self.warned <= MAX_KEPT:
            self.summary.warnings.append(text)

    def count(self, line: StatementLine) -> None:
        self.summary.lines += 1
        self.summary.total += line.amount

    def end(self, end: StatementEnd) -> None:
        summary = self.summary
        summary.opening = summary.opening if end.opening is None else end.opening
        summary.closing = summary.closing if end.closing is None else end.closing
        summary.account = end.account or summary.account
        summary.currency = end.currency or summary.currency
        summary.entries = summary.lines + self.refused if end.entries is None else end.entries
        summary.trailer_agrees = end.trailer_agrees
        self.period_from = end.period_from or self.period_from
        self.period_to = end.period_to or self.period_to

    def finish(self) -> StatementSummary:
        """Say what is wrong with the whole.

        Raises:
            InvalidInputError: a sum that no ledger holds.
        """
        summary = self.summary
        if any(abs(amount or 0) > MAX_TOTAL for amount in (summary.total, summary.opening, summary.closing)):
            raise InvalidInputError(f"the amounts of statement {summary.identification!r} add up to more than is kept")
        for count, what in ((self.refused, "rows were refused"), (self.warned, "warnings were given")):
            if count > MAX_KEPT:
                summary.warnings.append(f"{count - MAX_KEPT} more {what}")
        if summary.balanced is False and summary.trailer_agrees is not False:
            summary.warnings.append(
                f"opening {summary.opening} and lines {summary.total} do not make closing {summary.closing}"
            )
        return summary


def read_lines(parts: Iterable[StatementPart], readings: list[Reading]) -> Iterator[tuple[int, StatementLine, bytes]]:
    """Yield every line that can be stored, with its statement's ordinal and its identity; note all else in `readings`.

    Raises:
        UnreadableStatementError: the file is refused as a whole.
    """
    for part in parts:
        if isinstance(part, StatementLine):
            reading = readings[-1]
            try:
                identity = identify(part)
            except InvalidInputError as error:
                reading.refuse(RefusedRow(part.row, str(error)))
                continue
            reading.count(part)
            yield len(readings) - 1, part, identity
        elif isinstance(part, StatementHead):
            if len(readings) == MAX_STATEMENTS:
                raise UnreadableStatementError(f"it holds more than {MAX_STATEMENTS} statements")
            readings.append(_open(part))
        elif isinstance(part, RefusedRow):
            readings[-1].refuse(part)
        elif isinstance(part, Warned):
            readings[-1].warn(part.text)
        else:
            readings[-1].end(part)


def _open(head: StatementHead) -> Reading:
    summary = StatementSummary(
        head.account,
        head.identification,
        head.currency,
        opening=head.opening,
        closing=head.closing,
        sequence=head.sequence,
        page=head.page,
        leg=head.leg,
        layout=head.layout,
        kind=head.kind,
        source=head.source,
    )
    return Reading(summary, head.period_from, head.period_to)


def identify(line: StatementLine) -> bytes:
    """Return the hash of what a line says. Where it stood, when it is valued and how it was read do not count.

    Raises:
        InvalidInputError: it cannot be stored.
    """
    said: tuple[str, ...] = (line.currency, line.bank_reference, line.reference, line.narrative, line.counterparty)
    if type(line) is not StatementLine:
        said += _more_said(line)
    facts = "\0".join((line.booked_on.isoformat(), str(line.amount), *said))
    if facts.count("\0") > len(said) + 1:
        raise InvalidInputError("it holds a NUL, which cannot be stored")
    if len(line.reference) > MAX_REFERENCE:
        raise InvalidInputError(f"its reference is longer than {MAX_REFERENCE} characters")
    try:
        return blake2b(facts.encode(), digest_size=16).digest()
    except UnicodeEncodeError as error:
        raise InvalidInputError("it holds half a character, which cannot be stored") from error


def _more_said(line: StatementLine) -> tuple[str, ...]:
    """Return what the lines of the other legs say beyond those of a bank."""
    if isinstance(line, SettlementLine):
        _bound("batch", line.batch)
        return (str(line.fee), str(line.net), line.batch or "")
    if isinstance(line, HandoverLine):
        _bound("dossier code", line.dossier_code)
        return (line.dossier_code or "", line.document or "", str(line.evidence or line.taken_back))
    raise TypeError(f"a {type(line).__name__} has no identity")


def _bound(what: str, text: str | None) -> None:
    if text is not None and len(text) > MAX_REFERENCE:
        raise InvalidInputError(f"its {what} is longer than {MAX_REFERENCE} characters")
